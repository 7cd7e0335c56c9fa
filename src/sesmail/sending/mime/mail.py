"""Messages as 7-bit MIME bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import SEEK_END, BytesIO
from itertools import chain
from typing import TYPE_CHECKING

from ...address import Address
from ...errors import InvalidMessageError
from ...tagging import METADATA_HEADER, SEND_ID_HEADER, TAG_HEADER, metadata_text
from ..limits import check_part_count
from ..message.alternative import Alternative
from ..message.attachment import Attachment
from ..message.file_content import content_of
from ..message.unsubscribe import (
    UNSUBSCRIBE_TWICE,
    check_no_unsubscribe_headers,
    unsubscribe_headers,
)
from ..wire import check_chunks
from .attached_mail import is_attached_mail, prepare_all
from .header import address_field, text_field
from .part import (
    BoundaryFactory,
    Header,
    Part,
    alternative_part,
    attached_mail_part,
    file_part,
    multipart,
    text_part,
)

if TYPE_CHECKING:
    from ..message.message import Message
    from ..message.raw_message import RawMessage

__all__ = ["iter_mime", "mime_bytes", "write_mime"]

_MIN_CHUNK = 64 * 1024  # bytes; smaller chunks are joined


def mime_bytes(message: Message | RawMessage) -> bytes:
    """Returns the bytes of a message for SES, encoded here or ready-made.

    Raises:
        InvalidMessageError: As for ``write_mime``, or ``send_id`` is given and the ready-made
            content has a send id, too.
    """
    if message.kind == "Message":
        return write_mime(message)
    if message.send_id is None:
        return message.content
    from ..message.raw import has_header  # loaded with RawMessage only

    if has_header(message.content, SEND_ID_HEADER):
        raise InvalidMessageError(
            f"the content already has the header {SEND_ID_HEADER}; remove one of the two",
            field="send_id",
        )
    return f"{SEND_ID_HEADER}: {message.send_id}\r\n".encode() + message.content


def write_mime(message: Message) -> bytes:
    """Returns a message as MIME: 7-bit, CRLF, at most 998 characters a line, without Bcc.

    Raises:
        InvalidMessageError: The author or the body is missing, there are more than 500 parts, or a
            header can't be encoded.
    """
    chunks = iter_mime(message)
    mail = BytesIO(next(chunks))  # bytes.join would hold all chunks and the mail at the same time
    mail.seek(0, SEEK_END)
    mail.writelines(chunks)
    return mail.getvalue()


def iter_mime(message: Message) -> Iterator[bytes]:
    """Yields the bytes of ``write_mime`` in chunks; files are encoded as their chunks are taken.

    No chunk may be sent before the last one was taken, because the final check runs at the end.

    Raises:
        InvalidMessageError: As for ``write_mime``, while chunks are taken.
    """
    attachments = prepare_all(message.attachments)
    boundaries = BoundaryFactory(
        [content_of(item) for item in attachments if is_attached_mail(item)]
    )
    root = _root_part(message, attachments, boundaries)
    check_part_count(root.leaf_count)
    header = Header(
        *_header_fields(message), ("MIME-Version", "MIME-Version: 1.0\r\n"), *root.header.fields
    )
    chunks = _join_small(chain((header.encoded,), root.body))
    try:
        yield from check_chunks(chunks, header.names, boundaries.used)
    except ValueError as err:
        raise InvalidMessageError(
            f"the mail can't be encoded safely: {err}", field="message"
        ) from err


def _join_small(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Joins small chunks with each other, so that each is checked with few calls."""
    small: list[bytes] = []
    for chunk in chunks:
        if len(chunk) < _MIN_CHUNK:
            small.append(chunk)
        else:
            if small:
                yield b"".join(small)
                small = []
            yield chunk
    if small:
        yield b"".join(small)


def _header_fields(message: Message) -> list[tuple[str, str]]:
    """Returns the name and the lines of each header field, without those of the root part."""
    fields: list[tuple[str, str]] = []
    if message.send_id is not None:  # first, because events contain 10 KB of headers at most
        fields.append((SEND_ID_HEADER, f"{SEND_ID_HEADER}: {message.send_id}\r\n"))
    fields += _address_fields(message)
    texts = [("Subject", message.subject)] if message.subject else []
    texts += [(name, text) for name, text in message.headers.items() if name.lower() != "to"]
    texts += _unsubscribe_fields(message)
    texts += [(TAG_HEADER, tag) for tag in message.tags]
    if message.metadata:
        texts.append((METADATA_HEADER, metadata_text(message.metadata)))
    fields += [(name, text_field(name, text)) for name, text in texts]
    return fields


def _unsubscribe_fields(message: Message) -> list[tuple[str, str]]:
    if message.unsubscribe is not None:
        check_no_unsubscribe_headers(message.headers, "headers", UNSUBSCRIBE_TWICE)
    return unsubscribe_headers(message.unsubscribe)


def _address_fields(message: Message) -> list[tuple[str, str]]:
    if not message.from_email:
        raise InvalidMessageError(
            "the author is missing; give it on the message or in the client's defaults",
            field="from_email",
        )
    sender = message.sender
    if sender is None and len(message.from_email) > 1:
        # Required with several authors: https://www.rfc-editor.org/rfc/rfc5322#section-3.6.2
        sender = message.from_email[0]
    visible_to = [text for name, text in message.headers.items() if name.lower() == "to"]
    mailboxes: list[tuple[str, Sequence[Address]]] = [
        ("From", message.from_email),
        ("Sender", () if sender is None else (sender,)),
        ("To", () if visible_to else message.to),
        ("Cc", message.cc),
        ("Reply-To", message.reply_to),
    ]
    fields = [(name, address_field(name, addresses)) for name, addresses in mailboxes if addresses]
    return [*fields, *(("To", _visible_to_field(text)) for text in visible_to)]


def _visible_to_field(text: str) -> str:
    """Returns a To header given by the user: addresses, or any plain ASCII text."""
    try:
        return address_field("To", [Address.parse(text)])
    except InvalidMessageError:
        return text_field("To", text)


def _root_part(
    message: Message, attachments: Sequence[Attachment], boundaries: BoundaryFactory
) -> Part:
    """Returns the tree of parts: mixed of body and files, with only the levels that are needed."""
    images: list[Attachment] = []
    files: list[Attachment] = []
    for item in attachments:
        (images if message.html is not None and _is_inline(item) else files).append(item)
    bodies: list[Part] = []
    if message.text is not None or (message.html is None and not message.alternatives):
        _check_not_empty(message)
        bodies.append(text_part("text/plain", message.text or ""))
    # Many readers show the last form that they know, so AMP is before html, and the others after.
    bodies += [alternative_part(form) for form in message.alternatives if _is_amp(form)]
    if message.html is not None:
        bodies.append(_html_part(message.html, images, boundaries))
    bodies += [alternative_part(form) for form in message.alternatives if not _is_amp(form)]
    body = bodies[0] if len(bodies) == 1 else multipart("alternative", bodies, boundaries)
    if not files:
        return body
    file_parts = [
        attached_mail_part(item) if is_attached_mail(item) else file_part(item) for item in files
    ]
    return multipart("mixed", [body, *file_parts], boundaries)


def _check_not_empty(message: Message) -> None:
    if message.text is None and not message.attachments:
        raise InvalidMessageError(
            "the mail has no body; give text, html, alternatives or attachments, "
            'or text="" to send an empty mail',
            field="text",
        )


def _html_part(html: str, images: list[Attachment], boundaries: BoundaryFactory) -> Part:
    """Returns the html, related to its inline images if there are any."""
    part = text_part("text/html", html)
    if not images:
        return part
    parts = [part, *(file_part(item) for item in images)]
    return multipart("related", parts, boundaries, 'type="text/html";')


def _is_amp(form: Alternative) -> bool:
    return form.media_type.partition(";")[0].strip().lower() == "text/x-amp-html"


def _is_inline(item: Attachment) -> bool:
    return (
        item.content_id is not None and item.disposition == "inline" and not is_attached_mail(item)
    )
