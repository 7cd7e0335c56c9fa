"""The parts of a mail, each a header and a body."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from ...errors import InvalidMessageError
from ...values import cached_property
from ..message.attachment import Alternative, Attachment, charset_of
from ..wire import check_header, check_wire, normalise_line_breaks
from .header import fold, parameter, text_field
from .transfer_encoding import encode_base64, encode_text

__all__ = [
    "Boundaries",
    "Header",
    "Part",
    "alternative_part",
    "content_type",
    "file_part",
    "is_mail",
    "mail_part",
    "multipart",
    "text_part",
]


class Header:
    """Header fields: of each its name, and its lines with their CRLF."""

    def __init__(self, *fields: tuple[str, str]) -> None:
        self.fields = fields

    @property
    def names(self) -> list[str]:
        """The names of the fields, in order."""
        return [name for name, _ in self.fields]

    @property
    def head(self) -> bytes:
        """The lines of the fields, and the empty line after them."""
        return "".join([*[lines for _, lines in self.fields], "\r\n"]).encode("ascii")

    @cached_property
    def checked_head(self) -> bytes:
        """The same of a part inside of a mail, proven to have just these fields.

        Raises:
            InvalidMessageError: It has others.
        """
        head = self.head
        try:
            check_header(head, self.names)
        except ValueError as err:
            raise InvalidMessageError(
                f"a part of the mail can't be written safely: {err}", field="message"
            ) from err
        return head


class Part(NamedTuple):
    """One part of a mail: its header, the pieces of its body, and how many leaves it has."""

    header: Header
    body: Iterable[bytes]
    leaves: int = 1


class Boundaries:
    """The boundaries of one mail.

    No quoted-printable and no base64 can have ``=_``, so just attached mails, which stand as they are, are searched.
    """

    def __init__(self, attached: Sequence[bytes]) -> None:
        self.used: list[tuple[str, int]] = []
        self._stem = "=_sesmail"
        while any(self._stem.encode() in mail for mail in attached):
            self._stem = f"=_sesmail_{os.urandom(8).hex()}"

    def new(self, parts: int) -> str:
        """A boundary for so many parts."""
        boundary = f"{self._stem}_{len(self.used) + 1}_"
        self.used.append((boundary, parts + 1))
        return boundary


def multipart(kind: str, parts: Sequence[Part], boundaries: Boundaries, *parameters: str) -> Part:
    """Parts as one."""
    boundary = boundaries.new(len(parts))
    delimiter = f"--{boundary}\r\n".encode()
    bodies = [chain((delimiter, part.header.checked_head), part.body, (b"\r\n",)) for part in parts]
    body = chain(*bodies, (f"--{boundary}--\r\n".encode(),))
    content_type = fold(
        "Content-Type", [f"multipart/{kind};", *parameters, f'boundary="{boundary}"']
    )
    return Part(Header(("Content-Type", content_type)), body, sum([part.leaves for part in parts]))


def text_part(media_type: str, text: str) -> Part:
    """Text as UTF-8."""
    encoding, body = encode_text(text)
    return Part(_text_header(media_type, encoding), body)


@lru_cache(maxsize=16)
def _text_header(media_type: str, encoding: str) -> Header:
    """The header that all text parts of a kind share, so that it is proven once."""
    return Header(*_content_fields(f'{media_type}; charset="utf-8"', encoding))


def alternative_part(form: Alternative) -> Part:
    """Another form of the body.

    Raises:
        InvalidMessageError: It is text that names no charset and isn't UTF-8.
    """
    if form.media_type.lower().startswith("text/") and charset_of(form.media_type) is None:
        try:
            return text_part(form.media_type, form.content.decode())
        except UnicodeDecodeError as err:
            raise InvalidMessageError(
                f"{form.media_type} isn't UTF-8; encode it so, or name its charset in media_type",
                field="alternatives",
            ) from err
    return Part(Header(*_content_fields(form.media_type, "base64")), encode_base64(form.content))


def file_part(item: Attachment) -> Part:
    """A file or an inline image."""
    fields = [*_content_fields(content_type(item), "base64"), *_file_fields(item)]
    return Part(Header(*fields), encode_base64(item.content))


def content_type(item: Attachment) -> str:
    """The media type of an attachment, with its charset where it is text that names none and is UTF-8."""
    kind = item.media_type
    if (
        kind.lower().startswith("text/")
        and charset_of(kind) is None
        and len(kind) < 60
        and _is_utf8(item.content)
    ):
        return f'{kind}; charset="utf-8"'
    return kind


def is_mail(item: Attachment) -> bool:
    """Whether an attachment is a mail."""
    return item.media_type.lower().startswith("message/")


def mail_part(item: Attachment) -> Part:
    """An attached mail, which RFC 2046 lets nobody encode.

    Raises:
        InvalidMessageError: It doesn't keep the rules of the wire.
    """
    try:
        content = normalise_line_breaks(item.content)
        check_wire(content)
    except ValueError as err:
        raise InvalidMessageError(
            f"{item.filename!r} can't be attached as {item.media_type}: {err}; "
            "or attach it as 'application/octet-stream'",
            field="attachments",
        ) from err
    return Part(Header(*_content_fields(item.media_type, "7bit"), *_file_fields(item)), [content])


def _content_fields(media_type: str, encoding: str) -> list[tuple[str, str]]:
    return [
        ("Content-Type", f"Content-Type: {media_type}\r\n"),
        ("Content-Transfer-Encoding", f"Content-Transfer-Encoding: {encoding}\r\n"),
    ]


def _file_fields(item: Attachment) -> list[tuple[str, str]]:
    fields = [
        (
            "Content-Disposition",
            fold(
                "Content-Disposition",
                [f"{item.disposition};", *parameter("filename", item.filename)],
            ),
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
