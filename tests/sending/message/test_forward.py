"""Received mails made fit to be sent again."""

from typing import Any

import pytest
from pydantic import ValidationError

from sesmail import Address, InvalidMessageError, RawMessage, read_mail
from sesmail.sending.wire import check_wire
from support.mail import decoded, field_names, mailboxes, raw_fields, read_by_standard_library

RECEIVED = """\
Return-Path: <zoe@example.org>
Received: from mail.example.org (mail.example.org [192.0.2.1])
 by inbound-smtp.eu-west-1.amazonaws.com with SMTP id 5f1d6a3e
X-SES-Spam-Verdict: PASS
X-SES-Virus-Verdict: PASS
Received-SPF: pass
Authentication-Results: amazonses.com; spf=pass
X-SES-RECEIPT: AEFBQUFBQUFB
DKIM-Signature: v=1; a=rsa-sha256; d=example.org; b=abc
X-SES-DKIM-SIGNATURE: a=rsa-sha256; d=amazonses.com; b=abc
ARC-Seal: i=1; a=rsa-sha256
DomainKey-Signature: a=rsa-sha1
Feedback-ID: 1.eu-west-1.abc:AmazonSES
From: Zoë Brown <zoe@example.org>
Sender: robot@example.org
Errors-To: errors@example.org
Resent-From: other@example.org
Bcc: hidden@example.org
To: Shop <shop@example.com>
Cc: c@example.org
Subject: Größe 42?
Subject: second
Message-ID: <1@example.org>
Message-ID: <2@example.org>
Date: Fri, 1 May 2026 10:00:00 +0000
X-Tag: theirs
X-Metadata: {"a": 1}
X-Sesmail-Id: theirs
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Habt ihr Größe 42?
""".encode()


def forward(mail: Any = RECEIVED, **fields: Any) -> bytes:
    fields = {"from_email": "forwarder@example.com", "to": "team@example.com"} | fields
    message = RawMessage.forward(mail, **fields)
    check_wire(message.content)
    return message.content


def field(wire: bytes, name: str) -> str:
    (value,) = (decoded(raw) for key, raw in raw_fields(wire) if key == name)
    return value


def test_fields_of_the_first_transmission_are_removed() -> None:
    wire = forward()
    assert field_names(wire) == [
        "From", "Reply-To", "X-Original-From", "Received", "To", "Cc", "Subject", "Message-ID",
        "Date", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    ]  # fmt: skip
    assert field(wire, "From") == "Zoë Brown <forwarder@example.com>"
    assert field(wire, "Reply-To") == "Zoë Brown <zoe@example.org>"
    assert field(wire, "X-Original-From") == "Zoë Brown <zoe@example.org>"
    assert field(wire, "Subject") == "Größe 42?"
    assert field(wire, "To") == "Shop <shop@example.com>"
    (leaf,) = read_by_standard_library(wire).leaves
    assert leaf.content == "Habt ihr Größe 42?\r\n".encode()


def test_recipients_and_other_fields_are_those_given() -> None:
    message = RawMessage.forward(
        RECEIVED,
        from_email=Address("me@example.com"),
        to=["team@example.com"],
        cc="boss@example.com",
        send_id="forward-1",
        configuration_set="inbound",
    )
    assert [address.email for address in message.to] == ["team@example.com"]
    assert (message.send_id, message.configuration_set) == ("forward-1", "inbound")


def test_takes_a_mail_that_was_read() -> None:
    assert forward(read_mail(RECEIVED)) == forward(RECEIVED) == forward(bytearray(RECEIVED))


def test_name_of_the_new_author_is_kept() -> None:
    wire = forward(from_email="Shop, via list <forwarder@example.com>".replace(",", ""))
    assert field(wire, "From") == "Shop via list <forwarder@example.com>"


def test_given_reply_to_replaces_the_original() -> None:
    mail = b"Reply-To: old@example.org\n" + RECEIVED
    assert field(forward(mail), "Reply-To") == "old@example.org"
    wire = forward(mail, reply_to=["Zoë <new@example.com>", "b@example.com"])
    assert mailboxes(field(wire, "Reply-To")) == [
        ("Zoë", "new@example.com"),
        ("", "b@example.com"),
    ]


@pytest.mark.parametrize(
    ("author", "new", "reply_to"),
    [
        (b"From: a@example.org", ("", "f@example.com"), ("", "a@example.org")),
        (b'From: "B, A" <a@example.org>', ("B, A", "f@example.com"), ("B, A", "a@example.org")),
        (
            b"From: =?iso-8859-1?q?J=FCrgen?= <j@example.org>",
            ("Jürgen", "f@example.com"),
            ("Jürgen", "j@example.org"),
        ),
        (b"From: J\xfc <j@example.org>", ("Jü", "f@example.com"), ("Jü", "j@example.org")),
        (
            b"From: " + b"x" * 400 + b" <a@example.org>",
            ("", "f@example.com"),
            ("", "a@example.org"),
        ),
        (b"From: nobody", ("", "f@example.com"), None),
        (b"From: J <\xfc@example.org>", ("", "f@example.com"), None),
        (b"X-One: no author", ("", "f@example.com"), None),
    ],
    ids=["bare", "quoted", "encoded", "8-bit", "long name", "no address", "8-bit address", "none"],
)
def test_original_authors(
    author: bytes, new: tuple[str, str], reply_to: tuple[str, str] | None
) -> None:
    wire = forward(author + b"\nSubject: x\n\nhello\n", from_email="f@example.com")
    assert mailboxes(field(wire, "From")) == [new]
    if reply_to is None:
        assert "Reply-To" not in field_names(wire)
    else:
        assert mailboxes(field(wire, "Reply-To")) == [reply_to]
    (leaf,) = read_by_standard_library(wire).leaves
    assert leaf.content == b"hello\r\n"


@pytest.mark.parametrize(
    "before", [b"From alice Fri May  1 10:00:00 2026\n", b">From x\r\n", b"\r\n\n"], ids=repr
)
def test_lines_before_the_header_are_removed(before: bytes) -> None:
    assert forward(before + RECEIVED) == forward(RECEIVED)


def test_lines_that_are_no_field_are_removed() -> None:
    header = (
        b"From: a@example.org\nthis is no field\nSubject: x\nTo: <\xfc@b>\nReferences: <\xfc>\n"
    )
    mail = header + b"\nhello\n"
    wire = forward(mail)
    assert field_names(wire) == [
        "From", "Reply-To", "X-Original-From", "Subject", "X-Original-To",
    ]  # fmt: skip


def test_references_and_lists_stay() -> None:
    mail = b"References: <1@a> <2@a>\nIn-Reply-To: <2@a>\nList-Id: <l.example.org>\n" + RECEIVED
    assert field_names(forward(mail))[3:6] == ["References", "In-Reply-To", "List-Id"]


@pytest.mark.parametrize("wrong", ["text", None, 1], ids=repr)
def test_rejects_what_is_no_mail(wrong: Any) -> None:
    with pytest.raises(InvalidMessageError, match=type(wrong).__name__) as caught:
        forward(wrong)
    assert caught.value.field == "mail"


def test_rejects_mails_that_cannot_be_7bit() -> None:
    deep = b"hello\n"
    for level in range(40):
        deep = b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n%b\n--b%d--\n" % (
            *(level, level, deep, level),
        )
    with pytest.raises(InvalidMessageError, match="30 levels") as caught:
        forward(b"From: a@example.org\n" + deep)
    assert caught.value.field == "mail"


def test_rejects_headers_of_more_than_a_megabyte() -> None:
    with pytest.raises(InvalidMessageError, match="1,048,576 bytes") as caught:
        forward(b"From: a@example.org\nX-One: " + b"x" * (1 << 20) + b"\n\nhello\n")
    assert (caught.value.field, caught.value.limit) == ("mail", 1 << 20)


def test_rejects_invalid_fields() -> None:
    with pytest.raises(InvalidMessageError, match="'@'"):
        forward(from_email="nobody")
    with pytest.raises(ValidationError, match="unknown"):
        forward(unknown=1)
