"""MIME parts: a header and a body each."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from ...encoded_word import encode_words
from ...errors import InvalidMessageError
from ...patterns import lazy_pattern
from ...values import cached_property
from ..message.alternative import Alternative
from ..message.attachment import Attachment
from ..message.content_type import charset_of
from ..message.file_content import content_of
from ..wire import check_header
from .header import fold, needs_rfc2231, parameter, text_field
from .transfer_encoding import encode_base64, encode_text

__all__ = [
    "BoundaryFactory",
    "Header",
    "Part",
    "alternative_part",
    "attached_mail_part",
    "content_type",
    "file_part",
    "multipart",
    "text_part",
]

_NAME_PARAMETER = lazy_pattern(r"; ?name=", re.IGNORECASE)
_MAX_NAME_WORD = 68  # with name="" beside it, it fits into a line of 76
_MAX_TYPE_BEFORE_CHARSET = 60  # with the charset it has at most the 78 characters that SES takes


class Header:
    """Header of a mail or of a part.

    Args:
        fields: Name of each field, and its lines with CRLF.
    """

    def __init__(self, *fields: tuple[str, str]) -> None:
        self.fields = fields

    @property
    def names(self) -> list[str]:
        """Names of the fields, in order."""
        return [name for name, _ in self.fields]

    @property
    def encoded(self) -> bytes:
        """Lines of the fields, and the empty line that ends a header."""
        return "".join([*[lines for _, lines in self.fields], "\r\n"]).encode("ascii")

    @cached_property
    def checked(self) -> bytes:
        """Encoded header of a part, after a check that it has exactly the intended fields.

        Raises:
            InvalidMessageError: The header has other fields.
        """
        encoded = self.encoded
        try:
            check_header(encoded, self.names)
        except ValueError as err:
            raise InvalidMessageError(
                f"a part of the mail can't be encoded safely: {err}", field="message"
            ) from err
        return encoded


class Part(NamedTuple):
    """MIME part: its header, the chunks of its body, and the number of its leaf parts."""

    header: Header
    body: Iterable[bytes]
    leaf_count: int = 1


class BoundaryFactory:
    """Creates the boundaries of one mail.

    Quoted-printable and base64 can't contain ``=_``, so only attached mails, which aren't encoded,
    are searched for it: https://www.rfc-editor.org/rfc/rfc2045#section-6.7

    Args:
        attached: Contents of the attached mails.
    """

    def __init__(self, attached: Sequence[bytes]) -> None:
        self.used: list[tuple[str, int]] = []  # each with the number of its delimiter lines
        self._stem = "=_sesmail"
        while any(self._stem.encode() in mail for mail in attached):
            self._stem = f"=_sesmail_{os.urandom(8).hex()}"

    def new(self, part_count: int) -> str:
        """Returns a new boundary for a multipart of this many parts."""
        boundary = f"{self._stem}_{len(self.used) + 1}_"
        self.used.append((boundary, part_count + 1))
        return boundary


def multipart(
    kind: str, parts: Sequence[Part], boundaries: BoundaryFactory, *parameters: str
) -> Part:
    """Returns a multipart of this kind, such as ``mixed``, that contains the parts."""
    boundary = boundaries.new(len(parts))
    delimiter = f"--{boundary}\r\n".encode()
    bodies = [chain((delimiter, part.header.checked), part.body, (b"\r\n",)) for part in parts]
    body = chain(*bodies, (f"--{boundary}--\r\n".encode(),))
    content_type = fold(
        "Content-Type", [f"multipart/{kind};", *parameters, f'boundary="{boundary}"']
    )
    return Part(
        Header(("Content-Type", content_type)), body, sum([part.leaf_count for part in parts])
    )


def text_part(media_type: str, text: str) -> Part:
    """Returns a part of text in UTF-8."""
    encoding, body = encode_text(text)
    return Part(_text_header(media_type, encoding), body)


@lru_cache(maxsize=16)
def _text_header(media_type: str, encoding: str) -> Header:
    """Returns the header of a text part; it is cached, so that equal ones are checked once."""
    return Header(*_content_fields(f'{media_type}; charset="utf-8"', encoding))


def alternative_part(form: Alternative) -> Part:
    """Returns a further form of the body as a part.

    Raises:
        InvalidMessageError: The alternative is text without a charset, and isn't UTF-8.
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
    """Returns a file or an inline image as a part."""
    fields = [*_content_fields(content_type(item), "base64", item.filename), *_file_fields(item)]
    return Part(Header(*fields), encode_base64(content_of(item)))


def content_type(item: Attachment) -> str:
    """Returns the media type of an attachment, with a charset for text that is UTF-8."""
    kind = item.media_type
    if (
        kind.lower().startswith("text/")
        and charset_of(kind) is None
        and len(kind) < _MAX_TYPE_BEFORE_CHARSET
        and _is_utf8(content_of(item))
    ):
        return f'{kind}; charset="utf-8"'
    return kind


def attached_mail_part(item: Attachment) -> Part:
    """Returns an attached mail, which ``prepare`` returned, as a part.

    RFC 2046 forbids to encode it: https://www.rfc-editor.org/rfc/rfc2046#section-5.2.1
    """
    fields = [*_content_fields(item.media_type, "7bit", item.filename), *_file_fields(item)]
    return Part(Header(*fields), [content_of(item)])


def _content_fields(
    media_type: str, encoding: str, filename: str | None = None
) -> list[tuple[str, str]]:
    return [
        ("Content-Type", _content_type_field(media_type, filename)),
        ("Content-Transfer-Encoding", f"Content-Transfer-Encoding: {encoding}\r\n"),
    ]


def _content_type_field(media_type: str, filename: str | None) -> str:
    """Returns the Content-Type, with the file name if Content-Disposition has the RFC 2231 form.

    Readers that don't know that form take ``name`` with encoded-words in it, as Outlook writes it.
    """
    if filename is None or not needs_rfc2231(filename) or _NAME_PARAMETER.search(media_type):
        return f"Content-Type: {media_type}\r\n"
    words = encode_words(filename, _MAX_NAME_WORD, _MAX_NAME_WORD)
    words[0] = f'name="{words[0]}'
    words[-1] += '"'
    return fold("Content-Type", [f"{media_type};", *words])


def _file_fields(item: Attachment) -> list[tuple[str, str]]:
    disposition = [f"{item.disposition};", *parameter("filename", item.filename)]
    fields = [("Content-Disposition", fold("Content-Disposition", disposition))]
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
