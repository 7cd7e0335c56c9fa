"""Received mail: SNS and S3 actions, encrypted or not, read by a Receiver."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sesmail
from sesmail import InboundStorage, Receiver
from sesmail.testing import FakeSES

pytestmark = pytest.mark.anyio

MAIL = (
    b"From: =?utf-8?q?Zo=C3=AB?= <zoe@example.net>\r\nTo: help@example.com\r\n"
    b'Cc: "B, C" <b@example.com>\r\nSubject: Help\r\nDate: Fri, 6 Mar 2026 19:55:37 +0000\r\n'
    b"Message-ID: <1@example.net>\r\nX-Folded: a\r\n b\r\n\r\nPlease.\r\n"
)
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


async def one(receiver: Receiver, request: tuple[bytes, dict[str, str]]) -> sesmail.Received:
    (event,) = await receiver.receive(*request)
    assert isinstance(event, sesmail.Received)
    return event


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"encoding": "UTF8"},
        {"action": "S3"},
        {"action": "S3", "bucket": "mails", "prefix": "in/box é"},
        {"action": "S3", "kms_key": KEY},
    ],
    ids=str,
)
async def test_content_is_fetched(
    ses: FakeSES, ses_receiver: Receiver, options: dict[str, Any]
) -> None:
    event = await one(ses_receiver, ses.receive(MAIL, **options).request())
    assert event.source == "zoe@example.net"
    assert event.recipients == ("help@example.com", "b@example.com")
    mail = await ses_receiver.fetch(event)
    assert mail.raw == MAIL
    assert (mail.subject, mail.text) == ("Help", "Please.\n")
    assert mail.verdicts.dmarc == "PASS"


async def test_stored_mail_is_deleted(ses: FakeSES, ses_receiver: Receiver) -> None:
    event = await one(ses_receiver, ses.receive(MAIL, action="S3").request())
    assert len(ses.state.objects) == 1
    await ses_receiver.delete_object(event)
    assert ses.state.objects == {}
    with pytest.raises(sesmail.ContentMissingError):
        await ses_receiver.fetch(event)


async def test_encrypted_mail_of_another_process_cannot_be_decrypted(
    ses: FakeSES, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = InboundStorage(account="123456789012", kms_key=KEY, require_encrypted=True)
    async with Receiver(**ses.trust(), storage=storage) as receiver:
        event = await one(receiver, ses.receive(MAIL, action="S3", kms_key=KEY).request())
        assert (await receiver.fetch(event)).raw == MAIL
        monkeypatch.setattr("sesmail.testing.storage._MASTER_KEY", bytes(32))
        with pytest.raises(sesmail.ContentError):
            await receiver.fetch(event)


async def test_envelope_and_verdicts(ses: FakeSES, ses_receiver: Receiver) -> None:
    emitted = ses.receive(
        MAIL,
        sender="",
        recipients=["list@example.com"],
        verdicts={"spam": "FAIL", "dkim": "GRAY"},
        truncate_headers=True,
    )
    event = await one(ses_receiver, emitted.request())
    assert (event.source, event.recipients) == ("", ("list@example.com",))
    assert (event.verdicts.spam, event.verdicts.dkim, event.verdicts.spf) == (
        "FAIL",
        "GRAY",
        "PASS",
    )
    assert emitted.document["mail"]["headers"] == []
    assert emitted.document["mail"]["headersTruncated"] is True
    assert repr(emitted) == "<Emitted <EventRecord Received of a received mail>>"


def test_headers_as_ses_reports_them(ses: FakeSES) -> None:
    mail = ses.receive(MAIL).document["mail"]
    assert mail["commonHeaders"]["from"] == ["Zoë <zoe@example.net>"]
    assert mail["commonHeaders"]["cc"] == ['"B, C" <b@example.com>']
    assert {"name": "X-Folded", "value": "a b"} in mail["headers"]
    assert {"name": "From", "value": "=?utf-8?q?Zo=C3=AB?= <zoe@example.net>"} in mail["headers"]


def test_lambda_function_of_a_receipt_rule(ses: FakeSES) -> None:
    (event,) = sesmail.parse(ses.receive(MAIL, action="S3").lambda_event("ses"))
    assert isinstance(event, sesmail.Received)
    assert isinstance(event.action, sesmail.OtherAction)
    assert (event.action.type, event.content) == ("Lambda", None)


def test_mail_from_a_file(ses: FakeSES, tmp_path: Path) -> None:
    file = tmp_path / "mail.eml"
    file.write_bytes(b"To: help@example.com\r\n\r\n")
    assert ses.receive(file).document["mail"]["source"] == ""
    assert ses.receive(str(file)).document["receipt"]["recipients"] == ["help@example.com"]


@pytest.mark.parametrize(
    ("raw", "options", "text"),
    [
        (b"Subject: x\r\n\r\n", {}, "neither To nor Cc: give recipients="),
        (MAIL + b"x" * 160_000, {}, 'takes 153,600; SES bounces it: use action="S3"'),
        (MAIL, {"verdicts": {"taste": "FAIL"}}, r"must be among spam, .*, not \['taste'\]"),
    ],
    ids=["no recipient", "too large", "verdict"],
)
def test_mail_that_ses_would_not_notify(
    ses: FakeSES, raw: bytes, options: dict[str, Any], text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        ses.receive(raw, **options)


def test_s3_and_kms_by_boto3(ses: FakeSES, boto_clients: Callable[[str], Any]) -> None:
    ses.receive(MAIL, action="S3", bucket="mails", prefix="in")
    ((_, key),) = ses.state.objects
    s3 = boto_clients("s3")
    assert s3.get_object(Bucket="mails", Key=key)["Body"].read() == MAIL
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="mails", Key="none")
    s3.delete_object(Bucket="mails", Key=key)
    with pytest.raises(s3.exceptions.ClientError):
        s3.put_object(Bucket="mails", Key="new", Body=b"")
    kms = boto_clients("kms")
    for blob in (b"x", b"x" * 60):
        with pytest.raises(kms.exceptions.InvalidCiphertextException):
            kms.decrypt(CiphertextBlob=blob)
    with pytest.raises(kms.exceptions.ClientError, match="no operation Encrypt"):
        kms.encrypt(KeyId=KEY, Plaintext=b"x")
