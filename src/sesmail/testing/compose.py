"""Mails that SES composes: of a subject and bodies, or of a template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

from pydantic import ValidationError

from ..address import Address
from ..errors import InvalidMessageError
from ..sending.message.attachment import Attachment
from ..sending.mime.header import fold, mailbox, text_field
from ..sending.mime.part import BoundaryFactory, Header, Part, file_part, multipart, text_part
from .api_errors import bad_request
from .checks import bare
from .draft import Addresses
from .raw_checks import check_subject, is_refused_extension
from .state import now

__all__ = ["Content", "compose", "rendered_text"]


@dataclass(frozen=True, slots=True)
class Content:
    """Subject and bodies of a mail.

    Attributes:
        headers: Further headers, as pairs of name and value.
        attachments: Attachments, as in API v2.
    """

    subject: str = ""
    text: str | None = None
    html: str | None = None
    headers: Sequence[tuple[str, str]] = ()
    attachments: Sequence[Mapping[str, Any]] = ()


def compose(
    content: Content,
    *,
    from_email: str,
    addresses: Addresses,
    reply_to: Sequence[str],
) -> bytes:
    """Returns a mail as MIME.

    Raises:
        ApiError: An attachment or a header is invalid.
    """
    mailboxes: list[tuple[str, Sequence[str]]] = [
        ("From", [from_email]),
        ("To", addresses.to),
        ("Cc", addresses.cc),
        ("Reply-To", reply_to),
    ]
    fields = [
        (name, fold(name, ", ".join(map(_encoded, values)).split(" ")))
        for name, values in mailboxes
        if values
    ]
    check_subject(content.subject)
    if content.subject:
        fields.append(("Subject", text_field("Subject", content.subject)))
    fields += [(name, fold(name, value.split(" "))) for name, value in content.headers]
    root = _root(content)
    header = Header(*fields, ("MIME-Version", "MIME-Version: 1.0\r\n"), *root.header.fields)
    return b"".join([header.encoded, *root.body])


def _encoded(text: str) -> str:
    """Returns a mailbox, checked, in ASCII."""
    bare(text)
    return text if text.isascii() else mailbox(Address.parse(text))


def rendered_text(content: Content) -> str:
    """Returns a mail as TestRenderEmailTemplate shows it: without addresses."""
    root = _root(content)
    date = f"Date: {format_datetime(now())}\r\n"
    subject = text_field("Subject", content.subject)
    header = Header(
        ("Date", date),
        ("Subject", subject),
        ("MIME-Version", "MIME-Version: 1.0\r\n"),
        *root.header.fields,
    )
    return b"".join([header.encoded, *root.body]).decode()


def _root(content: Content) -> Part:
    boundaries = BoundaryFactory([])
    bodies: list[Part] = []
    if content.text is not None or content.html is None:
        bodies.append(text_part("text/plain", content.text or ""))
    if content.html is not None:
        bodies.append(text_part("text/html", content.html))
    body = bodies[0] if len(bodies) == 1 else multipart("alternative", bodies, boundaries)
    if not content.attachments:
        return body
    items = [_attachment(item) for item in content.attachments]
    kind = "related" if all(item.content_id for item in items) else "mixed"
    return multipart(kind, [body, *(file_part(item) for item in items)], boundaries)


def _attachment(item: Mapping[str, Any]) -> Attachment:
    name: str = item["FileName"]
    # The service refuses extensions, if it is strict.
    is_refused = is_refused_extension(name)
    fields: dict[str, Any] = {
        "filename": "file" if is_refused else name,
        "content": item["RawContent"],
    }
    options = {
        "media_type": item.get("ContentType"),
        "content_id": item.get("ContentId"),
        "description": item.get("ContentDescription"),
        "disposition": (item.get("ContentDisposition") or "").lower() or None,
    }
    fields |= {name: value for name, value in options.items() if value is not None}
    try:
        attachment = Attachment(**fields)
    except (ValidationError, InvalidMessageError) as err:
        raise bad_request(f"Invalid attachment {name}: {err}") from err
    return attachment.model_copy(update={"filename": name}) if is_refused else attachment
