"""A message as 7-bit MIME bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import SEEK_END, BytesIO
from itertools import chain

from ...address import Address
from ...encoded_word import needs_encoding
from ...errors import InvalidMessageError
from ...tagging import METADATA_HEADER, SEND_ID_HEADER, TAG_HEADER, metadata_text
from ..limits import check_part_count
from ..message.attachment import Alternative, Attachment
from ..message.message import Message, RawMessage
from ..message.raw import has_header
from ..wire import checked_pieces
from .header import address_field, text_field
from .part import (
    Boundaries,
    Header,
    Part,
    alternative_part,
    file_part,
    is_mail,
    mail_part,
    multipart,
    text_part,
)

__all__ = ["mime_bytes", "write_mime", "write_pieces"]

_LARGE = 64 * 1024


def write_mime(message: Message) -> bytes:
    """A message as the bytes that SES takes: 7-bit, CRLF, no line over 998 characters, never a Bcc.

    Raises:
        InvalidMessageError: No author, more than 500 parts, an attached mail that isn't 7-bit, or the like.
    """
    pieces = write_pieces(message)
    mail = BytesIO(
        next(pieces)
    )  # which, other than a join, doesn't hold all pieces beside the whole
    mail.seek(0, SEEK_END)
    mail.writelines(pieces)
    return mail.getvalue()


def write_pieces(message: Message) -> Iterator[bytes]:
    """The bytes of ``write_mime`` in pieces, of which those of files, 80 kB each, are made when they are taken.

    Nothing may leave before the last piece was taken: it is then that the whole is proven.

    Raises:
        InvalidMessageError: As for ``write_mime``, as pieces are taken.
    """
    boundaries = Boundaries([item.content for item in message.attachments if is_mail(item)])
    root = _root(message, boundaries)
    check_part_count(root.leaves)
    header = Header(
        *_fields(message), ("MIME-Version", "MIME-Version: 1.0\r\n"), *root.header.fields
    )
    pieces = _gathered(chain((header.head,), root.body))
    try:
        yield from checked_pieces(pieces, header.names, boundaries.used)
    except ValueError as err:
        raise InvalidMessageError(
            f"the mail can't be written safely: {err}", field="message"
        ) from err


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces of which the small ones are joined to their neighbours."""
    small: list[bytes] = []
    for piece in pieces:
        if len(piece) < _LARGE:
            small.append(piece)
        else:
            if small:
                yield b"".join(small)
                small = []
            yield piece
    if small:
        yield b"".join(small)


def _fields(message: Message) -> list[tuple[str, str]]:
    if not message.from_email:
        raise InvalidMessageError(
            "give the author, on the message or as a client-wide default", field="from_email"
        )
    sender = message.sender
    if (
        sender is None and len(message.from_email) > 1
    ):  # https://www.rfc-editor.org/rfc/rfc5322#section-3.6.2
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
    fields += [("To", _visible_to(text)) for text in visible_to]
    texts = [("Subject", message.subject)] if message.subject else []
    texts += [(name, text) for name, text in message.headers.items() if name.lower() != "to"]
    texts += [(TAG_HEADER, tag) for tag in message.tags]
    if message.metadata:
        texts.append((METADATA_HEADER, metadata_text(message.metadata)))
    fields += [(name, text_field(name, text)) for name, text in texts]
    if message.send_id is not None:  # the first, for events report 10 kB of headers and no more
        fields.insert(0, (SEND_ID_HEADER, f"{SEND_ID_HEADER}: {message.send_id}\r\n"))
    return fields


def _visible_to(text: str) -> str:
    """A To field of the caller's own words: one mailbox, or anything that is plain ASCII."""
    try:
        return address_field("To", [Address.parse(text)])
    except InvalidMessageError as err:
        if needs_encoding(text):
            raise InvalidMessageError(
                "a To of your own has to be one mailbox or plain ASCII text", field="headers"
            ) from err
        return text_field("To", text)


def _root(message: Message, boundaries: Boundaries) -> Part:
    """The tree of parts: mixed of alternatives and files, the html related to its images."""
    shown: list[Attachment] = []
    files: list[Attachment] = []
    for item in message.attachments:
        (shown if message.html is not None and _is_shown(item) else files).append(item)
    bodies: list[Part] = []
    if message.text is not None or (message.html is None and not message.alternatives):
        bodies.append(text_part("text/plain", message.text or ""))
    # Many readers show the last form that they know: AMP stands before html, everything else after it.
    bodies += [alternative_part(form) for form in message.alternatives if _is_amp(form)]
    if message.html is not None:
        html = text_part("text/html", message.html)
        images = [file_part(item) for item in shown]
        bodies.append(
            multipart("related", [html, *images], boundaries, 'type="text/html";')
            if images
            else html
        )
    bodies += [alternative_part(form) for form in message.alternatives if not _is_amp(form)]
    body = bodies[0] if len(bodies) == 1 else multipart("alternative", bodies, boundaries)
    if not files:
        return body
    return multipart(
        "mixed",
        [body, *[mail_part(item) if is_mail(item) else file_part(item) for item in files]],
        boundaries,
    )


def _is_amp(form: Alternative) -> bool:
    return form.media_type.partition(";")[0].strip().lower() == "text/x-amp-html"


def _is_shown(item: Attachment) -> bool:
    return item.content_id is not None and item.disposition == "inline" and not is_mail(item)


def mime_bytes(message: Message | RawMessage) -> bytes:
    """A message as the bytes that SES takes, written here or ready-made.

    Raises:
        InvalidMessageError: As for ``write_mime``; or ready-made MIME has a send id and is given another.
    """
    if isinstance(message, Message):
        return write_mime(message)
    if message.send_id is None:
        return message.content
    if has_header(message.content, SEND_ID_HEADER):
        raise InvalidMessageError(
            f"the content has the header {SEND_ID_HEADER} already", field="send_id"
        )
    return f"{SEND_ID_HEADER}: {message.send_id}\r\n".encode() + message.content
