"""Results of three mail parsers that share no code for the same bytes, in one form.

The standard library is read as its documentation shows: the default policy, `get_body`, and all
other leaves as files. fast-mail-parser has lists of texts and of other parts. White space is
normalised everywhere, as the parsers differ in it without reason.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from fast_mail_parser import ParseError, PyMail, parse_email

from sesmail.receiving.inbound.attachment import InboundAttachment
from sesmail.receiving.inbound.mail import InboundMail, read_mail
from sesmail.receiving.inbound.mailbox import Mailbox

FAILED = "failed"
"""Value of a property at which a parser raised an error: it has no opinion."""


@dataclass(frozen=True, slots=True)
class View:
    """Values that a parser reads from a mail, each comparable, or `FAILED`.

    Attributes:
        subject: The subject, empty if there is none.
        from_: Name and address of the first mailbox in From.
        to: Names and addresses in To.
        date: The date in UTC.
        text: The plain text of the body.
        html: The HTML of the body.
        files: Media type, claimed name and bytes of each part that isn't body; of attached mails
            without bytes, as the standard library writes them anew.
    """

    subject: Any
    from_: Any
    to: Any
    date: Any
    text: Any
    html: Any
    files: Any


PROPERTIES = [field.name for field in fields(View)]


def read_by_sesmail(raw: bytes) -> View:
    mail = read_mail(raw).load()
    return View(
        _words(mail.subject),
        tuple(map(_pair, mail.from_[:1])),
        tuple(map(_pair, mail.to)),
        _in_utc(mail.date),
        _words(mail.text),
        _words(mail.html),
        _files((each.media_type, each.claimed_file_name, each.content) for each in _others(mail)),
    )


def read_by_standard_library(raw: bytes) -> View:
    parser: BytesParser[EmailMessage] = BytesParser(policy=default)
    mail = parser.parsebytes(raw)
    return View(
        _or_failed(lambda: _words(mail["subject"])),
        _or_failed(lambda: tuple(map(_standard_pair, _addresses(mail, "from")))[:1]),
        _or_failed(lambda: tuple(map(_standard_pair, _addresses(mail, "to")))),
        _or_failed(lambda: _in_utc(mail["date"].datetime if mail["date"] else None)),
        _or_failed(lambda: _words(_standard_body(mail, "plain"))),
        _or_failed(lambda: _words(_standard_body(mail, "html"))),
        _or_failed(lambda: _standard_files(mail)),
    )


def read_by_fast_mail_parser(raw: bytes) -> View:
    try:
        mail: PyMail = parse_email(raw)
    except ParseError:
        return View(**dict.fromkeys(PROPERTIES, FAILED))
    boxes = [mail.from_] if mail.from_ else []
    return View(
        _words(mail.subject),
        tuple((_words(each.display_name), each.address) for each in boxes),
        tuple((_words(each.display_name), each.address) for each in mail.to),
        _in_utc(mail.date_parsed),
        _words("\n".join(mail.text_plain)),
        _words("\n".join(mail.text_html)),
        _files((each.mimetype, each.filename, each.content) for each in mail.attachments),
    )


def _or_failed(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except Exception:  # the standard library raises a dozen different ones
        return FAILED


def _words(text: str | None) -> str:
    return " ".join((text or "").split())


def _pair(box: Mailbox) -> tuple[str, str]:
    return _words(box.name), box.email


def _standard_pair(box: Any) -> tuple[str, str]:
    return _words(box.display_name), box.addr_spec


def _addresses(mail: EmailMessage, name: str) -> Any:
    return mail[name].addresses if name in mail else ()


def _standard_body(mail: EmailMessage, kind: str) -> str | None:
    body = mail.get_body((kind,))
    return None if body is None else str(body.get_content())


def _standard_files(mail: EmailMessage) -> Any:
    bodies = [mail.get_body(("plain",)), mail.get_body(("html",))]
    leaves = [part for part in _leaves(mail) if not any(part is each for each in bodies)]
    return _files(
        (part.get_content_type(), part.get_filename(), part.get_payload(decode=True) or b"")
        for part in leaves
    )


def _leaves(part: Any) -> list[Any]:
    """The parts that aren't multiparts; an attached mail is one."""
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        return [leaf for each in part.get_payload() for leaf in _leaves(each)]
    return [part]


def _in_utc(date: datetime | None) -> datetime | None:
    if date is None:
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)


def _files(files: Any) -> Any:
    """Sorted, as HTML's images and attachments are two lists; with LF as line ends."""
    return tuple(
        sorted(
            (
                media_type,
                _words(name),
                b"" if media_type.startswith("message/") else content.replace(b"\r\n", b"\n"),
            )
            for media_type, name, content in files
        )
    )


def _others(mail: InboundMail) -> list[InboundAttachment]:
    """The attachments, and the images that HTML displays."""
    shown = [each for each in mail.inline.values() if each not in mail.attachments]
    return [*mail.attachments, *shown]
