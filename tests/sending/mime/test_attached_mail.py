"""Attached mails."""

import logging
from email.message import EmailMessage as StandardEmail
from typing import Any

import pytest

from sesmail import Attachment, BulkMessage, Message, TemplateMessage
from sesmail.sending.mime.attached_mail import prepare
from sesmail.sending.mime.mail import write_mime
from sesmail.sending.payload import v2
from support.mail import read_by_standard_library, structure

PLAIN = b"From: a@example.com\r\nSubject: x\r\n\r\nhello\r\n"
EIGHT = "From: a@example.com\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGrüße\r\n".encode()
LONG = PLAIN + b"x" * 2_000
SIGNED = (
    b"From: a@example.com\nContent-Type: multipart/signed; boundary=b\n\n--b\n"
    b"Content-Type: text/plain; charset=utf-8\n\nGr\xc3\xbc\xc3\x9fe\n--b\n\nsignature\n--b--\n"
)


def beside_template(item: Attachment) -> dict[str, Any]:
    message = TemplateMessage(
        from_email="a@example.com", to="b@example.com", template="T", attachments=[item]
    )
    bulk = BulkMessage(
        from_email="a@example.com", template="T", recipients=["b@example.com"], attachments=[item]
    )
    (attachment,) = v2.build(message).params["Content"]["Template"]["Attachments"]
    (of_bulk,) = v2.build_bulk(bulk).params["DefaultContent"]["Template"]["Attachments"]
    assert of_bulk == attachment
    sent: dict[str, Any] = attachment
    return sent


@pytest.mark.parametrize(
    "item",
    [
        Attachment("mail.eml", PLAIN),
        Attachment("mail.eml", PLAIN.replace(b"\r\n", b"\n")),
        Attachment("page.mht", PLAIN),
        Attachment("mail", PLAIN, "Message/RFC822"),
    ],
    ids=["guessed", "LF", "saved page", "given"],
)
def test_mail_that_is_7bit_is_sent_as_it_is(item: Attachment) -> None:
    sent = beside_template(item)
    assert (sent["ContentType"], sent["ContentTransferEncoding"], sent["RawContent"]) == (
        item.media_type,
        "SEVEN_BIT",
        PLAIN,
    )
    wire = write_mime(
        Message(from_email="a@example.com", to="b@example.com", text="t", attachments=[item])
    )
    assert PLAIN in wire


@pytest.mark.parametrize("content", [EIGHT, LONG], ids=["eight bits", "long line"])
def test_mail_that_is_not_7bit_is_encoded_again(content: bytes) -> None:
    item = Attachment("mail.eml", content)
    sent = beside_template(item)
    assert (sent["ContentType"], sent["ContentTransferEncoding"]) == ("message/rfc822", "SEVEN_BIT")
    assert sent["RawContent"].isascii()
    wire = write_mime(
        Message(from_email="a@example.com", to="b@example.com", text="t", attachments=[item])
    )
    assert structure(wire) == ("multipart/mixed", "text/plain", ("message/rfc822", "text/plain"))
    body = content.partition(b"\r\n\r\n")[2]
    assert read_by_standard_library(wire).leaves[1].content == body
    assert item.content == content


@pytest.mark.parametrize(
    "content",
    [SIGNED, "Grüße".encode(), b"From: a\r\n\r\n\0", b"\xff" * 2_000],
    ids=["signed", "no mail", "NUL", "binary"],
)
@pytest.mark.parametrize("media_type", ["message/rfc822", "message/global"])
def test_mail_that_cannot_be_7bit_is_a_file(
    content: bytes, media_type: str, caplog: pytest.LogCaptureFixture
) -> None:
    item = Attachment("mail.eml", content, media_type)
    if content.endswith(b"\0"):
        assert beside_template(item)["ContentTransferEncoding"] == "SEVEN_BIT"
        return
    with caplog.at_level(logging.WARNING, "sesmail.sending"):
        sent = beside_template(item)
    assert (sent["ContentType"], sent["ContentTransferEncoding"], sent["RawContent"]) == (
        "application/octet-stream",
        "BASE64",
        content,
    )
    assert f"({media_type}) is sent as application/octet-stream: it has" in caplog.text
    assert "mail.eml" not in caplog.text
    wire = write_mime(
        Message(from_email="a@example.com", to="b@example.com", text="t", attachments=[item])
    )
    leaf = read_by_standard_library(wire).leaves[1]
    assert (leaf.media_type, leaf.content) == ("application/octet-stream", content)


def test_mail_of_the_standard_library_with_8bit_parts() -> None:
    mail = StandardEmail()
    mail["From"] = "a@example.com"
    mail["Subject"] = "Grüße"
    mail.set_content("Grüße\n", cte="8bit")
    mail.add_attachment(b"\xff" * 100, "image", "png", filename="ü.png")
    item = prepare(Attachment("mail.eml", mail.as_bytes()))
    assert item.content.isascii()
    inner = read_by_standard_library(item.content)
    assert [leaf.content for leaf in inner.leaves] == ["Grüße\r\n".encode(), b"\xff" * 100]


def test_other_files_are_unchanged() -> None:
    item = Attachment("a.bin", b"\xff")
    assert prepare(item) is item
