"""Attachments that are read from S3 when their message is sent."""

import base64
import email
import logging
import math
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

import sesmail
from sesmail import (
    AccessDeniedError,
    Attachment,
    BlockingClient,
    Client,
    ConfigurationError,
    DuplicateSendError,
    InvalidMessageError,
    MemorySendLog,
    Message,
    NotSentError,
    RateLimiter,
    SqliteSendLog,
    UnsupportedFeatureError,
)
from sesmail.sending.attempts import log_writer
from sesmail.sending.references import reader
from sesmail.sending.references.memory import MemoryLimit
from support import responses
from support.clients import new_client
from support.faults import FaultServer, Request, Response, StartFaultServer
from support.moto import MotoServer
from support.responses import bulk, ok
from support.stored_files import (
    BUCKET,
    BULK_ANSWER,
    announced,
    file,
    files,
    half_a_file,
    news,
    order,
    s3_error,
    shipped,
    stored,
)

pytestmark = pytest.mark.anyio
APIS = pytest.mark.parametrize("api", ["v1", "v2"])
ONCE = {"retries": {"total_max_attempts": 1}}
MEGABYTE = 1024 * 1024


@pytest.fixture
def ses_server(fault_server: StartFaultServer) -> FaultServer:
    """Start a server for SES, which accepts everything."""
    return fault_server(ok())


@pytest.fixture
def s3(fault_server: StartFaultServer, monkeypatch: pytest.MonkeyPatch) -> FaultServer:
    """Start a server for S3, as an endpoint in the environment."""
    server = fault_server(file())
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.url)
    return server


def attached(request: Request) -> list[tuple[str, str, bytes]]:
    """Return name, type and content of the files of a raw mail."""
    return [
        (str(part.get_filename()), part.get_content_type(), part.get_payload(decode=True))
        for part in email.message_from_bytes(request.mime).walk()
        if part.get_filename()
    ]


def memory_of(client: Client) -> MemoryLimit:
    """Return the memory of a client that has read an attachment."""
    assert client._references._reader is not None
    return client._references._reader._memory


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread or task does."""
    with anyio.fail_after(20):
        while not condition():  # noqa: ASYNC110
            await anyio.sleep(0.01)


# What is sent


@APIS
@pytest.mark.parametrize("session", ["aiohttp", "aiohttp-generic", "httpx"])
async def test_message_has_the_contents(
    ses_server: FaultServer, s3: FaultServer, api: Any, session: str
) -> None:
    if session == "httpx":
        pytest.importorskip("httpx2", reason="pip install sesmail[trio]")
    s3.respond_with(files({"a.pdf": b"%PDF-1.7", "b/%C3%BC%20b.csv": b"a,\xc3\xbc\n", "c": b""}))
    message = order(
        stored("a.pdf"),
        Attachment("local.txt", "local"),
        stored("b/ü b.csv"),
        stored("c", filename="empty.bin"),
    )
    async with new_client(ses_server.url, session, api=api) as client:
        result = await client.send(message)
    assert result.recipients[0].outcome == "accepted"
    [request] = ses_server.requests
    assert attached(request) == [
        ("a.pdf", "application/pdf", b"%PDF-1.7"),
        ("local.txt", "text/plain", b"local"),
        ("ü b.csv", "text/csv", b"a,\xc3\xbc\n"),
        ("empty.bin", "application/octet-stream", b""),
    ]
    assert message.attachments[0] == stored("a.pdf"), "the message isn't changed"


async def test_mail_and_inline_image_are_references(
    ses_server: FaultServer, s3: FaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    mail = b"From: bob@example.com\r\nSubject: Too small\r\n\r\nThe shoes are too small.\r\n"
    s3.respond_with(files({"mail.eml": mail, "logo.png": b"\x89PNG"}))
    message = order(
        stored("mail.eml"),
        stored("logo.png", content_id="logo"),
        html='<img src="cid:logo">',
    )
    caplog.set_level(logging.INFO, "sesmail.sending")
    async with new_client(ses_server.url) as client:
        await client.send(message)
    raw = ses_server.requests[0].mime
    assert mail in raw
    assert b"multipart/related;" in raw
    assert base64.b64encode(b"\x89PNG") in raw
    assert "octet-stream" not in caplog.text, "the message is checked without its files first"


async def test_templated_message_has_the_contents(ses_server: FaultServer, s3: FaultServer) -> None:
    async with new_client(ses_server.url) as client:
        await client.send(shipped(stored("a.pdf", content_id="a"), Attachment("b.txt", "b")))
    first, second = ses_server.requests[0].json["Content"]["Template"]["Attachments"]
    assert (first["FileName"], base64.b64decode(first["RawContent"])) == ("a.pdf", b"%PDF-1.7")
    assert (first["ContentId"], first["ContentDisposition"]) == ("a", "INLINE")
    assert base64.b64decode(second["RawContent"]) == b"b"


async def test_bulk_message_is_read_once_for_all_calls(
    fault_server: StartFaultServer, s3: FaultServer
) -> None:
    server = fault_server(
        lambda request: bulk(*[("SUCCESS", str(uuid.uuid4())) for _ in range(entries(request))])
    )
    async with new_client(server.url) as client:
        result = await client.send_bulk(news(recipients=120))
    assert {each.outcome for each in result.recipients} == {"accepted"}
    assert sorted(entries(each) for each in server.requests) == [20, 50, 50]
    for request in server.requests:
        [item] = request.json["DefaultContent"]["Template"]["Attachments"]
        assert base64.b64decode(item["RawContent"]) == b"%PDF-1.7"
    assert len(s3.requests) == 1


def entries(request: Request) -> int:
    return len(request.json["BulkEmailEntries"])


async def test_send_many_reads_for_each_message(ses_server: FaultServer, s3: FaultServer) -> None:
    s3.respond_with(files({"1": b"1", "2": b"2"}))
    messages = [order(stored(key)) for key in ("1", "gone", "2")]
    async with (
        new_client(ses_server.url, send_log=MemorySendLog()) as client,
        client.send_many(messages, ordered=True) as results,
    ):
        found = [each async for each in results]
    assert [each.outcome for each in found] == ["accepted", "not_sent", "accepted"]
    assert (results.progress.accepted, results.progress.not_sent) == (2, 1)
    assert found[1].error is not None
    assert isinstance(found[1].error, NotSentError)
    assert found[1].error.send_id is not None
    assert not found[1].retryable
    assert sorted(attached(each)[0][2] for each in ses_server.requests) == [b"1", b"2"]


def test_blocking_client_reads_and_closes(ses_server: FaultServer, s3: FaultServer) -> None:
    with BlockingClient(endpoint_url=ses_server.url, rate_limit=None) as client:
        client.send(order())
        ses_server.respond_with(bulk(*BULK_ANSWER))
        assert client.send_bulk(news()).failed == ()
        ses_server.respond_with(ok())
        with client.send_many([order()]) as results:
            assert [each.outcome for each in results] == ["accepted"]
    assert len(s3.requests) == 3
    assert s3.wait_until_closed()


async def test_default_attachment_is_read(ses_server: FaultServer, s3: FaultServer) -> None:
    defaults = Message(from_email="shop@example.com", attachments=[stored("terms.pdf")])
    async with new_client(ses_server.url, defaults=defaults) as client:
        await client.send(Message(to="alice@example.com", text="Hello"))
        await client.send(Message(to="alice@example.com", text="Hello", attachments=[]))
    assert [attached(each) for each in ses_server.requests] == [
        [("terms.pdf", "application/pdf", b"%PDF-1.7")],
        [],
    ]


async def test_object_that_is_attached_twice_is_read_once(
    ses_server: FaultServer, s3: FaultServer
) -> None:
    message = order(stored(), stored(filename="b.pdf"), stored(version_id="2", filename="c.pdf"))
    async with new_client(ses_server.url) as client:
        await client.send(message)
    versions = ["versionId=2" in each.target for each in s3.requests]
    assert sorted(versions) == [False, True]
    assert [name for name, _, _ in attached(ses_server.requests[0])] == ["a.pdf", "b.pdf", "c.pdf"]


async def test_message_without_references_does_not_open_s3(
    ses_server: FaultServer, s3: FaultServer
) -> None:
    async with new_client(ses_server.url) as client:
        await client.send(order(Attachment("a.txt", "a")))
        await client.send(
            sesmail.RawMessage(content=b"From: shop@example.com\n\nHello", to="alice@example.com")
        )
        assert client._references._reader is None
    assert s3.connections_opened == 0


async def test_message_is_read_again_for_each_send(
    ses_server: FaultServer, s3: FaultServer
) -> None:
    async with new_client(ses_server.url) as client:
        await client.send(order())
        s3.respond_with(file(b"new"))
        await client.send(order())
    assert [attached(each)[0][2] for each in ses_server.requests] == [b"%PDF-1.7", b"new"]


async def test_compressed_object_is_attached_as_it_is_stored(
    ses_server: FaultServer, s3: FaultServer
) -> None:
    s3.respond_with(file(b"\x1f\x8bnot really", **{"Content-Encoding": "gzip"}))
    async with new_client(ses_server.url) as client:
        await client.send(order())
    assert attached(ses_server.requests[0])[0][2] == b"\x1f\x8bnot really"


# Settings


async def test_endpoint_of_ses_is_not_that_of_s3(
    ses_server: FaultServer, s3: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with new_client(ses_server.url, api_version="2019-09-27", use_ssl=False) as client:
        await client.send(order())
    assert [each.method for each in s3.requests] == ["GET"]
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.url)
    async with new_client(ses_server.url) as client:
        await client.send(order())
    assert [each.method for each in s3.requests] == ["GET"] * 2
    assert len(ses_server.requests) == 2


async def test_s3_is_called_with_the_settings_of_the_client(
    ses_server: FaultServer, s3: FaultServer
) -> None:
    settings: dict[str, Any] = {
        "region": "eu-central-1",
        "aws_access_key_id": "AKIAOWN",
        "aws_secret_access_key": "x",
        "config": {"user_agent_extra": "shop/7"},
    }
    async with new_client(ses_server.url, **settings) as client:
        await client.send(order())
    [request] = s3.requests
    assert f"/{BUCKET}/a.pdf" in request.target
    assert "Credential=AKIAOWN/" in request.headers["authorization"]
    assert "/eu-central-1/s3/" in request.headers["authorization"]
    assert f"shop/7 sesmail/{sesmail.__version__}" in request.headers["user-agent"]


async def test_session_of_the_client_is_used(ses_server: FaultServer, s3: FaultServer) -> None:
    from aiobotocore.session import AioSession

    session = AioSession()
    session.set_credentials("AKIASESSION", "x")
    async with new_client(ses_server.url, aws_session=session) as client:
        await client.send(order())
    assert "Credential=AKIASESSION/" in s3.requests[0].headers["authorization"]


async def test_role_of_the_client_is_used(
    ses_server: FaultServer,
    s3: FaultServer,
    moto_server: MotoServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server.url)
    role = "arn:aws:iam::123456789012:role/mailer"
    async with new_client(ses_server.url, role_arn=role) as client:
        await client.send(order())
    assert "Credential=testing/" not in s3.requests[0].headers["authorization"]
    assert "x-amz-security-token" in s3.requests[0].headers


async def test_wrong_endpoint_of_s3_is_a_configuration_error(
    ses_server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "127.0.0.1:9000")
    async with new_client(ses_server.url) as client:
        with pytest.raises(ConfigurationError, match="AWS_ENDPOINT_URL_S3"):
            await client.send(order())
        await client.send(order(Attachment("a.txt", "a")))
    assert len(ses_server.requests) == 1


async def test_bucket_in_another_region_is_read_there(
    ses_server: FaultServer, s3: FaultServer
) -> None:
    moved = {"x-amz-bucket-region": "us-west-2", "x-amz-request-id": "A1"}
    body = responses.element("Code", "PermanentRedirect") + responses.element("RequestId", "A1")
    s3.respond_with(responses.raw(301, moved, f"<Error>{body}</Error>".encode()), file())
    async with new_client(ses_server.url) as client:
        await client.send(order())
    assert "/eu-west-1/s3/" in s3.requests[0].headers["authorization"]
    assert "/us-west-2/s3/" in s3.requests[-1].headers["authorization"]
    assert len(ses_server.requests) == 1


@APIS
async def test_objects_of_moto_are_sent(
    moto_server: MotoServer, monkeypatch: pytest.MonkeyPatch, api: Any
) -> None:
    from moto.s3.models import s3_backends

    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", moto_server.url)
    moto_server.verify("example.com")
    backend = s3_backends["123456789012"]["aws"]
    backend.create_bucket(BUCKET, "us-west-2")
    backend.put_bucket_versioning(BUCKET, "Enabled")
    first = backend.put_object(BUCKET, "a.pdf", b"old")
    backend.put_object(BUCKET, "a.pdf", b"new" * 100_000)
    message = order(
        stored(), stored(version_id=first.version_id, filename="old.pdf"), to="a@example.com"
    )
    async with new_client(moto_server.url, api=api) as client:
        await client.send(message)
        for missing in (stored("b"), Attachment.from_s3("nowhere-else", "a.pdf")):
            with pytest.raises(NotSentError) as refused:
                await client.send(order(missing))
            assert not refused.value.retryable
            assert refused.value.code in ("NoSuchKey", "NoSuchBucket")
    [held] = moto_server.sent()
    assert held.mime is not None
    parts = email.message_from_bytes(held.mime).get_payload()
    assert [each.get_payload(decode=True) for each in parts[1:]] == [b"new" * 100_000, b"old"]  # type: ignore[union-attr]


# Checks before anything is read


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (order(to=[]), "to"),
        (order(to=[f"user{number}@example.com" for number in range(51)]), "to"),
        (order(from_email=[]), "from_email"),
        (shipped().replace(headers={"Date": "today"}), "headers"),
        (shipped().replace(from_email=None), "from_email"),
        (order(*[stored(filename=str(number)) for number in range(500)]), "attachments"),
        (order(extra={"Content": {}}), "extra"),
        (order().model_copy(update={"subject": "a\nb"}), "subject"),
    ],
)
async def test_invalid_message_is_refused_before_anything_is_read(
    ses_server: FaultServer, s3: FaultServer, message: Any, field: str
) -> None:
    async with new_client(ses_server.url) as client:
        with pytest.raises(InvalidMessageError) as refused:
            await client.send(message)
    assert refused.value.field == field
    assert s3.requests == ses_server.requests == []


async def test_template_with_files_is_refused_on_v1_before_anything_is_read(
    ses_server: FaultServer, s3: FaultServer
) -> None:
    async with new_client(ses_server.url, api="v1") as client:
        with pytest.raises(UnsupportedFeatureError) as refused:
            await client.send(shipped())
        with pytest.raises(UnsupportedFeatureError):
            await client.send_bulk(news())
        with pytest.raises(InvalidMessageError):
            await client.send_bulk(news().model_copy(update={"recipients": ()}))
    assert refused.value.field == "attachments"
    assert s3.requests == ses_server.requests == []


async def test_configuration_error_of_the_client_is_raised(ses_server: FaultServer) -> None:
    client = new_client(ses_server.url)
    await client.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await client.send(order())


# Sizes


@pytest.mark.parametrize(
    ("api", "message", "size"),
    [
        ("v1", order(), 7_663_000),
        ("v2", order(), 30_651_000),
        ("v2", order(stored("a.eml")), 41_943_041),
        ("v2", shipped(), 30_650_684),
        ("v2", news(), 30_650_684),
        ("v2", order(), 5_000_000_000_000),
    ],
    ids=["v1", "v2", "mail", "template", "bulk", "5 TB"],
)
async def test_object_that_is_too_large_is_refused_without_reading_it(
    ses_server: FaultServer, s3: FaultServer, api: Any, message: Any, size: int
) -> None:
    s3.respond_with(announced(size))
    limit = {"v1": 10, "v2": 40}[api] * MEGABYTE
    async with new_client(ses_server.url, api=api) as client:
        send: Any = client.send_bulk if message.__class__ is sesmail.BulkMessage else client.send
        with pytest.raises(InvalidMessageError, match=f"has {size:,} bytes") as refused:
            await send(message)
        assert s3.wait_until_closed()
    assert (refused.value.field, refused.value.limit) == ("attachments[0]", limit)
    assert refused.value.actual is not None
    assert refused.value.actual > limit
    assert refused.value.outcome == "not_sent"
    assert ses_server.requests == []


async def test_largest_object_is_sent(ses_server: FaultServer, s3: FaultServer) -> None:
    content = bytes(7_661_000)
    s3.respond_with(file(content))
    async with new_client(ses_server.url, api="v1") as client:
        await client.send(order())
    assert attached(ses_server.requests[0])[0][2] == content


async def test_total_of_several_objects_is_limited(
    ses_server: FaultServer, s3: FaultServer
) -> None:
    s3.respond_with(file(bytes(1_600_000)))
    message = order(*[stored(str(number)) for number in range(200)])
    async with new_client(ses_server.url, api="v1") as client:
        with pytest.raises(InvalidMessageError, match="the encoded mail has") as refused:
            await client.send(message)
        twice = order(*[stored(filename=str(number)) for number in range(5)])
        with pytest.raises(InvalidMessageError, match="the encoded mail has"):
            await client.send(twice)
        with pytest.raises(InvalidMessageError) as rest:
            await client.send(order(stored(), Attachment("a", bytes(6_200_000))))
    assert refused.value.field.startswith("attachments[")
    assert rest.value.field == "attachments[0]"
    assert len(s3.requests) < 15
    assert ses_server.requests == []


async def test_objects_of_a_message_are_read_at_the_same_time_but_few(
    ses_server: FaultServer, s3: FaultServer
) -> None:
    lock, running, most = threading.Lock(), 0, 0
    barrier = threading.Barrier(reader._AT_ONCE)

    def respond(_: Request) -> Response:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        barrier.wait(20)
        with lock:
            running -= 1
        return file()

    s3.respond_with(respond)
    message = order(*[stored(str(number)) for number in range(3 * reader._AT_ONCE)])
    async with new_client(ses_server.url) as client:
        await client.send(message)
    assert most == reader._AT_ONCE
    assert len(attached(ses_server.requests[0])) == 3 * reader._AT_ONCE


async def test_messages_share_a_limit_of_memory(
    ses_server: FaultServer, s3: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of two messages fit; each of them waits only while no memory is left."""
    monkeypatch.setattr(reader, "_MEMORY", 40 * MEGABYTE)
    held, most = 0, 0
    content = bytes(15 * MEGABYTE)
    s3.respond_with(file(content))
    log = MemorySendLog()
    begin, finish = log.begin, log.finish

    async def counted_begin(send_id: str) -> Any:
        nonlocal held, most
        held += 1
        most = max(most, held)
        return await begin(send_id)

    async def counted_finish(*args: Any) -> None:
        nonlocal held
        held -= 1
        await finish(*args)

    monkeypatch.setattr(log, "begin", counted_begin)
    monkeypatch.setattr(log, "finish", counted_finish)
    async with new_client(ses_server.url, send_log=log, timeout=60) as client:
        async with client.send_many([order()] * 5) as results:
            assert [each.outcome async for each in results] == ["accepted"] * 5
        assert memory_of(client).try_acquire(40 * MEGABYTE), "all is given back"
    assert most <= 2
    assert len(ses_server.requests) == 5


async def test_small_files_never_wait_for_large_ones(
    ses_server: FaultServer, s3: FaultServer
) -> None:
    async with new_client(ses_server.url) as client:
        await client.send(order())
        memory = memory_of(client)
        assert memory.try_acquire(reader._MEMORY)
        s3.respond_with(file(bytes(MEGABYTE)))
        await client.send(order())
        memory.release(reader._MEMORY)


@pytest.mark.slow
async def test_waiting_for_memory_is_no_part_of_the_timeout(
    ses_server: FaultServer, s3: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.respond_with(file(bytes(2 * MEGABYTE)))
    outcomes: list[str] = []

    async def send(client: Client) -> None:
        result = await client.send(order())
        outcomes.append(result.recipients[0].outcome)

    async with new_client(ses_server.url, timeout=1) as client:
        await client.send(order())
        memory = memory_of(client)
        assert memory.try_acquire(reader._MEMORY)
        async with anyio.create_task_group() as group:
            group.start_soon(send, client)
            await anyio.sleep(2.5)
            assert outcomes == []
            memory.release(reader._MEMORY)
    assert outcomes == ["accepted"]


async def test_cancelled_send_gives_its_memory_back(
    ses_server: FaultServer, s3: FaultServer
) -> None:
    async with new_client(ses_server.url) as client:
        await client.send(order())
        memory = memory_of(client)
        s3.respond_with(announced(2 * MEGABYTE))
        async with anyio.create_task_group() as group:
            group.start_soon(client.send, order())
            await until(lambda: memory._free < reader._MEMORY)
            group.cancel_scope.cancel()
        assert memory._free == reader._MEMORY
        assert s3.wait_until_closed()
    assert len(ses_server.requests) == 1


async def test_failed_send_gives_its_memory_back(ses_server: FaultServer, s3: FaultServer) -> None:
    s3.respond_with(file(bytes(2 * MEGABYTE)))
    ses_server.respond_with(responses.error(400, "MessageRejected"))
    async with new_client(ses_server.url) as client:
        with pytest.raises(sesmail.MessageRejectedError):
            await client.send(order())
        assert memory_of(client)._free == reader._MEMORY


# Failures


class Permits(RateLimiter):
    """Rate limiter that counts the permits."""

    taken = 0

    async def acquire(self, recipients: int, *, low_priority: bool = False) -> float:
        self.taken += recipients
        return await super().acquire(recipients, low_priority=low_priority)


PERMANENT = [
    (404, "NoSuchKey", "there is no such object"),
    (404, "NoSuchBucket", "the bucket doesn't exist"),
    (404, "NoSuchVersion", "no such version"),
    (405, "MethodNotAllowed", "delete marker"),
    (403, "AccessDenied", "s3:GetObject"),
    (403, "AllAccessDisabled", "s3:GetObject"),
    (400, "KMS.AccessDeniedException", "kms:Decrypt"),
    (400, "KMS.DisabledException", "S3 rejected the call"),
    (403, "InvalidObjectState", "restore it"),
    (400, "InvalidRequest", "S3 rejected the call"),
    (400, "InvalidArgument", "S3 rejected the call"),
]
TEMPORARY = [
    (503, "SlowDown"),
    (503, "ServiceUnavailable"),
    (500, "InternalError"),
    (429, "TooManyRequests"),
    (400, "RequestTimeout"),
    (409, "OperationAborted"),
    (400, "KMS.ThrottlingException"),
]
CREDENTIALS = [
    (403, "InvalidAccessKeyId"),
    (400, "ExpiredToken"),
    (400, "InvalidToken"),
    (403, "SignatureDoesNotMatch"),
    (403, "RequestTimeTooSkewed"),
]


async def refusal(
    url: str, message: Any = None, log: Any = None, **settings: Any
) -> tuple[Exception, Permits]:
    """Return the error of a send, and the limiter."""
    limiter = Permits(1000)
    message = order(send_id="id-1") if message is None else message
    log = log or MemorySendLog()
    async with new_client(url, rate_limit=limiter, send_log=log, **settings) as client:
        with pytest.raises(Exception) as refused:  # noqa: PT011
            await client.send(message)
    assert [each async for each in log.unknown()] == []
    await log.begin("id-1")  # may be sent again
    return refused.value, limiter


@pytest.mark.parametrize("kind", [MemorySendLog, SqliteSendLog])
async def test_mail_that_the_log_has_is_not_read_again(
    ses_server: FaultServer, s3: FaultServer, kind: Any, tmp_path: Path
) -> None:
    log = kind() if kind is MemorySendLog else kind(tmp_path / "log.db")
    async with new_client(ses_server.url, send_log=log) as client:
        first = await client.send(order(send_id="id-1"))
        s3.respond_with(s3_error(404, "NoSuchKey"))  # deleted meanwhile
        again = await client.send(order(send_id="id-1"))
        assert again.replayed
        assert (again.message_id, again.send_id) == (first.message_id, "id-1")
        assert [each.outcome for each in again.recipients] == ["accepted"]
        await log.begin("id-2")
        with pytest.raises(DuplicateSendError) as refused:
            await client.send(order(send_id="id-2"))
        assert (refused.value.outcome, refused.value.send_id) == ("unknown", "id-2")
        assert len(s3.requests) == 1
        with pytest.raises(NotSentError):
            await client.send(order(send_id="id-3"))
        for outcome in ("not_sent", "rejected"):
            await log.begin("id-3")
            await log.settle("id-3", outcome)
            with pytest.raises(NotSentError):
                await client.send(order(send_id="id-3"))
    if isinstance(log, SqliteSendLog):
        await log.aclose()
    assert len(s3.requests) == 4
    assert len(ses_server.requests) == 1


async def test_log_that_can_not_be_read_decides_when_the_send_begins(
    ses_server: FaultServer, s3: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(send_id: str) -> Any:
        raise OSError

    async def wait(send_id: str) -> Any:
        await anyio.sleep_forever()

    monkeypatch.setattr(log_writer, "_TIMEOUT", 0.5)
    log = MemorySendLog()
    async with new_client(ses_server.url, send_log=log) as client:
        await client.send(order(send_id="id"))
        for get in (fail, wait):
            monkeypatch.setattr(log, "get", get)
            assert (await client.send(order(send_id="id"))).replayed
    assert len(ses_server.requests) == 1


async def test_closed_log_is_told_before_the_read(
    ses_server: FaultServer, s3: FaultServer, tmp_path: Path
) -> None:
    log = SqliteSendLog(tmp_path / "log.db")
    await log.aclose()
    async with new_client(ses_server.url, send_log=log) as client:
        with pytest.raises(ConfigurationError, match="closed"):
            await client.send(order(send_id="id"))
    assert s3.requests == []


class OwnLog(dict[str, Any]):
    """A log of an application, whose ``get`` is of a dict."""

    async def begin(self, send_id: str) -> None:
        self[send_id] = "unknown"

    async def finish(self, send_id: str, outcome: str, message_id: str | None = None) -> None:
        self[send_id] = outcome

    async def settle(self, send_id: str, outcome: str, message_id: str | None = None) -> bool:
        return False


async def test_log_of_an_application_is_asked_to_begin_only(
    ses_server: FaultServer, s3: FaultServer
) -> None:
    log: Any = OwnLog()
    async with new_client(ses_server.url, send_log=log) as client:
        await client.send(order(send_id="id"))
    assert log == {"id": "accepted"}


async def test_missing_and_denied_objects_are_not_sent_and_not_retryable(
    ses_server: FaultServer, s3: FaultServer, subtests: pytest.Subtests
) -> None:
    for status, code, reason in PERMANENT:
        with subtests.test(code):
            s3.respond_with(s3_error(status, code, "arn:aws:iam::1:user/x AKIASECRET"))
            error, limiter = await refusal(ses_server.url, config=ONCE)
            assert type(error) is NotSentError
            assert (error.outcome, error.retryable, error.code) == ("not_sent", False, code)
            assert (error.operation, error.request_id) == ("GetObject", "A1")
            assert (error.send_id, error.attempts, limiter.taken) == ("id-1", (), 0)
            text = str(error)
            assert f"attachments[0]: the object 'a.pdf' in the bucket '{BUCKET}' can't" in text
            assert reason in text
            assert "arn:" not in text
            assert "AKIA" not in text
            assert isinstance(error.__cause__, sesmail.SendError)
    assert ses_server.requests == []


async def test_throttling_and_server_errors_are_retryable(
    ses_server: FaultServer, s3: FaultServer, subtests: pytest.Subtests
) -> None:
    for status, code in TEMPORARY:
        with subtests.test(code):
            s3.respond_with(s3_error(status, code))
            error, limiter = await refusal(ses_server.url, config=ONCE)
            assert type(error) is NotSentError
            assert (error.outcome, error.retryable, error.code) == ("not_sent", True, code)
            assert limiter.taken == 0
    assert ses_server.requests == []


async def test_refused_credentials_are_access_denied_and_not_sent(
    ses_server: FaultServer, s3: FaultServer, subtests: pytest.Subtests
) -> None:
    for status, code in CREDENTIALS:
        with subtests.test(code):
            s3.respond_with(s3_error(status, code))
            error, _ = await refusal(ses_server.url, config=ONCE)
            assert type(error) is AccessDeniedError
            assert (error.outcome, error.retryable, error.code) == ("not_sent", False, code)
            assert error.send_id == "id-1"


BROKEN: dict[str, Callable[[], Response]] = {
    "half a file": half_a_file,
    "reset": responses.reset_after_request,
    "no Content-Length": lambda: responses.chunked(b"%PDF-1.7"),
    "status 206": lambda: responses.raw(206, {"Content-Range": "bytes 0-3/8"}, b"%PDF"),
    "a page of a proxy": lambda: responses.raw(403, {}, b"<html>Blocked</html>"),
    "bad checksum": lambda: file(**{"x-amz-checksum-crc32": "AAAAAA=="}),
}


@pytest.mark.parametrize("session", ["aiohttp", "httpx"])
@pytest.mark.parametrize("name", BROKEN)
async def test_broken_response_is_never_half_a_file(
    ses_server: FaultServer, s3: FaultServer, name: str, session: str
) -> None:
    if session == "httpx":
        pytest.importorskip("httpx2", reason="pip install sesmail[trio]")
    s3.respond_with(BROKEN[name]())
    error, limiter = await refusal(ses_server.url, session=session, config=ONCE)
    assert type(error) is NotSentError
    assert (error.outcome, error.retryable, limiter.taken) == ("not_sent", True, 0)
    assert "attachments[0]" in str(error)
    assert ses_server.requests == []


async def test_s3_that_can_not_be_reached_is_retryable(
    ses_server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    error, _ = await refusal(ses_server.url, config=ONCE)
    assert type(error) is NotSentError
    assert (error.outcome, error.retryable) == ("not_sent", True)
    assert "no connection" in str(error)


async def test_failed_calls_are_repeated_by_the_aws_library(
    ses_server: FaultServer, s3: FaultServer
) -> None:
    s3.respond_with(s3_error(500, "InternalError"), s3_error(503, "SlowDown"), file())
    async with new_client(ses_server.url, timeout=60) as client:
        await client.send(order())
    assert len(s3.requests) == 3
    assert len(ses_server.requests) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "response",
    [responses.no_response(), announced(1000), responses.trickle(b"x" * 100, 0.2)],
    ids=["no response", "no content", "trickle"],
)
async def test_deadline_of_the_call_ends_the_reading(
    ses_server: FaultServer, s3: FaultServer, response: Response
) -> None:
    s3.respond_with(response)
    error, limiter = await refusal(ses_server.url, timeout=1, config=ONCE)
    assert type(error) is NotSentError
    assert (error.outcome, error.retryable, error.send_id) == ("not_sent", True, "id-1")
    assert "before the deadline" in str(error)
    assert limiter.taken == 0
    assert ses_server.requests == []
    assert s3.wait_until_closed()


async def test_first_failure_ends_the_other_reads(ses_server: FaultServer, s3: FaultServer) -> None:
    def respond(request: Request) -> Response:
        return s3_error(404, "NoSuchKey") if "/gone" in request.target else announced(1000)

    s3.respond_with(respond)
    message = order(stored("a"), stored("b"), stored("gone"), stored("c"), send_id="id-1")
    error, _ = await refusal(ses_server.url, message)
    assert "attachments[2]: the object 'gone'" in str(error)
    assert s3.wait_until_closed()


async def test_failed_bulk_message_is_not_sent(ses_server: FaultServer, s3: FaultServer) -> None:
    s3.respond_with(s3_error(404, "NoSuchKey"))
    async with new_client(ses_server.url) as client:
        with pytest.raises(NotSentError) as refused:
            await client.send_bulk(news(recipients=120))
    assert (refused.value.code, refused.value.retryable) == ("NoSuchKey", False)
    assert len(s3.requests) == 1
    assert ses_server.requests == []


async def test_templated_mail_that_is_too_large_when_read_is_refused(
    ses_server: FaultServer, s3: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sizes before the reading are lower bounds, and the built call is checked, too."""
    monkeypatch.setattr("sesmail.sending.references.reading.encoded_size", lambda *_: 0)
    s3.respond_with(file(bytes(30_650_684)))
    async with new_client(ses_server.url) as client:
        for send in (lambda: client.send(shipped()), lambda: client.send_bulk(news())):
            with pytest.raises(InvalidMessageError, match="the encoded mail has"):
                await send()
    assert ses_server.requests == []


async def test_closing_the_client_ends_a_read(ses_server: FaultServer, s3: FaultServer) -> None:
    s3.respond_with(responses.no_response())
    errors: list[Exception] = []

    async def send(client: Client) -> None:
        try:
            await client.send(order())
        except sesmail.SendError as err:
            errors.append(err)

    client = new_client(ses_server.url)
    async with anyio.create_task_group() as group:
        group.start_soon(send, client)
        await until(lambda: bool(s3.requests))
        await client.aclose()
    [error] = errors
    assert isinstance(error, NotSentError)
    assert error.outcome == "not_sent"
    assert s3.wait_until_closed()


async def test_internal_error_is_not_sent(
    ses_server: FaultServer, s3: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for raised, retryable in ((ValueError("a bug"), False), (MemoryError(), True)):

        async def fail(*_: object, error: Exception = raised, **__: object) -> Any:
            raise error

        monkeypatch.setattr(reader, "get_object", fail)
        error, _ = await refusal(ses_server.url)
        assert type(error) is NotSentError
        assert (error.outcome, error.retryable) == ("not_sent", retryable)
        assert error.__cause__ is raised


@pytest.mark.parametrize("name", ["apply_defaults", "has_references", "recipients_of"])
@pytest.mark.parametrize(
    ("raised", "kind"), [(ZeroDivisionError, InvalidMessageError), (MemoryError, NotSentError)]
)
async def test_internal_error_before_the_reading_is_typed(
    ses_server: FaultServer,
    s3: FaultServer,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    raised: type[Exception],
    kind: type[Exception],
) -> None:
    def fail(*_: object) -> Any:
        raise raised

    monkeypatch.setattr(f"sesmail.sending.sender.{name}", fail)
    error, limiter = await refusal(ses_server.url)
    assert isinstance(error, kind)
    assert limiter.taken == 0
    assert s3.requests == ses_server.requests == []


async def test_internal_error_of_a_bulk_message_is_typed(
    ses_server: FaultServer, s3: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Any:
        raise MemoryError

    async with new_client(ses_server.url) as client:
        for name in ("bulk.BulkCall.with_message", "bulk.BulkCall.of"):
            monkeypatch.setattr(f"sesmail.sending.{name}", fail)
            with pytest.raises(NotSentError, match="not enough memory"):
                await client.send_bulk(news())
    assert len(s3.requests) == 1
    assert ses_server.requests == []


async def test_missing_credentials_are_a_configuration_error(
    ses_server: FaultServer, s3: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    error, _ = await refusal(ses_server.url)
    assert isinstance(error, ConfigurationError)
    assert s3.requests == []


async def test_deadline_grows_with_the_size_of_the_files(s3: FaultServer) -> None:
    from sesmail.aws import AwsSettings

    settings = AwsSettings("eu-west-1", profile=None, config=None, user_agent="", params={})
    references = reader.ReferenceReader(settings, "v2", 10)
    s3.respond_with(file(bytes(5 * MEGABYTE)))
    found: list[float] = []
    reading_type = reader.Reading

    class Recorded(reading_type):  # type: ignore[misc, valid-type]
        def admit(self, *args: Any) -> int:
            size: int = super().admit(*args)
            found.append(self.scope.deadline - self.started)
            return size

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "Reading", Recorded)
        (await references.read(order(), 0, anyio.current_time())).free()
    await references.aclose()
    assert math.isclose(found[0], 50)
