"""Header fields as 7-bit lines: folded only where a reader joins them again, encoded only where they must be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ...address import Address, phrase
from ...encoded_word import encode_words, needs_encoding
from ...errors import InvalidMessageError
from ..limits import MAX_LINE

__all__ = ["address_field", "fold", "mailbox", "parameter", "text_field", "text_value"]

_FOLD_AT = 78  # https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1
_FOLD_ENCODED_AT = 76  # https://www.rfc-editor.org/rfc/rfc2047#section-2
_MISREAD = re.compile(r'[";\\<>]')  # escaped in a parameter, some readers get them wrong
_MAX_QUOTED_NAME = 64
_ATTRIBUTE_CHARS = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{|}~"
)

# Fields of ids, URLs and addresses: an encoded-word in them would break threads and one-click unsubscribing.
_LITERAL_FIELDS = frozenset(
    {
        "archived-at",
        "disposition-notification-to",
        "errors-to",
        "in-reply-to",
        "list-archive",
        "list-help",
        "list-id",
        "list-owner",
        "list-post",
        "list-subscribe",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "message-id",
        "references",
        "return-receipt-to",
        "to",
    }
)


def text_field(name: str, text: str) -> str:
    """A field of plain text, such as Subject, as folded lines with their CRLF.

    Raises:
        InvalidMessageError: The field holds ids, URLs or addresses, and this text would have to be encoded.
    """
    if not needs_encoding(text):
        lines = fold(name, text.split(" "))
        if len(lines) <= MAX_LINE or max(map(len, lines.split("\r\n"))) <= MAX_LINE:
            return lines
    _refuse_encoding(name)
    return fold(name, encode_words(text, _FOLD_ENCODED_AT - len(name) - 2))


def text_value(name: str, text: str, field: str = "headers") -> str:
    """The value of a field of plain text on one line of ASCII, the way the SES API takes it.

    Raises:
        InvalidMessageError: As for ``text_field``.
    """
    if not needs_encoding(text):
        return text
    _refuse_encoding(name, field)
    return " ".join(encode_words(text))


def _refuse_encoding(name: str, field: str = "headers") -> None:
    """Refuse encoded-words in a field that holds ids, URLs or addresses."""
    if name.lower() in _LITERAL_FIELDS:
        raise InvalidMessageError(
            f"{name} holds ids, URLs or addresses: it has to be ASCII without '=?' and outer spaces, and can't have a "
            f"run of more than {MAX_LINE} characters without a space; percent-encode URLs",
            field=field,
        )


def address_field(name: str, addresses: Iterable[Address]) -> str:
    """A field of mailboxes, such as To, as folded lines with their CRLF."""
    tokens: list[str] = []
    for address in addresses:
        if tokens:
            tokens[-1] += ","
        tokens += _mailbox_tokens(address, _FOLD_ENCODED_AT - (1 if tokens else len(name) + 2))
    return fold(name, tokens)


def mailbox(address: Address) -> str:
    """One mailbox as one line of ASCII, the way the SES API takes it."""
    return " ".join(_mailbox_tokens(address))


def _mailbox_tokens(address: Address, room: int = _FOLD_ENCODED_AT - 1) -> list[str]:
    name = address.name
    if name is None:
        return [address.email]
    if len(name) > _MAX_QUOTED_NAME or needs_encoding(name):
        return [*encode_words(name, room), f"<{address.email}>"]
    return [phrase(name), f"<{address.email}>"]


def parameter(name: str, value: str) -> list[str]:
    """A parameter of Content-Disposition or the like, as tokens for ``fold``; in RFC 2231 form where it must be.

    https://www.rfc-editor.org/rfc/rfc2231
    """
    if not needs_encoding(value) and not _MISREAD.search(value):
        return [f'{name}="{value}"']
    segments = [""]
    for character in value:  # never cut in two: some readers decode each segment by itself
        encoded = "".join(
            chr(byte) if byte in _ATTRIBUTE_CHARS else f"%{byte:02X}" for byte in character.encode()
        )
        if len(segments[-1]) + len(encoded) > 48:
            segments.append("")
        segments[-1] += encoded
    if len(segments) == 1:
        return [f"{name}*=utf-8''{segments[0]}"]
    first = f"{name}*0*=utf-8''{segments[0]};"
    rest = [f"{name}*{number}*={segment};" for number, segment in enumerate(segments[1:], 1)]
    return [first, *rest[:-1], rest[-1][:-1]]


def fold(name: str, tokens: Sequence[str]) -> str:
    """A field whose tokens are joined by spaces or, where a line would get too long, by folds.

    No token is ever cut, and no line is white space alone.
    """
    line = f"{name}: {' '.join(tokens)}"
    width = _FOLD_ENCODED_AT if "=?" in line else _FOLD_AT
    if len(line) <= width:
        return line + "\r\n"
    lines: list[str] = []
    line = start = f"{name}:"
    for token in tokens:
        if token and len(line) + len(token) >= width and line != start:
            lines.append(line)
            line = f" {token}"
        else:
            line = f"{line} {token}"
    return "\r\n".join([*lines, line, ""])
