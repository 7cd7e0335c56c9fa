"""Mail of an event: enclosed in the notification, or stored in S3 and encrypted with KMS."""

import base64
import dataclasses
import json
import threading
from typing import Any

import pytest

import sesmail
from sesmail import InboundMail, InboundStorage, Received, S3Action, SnsAction
from support import responses, ses_events
from support.faults import Connection, Request, StartFaultServer
from support.responses import Response

pytest.importorskip("cryptography", reason="pip install sesmail[signatures]")

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from support import signing
from support.receivers import new_receiver, notification

pytestmark = pytest.mark.anyio

BUCKET = "inbound-mail"
ACCOUNT = "123456789012"
MESSAGE_ID = "o3vrnil0e2ic28tr"
MAIL = b"From: Alice <alice@example.com>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nHello\r\n"
ONCE = {"retries": {"total_max_attempts": 1}}


def stored(key: str = f"mail/{MESSAGE_ID}", bucket: str = BUCKET) -> Received:
    """Returns the event of a mail in S3."""
    return Received(
        message_id=MESSAGE_ID,
        timestamp=signing.NOW,
        recipients=("me@example.com", "hidden@example.com"),
        source="bounces@example.com",
        verdicts=sesmail.Verdicts(spam="PASS", virus="FAIL"),
        action=S3Action(bucket=bucket, key=key),
    )


def put(body: bytes = MAIL, metadata: dict[str, str] | None = None) -> None:
    """Stores a mail in moto's S3, as SES does."""
    from moto.s3.models import s3_backends

    backend = s3_backends[ACCOUNT]["aws"]
    backend.create_bucket(BUCKET, "eu-west-1")
    stored = backend.put_object(BUCKET, f"mail/{MESSAGE_ID}", body)
    stored.set_metadata({f"x-amz-meta-{name}": value for name, value in (metadata or {}).items()})


# From S3


async def test_fetches_reads_and_deletes_a_stored_mail(
    moto_server: Any,
) -> None:
    put()
    async with new_receiver(
        moto_server.url, storage=InboundStorage(buckets=[BUCKET], account=ACCOUNT)
    ) as receiver:
        (event,) = await receiver.receive(*notification(ses_events.received(s3_action())))
        mail = await receiver.fetch(event)  # type: ignore[arg-type]
        assert (mail.subject, mail.text, mail.raw) == ("Grüße", "Hello\n", MAIL)
        again = await receiver.fetch(stored())
        assert (again.envelope_sender, again.envelope_recipients) == (
            "bounces@example.com",
            ("me@example.com", "hidden@example.com"),
        )
        assert (again.verdicts.spam, again.verdicts.virus) == ("PASS", "FAIL")
        await receiver.delete_object(stored())
        with pytest.raises(sesmail.ContentMissingError) as missing:
            await receiver.fetch(stored())
        await receiver.delete_object(stored())
    assert missing.value.status == 410
    assert type(missing.value.__cause__).__name__ == "RejectedError"


async def test_fetches_a_stored_mail_over_httpx(moto_server: Any) -> None:
    pytest.importorskip("httpx2", reason="pip install sesmail[trio]")
    put(MAIL + b"x" * 1_000_000)
    async with new_receiver(moto_server.url, "httpx") as receiver:
        assert len((await receiver.fetch(stored())).raw) == len(MAIL) + 1_000_000


def s3_action() -> dict[str, str]:
    return {
        "type": "S3",
        "topicArn": signing.TOPIC,
        "bucketName": BUCKET,
        "objectKey": f"mail/{MESSAGE_ID}",
    }


async def test_missing_bucket_is_content_missing_error(moto_server: Any) -> None:
    async with new_receiver(moto_server.url) as receiver:
        with pytest.raises(sesmail.ContentMissingError, match="NoSuchBucket"):
            await receiver.fetch(stored(bucket="nowhere"))


@pytest.mark.parametrize(
    ("storage", "event"),
    [
        (InboundStorage(buckets=["another"]), stored()),
        (InboundStorage(buckets=[]), stored()),
        (None, stored(bucket="arn:aws:s3:eu-west-1:123456789012:accesspoint/mine")),
        (None, stored(bucket="in/bound")),
        (None, stored(bucket="")),
        (InboundStorage(bucket="another"), stored()),
    ],
)
async def test_refuses_a_bucket_that_is_not_allowed(
    storage: InboundStorage | None, event: Received
) -> None:
    async with new_receiver("http://127.0.0.1:1", storage=storage) as receiver:
        for ask in (receiver.fetch, receiver.delete_object):
            with pytest.raises(sesmail.ContentDeniedError, match="bucket"):
                await ask(event)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (dataclasses.replace(stored(), action=None), "can't be read"),
        (dataclasses.replace(stored(), action=sesmail.OtherAction(type="Lambda")), "Lambda"),
        (stored(key=""), "no object"),
    ],
)
async def test_event_without_stored_mail_is_content_missing_error(
    event: Received, reason: str
) -> None:
    async with new_receiver("http://127.0.0.1:1") as receiver:
        for ask in (receiver.fetch, receiver.delete_object):
            with pytest.raises(sesmail.ContentMissingError, match=reason):
                await ask(event)


@pytest.mark.parametrize(
    "key", [".", "..", "mail/../other", "./mail", "mail/..", "a" * 1025, "\ud800"]
)
async def test_refuses_a_key_that_an_http_client_changes(key: str) -> None:
    async with new_receiver("http://127.0.0.1:1") as receiver:
        for call in (
            receiver.fetch(stored(key=key)),
            receiver.delete_object(stored(key=key)),
            receiver.fetch_object(BUCKET, key),
        ):
            with pytest.raises(sesmail.ContentDeniedError, match="can't be requested"):
                await call


async def test_requests_unusual_keys_unchanged(moto_server: Any) -> None:
    from moto.s3.models import s3_backends

    backend = s3_backends[ACCOUNT]["aws"]
    backend.create_bucket(BUCKET, "eu-west-1")
    async with new_receiver(moto_server.url) as receiver:
        for key in ("a//b", "...", "..a/b..", "%2e%2e/x", "a b+c", "\u00fc/?#&=", "/x", "x/"):
            backend.put_object(BUCKET, key, MAIL)
            assert (await receiver.fetch_object(BUCKET, key)).raw == MAIL


async def test_fetches_an_object_by_its_name(moto_server: Any) -> None:
    put()
    storage = InboundStorage(buckets=[BUCKET])
    async with new_receiver(moto_server.url, storage=storage) as receiver:
        mail = await receiver.fetch_object(BUCKET, f"mail/{MESSAGE_ID}")
        assert (mail.subject, mail.envelope_sender, mail.envelope_recipients) == ("Grüße", None, ())
        with pytest.raises(sesmail.ContentDeniedError, match="receiver's buckets"):
            await receiver.fetch_object("another", "key")


async def test_fetches_and_deletes_what_s3_reports(moto_server: Any) -> None:
    put()
    event = sesmail.MailStored(bucket=BUCKET, key=f"mail/{MESSAGE_ID}")
    storage = InboundStorage(buckets=[BUCKET])
    async with new_receiver(moto_server.url, storage=storage) as receiver:
        mail = await receiver.fetch(event)
        assert (mail.raw, mail.envelope_sender) == (MAIL, None)
        await receiver.delete_object(event)
        with pytest.raises(sesmail.ContentMissingError):
            await receiver.fetch(event)
        other = dataclasses.replace(event, bucket="another")
        for ask in (receiver.fetch, receiver.delete_object):
            with pytest.raises(sesmail.ContentDeniedError):
                await ask(other)


@pytest.mark.parametrize(
    "action", [None, sesmail.OtherAction(type="Lambda"), SnsAction(encoding="UTF8")]
)
async def test_fetches_and_deletes_where_the_settings_say(moto_server: Any, action: Any) -> None:
    put()
    event = dataclasses.replace(stored(), action=action)
    storage = InboundStorage(bucket=BUCKET, prefix="mail/")
    async with new_receiver(moto_server.url, storage=storage) as receiver:
        assert (await receiver.fetch(event)).raw == MAIL
        await receiver.delete_object(event)
        with pytest.raises(sesmail.ContentMissingError):
            await receiver.fetch(event)


async def test_fetches_an_encrypted_object_by_its_name(moto_server: Any) -> None:
    body, metadata, _ = encrypt()
    put(body, metadata)
    async with new_receiver(moto_server.url) as receiver:
        assert (await receiver.fetch_object(BUCKET, f"mail/{MESSAGE_ID}")).raw == MAIL


INCOMPLETE = {
    "status 206": responses.raw(206, {"Content-Range": "bytes 0-9/100"}, MAIL[:10]),
    "status 204": responses.raw(204, {}, b""),
    "Content-Length missing": responses.chunked(MAIL),
}


@pytest.mark.parametrize("reason", INCOMPLETE)
async def test_incomplete_object_is_temporary_error(
    fault_server: StartFaultServer, reason: str
) -> None:
    server = fault_server(INCOMPLETE[reason])
    async with new_receiver(server.url, config=ONCE) as receiver:
        with pytest.raises(sesmail.TemporaryError, match=reason):
            await receiver.fetch(stored())
        server.respond_with(responses.raw(200, {}, MAIL))
        assert (await receiver.fetch(stored())).raw == MAIL


def s3_error(status: int, code: str) -> Response:
    """Returns an error response of S3."""
    body = (
        responses.element("Code", code)
        + responses.element("Message", "No.")
        + responses.element("RequestId", "A1")
    )
    return responses.raw(status, {"x-amz-request-id": "A1"}, f"<Error>{body}</Error>".encode())


REFUSED_BY_S3 = [
    (404, "NoSuchKey", sesmail.ContentMissingError),
    (404, "NoSuchBucket", sesmail.ContentMissingError),
    (403, "AccessDenied", sesmail.ContentDeniedError),
    (403, "InvalidAccessKeyId", sesmail.ContentDeniedError),
    (403, "SignatureDoesNotMatch", sesmail.ContentDeniedError),
    (403, "InvalidObjectState", sesmail.ContentDeniedError),
    (400, "KMS.DisabledException", sesmail.ContentKeyError),
    (400, "InvalidRequest", sesmail.ContentError),
    (503, "SlowDown", sesmail.TemporaryError),
    (500, "InternalError", sesmail.TemporaryError),
    (400, "RequestTimeout", sesmail.TemporaryError),
    (429, "Anything", sesmail.TemporaryError),
]


async def test_maps_s3_error_codes_to_exceptions(
    fault_server: StartFaultServer, subtests: pytest.Subtests
) -> None:
    server = fault_server(responses.empty_200())
    async with new_receiver(server.url, config=ONCE) as receiver:
        for status, code, kind in REFUSED_BY_S3:
            with subtests.test(code):
                server.respond_with(s3_error(status, code))
                for ask in (receiver.fetch, receiver.delete_object):
                    with pytest.raises(kind) as refused:
                        await ask(stored())
                    assert type(refused.value) is kind
    assert all(
        request.target.endswith(f"/{BUCKET}/mail/{MESSAGE_ID}") for request in server.requests
    )
    assert len(server.requests) == 2 * len(REFUSED_BY_S3)


async def test_sends_the_expected_bucket_owner(fault_server: StartFaultServer) -> None:
    server = fault_server(responses.raw(200, {}, MAIL))
    async with new_receiver(server.url, storage=InboundStorage(account=ACCOUNT)) as receiver:
        await receiver.fetch(stored())
    assert server.requests[0].headers["x-amz-expected-bucket-owner"] == ACCOUNT
    assert f"sesmail/{sesmail.__version__}" in server.requests[0].headers["user-agent"]


async def test_retries_a_failed_call(fault_server: StartFaultServer) -> None:
    server = fault_server(s3_error(500, "InternalError"), responses.raw(200, {}, MAIL))
    async with new_receiver(server.url) as receiver:
        assert (await receiver.fetch(stored())).raw == MAIL
    assert len(server.requests) == 2


async def test_refuses_a_large_mail_before_reading_it(fault_server: StartFaultServer) -> None:
    response = Response(lambda connection, _: too_large(connection))
    server = fault_server(response)
    async with new_receiver(
        server.url, storage=InboundStorage(max_size=len(MAIL)), timeout=5
    ) as receiver:
        with pytest.raises(sesmail.ContentTooLargeError) as refused:
            await receiver.fetch(stored())
        assert (refused.value.limit, refused.value.actual) == (len(MAIL), 50_000_000)
        server.respond_with(responses.raw(200, {}, MAIL))
        assert (await receiver.fetch(stored())).raw == MAIL
    assert server.wait_until_closed()


def too_large(connection: Connection) -> None:
    """Announces a large mail and sends nothing."""
    connection.respond(200, {}, b"", missing=50_000_000)
    connection.wait_for_client()


async def test_reads_a_mail_of_unknown_length_up_to_the_limit(
    fault_server: StartFaultServer,
) -> None:
    def act(connection: Connection, _: Request) -> None:
        connection.sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:  # until the client closes the connection
            connection.sock.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    server = fault_server(Response(act))
    async with new_receiver(server.url, storage=InboundStorage(max_size=1_000_000)) as receiver:
        with pytest.raises(sesmail.ContentTooLargeError):
            await receiver.fetch(stored())
    assert server.wait_until_closed()


def half(connection: Connection) -> None:
    """Sends half of a mail, and closes the connection."""
    connection.respond(200, {}, MAIL[:20], missing=len(MAIL) - 20)
    connection.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    "response",
    [
        Response(lambda connection, _: half(connection)),
        responses.no_response(),
        responses.trickle(MAIL, 0.2),
        responses.reset_after_request(),
        responses.redirect(307, "http://127.0.0.1:1/"),
    ],
    ids=["half a mail", "no response", "trickle", "reset", "redirect"],
)
async def test_failed_connection_is_temporary_error(
    fault_server: StartFaultServer, response: Response
) -> None:
    server = fault_server(response)
    async with new_receiver(server.url, timeout=1, config=ONCE) as receiver:
        with pytest.raises(sesmail.TemporaryError) as passing:
            await receiver.fetch(stored())
    assert passing.value.status == 503
    assert (
        len(server.requests) <= 20
    )  # aiobotocore requests the region of a redirecting bucket repeatedly
    assert server.wait_until_closed()


# Encrypted


def new_key() -> str:
    """Creates a key in moto's KMS."""
    from moto.kms.models import kms_backends

    key = kms_backends[ACCOUNT]["eu-west-1"].create_key(
        None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None
    )
    key_id: str = key.id
    return key_id


def encrypt(**changes: Any) -> tuple[bytes, dict[str, str], str]:
    """Returns an encrypted mail as SES stores it, its metadata, and its key in moto's KMS."""
    from moto.kms.models import kms_backends

    kms = kms_backends[ACCOUNT]["eu-west-1"]
    key_id = new_key()
    context = {
        "aws:ses:message-id": MESSAGE_ID,
        "aws:ses:rule-name": "store",
        "aws:ses:source-account": ACCOUNT,
        "kms_cmk_id": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{key_id}",
    } | changes
    plain, wrapped, _ = kms.generate_data_key(key_id, context, 32, "AES_256")
    nonce = b"nonce of 12."
    metadata = {
        "x-amz-wrap-alg": "kms",
        "x-amz-cek-alg": "AES/GCM/NoPadding",
        "x-amz-tag-len": "128",
        "x-amz-iv": base64.b64encode(nonce).decode(),
        "x-amz-key-v2": base64.b64encode(wrapped).decode(),
        "x-amz-unencrypted-content-length": str(len(MAIL)),
        "x-amz-matdesc": json.dumps(context),
    }
    return AESGCM(plain).encrypt(nonce, MAIL, None), metadata, key_id


@pytest.mark.parametrize("form", ["", "id", "arn"])
async def test_decrypts_an_encrypted_mail(moto_server: Any, form: str) -> None:
    body, metadata, key_id = encrypt()
    arn = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{key_id}"
    put(body, metadata)
    kms_key = {"id": key_id, "arn": arn}.get(form)
    region = {"region": "us-east-1"} if form == "arn" else {}
    storage = InboundStorage(require_encrypted=True, account=ACCOUNT, kms_key=kms_key)
    async with new_receiver(moto_server.url, storage=storage, **region) as receiver:
        assert (await receiver.fetch(stored())).raw == MAIL


async def test_incomplete_encryption_metadata_is_content_tampered_error(moto_server: Any) -> None:
    body, metadata, _ = encrypt()
    put(body, {name: value for name, value in metadata.items() if name == "x-amz-iv"})
    async with new_receiver(moto_server.url) as receiver:
        with pytest.raises(sesmail.ContentTamperedError):
            await receiver.fetch(stored())


async def test_refuses_unencrypted_mail_if_encryption_is_required(moto_server: Any) -> None:
    put()
    async with new_receiver(
        moto_server.url, storage=InboundStorage(require_encrypted=True)
    ) as receiver:
        with pytest.raises(sesmail.ContentTamperedError, match="isn't encrypted") as refused:
            await receiver.fetch(stored())
    assert refused.value.status == 403


def flipped(body: bytes) -> bytes:
    return body[:-1] + bytes([body[-1] ^ 1])


@pytest.mark.parametrize(
    ("change", "metadata", "reason"),
    [
        (flipped, {}, "it was changed"),
        (bytes.upper, {}, "changed, or"),
        (lambda body: body[:-1], {}, "length"),
        (bytes, {"x-amz-iv": "AAAAAAAAAAAAAAAA"}, "another one"),
        (bytes, {"x-amz-key-v2": "AAAA"}, "InvalidCiphertextException"),
        (bytes, {"x-amz-matdesc": "rule-name"}, "InvalidCiphertext"),
        (bytes, {"x-amz-matdesc": "message-id"}, "another mail"),
        (bytes, {"x-amz-cek-alg": "AES/CBC/PKCS5Padding"}, "cek-alg"),
    ],
    ids=["bit", "letters", "cut", "nonce", "key", "rule", "mail", "cbc"],
)
async def test_refuses_a_changed_mail(
    moto_server: Any, change: Any, metadata: dict[str, str], reason: str
) -> None:
    body, original, _ = encrypt()
    if name := metadata.get("x-amz-matdesc"):
        context = json.loads(original["x-amz-matdesc"]) | {f"aws:ses:{name}": "another"}
        metadata = {"x-amz-matdesc": json.dumps(context)}
    put(change(body), original | metadata)
    async with new_receiver(moto_server.url) as receiver:
        with pytest.raises(sesmail.ContentTamperedError, match=reason):
            await receiver.fetch(stored())


async def test_refuses_a_mail_of_another_account(moto_server: Any) -> None:
    body, metadata, _ = encrypt(**{"aws:ses:source-account": "999999999999"})
    put(body, metadata)
    async with new_receiver(moto_server.url, storage=InboundStorage(account=ACCOUNT)) as receiver:
        with pytest.raises(sesmail.ContentTamperedError, match="account"):
            await receiver.fetch(stored())


async def test_refuses_another_key_than_the_configured_one(moto_server: Any) -> None:
    body, metadata, _ = encrypt()
    put(body, metadata)
    other = new_key()
    async with new_receiver(moto_server.url, storage=InboundStorage(kms_key=other)) as receiver:
        with pytest.raises(
            sesmail.ContentDeniedError, match="AccessDenied"
        ):  # moto's error for IncorrectKey
            await receiver.fetch(stored())
    async with new_receiver(
        moto_server.url, storage=InboundStorage(kms_key="alias/missing")
    ) as receiver:
        with pytest.raises(sesmail.ContentKeyError, match="NotFound"):
            await receiver.fetch(stored())


REFUSED_BY_KMS = [
    (400, "AccessDeniedException", sesmail.ContentDeniedError),
    (400, "IncorrectKeyException", sesmail.ContentKeyError),
    (400, "DisabledException", sesmail.ContentKeyError),
    (400, "KMSInvalidStateException", sesmail.ContentKeyError),
    (400, "InvalidKeyUsageException", sesmail.ContentKeyError),
    (400, "InvalidCiphertextException", sesmail.ContentTamperedError),
    (400, "ThrottlingException", sesmail.TemporaryError),
    (500, "KeyUnavailableException", sesmail.TemporaryError),
    (500, "DependencyTimeoutException", sesmail.TemporaryError),
]


async def test_maps_kms_error_codes_to_exceptions(
    moto_server: Any, fault_server: StartFaultServer, subtests: pytest.Subtests
) -> None:
    body, metadata, _ = encrypt()
    mail = responses.raw(
        200, {f"x-amz-meta-{name}": value for name, value in metadata.items()}, body
    )
    server = fault_server(mail)
    async with new_receiver(server.url, config=ONCE) as receiver:
        for status, code, kind in REFUSED_BY_KMS:
            with subtests.test(code):
                refusal = json.dumps({"__type": code, "message": "No."}).encode()
                server.respond_with(mail, responses.raw(status, responses.JSON, refusal))
                with pytest.raises(kind) as refused:
                    await receiver.fetch(stored())
                assert type(refused.value) is kind
                asked = server.requests[-1].json
                assert asked.keys() == {"CiphertextBlob", "EncryptionContext"}
                assert asked["EncryptionContext"] == json.loads(metadata["x-amz-matdesc"])


@pytest.mark.parametrize("body", [b"{}", b'{"Plaintext": null}', b"<html>Please log in.</html>"])
async def test_kms_response_without_key_is_temporary_error(
    moto_server: Any, fault_server: StartFaultServer, body: bytes
) -> None:
    mail, metadata, _ = encrypt()
    headers = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
    server = fault_server(
        responses.raw(200, headers, mail), responses.raw(200, responses.JSON, body)
    )
    async with new_receiver(server.url, config=ONCE) as receiver:
        with pytest.raises(sesmail.TemporaryError):
            await receiver.fetch(stored())


# With the notification


def enclosed(content: str | None, encoding: str | None) -> Received:
    return dataclasses.replace(stored(), action=SnsAction(encoding=encoding), content=content)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (MAIL.decode(), None),
        (MAIL.decode(), "UTF8"),
        (base64.b64encode(MAIL).decode(), "BASE64"),
        (base64.encodebytes(MAIL).decode(), "Base64"),
    ],
)
async def test_reads_a_mail_enclosed_in_the_notification(
    content: str, encoding: str | None
) -> None:
    async with new_receiver("http://127.0.0.1:1") as receiver:
        mail = await receiver.fetch(enclosed(content, encoding))
        with pytest.raises(sesmail.ContentMissingError):
            await receiver.delete_object(enclosed(content, encoding))
    assert mail.raw == MAIL
    assert mail.subject == "Grüße"
    assert mail.envelope_recipients == ("me@example.com", "hidden@example.com")


@pytest.mark.parametrize(
    ("event", "kind", "reason"),
    [
        (enclosed(None, None), sesmail.ContentMissingError, "no content"),
        (enclosed("é", "BASE64"), sesmail.MalformedBodyError, "base64"),
        (enclosed("A", "BASE64"), sesmail.MalformedBodyError, "base64"),
        (enclosed("QUJD*", "BASE64"), sesmail.MalformedBodyError, "base64"),
        (enclosed("Zm9vYQ==Zm9v", "BASE64"), sesmail.MalformedBodyError, "base64"),
    ],
)
async def test_refuses_missing_or_invalid_content(
    event: Received, kind: type[sesmail.WebhookError], reason: str
) -> None:
    async with new_receiver() as receiver:
        with pytest.raises(kind, match=reason):
            await receiver.fetch(event)


async def test_parses_the_mail_in_a_worker_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []
    load = InboundMail.load

    def record(self: InboundMail) -> InboundMail:
        threads.append(threading.get_ident())
        return load(self)

    monkeypatch.setattr(InboundMail, "load", record)
    await new_receiver().fetch(enclosed(MAIL.decode(), None))
    assert len(threads) == 1
    assert threads != [threading.get_ident()]
