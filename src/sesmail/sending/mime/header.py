"""Header fields as 7-bit lines, folded and encoded where necessary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ...address import Address, phrase
from ...encoded_word import encode_words, has_encoded_word, needs_encoding
from ...errors import InvalidMessageError
from ...patterns import lazy_pattern
from ..limits import MAX_LINE

__all__ = [
    "ADDRESS_FIELDS",
    "ID_FIELDS",
    "address_field",
    "fold",
    "mailbox",
    "needs_rfc2231",
    "parameter",
    "text_field",
    "text_value",
]

_FOLD_AT = 78  # https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1
_FOLD_ENCODED_AT = 76  # https://www.rfc-editor.org/rfc/rfc2047#section-2
_NEEDS_RFC2231 = lazy_pattern(r'[";\\<>]')  # some readers misread them in a quoted parameter
_MAX_QUOTED_NAME = 64  # longer names are encoded-words, which can be folded
_MAX_PARAMETER_SEGMENT = 48  # with "filename*10*=utf-8''" before it, it fits into a line
_ATTRIBUTE_CHARS = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{|}~"
)

# Fields of ids and URLs, where RFC 2047 forbids encoded-words. They would break threads and
# one-click unsubscription: https://www.rfc-editor.org/rfc/rfc2047#section-5
ID_FIELDS = frozenset(
    {
        "archived-at",
        "content-base",
        "content-id",
        "content-location",
        "in-reply-to",
        "list-archive",
        "list-help",
        "list-owner",
        "list-post",
        "list-subscribe",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "message-id",
        "original-message-id",
        "references",
    }
)

# Fields of addresses, in which only display names may be encoded-words, see rule 3 there.
ADDRESS_FIELDS = frozenset(
    {
        "bounces-to",
        "delivered-to",
        "disposition-notification-to",
        "errors-to",
        "mail-followup-to",
        "mail-reply-to",
        "original-from",
        "return-receipt-to",
        "to",
    }
)
_MAILBOX = lazy_pattern(r'(?:"(?:[^"\\]|\\.)*"|[^",])+')  # between commas outside of quotes
_LIST_ID = lazy_pattern(r"(.*?) *<([!-;=?-~]+)>", re.DOTALL)  # RFC 2919, section 2


def text_field(name: str, text: str) -> str:
    """Returns a field that the user gives as text, such as Subject, as folded lines with CRLF.

    In fields of addresses, and in List-Id, only names are encoded.

    Raises:
        InvalidMessageError: The field holds ids, URLs or addresses, and the text would have to be
            encoded.
    """
    if not _needs_encoding(text):
        lines = fold(name, text.split(" "))
        if len(lines) <= MAX_LINE or max(map(len, lines.split("\r\n"))) <= MAX_LINE:
            return lines
    return fold(name, _encode_text(name, text, "headers", _FOLD_ENCODED_AT - len(name) - 2))


def text_value(name: str, text: str, field: str = "headers") -> str:
    """Returns the value of a field that the user gives as text as one line of ASCII for the API.

    Raises:
        InvalidMessageError: As for ``text_field``.
    """
    return " ".join(_encode_text(name, text, field)) if _needs_encoding(text) else text


def _needs_encoding(text: str) -> bool:
    if not needs_encoding(text):
        return False
    # A URL may have "=?", which no reader takes for an encoded-word if it is none.
    return not (text.isascii() and text == text.strip(" ") and not has_encoded_word(text))


def _encode_text(name: str, text: str, field: str, room: int = _FOLD_ENCODED_AT - 1) -> list[str]:
    """Returns the value of a field as ASCII tokens for ``fold``."""
    kind = name.lower()
    if kind in ID_FIELDS:
        raise InvalidMessageError(
            f"{name} holds ids or URLs: the value has to be ASCII without encoded-words and "
            f"without leading and trailing spaces, with a space at least every {MAX_LINE} "
            "characters; percent-encode URLs",
            field=field,
        )
    if kind in ADDRESS_FIELDS:
        return _address_tokens(_parse_mailboxes(name, text, field), room)
    if kind == "list-id":
        found = _LIST_ID.fullmatch(text)
        if found is None or has_encoded_word(found[2]):
            raise InvalidMessageError(
                "List-Id is a name and an ASCII id, such as 'Shop news <news.shop.example.com>'",
                field=field,
            )
        return [*encode_words(found[1], room), f"<{found[2]}>"]
    return encode_words(text, room)


def _parse_mailboxes(name: str, text: str, field: str) -> list[Address]:
    try:
        return [Address.parse(each) for each in _MAILBOX.findall(text)]
    except InvalidMessageError as err:
        raise InvalidMessageError(
            f"{name} has to be addresses, separated by commas, or plain ASCII text: {err}",
            field=field,
        ) from err


def address_field(name: str, addresses: Iterable[Address]) -> str:
    """Returns a field of addresses, such as To, as folded lines with CRLF."""
    return fold(name, _address_tokens(addresses, _FOLD_ENCODED_AT - len(name) - 2))


def _address_tokens(addresses: Iterable[Address], room: int) -> list[str]:
    tokens: list[str] = []
    for address in addresses:
        if tokens:
            tokens[-1] += ","
        tokens += _mailbox_tokens(address, _FOLD_ENCODED_AT - 1 if tokens else room)
    return tokens


def mailbox(address: Address) -> str:
    """Returns an address as one line of ASCII for the SES API."""
    return " ".join(_mailbox_tokens(address))


def _mailbox_tokens(address: Address, room: int = _FOLD_ENCODED_AT - 1) -> list[str]:
    name = address.name
    if name is None:
        return [address.email]
    if len(name) > _MAX_QUOTED_NAME or needs_encoding(name):
        return [*encode_words(name, room), f"<{address.email}>"]
    return [phrase(name), f"<{address.email}>"]


def needs_rfc2231(value: str) -> bool:
    """Reports whether ``parameter`` writes a value in the form of RFC 2231."""
    return needs_encoding(value) or _NEEDS_RFC2231.search(value) is not None


def parameter(name: str, value: str) -> list[str]:
    """Returns a parameter of a field such as Content-Disposition, as tokens for ``fold``.

    The RFC 2231 form is used only where the value needs it: https://www.rfc-editor.org/rfc/rfc2231
    """
    if not needs_rfc2231(value):
        return [f'{name}="{value}"']
    segments = [""]
    for character in value:  # not by bytes: some readers decode each segment on its own
        encoded = "".join(
            chr(byte) if byte in _ATTRIBUTE_CHARS else f"%{byte:02X}" for byte in character.encode()
        )
        if len(segments[-1]) + len(encoded) > _MAX_PARAMETER_SEGMENT:
            segments.append("")
        segments[-1] += encoded
    if len(segments) == 1:
        return [f"{name}*=utf-8''{segments[0]}"]
    first = f"{name}*0*=utf-8''{segments[0]};"
    rest = [f"{name}*{number}*={segment};" for number, segment in enumerate(segments[1:], 1)]
    return [first, *rest[:-1], rest[-1][:-1]]


def fold(name: str, tokens: Sequence[str]) -> str:
    """Returns a field whose tokens are joined by spaces, folded where a line would be too long.

    Tokens are never cut, and no line consists of white space only.
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
