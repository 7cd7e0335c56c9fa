"""Ready-made MIME: mended where that is safe, refused where it isn't."""

import email
import email.policy
from email.message import EmailMessage
from email.message import Message as StandardMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
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


def test_bytes_stay() -> None:  # R10
    assert content_of(MAIL) == MAIL
    assert content_of(bytearray(MAIL)) == MAIL


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (MAIL.replace(b"\r\n", b"\n"), MAIL),
        (b"From: a\n\nx\r\ny\n", b"From: a\r\n\r\nx\r\ny\r\n"),
        (b"From: a\r\n\r\n", b"From: a\r\n\r\n"),
        (b"From: a\r\n", b"From: a\r\n"),
        (b"From: a", b"From: a"),
        (b"from : a\r\n\r\nx", b"from : a\r\n\r\nx"),
    ],
    ids=["LF", "mixed", "no body", "no empty line", "no line break", "old spelling"],
)
def test_line_breaks_are_mended(mail: bytes, expected: bytes) -> None:  # R10, R19
    assert content_of(mail) == expected


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (b"From: a\r\nBcc: s\r\nTo: b\r\n\r\nx", b"From: a\r\nTo: b\r\n\r\nx"),
        (b"Bcc: s\r\nFrom: a\r\n\r\nx", b"From: a\r\n\r\nx"),
        (b"From: a\r\nBCC: s,\r\n\tt,\r\n u\r\nX: 1\r\n\r\nx", b"From: a\r\nX: 1\r\n\r\nx"),
        (b"From: a\r\nbcc : s\r\nResent-Bcc: t\r\nBcc: u\r\n\r\nx", b"From: a\r\n\r\nx"),
        (b"From: a\nBcc: s\n\nBcc: body\n", b"From: a\r\n\r\nBcc: body\r\n"),
        (b"From: a\r\nBcc: s", b"From: a\r\n\r\n"),
        (b"From: a\r\nBcc: s\r\n", b"From: a\r\n\r\n"),
        (b"From: a\r\nBcc:\r\n\r\nx\r\n\r\ny", b"From: a\r\n\r\nx\r\n\r\ny"),
    ],
    ids=["between", "first", "folded", "several", "LF", "no body", "no empty line", "empty"],
)
def test_bcc_is_removed(mail: bytes, expected: bytes) -> None:  # R10, R12
    assert content_of(mail) == expected


REFUSED = {
    "nothing": (b"", "line 1"),
    "no From": (b"To: b\r\n\r\nx", "From"),
    "mbox": (b"From a@example.com Mon\r\nFrom: a\r\n\r\nx", "line 1"),
    "no header": (b"\r\nFrom: a\r\n\r\nx", "line 1"),
    "begins with a fold": (b" x\r\nFrom: a\r\n\r\n", "line 1"),
    "no field": (b"From: a\r\nno field\r\n\r\nx", "line 2"),
    "space in a name": (b"From: a\r\nX Y: 1\r\n\r\nx", "line 2"),
    "empty name": (b"From: a\r\n: 1\r\n\r\nx", "line 2"),
    "CR alone in a header": (b"From: a\rBcc: s\r\n\r\nx", "CR without LF"),
    "CR alone in the body": (b"From: a\r\n\r\nx\ry", "CR without LF"),
    "NUL": (b"From: a\r\n\r\n\0", "NUL"),
    "eight bits in a header": (b"From: \xc3\xa9\r\n\r\nx", "above 127"),
    "eight bits in the body": (b"From: a\r\n\r\n\xc3\xa9", "above 127"),
    "line of 999": (b"From: a\r\n\r\n" + b"x" * 999, "998"),
    "header line of 999": (b"From: a\r\nX: " + b"x" * 996 + b"\r\n\r\n", "998"),
}


@pytest.mark.parametrize(("mail", "reason"), REFUSED.values(), ids=REFUSED)
def test_the_rules_of_the_wire_are_kept(mail: bytes, reason: str) -> None:  # R10, R19, R21
    with pytest.raises(ValidationError, match=reason) as caught:
        RawMessage(content=mail, to="b@example.com")
    assert caught.value.errors()[0]["loc"] == ("content",)


def test_998_pass() -> None:
    mail = b"From: a\r\nX: " + b"x" * 995 + b"\r\n\r\n" + b"y" * 998
    assert content_of(mail) == mail


def made(**headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Zoë <zoe@example.com>"
    for name, value in headers.items():
        message[name] = value
    message.set_content("Grüße\n")
    return message


def test_a_message_of_the_standard_library() -> None:  # R10
    wire = content_of(made(To="b@example.com", Bcc="secret@example.com", Subject="Grüße"))
    assert field_names(wire)[:3] == ["From", "To", "Subject"]
    assert decoded(dict(raw_fields(wire))["Subject"]) == "Grüße"
    assert b"secret" not in wire
    assert read_by_standard_library(wire).leaves == [Leaf("text/plain", "Grüße\n".encode())]


def test_an_old_message_of_the_standard_library() -> None:  # R10
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
def test_a_parsed_message_is_sent_again(policy: Any) -> None:
    mail = (
        b"From: a@example.com\r\nSubject: one\r\n two\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n"
    )
    wire = content_of(email.message_from_bytes(mail, policy=policy))
    assert decoded(dict(raw_fields(wire))["Subject"]) == "one two"
    (leaf,) = read_by_standard_library(wire).leaves
    assert leaf.content.replace(b"\r\n", b"\n") == "Grüße\n".encode()


def old(**headers: str) -> "StandardMessage[str, str]":
    message: StandardMessage[str, str] = StandardMessage()
    message["From"] = "a@example.com"
    for name, value in headers.items():
        message[name] = value
    message.set_payload("x")
    return message


@pytest.mark.parametrize(
    "control", [c for c in CONTROLS.values() if c < "\x80" and c != "\t"], ids=repr
)
def test_controls_in_headers_are_refused(control: str) -> None:  # R20
    """Python's own writer lets them through on some patch levels, and a line break makes a header of its own."""
    for message in (
        old(Subject=f"x{control}Bcc: s@example.com"),
        old(Subject=f"x{control}"),
        old(**{f"X{control}Y": "x"}),
        old(**{f"X{control}Bcc: s@example.com\r\nY": "x"}),
    ):
        with pytest.raises(ValidationError, match="content"):
            content_of(message)


def test_line_breaks_in_the_headers_of_parts_are_refused() -> None:
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
def test_encoded_line_breaks_make_no_header(subject: str) -> None:
    """CVE-2024-6923."""
    try:
        wire = content_of(made(Subject=subject))
    except ValidationError:
        return
    assert "X-Evil" not in field_names(wire)


def test_folds_are_no_line_breaks() -> None:
    assert (
        decoded(dict(raw_fields(content_of(old(Subject="one\r\n two\n\tthree"))))["Subject"])
        == "one two\tthree"
    )


@pytest.mark.parametrize(
    "name",
    ["Sübject", "Sub ject", "Sub\ud800ject", ""],
    ids=["non-ASCII", "space", "half", "empty"],
)
def test_odd_header_names_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="content"):
        content_of(old(**{name: "x"}))


def test_headers_that_change_when_written_are_refused() -> None:
    class Lying(EmailMessage):
        def as_bytes(self, *args: Any, **options: Any) -> bytes:
            return b"X-Evil: 1\r\n" + super().as_bytes(*args, **options)

    message = Lying()
    message["From"] = "a@example.com"
    message.set_content("x")
    with pytest.raises(ValidationError, match="encoded headers differ"):
        content_of(message)


@pytest.mark.parametrize("policy", [email.policy.compat32, email.policy.default], ids=str)
def test_an_unknown_charset_is_refused(policy: Any) -> None:
    mail = b"From: a@example.com\nContent-Type: text/plain; charset=bogus\nContent-Transfer-Encoding: 8bit\n\n\xff"
    with pytest.raises(ValidationError, match="content"):
        content_of(email.message_from_bytes(mail, policy=policy))


@pytest.mark.parametrize("payload", ["\ud800", 5, [5]], ids=["half a character", "number", "list"])
def test_payloads_that_can_not_be_written_are_refused(payload: Any) -> None:
    message = old()
    message.set_payload(payload)
    with pytest.raises(ValidationError, match="content"):
        content_of(message)


def parts(count: int, part: bytes = b"\r\nx\r\n") -> bytes:
    head = b'From: a\r\nContent-Type: multipart/mixed; boundary="xyz"\r\n\r\n'
    return head + (b"--xyz\r\n" + part) * count + b"--xyz--\r\n"


@pytest.mark.parametrize(
    "part", [b"\r\nx\r\n", b"\r\n", b""], ids=["text", "nothing", "not even a header"]
)
def test_500_parts_pass_and_501_are_refused(part: bytes) -> None:  # R21
    assert content_of(parts(500, part)) == parts(500, part)
    with pytest.raises(ValidationError, match="at most 500 parts, this one has 501"):
        content_of(parts(501, part))


def test_a_mail_of_500_parts_that_sesmail_wrote_passes() -> None:  # R21
    """Whichever way parts are counted: it is the same for both."""
    files = [Attachment("a", b"x")] * 498
    mail = write_mime(Message(from_email="a@example.com", text="t", html="h", attachments=files))
    assert content_of(mail) == mail


def test_text_like_a_boundary_is_no_part() -> None:
    content_of(b"From: a\r\n\r\n" + b"--xyz\r\n\r\nx\r\n" * 600)


def test_addresses_that_the_standard_library_would_rewrite_are_refused() -> None:
    """It drops the quotes of long names, whose commas then part addresses."""
    name = ", ".join(f"word{number}" for number in range(20))
    message = made(To=f'"evil@example.com, {name}" <b@example.com>')
    with pytest.raises(ValidationError, match="other addresses into To"):
        content_of(message)


@pytest.mark.parametrize("wrong", [None, 5, [MAIL], {"mail": MAIL}, MAIL.decode()], ids=repr)
def test_anything_else_is_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError, match="content"):
        content_of(wrong)


def test_json_round_trip() -> None:
    message = RawMessage(content=MAIL, to="b@example.com")
    assert RawMessage.model_validate_json(message.model_dump_json()) == message


def test_both_apis_send_it_as_it_is() -> None:  # R10
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


def test_a_send_id_is_put_before_the_content() -> None:
    message = RawMessage(content=MAIL, to="b@example.com", send_id="id-1")
    mail = b"X-Sesmail-Id: id-1\r\n" + MAIL
    assert v2.build(message).params["Content"]["Raw"]["Data"] == mail
    call = v1.build(message)
    assert (call.params["RawMessage"]["Data"], call.size) == (mail, len(mail))


@pytest.mark.parametrize("name", [b"X-Sesmail-Id", b"x-sesmail-id "], ids=["as it is", "lower"])
def test_a_second_send_id_is_refused(name: bytes) -> None:
    content = MAIL.replace(b"To:", name + b": id-1\r\nTo:")
    given = RawMessage(content=content, to="b@example.com")
    assert v2.build(given).params["Content"]["Raw"]["Data"] == content
    for api in (v1, v2):
        with pytest.raises(InvalidMessageError, match="already") as caught:
            api.build(given.model_copy(update={"send_id": "id-1"}))
        assert caught.value.field == "send_id"
