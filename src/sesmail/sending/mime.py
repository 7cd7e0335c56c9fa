"""A message as 7-bit MIME bytes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from itertools import chain
from typing import NamedTuple

from ..address import Address
from ..encoded_word import needs_encoding
from ..errors import InvalidMessageError
from ..labels import METADATA_HEADER, SEND_ID_HEADER, TAG_HEADER, metadata_text
from .attachment import Alternative, Attachment, charset_of
from .header import address_field, fold, parameter, text_field
from .message import Message
from .payload import refuse_parts
from .transfer import encode_base64, encode_text
from .wire import as_crlf, check_header, check_wire, proven

__all__ = ["content_type", "write_mime", "write_pieces"]

_LARGE = 64 * 1024

Field = tuple[str, str]
"""The name of a header field, and its lines with their CRLF."""


class _Part(NamedTuple):
    """One part of a mail: its header, the pieces of its body, and how many leaves it has."""

    fields: list[Field]
    body: Iterable[bytes]
    leaves: int = 1

    def head(self) -> bytes:
        """The header with the empty line after it."""
        return "".join([*[lines for _, lines in self.fields], "\r\n"]).encode("ascii")

    def proven_head(self) -> bytes:
        """The header of a part inside of the mail, proven to have just its fields."""
        head = self.head()
        try:
            check_header(head, self.names())
        except ValueError as err:
            raise InvalidMessageError(f"a part of the mail can't be written safely: {err}", field="message") from err
        return head

    def names(self) -> list[str]:
        return [name for name, _ in self.fields]


class _Boundaries:
    """The boundaries of one mail.

    No quoted-printable and no base64 can have ``=_``, so just attached mails, which stand as they are, are searched.
    """

    def __init__(self, attached: Sequence[bytes]) -> None:
        self.used: list[tuple[str, int]] = []
        self._stem = "=_sesmail"
        while any(self._stem.encode() in mail for mail in attached):
            self._stem = f"=_sesmail_{os.urandom(8).hex()}"

    def new(self, parts: int) -> str:
        boundary = f"{self._stem}_{len(self.used) + 1}_"
        self.used.append((boundary, parts + 1))
        return boundary


def write_mime(message: Message) -> bytes:
    """A message as the bytes that SES takes: 7-bit, CRLF, no line over 998 characters, never a Bcc.

    Raises:
        InvalidMessageError: No author, more than 500 parts, an attached mail that isn't 7-bit, or the like.
    """
    mail = BytesIO()  # which, other than a join, doesn't hold all pieces beside the whole
    mail.writelines(write_pieces(message))
    return mail.getvalue()


def write_pieces(message: Message) -> Iterator[bytes]:
    """The bytes of ``write_mime`` in pieces, of which those of files, 80 kB each, are made when they are taken.

    Nothing may leave before the last piece was taken: it is then that the whole is proven.

    Raises:
        InvalidMessageError: As for ``write_mime``, as pieces are taken.
    """
    boundaries = _Boundaries([item.content for item in message.attachments if _is_mail(item)])
    root = _root(message, boundaries)
    refuse_parts(root.leaves)
    whole = _Part([*_fields(message), ("MIME-Version", "MIME-Version: 1.0\r\n"), *root.fields], root.body)
    pieces = _gathered(chain((whole.head(),), whole.body))
    try:
        yield from proven(pieces, whole.names(), boundaries.used)
    except ValueError as err:
        raise InvalidMessageError(f"the mail can't be written safely: {err}", field="message") from err


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


def _fields(message: Message) -> list[Field]:
    if not message.from_email:
        raise InvalidMessageError("give the author, on the message or as a client-wide default", field="from_email")
    sender = message.sender
    if sender is None and len(message.from_email) > 1:  # https://www.rfc-editor.org/rfc/rfc5322#section-3.6.2
        sender = message.from_email[0]
    headers = dict(message.headers)
    visible_to = next((headers.pop(name) for name in message.headers if name.lower() == "to"), None)
    mailboxes: list[tuple[str, Sequence[Address]]] = [
        ("From", message.from_email),
        ("Sender", () if sender is None else (sender,)),
        ("To", message.to if visible_to is None else ()),
        ("Cc", message.cc),
        ("Reply-To", message.reply_to),
    ]
    fields = [(name, address_field(name, addresses)) for name, addresses in mailboxes if addresses]
    if visible_to is not None:
        fields.append(("To", _visible_to(visible_to)))
    texts = [
        *([("Subject", message.subject)] if message.subject else []),
        *headers.items(),
        *((TAG_HEADER, tag) for tag in message.tags),
        *([(METADATA_HEADER, metadata_text(message.metadata))] if message.metadata else []),
    ]
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


def _root(message: Message, boundaries: _Boundaries) -> _Part:
    """The tree of parts: mixed of alternatives and files, the html related to its images."""
    shown: list[Attachment] = []
    files: list[Attachment] = []
    for item in message.attachments:
        (shown if message.html is not None and _is_shown(item) else files).append(item)
    bodies: list[_Part] = []
    if message.text is not None or (message.html is None and not message.alternatives):
        bodies.append(_text("text/plain", message.text or ""))
    # Many readers show the last form that they know: AMP stands before html, everything else after it.
    bodies += [_alternative(form) for form in message.alternatives if _is_amp(form)]
    if message.html is not None:
        html = _text("text/html", message.html)
        images = [_file(item) for item in shown]
        bodies.append(_multipart("related", [html, *images], boundaries, 'type="text/html";') if images else html)
    bodies += [_alternative(form) for form in message.alternatives if not _is_amp(form)]
    body = bodies[0] if len(bodies) == 1 else _multipart("alternative", bodies, boundaries)
    if not files:
        return body
    return _multipart("mixed", [body, *(_mail(item) if _is_mail(item) else _file(item) for item in files)], boundaries)


def _is_amp(form: Alternative) -> bool:
    return form.media_type.partition(";")[0].strip().lower() == "text/x-amp-html"


def _is_shown(item: Attachment) -> bool:
    return item.content_id is not None and item.disposition == "inline" and not _is_mail(item)


def _is_mail(item: Attachment) -> bool:
    return item.media_type.lower().startswith("message/")


def _multipart(kind: str, parts: Sequence[_Part], boundaries: _Boundaries, *parameters: str) -> _Part:
    boundary = boundaries.new(len(parts))
    delimiter = f"--{boundary}\r\n".encode()
    bodies = [chain((delimiter, part.proven_head()), part.body, (b"\r\n",)) for part in parts]
    body = chain(*bodies, (f"--{boundary}--\r\n".encode(),))
    content_type = fold("Content-Type", [f"multipart/{kind};", *parameters, f'boundary="{boundary}"'])
    return _Part([("Content-Type", content_type)], body, sum(part.leaves for part in parts))


def _text(media_type: str, text: str) -> _Part:
    encoding, body = encode_text(text)
    return _Part(_content_fields(f'{media_type}; charset="utf-8"', encoding), body)


def _alternative(form: Alternative) -> _Part:
    if form.media_type.lower().startswith("text/") and charset_of(form.media_type) is None:
        try:
            return _text(form.media_type, form.content.decode())
        except UnicodeDecodeError as err:
            raise InvalidMessageError(
                f"{form.media_type} isn't UTF-8; encode it so, or name its charset in media_type", field="alternatives"
            ) from err
    return _Part(_content_fields(form.media_type, "base64"), encode_base64(form.content))


def _file(item: Attachment) -> _Part:
    return _Part([*_content_fields(content_type(item), "base64"), *_file_fields(item)], encode_base64(item.content))


def content_type(item: Attachment) -> str:
    """The media type of an attachment, with its charset where it is text that names none and is UTF-8."""
    kind = item.media_type
    if kind.lower().startswith("text/") and charset_of(kind) is None and len(kind) < 60 and _is_utf8(item.content):
        return f'{kind}; charset="utf-8"'
    return kind


def _mail(item: Attachment) -> _Part:
    """An attached mail, which RFC 2046 lets nobody encode."""
    try:
        content = as_crlf(item.content)
        check_wire(content)
    except ValueError as err:
        raise InvalidMessageError(
            f"{item.filename!r} can't be attached as {item.media_type}: {err}; "
            "or attach it as 'application/octet-stream'",
            field="attachments",
        ) from err
    return _Part([*_content_fields(item.media_type, "7bit"), *_file_fields(item)], [content])


def _content_fields(media_type: str, encoding: str) -> list[Field]:
    return [
        ("Content-Type", f"Content-Type: {media_type}\r\n"),
        ("Content-Transfer-Encoding", f"Content-Transfer-Encoding: {encoding}\r\n"),
    ]


def _file_fields(item: Attachment) -> list[Field]:
    fields = [
        (
            "Content-Disposition",
            fold("Content-Disposition", [f"{item.disposition};", *parameter("filename", item.filename)]),
        )
    ]
    if item.content_id is not None:
        fields.append(("Content-ID", f"Content-ID: <{item.content_id}>\r\n"))
    if item.description:
        fields.append(("Content-Description", text_field("Content-Description", item.description)))
    return fields


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
