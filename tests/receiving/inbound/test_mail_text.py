"""Text of a whole mail: charsets of bodies and fields, and mailboxes by field."""

import pytest

from sesmail import ConfigurationError, Mailbox, read_mail
from sesmail.receiving.inbound.charsets import BAD_TEXT, NO_CHARSET, UNKNOWN_CHARSET
from sesmail.receiving.inbound.header import EIGHT_BIT

HTML = b"<meta http-equiv='Content-Type' content='text/html; charset=koi8-r'>"


@pytest.mark.parametrize(
    ("content_type", "body", "text", "defect"),
    [
        (b"text/plain", b"a", "a", None),
        (b"text/plain", "ä".encode(), "ä", NO_CHARSET),
        (b"text/plain", b"\xe4 \x80", "ä €", NO_CHARSET),
        (b"text/plain", HTML + b"\xd2", HTML.decode() + "Ò", NO_CHARSET),
        (b"text/html", HTML + b"\xd2", HTML.decode() + "\u0440", NO_CHARSET),
        (b"text/html", HTML + "ä".encode(), HTML.decode() + "ä", NO_CHARSET),
        (b"text/html", b"\xe4", "ä", NO_CHARSET),
        (
            b"text/html; charset=unknown-8bit",
            HTML + b"\xd2",
            HTML.decode() + "\u0440",
            UNKNOWN_CHARSET,
        ),
        (b"text/html; charset=us-ascii", HTML + b"\xd2", HTML.decode() + "\u0440", BAD_TEXT),
        (b"text/html; charset=iso-8859-5", HTML + b"\xd2", HTML.decode() + "в", None),
        (b"text/plain; charset=windows-1252", b"\xe4", "ä", None),
    ],
)
def test_charset_of_the_body(
    content_type: bytes, body: bytes, text: str, defect: str | None
) -> None:
    mail = read_mail(b"Content-Type: %s\r\n\r\n%s" % (content_type, body)).load()
    assert mail.html == text if content_type.startswith(b"text/html") else mail.text == text
    assert mail.defects == (() if defect is None else (defect,))


def test_header_without_body_has_8_bit_text_in_several_charsets() -> None:
    mail = read_mail(
        b"Subject: =?koi8-r?Q?\xf0\xd2\xc9?= =?iso-8859-1?q?\xfc?= Gr\xfc\xdfe\r\n"
        b"From: =?windows-1251?Q?\xcf\xf0?= <a@b.example>\r\n"
        b"To: =?iso-8859-1?Q?J=FCrgen_M\xc3\xbcller?= <a@b.example>\r\n"
        b'Content-Disposition: attachment; filename="W\xf6lbung.pdf"\r\n\r\n'
    )
    assert mail.subject == "Приü Grüße"
    assert mail.from_ == (Mailbox("a@b.example", "Пр"),)
    assert mail.to == (Mailbox("a@b.example", "Jürgen MÃ¼ller"),)
    assert mail.attachments[0].claimed_file_name == "Wölbung.pdf"
    assert mail.defects == (EIGHT_BIT,)


def test_mailboxes_of_other_fields() -> None:
    mail = read_mail(
        b"Sender: Shop <s@b.example>\r\nBcc: a@b.example, c@d.example\r\n"
        b"Resent-To: Alice <a@b.example>\r\nRESENT-TO: c@d.example\r\n"
        b"Resent-From: r@b.example\r\n\r\n"
    ).load()
    assert mail.sender == Mailbox("s@b.example", "Shop")
    assert mail.bcc == (Mailbox("a@b.example"), Mailbox("c@d.example"))
    resent = mail.mailboxes("Resent-To")
    assert resent == (Mailbox("a@b.example", "Alice"), Mailbox("c@d.example"))
    assert mail.mailboxes("resent-to") is resent
    assert mail.mailboxes("Resent-From") == (Mailbox("r@b.example"),)
    assert mail.mailboxes("Resent-Cc") == ()
    assert mail.mailboxes("Bcc") == mail.bcc


def test_mailboxes_of_a_mail_without_these_fields() -> None:
    mail = read_mail(b"Subject: s\r\n\r\n")
    assert (mail.sender, mail.bcc, mail.mailboxes("Resent-To")) == (None, (), ())
    with pytest.raises(ConfigurationError, match="name"):
        mail.mailboxes(b"To")  # type: ignore[arg-type]
