"""Ready-made MIME: normalisation, checks, and messages of the standard library."""

import email
import email.policy
import subprocess
import sys
from email.charset import Charset
from email.message import EmailMessage
from email.message import Message as StandardMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import EmailPolicy
from typing import Any

import pytest
from pydantic import ValidationError

from sesmail import Attachment, InvalidMessageError, Message, RawMessage
from sesmail.sending.mime.mail import write_mime
from sesmail.sending.payload import v1, v2
from support.hostile import CONTROLS
from support.mail import Leaf, decoded, field_names, raw_fields, read_by_standard_library

MAIL = b"From: a@example.com\r\nTo: b@example.com\r\n\r\nbody\r\n"


def content_of(mail: Any) -> bytes:
    return RawMessage(content=mail, to="b@example.com").content


def test_valid_content_is_unchanged() -> None:
    assert content_of(MAIL) == MAIL
    assert content_of(bytearray(MAIL)) == MAIL


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (MAIL.replace(b"\r\n", b"\n"), MAIL),
        (b"From: a@b\n\nx\r\ny\n", b"From: a@b\r\n\r\nx\r\ny\r\n"),
        (b"From: a@b\r\n\r\n", b"From: a@b\r\n\r\n"),
        (b"From: a@b\r\n", b"From: a@b\r\n"),
        (b"From: a@b", b"From: a@b"),
        (b"from : a@b\r\n\r\nx", b"from : a@b\r\n\r\nx"),
    ],
    ids=["LF", "mixed", "no body", "no empty line", "no line break", "old spelling"],
)
def test_line_breaks_become_crlf(mail: bytes, expected: bytes) -> None:
    assert content_of(mail) == expected


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (b"From: a@b\r\nBcc: s\r\nTo: b\r\n\r\nx", b"From: a@b\r\nTo: b\r\n\r\nx"),
        (b"Bcc: s\r\nFrom: a@b\r\n\r\nx", b"From: a@b\r\n\r\nx"),
        (b"From: a@b\r\nBCC: s,\r\n\tt,\r\n u\r\nX: 1\r\n\r\nx", b"From: a@b\r\nX: 1\r\n\r\nx"),
        (b"From: a@b\r\nbcc : s\r\nResent-Bcc: t\r\nBcc: u\r\n\r\nx", b"From: a@b\r\n\r\nx"),
        (b"From: a@b\nBcc: s\n\nBcc: body\n", b"From: a@b\r\n\r\nBcc: body\r\n"),
        (b"From: a@b\r\nBcc: s", b"From: a@b\r\n\r\n"),
        (b"From: a@b\r\nBcc: s\r\n", b"From: a@b\r\n\r\n"),
        (b"From: a@b\r\nBcc:\r\n\r\nx\r\n\r\ny", b"From: a@b\r\n\r\nx\r\n\r\ny"),
    ],
    ids=["between", "first", "folded", "several", "LF", "no body", "no empty line", "empty"],
)
def test_bcc_is_removed(mail: bytes, expected: bytes) -> None:
    assert content_of(mail) == expected


REFUSED = {
    "nothing": (b"", "line 1"),
    "no From": (b"To: b\r\n\r\nx", "From"),
    "empty From": (b"From: \r\n\r\nx", "From header has no email address"),
    "From without address": (b"From: shop\r\nTo: a@b\r\n\r\nx", "no email address"),
    "From with an empty group": (b"From: undisclosed:;\r\n\r\nx", "no email address"),
    "mbox": (b"From a@example.com Mon\r\nFrom: a@b\r\n\r\nx", "line 1"),
    "no header": (b"\r\nFrom: a@b\r\n\r\nx", "line 1"),
    "begins with a fold": (b" x\r\nFrom: a@b\r\n\r\n", "line 1"),
    "no field": (b"From: a@b\r\nno field\r\n\r\nx", "line 2"),
    "space in a name": (b"From: a@b\r\nX Y: 1\r\n\r\nx", "line 2"),
    "empty name": (b"From: a@b\r\n: 1\r\n\r\nx", "line 2"),
    "CR alone in a header": (b"From: a@b\rBcc: s\r\n\r\nx", "CR without LF"),
    "CR alone in the body": (b"From: a@b\r\n\r\nx\ry", "CR without LF"),
    "NUL": (b"From: a@b\r\n\r\n\0", "NUL"),
    "eight bits in a header": (b"From: \xc3\xa9\r\n\r\nx", "above 127"),
    "eight bits in the body": (b"From: a@b\r\n\r\n\xc3\xa9", "above 127"),
    "line of 999": (b"From: a@b\r\n\r\n" + b"x" * 999, "998"),
    "header line of 999": (b"From: a@b\r\nX: " + b"x" * 996 + b"\r\n\r\n", "998"),
}


@pytest.mark.parametrize(("mail", "reason"), REFUSED.values(), ids=REFUSED)
def test_rejects_invalid_content(mail: bytes, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason) as caught:
        RawMessage(content=mail, to="b@example.com")
    assert caught.value.errors()[0]["loc"] == ("content",)


def test_accepts_lines_of_998_characters() -> None:
    mail = b"From: a@b\r\nX: " + b"x" * 995 + b"\r\n\r\n" + b"y" * 998
    assert content_of(mail) == mail


def email_message(**headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Zoë <zoe@example.com>"
    for name, value in headers.items():
        message[name] = value
    message.set_content("Grüße\n")
    return message


def test_encodes_message_of_the_standard_library() -> None:
    wire = content_of(email_message(To="b@example.com", Bcc="secret@example.com", Subject="Grüße"))
    assert field_names(wire)[:3] == ["From", "To", "Subject"]
    assert decoded(dict(raw_fields(wire))["Subject"]) == "Grüße"
    assert b"secret" not in wire
    assert read_by_standard_library(wire).leaves == [Leaf("text/plain", "Grüße\n".encode())]


def test_encodes_compat32_message_of_the_standard_library() -> None:
    message = MIMEMultipart("alternative")
    message["From"] = "a@example.com"
    message.attach(MIMEText("Grüße", "plain", "utf-8"))
    message.attach(MIMEText("<b>Grüße</b>", "html", "utf-8"))
    assert [
        leaf.content.decode() for leaf in read_by_standard_library(content_of(message)).leaves
    ] == [
        "Grüße",
        "<b>Grüße</b>",
    ]


@pytest.mark.parametrize(
    "policy", [email.policy.compat32, email.policy.default, email.policy.SMTP], ids=str
)
def test_encodes_message_parsed_by_the_standard_library(policy: Any) -> None:
    mail = (
        b"From: a@example.com\r\nSubject: one\r\n two\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n"
    )
    wire = content_of(email.message_from_bytes(mail, policy=policy))
    assert decoded(dict(raw_fields(wire))["Subject"]) == "one two"
    (leaf,) = read_by_standard_library(wire).leaves
    assert leaf.content.replace(b"\r\n", b"\n") == "Grüße\n".encode()


def compat32_message(**headers: str) -> "StandardMessage[str, str]":
    message: StandardMessage[str, str] = StandardMessage()
    message["From"] = "a@example.com"
    for name, value in headers.items():
        message[name] = value
    message.set_payload("x")
    return message


@pytest.mark.parametrize(
    "control", [c for c in CONTROLS.values() if c < "\x80" and c != "\t"], ids=repr
)
def test_rejects_controls_in_headers(control: str) -> None:
    """Some patch releases of Python write them; a line break would begin another header."""
    for message in (
        compat32_message(Subject=f"x{control}Bcc: s@example.com"),
        compat32_message(Subject=f"x{control}"),
        compat32_message(**{f"X{control}Y": "x"}),
        compat32_message(**{f"X{control}Bcc: s@example.com\r\nY": "x"}),
    ):
        with pytest.raises(ValidationError, match="content"):
            content_of(message)


def test_rejects_line_breaks_in_headers_of_parts() -> None:
    message = MIMEMultipart()
    message["From"] = "a@example.com"
    part = MIMEText("x")
    part["X-One"] = "1\r\n\r\nbody"
    message.attach(part)
    with pytest.raises(ValidationError, match="X-One"):
        content_of(message)


@pytest.mark.parametrize(
    "subject",
    [
        "=?utf-8?q?a=0D=0AX-Evil:_1?=",
        "=?utf-8?q?a=0D=0A_X-Evil:_1?=",
        "=?utf-8?q?a=0AX-Evil:_1?= b",
    ],
)
def test_encoded_line_breaks_begin_no_header(subject: str) -> None:
    """CVE-2024-6923."""
    try:
        wire = content_of(email_message(Subject=subject))
    except ValidationError:
        return
    assert "X-Evil" not in field_names(wire)


def test_accepts_folded_header_values() -> None:
    assert (
        decoded(
            dict(raw_fields(content_of(compat32_message(Subject="one\r\n two\n\tthree"))))[
                "Subject"
            ]
        )
        == "one two\tthree"
    )


@pytest.mark.parametrize(
    "name",
    ["Sübject", "Sub ject", "Sub\ud800ject", ""],
    ids=["non-ASCII", "space", "half", "empty"],
)
def test_rejects_invalid_header_names(name: str) -> None:
    with pytest.raises(ValidationError, match="content"):
        content_of(compat32_message(**{name: "x"}))


def test_rejects_headers_that_change_when_encoded() -> None:
    class Lying(EmailPolicy):
        def fold_binary(self, name: str, value: Any) -> bytes:
            return b"X-Evil: 1\r\n" + super().fold_binary(name, value)

    message = EmailMessage(policy=Lying())
    message["From"] = "a@example.com"
    message.set_content("x")
    with pytest.raises(ValidationError, match="encoded headers differ"):
        content_of(message)


@pytest.mark.parametrize("policy", [email.policy.compat32, email.policy.default], ids=str)
def test_rejects_unknown_charset(policy: Any) -> None:
    mail = (
        b"From: a@example.com\nContent-Type: text/plain; charset=bogus\n"
        b"Content-Transfer-Encoding: 8bit\n\n\xff"
    )
    with pytest.raises(ValidationError, match="content"):
        content_of(email.message_from_bytes(mail, policy=policy))


@pytest.mark.parametrize("payload", ["\ud800", 5, [5]], ids=["surrogate", "number", "list"])
def test_rejects_payloads_that_cannot_be_encoded(payload: Any) -> None:
    message = compat32_message()
    message.set_payload(payload)
    with pytest.raises(ValidationError, match="content"):
        content_of(message)


ONCE = [
    "Accept-Language", "Archived-At", "Auto-Submitted", "Bounces-To", "Cc", "Comments",
    "Content-Class", "Content-Language", "Content-Type", "Date", "Delivered-To",
    "Disposition-Notification-To", "DKIM-Signature", "Errors-To", "From", "Importance",
    "In-Reply-To", "Keywords", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Message-ID",
    "MIME-Version", "Organization", "Precedence", "Priority", "References", "Reply-To",
    "Return-Path", "Sender", "Subject", "Thread-Topic", "To", "User-Agent", "VBR-Info",
]  # fmt: skip


@pytest.mark.parametrize("name", ONCE)
def test_rejects_repeated_fields_that_ses_accepts_once(name: str) -> None:
    lines = f"{name}: x\r\n{name.upper()}: y\r\n".encode()
    with pytest.raises(ValidationError, match=f"has {name.lower()} more than once") as caught:
        content_of(lines + b"From: a@example.com\r\n\r\n")
    assert "dg/header-fields.html" in str(caught.value)
    assert "RawMessage.forward" in str(caught.value)


def test_accepts_other_repeated_fields() -> None:
    header = b"Received: a\r\nReceived: b\r\nX-Tag: a\r\nX-Tag: b\r\nFrom: a@b\r\n\r\n"
    content = header + b"Subject: x\r\nSubject: y\r\n"
    assert content_of(content) == content


class OldDjangoText(MIMEText):
    """As SafeMIMEText of Django before 6.0: 8-bit text, and ``as_bytes`` without policy."""

    def as_bytes(self, unixfrom: bool = False, linesep: str = "\n") -> bytes:  # type: ignore[override]
        raise NotImplementedError

    def set_payload(self, payload: Any, charset: Any = None) -> None:
        utf8 = Charset("utf-8")
        utf8.body_encoding = None  # type: ignore[assignment]
        super().set_payload(payload, utf8 if charset == "utf-8" else charset)


@pytest.mark.parametrize("text", ["Grüße\n", "x" * 2_000 + "ü\n", "plain\n"], ids=ascii)
@pytest.mark.parametrize("nested", [False, True], ids=["text", "multipart"])
def test_accepts_messages_of_old_django(text: str, nested: bool) -> None:
    message: StandardMessage = OldDjangoText(text, "plain", "utf-8")
    if nested:
        part, message = message, MIMEMultipart()
        message.attach(part)
    message["From"] = "a@example.com"
    content = content_of(message)
    assert content.isascii()
    (leaf,) = read_by_standard_library(content).leaves
    assert leaf.content.decode().replace("\r\n", "\n") == text


DJANGO = """
import sys
import django.conf
from django.core.mail import EmailMultiAlternatives
from sesmail import RawMessage
django.conf.settings.configure(DEFAULT_CHARSET="utf-8")
message = EmailMultiAlternatives(
    "Grüße", "Größe\\n", "Zoë <a@example.com>", ["b@example.com"], bcc=["c@example.com"]
)
message.attach_alternative("<p>Größe</p>", "text/html")
message.attach("ü.pdf", bytes(range(256)), "application/pdf")
sys.stdout.buffer.write(RawMessage(content=message.message(), to="b@example.com").content)
"""


def test_accepts_messages_of_django() -> None:
    """In a process of its own, since Django's settings are those of the process."""
    pytest.importorskip("django")
    run = subprocess.run([sys.executable, "-c", DJANGO], capture_output=True, check=True)
    content = run.stdout
    assert content.isascii()
    assert b"c@example.com" not in content
    text, html, file = read_by_standard_library(content).leaves
    assert text.content.strip() == "Größe".encode()
    assert html.content.strip() == "<p>Größe</p>".encode()
    assert (file.media_type, file.content) == ("application/pdf", bytes(range(256)))


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1"])
def test_text_that_is_not_encoded_yet_is_utf_8_or_refused(charset: str) -> None:
    """As mails have it that Django 4.2 attaches."""
    message = StandardMessage()
    message["From"] = "a@example.com"
    message["Content-Type"] = f"text/plain; charset={charset}"
    message["Content-Transfer-Encoding"] = "8bit"
    message._payload = "Grüße\n"  # type: ignore[attr-defined]
    if charset == "utf-8":
        (leaf,) = read_by_standard_library(content_of(message)).leaves
        assert leaf.content == "Grüße\r\n".encode()
    else:
        with pytest.raises(ValidationError, match="can't encode"):
            content_of(message)


def parts(count: int, part: bytes = b"\r\nx\r\n") -> bytes:
    head = b'From: a@b\r\nContent-Type: multipart/mixed; boundary="xyz"\r\n\r\n'
    return head + (b"--xyz\r\n" + part) * count + b"--xyz--\r\n"


@pytest.mark.parametrize(
    "part", [b"\r\nx\r\n", b"\r\n", b""], ids=["text", "nothing", "not even a header"]
)
def test_accepts_500_parts_and_rejects_501(part: bytes) -> None:
    assert content_of(parts(500, part)) == parts(500, part)
    with pytest.raises(ValidationError, match="at most 500 parts, this one has 501"):
        content_of(parts(501, part))


def test_accepts_mail_of_500_parts_encoded_by_sesmail() -> None:
    """Parts are counted equally in encoded messages and in ready-made content."""
    files = [Attachment("a", b"x")] * 498
    mail = write_mime(Message(from_email="a@example.com", text="t", html="h", attachments=files))
    assert content_of(mail) == mail


def test_text_like_a_boundary_is_not_counted_as_part() -> None:
    content_of(b"From: a@b\r\n\r\n" + b"--xyz\r\n\r\nx\r\n" * 600)


def test_rejects_addresses_that_the_standard_library_would_change() -> None:
    """It drops the quotes of long display names, whose commas then separate addresses."""
    name = ", ".join(f"word{number}" for number in range(20))
    message = email_message(To=f'"evil@example.com, {name}" <b@example.com>')
    with pytest.raises(ValidationError, match="other addresses into To"):
        content_of(message)


@pytest.mark.parametrize("wrong", [None, 5, [MAIL], {"mail": MAIL}, MAIL.decode()], ids=repr)
def test_rejects_other_types_of_content(wrong: Any) -> None:
    with pytest.raises(ValidationError, match="content"):
        content_of(wrong)


def test_json_round_trip() -> None:
    message = RawMessage(content=MAIL, to="b@example.com")
    assert RawMessage.model_validate_json(message.model_dump_json()) == message


def test_both_apis_send_content_unchanged() -> None:
    message = RawMessage(content=MAIL, to="a@example.com", cc="b@example.com", bcc="c@example.com")
    two = v2.build(message)
    assert (two.operation, two.params["Content"], two.size) == (
        "SendEmail",
        {"Raw": {"Data": MAIL}},
        len(MAIL),
    )
    one = v1.build(message)
    assert (one.operation, one.params["RawMessage"], one.size) == (
        "SendRawEmail",
        {"Data": MAIL},
        len(MAIL),
    )
    assert one.params["Destinations"] == ["a@example.com", "b@example.com", "c@example.com"]


def test_send_id_header_precedes_the_content() -> None:
    message = RawMessage(content=MAIL, to="b@example.com", send_id="id-1")
    mail = b"X-Sesmail-Id: id-1\r\n" + MAIL
    assert v2.build(message).params["Content"]["Raw"]["Data"] == mail
    call = v1.build(message)
    assert (call.params["RawMessage"]["Data"], call.size) == (mail, len(mail))


@pytest.mark.parametrize("name", [b"X-Sesmail-Id", b"x-sesmail-id "], ids=["as it is", "lower"])
def test_rejects_send_id_if_content_has_one(name: bytes) -> None:
    content = MAIL.replace(b"To:", name + b": id-1\r\nTo:")
    given = RawMessage(content=content, to="b@example.com")
    assert v2.build(given).params["Content"]["Raw"]["Data"] == content
    for api in (v1, v2):
        with pytest.raises(InvalidMessageError, match="already") as caught:
            api.build(given.model_copy(update={"send_id": "id-1"}))
        assert caught.value.field == "send_id"
