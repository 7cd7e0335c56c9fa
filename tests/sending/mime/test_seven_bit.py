"""Mails of others made 7-bit, part by part."""

import email
import email.policy
from base64 import b64encode
from collections.abc import Iterator
from random import Random

import pytest

from sesmail.sending.mime.seven_bit import Rules, is_seven_bit, to_seven_bit

UTF8 = "Grüße\n".encode()
TEXT = b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + UTF8
HEAD = b"From: a@example.com\nSubject: x\n"


def multipart(*parts: bytes, kind: bytes = b"mixed", boundary: bytes = b"b") -> bytes:
    lines = b"".join(b"--%b\n%b\n" % (boundary, part) for part in parts)
    return b'Content-Type: multipart/%b; boundary="%b"\n\n%b--%b--\n' % (
        *(kind, boundary, lines, boundary),
    )


def contents(mail: bytes) -> list[tuple[str, bytes]]:
    """Media type and decoded content of each leaf, with LF."""
    return [
        (part.get_content_type(), part.get_payload(decode=True).replace(b"\r\n", b"\n"))
        for part in email.message_from_bytes(mail, policy=email.policy.compat32).walk()
        if not part.is_multipart()
    ]


MAILS = {
    "text": TEXT,
    "text without type": b"\n" + UTF8,
    "text in Latin-1": b"Content-Type: text/html; charset=iso-8859-1\n\n\xfc\n",
    "text with NUL": b"Content-Type: text/plain\n\na\0b\n",
    "text with CR": b"Content-Type: text/plain; charset=utf-8\n\na\rb\xc3\xbc\n",
    "long line": b"Content-Type: text/plain\n\n" + b"x" * 5_000 + b"\n",
    "labelled 8bit": b"Content-Transfer-Encoding: 8bit\n\nascii\n",
    "image": b"Content-Type: image/png\nContent-Transfer-Encoding: binary\n\n\x89PNG\xff\xfe",
    "base64 in one line": b"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n"
    + b64encode(bytes(range(256)) * 20),
    "quoted-printable with 8 bits": b"Content-Transfer-Encoding: Quoted-Printable\n\n"
    b"a=C3=BC \xc3\xbc" + b"=3D" * 400 + b"\n",
    "multipart": multipart(TEXT, b"\nplain\n", TEXT),
    "nested multipart": multipart(multipart(TEXT, TEXT, boundary=b"in"), TEXT),
    "attached mail": multipart(b"Content-Type: message/rfc822\n\n" + HEAD + TEXT),
    "digest": multipart(b"\n" + HEAD + TEXT, kind=b"digest"),
    "part without header": multipart(UTF8, TEXT),
    "CRLF": (HEAD + multipart(TEXT, TEXT)).replace(b"\n", b"\r\n").removeprefix(HEAD),
    "not closed": multipart(TEXT, TEXT).removesuffix(b"--b--\n"),
    "quoted boundary": b'Content-Type: multipart/mixed; boundary="b\\"c"\n\n--b"c\n'
    + TEXT
    + b'\n--b"c--\n',
    "text around the parts": b"Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n"
    + TEXT
    + b"\n--b--\nepilogue\n",
}


@pytest.mark.parametrize("mail", MAILS.values(), ids=MAILS)
def test_every_part_decodes_to_the_same_content(mail: bytes) -> None:
    mail = HEAD + mail
    encoded = to_seven_bit(mail)
    assert is_seven_bit(encoded)
    assert contents(encoded) == contents(mail)
    assert b"8bit" not in encoded
    assert b"binary" not in encoded


def test_parts_that_are_7bit_keep_their_bytes() -> None:
    plain = b"X-One:  1\n\t2\nContent-Type: text/plain\n\nplain =20 \n"
    encoded = to_seven_bit(HEAD + b"MIME-Version: 1.0\n" + multipart(plain, TEXT, plain))
    assert encoded.count(plain.replace(b"\n", b"\r\n")) == 2
    assert encoded.startswith(
        HEAD.replace(b"\n", b"\r\n")
        + b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nX-One'
    )


def test_attached_mail_is_not_encoded() -> None:
    encoded = to_seven_bit(HEAD + MAILS["attached mail"])
    inner = encoded[encoded.index(b"message/rfc822") :]
    assert inner.startswith(b"message/rfc822\r\n\r\nFrom: a@example.com\r\n")


def test_text_of_a_boundary_in_a_quoted_printable_line() -> None:
    """A soft line break would begin a line with it."""
    for shift in range(80):
        text = b"x" * shift + b"--b" + "ü".encode() * 40
        mail = HEAD + multipart(b"Content-Type: text/plain; charset=utf-8\n\n" + text)
        assert contents(to_seven_bit(mail)) == [("text/plain", text)]


def chance_mails(random: Random, depth: int = 0) -> Iterator[bytes]:
    """Random mails of the parts above."""
    leaves = [mail for name, mail in MAILS.items() if "not closed" not in name]
    while True:
        parts = random.choices(leaves, k=random.randint(1, 4))
        if depth < 3 and random.random() < 0.5:
            parts[0] = next(chance_mails(random, depth + 1))
        yield multipart(*parts, boundary=b"outer%d" % depth)


def test_random_mails_decode_to_the_same_contents() -> None:
    mails = chance_mails(Random(12))
    for _ in range(300):
        mail = HEAD + next(mails)
        encoded = to_seven_bit(mail)
        assert is_seven_bit(encoded)
        assert contents(encoded) == contents(mail)


LOSSY = {
    "no header": (UTF8, "no header"),
    "line that is no field": (b"From: a\nwhat\n\n" + UTF8, "line 2 that is no header field"),
    "multipart without boundary": (
        HEAD + b"Content-Type: multipart/mixed\n\n" + UTF8,
        "multipart/mixed that isn't 7-bit",
    ),
    "multipart without its boundary": (
        HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + UTF8,
        "multipart/mixed that isn't 7-bit",
    ),
    "multipart without parts": (
        HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n--b--\n" + UTF8,
        "multipart/mixed that isn't 7-bit",
    ),
    "boundary that is not ASCII": (
        HEAD + b"Content-Type: multipart/mixed; boundary=\xfc\n\n--\xfc\n\nx\n--\xfc--\n",
        "multipart/mixed that isn't 7-bit",
    ),
    "long boundary": (
        HEAD + multipart(TEXT, boundary=b"b" * 2_000),
        "multipart/mixed that isn't 7-bit",
    ),
    "encoded mail": (
        HEAD + b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + UTF8,
        "message/rfc822 that isn't 7-bit",
    ),
    "report": (
        HEAD + b"Content-Type: message/delivery-status\n\n" + UTF8,
        "message/delivery-status that isn't 7-bit",
    ),
    "signed": (HEAD + multipart(TEXT, b"\nsignature\n", kind=b"signed"), "signature would break"),
    "text around parts": (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\n\n\xc3\xbc\n--b\n"
        + TEXT
        + b"\n--b--\n",
        "text around its parts",
    ),
    "header field": (b"References: <\xfc>\nFrom: a\n\n" + UTF8, "field References that can't"),
}


@pytest.mark.parametrize(("mail", "problem"), LOSSY.values(), ids=LOSSY)
def test_refuses_mails_that_would_lose_something(mail: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        to_seven_bit(mail)
    if problem != "no header":
        assert is_seven_bit(to_seven_bit(mail, Rules(lossy=True)))


def test_signed_mail_that_is_7bit_is_kept() -> None:
    signed = multipart(b"\nplain\n", b"\nsignature\n", kind=b"signed", boundary=b"in")
    encoded = to_seven_bit(
        HEAD + multipart(b"Content-Type: message/rfc822\n\n" + HEAD + signed, TEXT)
    )
    assert signed.replace(b"\n", b"\r\n").rstrip() in encoded


def test_refuses_more_than_30_levels() -> None:
    mail = TEXT
    for level in range(30):
        mail = multipart(mail, boundary=b"b%d" % level)
    assert is_seven_bit(to_seven_bit(HEAD + mail))
    for rules in (None, Rules(lossy=True)):
        with pytest.raises(ValueError, match="30 levels"):
            to_seven_bit(HEAD + multipart(mail, boundary=b"last"), rules)


def test_text_that_was_declared_base64_and_never_encoded_is_kept() -> None:
    head = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    mail = to_seven_bit(HEAD + head + "Not base64: größer!\r\n".encode())
    read = email.message_from_bytes(mail, policy=email.policy.SMTP)
    assert read["Content-Transfer-Encoding"] == "quoted-printable"
    assert read.get_content() == "Not base64: größer!\r\n"
