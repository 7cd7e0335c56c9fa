"""Parses the header of a mail or of one of its parts into fields, raw and as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

from ... import encoded_word
from ...arguments import check_instance
from ...patterns import lazy_pattern
from .charsets import decode_text, decode_undeclared
from .limits import MAX_FIELD, MAX_HEADERS, MAX_LAZY_HEADER, Budget
from .odd_lines import Field, read_one_by_one

__all__ = [
    "Defects",
    "Field",
    "MailHeaders",
    "decode_words",
    "plain_field",
    "plain_text",
    "read_fields",
]

BAD_WORD = "malformed encoded-word"
CONTROLS = "control characters in the header"
EIGHT_BIT = "header neither in ASCII nor in UTF-8"
FIELD_TOO_LARGE = f"header field over {MAX_FIELD >> 10} KiB, truncated"
ODD_LINE = "line in the header that isn't a field"
HEADERS_TOO_LARGE = f"headers over {MAX_HEADERS >> 20} MiB in total, rest not parsed"
REPEATED = "header field repeated that may occur only once"
TOO_MANY_FIELDS = "too many header fields, rest not parsed"

Defects: TypeAlias = dict[str, None]
"""Defects of a mail as the keys, each once, in order of discovery."""

_NO_FIELD: Field = (b"", b"")  # a line that isn't a field
# Only for a limited number of lines: re allocates memory for each repetition of a group. No name
# begins with two hyphens: such a line is a delimiter of parts, which may contain a colon.
_FIELD = lazy_pattern(rb"^(?:((?!--)[!-9;-~]+)[ \t]*:(.*(?:\n[ \t].*)*)|.+)", re.MULTILINE)
_LF = ord("\n")
# https://www.rfc-editor.org/rfc/rfc5322#section-3.6 and the fields that determine the content;
# without MIME-Version, which often is repeated and never used.
_UNIQUE_FIELDS = frozenset(
    b"from sender reply-to to cc subject date message-id"
    b" content-type content-transfer-encoding content-disposition content-id".split()
)
_CONTROL = lazy_pattern("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# https://www.rfc-editor.org/rfc/rfc2047#section-2, but text may contain spaces and non-ASCII.
# Linear time, as each run between question marks is matched a fixed number of times.
_WORD = lazy_pattern(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_EIGHT_BIT_WORD = lazy_pattern(rb"(=\?[^?\s]{1,60}\?[qQ]\?)([^?]*)(?=\?=)")
_ESCAPES = {byte: f"={byte:02X}" for byte in range(0x80, 0x100)}


class MailHeaders:
    """The header fields of a mail in order, repeated ones included; names are case-insensitive.

    Values are text on one line: unfolded (RFC 5322), with encoded-words decoded (RFC 2047) and
    control characters replaced by spaces, truncated to 64 KiB. Malformed encoded-words are left as
    they are; 8-bit text other than UTF-8 is decoded as Windows-1252; bytes that are invalid in the
    declared charset become U+FFFD. ``len()`` is the number of fields; ``name in headers`` tests
    whether there is one; iteration yields pairs of name and value.
    """

    __slots__ = ("_defects", "_fields", "_texts", "_values")

    def __init__(self, fields: list[Field], defects: Defects) -> None:
        self._fields = fields
        self._defects = defects
        self._texts: dict[bytes, str] = {}
        self._values: dict[bytes, list[bytes]] = {}
        values = self._values
        for name, value in fields:
            key = name.lower()
            if key in values:
                values[key].append(value)
            else:
                values[key] = [value]
        if len(self._values) < len(fields) and not _UNIQUE_FIELDS.isdisjoint(self._repeated()):
            defects[REPEATED] = None

    def load(self) -> None:
        """Decodes the values now if they are large (over 64 KiB), instead of on each access."""
        if sum(len(value) for _, value in self._fields) > MAX_LAZY_HEADER:
            self._texts = {value: self._text(value) for _, value in self._fields}

    def get(self, name: str) -> str | None:
        """Value of the first field with this name; None if there is none."""
        check_instance("name", name, str, "text")
        values = self._values.get(_key(name))
        return self._text(values[0]) if values else None

    def get_all(self, name: str) -> tuple[str, ...]:
        """Values of all fields with this name, in order; empty if there are none."""
        return tuple(map(self._text, self.raw(name)))

    def raw(self, name: str) -> tuple[bytes, ...]:
        """Values of all fields with this name as in the mail: folded, with encoded-words."""
        check_instance("name", name, str, "text")
        return tuple(self._values.get(_key(name), ()))

    def plain(self, name: str) -> str:
        """Value of the first field with this name, with encoded-words as they are.

        It is unfolded, and control characters are replaced by spaces; empty if there is no field.
        """
        check_instance("name", name, str, "text")
        return plain_field(self, _key(name))

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._values

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Pairs of name and value of each field, in order."""
        return ((name.decode("ascii"), self._text(value)) for name, value in self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"<MailHeaders of {len(self)} fields>"

    def _repeated(self) -> list[bytes]:
        return [name for name, values in self._values.items() if len(values) > 1]

    def _text(self, value: bytes) -> str:
        text = self._texts.get(value)
        return (
            decode_words(plain_text(value, self._defects), self._defects) if text is None else text
        )


@lru_cache(maxsize=64)
def _key(name: str) -> bytes:
    return name.lower().encode("utf-8", "replace")


def plain_field(headers: MailHeaders, key: bytes) -> str:
    """Same as ``MailHeaders.plain``, by the name in lower case."""
    values = headers._values.get(key)  # pyright: ignore[reportPrivateUsage]
    return plain_text(values[0], headers._defects) if values else ""  # pyright: ignore[reportPrivateUsage]


def read_fields(
    raw: bytes, start: int, end: int, budget: Budget, defects: Defects, *, is_closed: bool = False
) -> tuple[list[Field], int]:
    """Parses the fields of a header.

    Args:
        raw: The mail.
        start: Start of the header.
        end: End of the header at most.
        budget: Amounts that may be parsed; reduced by what is parsed.
        defects: Receives the defects found.
        is_closed: Whether an empty line ends the header. Otherwise it ends before the first line
            that isn't a field: that line begins the content, and would be lost otherwise.

    Returns:
        The fields, and the end of the header.
    """
    last = min(end, start + budget.header_bytes)
    if last < end:
        defects[HEADERS_TOO_LARGE] = None
        is_closed = False
    budget.header_bytes -= last - start
    fields: list[Field] = [_NO_FIELD]
    stop = None
    if raw.count(b"\n", start, last) >= budget.fields:
        fields, stop, _ = read_one_by_one(raw, start, last, budget.fields, is_closed=False)
        defects[TOO_MANY_FIELDS] = None
    elif start == 0 or raw[start - 1] == _LF:  # else, a byte order mark is before it
        fields = _FIELD.findall(raw, start, last)
    if _NO_FIELD in fields:
        fields, stop, has_odd_lines = read_one_by_one(
            raw, start, last, budget.fields, is_closed=is_closed
        )
        if has_odd_lines:
            defects[ODD_LINE] = None
    budget.fields -= len(fields)
    return fields, end if stop is None else stop


def plain_text(value: bytes, defects: Defects) -> str:
    """Value of a field on one line, without control characters; encoded-words aren't decoded."""
    if len(value) > MAX_FIELD:
        value = value[:MAX_FIELD]
        defects[FIELD_TOO_LARGE] = None
    try:
        text = value.strip().decode()
    except UnicodeDecodeError:
        text = decode_undeclared(_EIGHT_BIT_WORD.sub(_escape_word, value.strip()))[0]
        defects[EIGHT_BIT] = None
    if text.isprintable():
        return text
    text = text.replace("\r\n", "").replace("\n", "").replace("\t", " ")
    return text if text.isprintable() else _without_controls(text, defects)


def _escape_word(word: re.Match[bytes]) -> bytes:
    """An encoded-word with escapes for its 8-bit bytes, which are in its charset."""
    return word[1] + word[2].decode("latin-1").translate(_ESCAPES).encode("ascii")


def decode_words(text: str, defects: Defects) -> str:
    """Decodes the encoded-words in text; malformed ones are left as they are.

    https://www.rfc-editor.org/rfc/rfc2047
    """
    if "=?" not in text:
        return text

    def decode(data: bytes, charset: str) -> str:
        decoded, defect = decode_text(data, charset)
        if defect:
            defects[defect] = None
        return decoded

    def malformed() -> None:
        defects[BAD_WORD] = None

    decoded = encoded_word.decode_words(text, decode, words=_WORD, on_malformed=malformed)
    return decoded if decoded.isprintable() else _without_controls(decoded, defects)


def _without_controls(text: str, defects: Defects) -> str:
    cleaned, count = _CONTROL.subn(" ", text)
    if count:
        defects[CONTROLS] = None
    return cleaned
