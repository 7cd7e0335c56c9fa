"""The header of a mail or of one of its parts: its fields as they stand, and as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

from ... import encoded_word
from .charsets import decode_text
from .limits import Budget

__all__ = ["Defects", "Field", "MailHeaders", "decode_words", "plain_text", "read_fields"]

MAX_FIELD = 1 << 16

BAD_WORD = "malformed encoded-word"
CONTROLS = "control characters in the header"
EIGHT_BIT = "header that is neither ASCII nor UTF-8"
FIELD_TOO_LARGE = "header field over 64 KiB, cut"
HEADERS_TOO_LARGE = "headers over 2 MiB in all, not read further"
REPEATED = "repeated field of which a mail has one"
TOO_MANY_FIELDS = "too many header fields, not read further"

Defects: TypeAlias = dict[str, None]
"""What is wrong with a mail, each thing once, in the order in which it was found."""

Field: TypeAlias = tuple[bytes, bytes]
"""The name of a header field and its value, as they stand in the mail."""

_NO_FIELD: Field = (b"", b"")  # a line that is none
# It allocates memory for each line that continues a field, so it reads headers of limited lines.
_FIELD = re.compile(rb"^(?:([!-9;-~]+)[ \t]*:(.*(?:\n[ \t].*)*)|.+)", re.MULTILINE)
_NAME = re.compile(rb"([!-9;-~]+)[ \t]*:")
_END_OF_FIELD = re.compile(rb"\n(?![ \t])")
_LF = ord("\n")
_MUCH = 1 << 16  # bytes of a header that take 25 ms to decode at worst
# https://www.rfc-editor.org/rfc/rfc5322#section-3.6 and those that say what is in a mail; not MIME-Version, which many
# repeat and nobody reads.
_ONCE = frozenset(
    b"from sender reply-to to cc subject date message-id"
    b" content-type content-transfer-encoding content-disposition content-id".split()
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Some write spaces and more than ASCII into words. Each run between two question marks is looked at a fixed number of
# times: the work is linear.
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")


class MailHeaders:
    """The header fields of a mail in their order, repeated as they are; their names match in any case.

    Values are text on one line: unfolded, encoded-words decoded, control characters replaced by spaces. What is
    malformed stays as it came.
    """

    __slots__ = ("_defects", "_fields", "_texts", "_values")

    def __init__(self, fields: list[Field], defects: Defects) -> None:
        self._fields = fields
        self._defects = defects
        self._texts: dict[bytes, str] = {}
        self._values: dict[bytes, list[bytes]] = {}
        for name, value in fields:
            self._values.setdefault(name.lower(), []).append(value)
        if len(self._values) < len(fields) and not _ONCE.isdisjoint(self._repeated()):
            defects[REPEATED] = None

    def load(self) -> None:
        """Decode now what would take long when it is asked for; mostly that is nothing."""
        if sum(len(value) for _, value in self._fields) > _MUCH:
            self._texts = {value: self._text(value) for _, value in self._fields}

    def get(self, name: str) -> str | None:
        """The value of the first field of a name; None if there is none."""
        found = self._values.get(_key(name))
        return self._text(found[0]) if found else None

    def get_all(self, name: str) -> tuple[str, ...]:
        """The values of all fields of a name."""
        return tuple(map(self._text, self.raw(name)))

    def raw(self, name: str) -> tuple[bytes, ...]:
        """The values of all fields of a name as they stand in the mail, folds and encoded-words and all."""
        return tuple(self._values.get(_key(name), ()))

    def plain(self, name: str) -> str:
        """The value of the first field of a name with its encoded-words as they are; empty if there is none."""
        found = self._values.get(_key(name))
        return plain_text(found[0], self._defects) if found else ""

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._values

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Name and value of each field, in order."""
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


def read_fields(
    raw: bytes, start: int, end: int, budget: Budget, defects: Defects
) -> tuple[list[Field], int]:
    """The fields of a header, and where the first line starts that is none: there the header ends, if not before.

    So do mail servers and Python have it. What such a line says would be lost if the header went on after it, as it
    would where the empty line after the header is missing.

    Args:
        raw: The mail.
        start: Where the header starts.
        end: Where it ends at the latest.
        budget: How much of it is still read.
        defects: Where to note what is wrong.
    """
    last = min(end, start + budget.header)
    if last < end:
        defects[HEADERS_TOO_LARGE] = None
    budget.header -= last - start
    if raw.count(b"\n", start, last) < budget.fields:
        fields: list[Field] = _FIELD.findall(raw, start, last)
        stop = None
    else:
        fields, stop = _fields_one_by_one(raw, start, last, budget.fields)
        defects[TOO_MANY_FIELDS] = None
    if _NO_FIELD in fields:
        fields, stop = _fields_one_by_one(raw, start, last, budget.fields)
    budget.fields -= len(fields)
    return fields, end if stop is None else stop


def _fields_one_by_one(raw: bytes, at: int, last: int, most: int) -> tuple[list[Field], int | None]:
    """Read at most so many fields, up to the first line that is neither a field nor empty.

    Returns:
        The fields, and where this line starts; None if there is none.
    """
    fields: list[Field] = []
    while at < last and len(fields) < most:
        if raw[at] == _LF:
            at += 1
            continue
        name = _NAME.match(raw, at, last)
        if name is None:
            return fields, at
        found = _END_OF_FIELD.search(raw, name.end(), last)
        stop = last if found is None else found.start()
        fields.append((name[1], raw[name.end() : stop]))
        at = stop + 1
    return fields, None


def plain_text(value: bytes, defects: Defects) -> str:
    """The value of a field as one line of text without control characters, encoded-words as they are."""
    if len(value) > MAX_FIELD:
        value = value[:MAX_FIELD]
        defects[FIELD_TOO_LARGE] = None
    try:
        text = value.strip().decode()
    except UnicodeDecodeError:
        text = value.strip().decode("utf-8", "replace")
        defects[EIGHT_BIT] = None
    if text.isprintable():
        return text
    text = text.replace("\r\n", "").replace("\n", "").replace("\t", " ")
    return text if text.isprintable() else _without_controls(text, defects)


def decode_words(text: str, defects: Defects) -> str:
    """Text with its RFC 2047 encoded-words decoded, in any charset; what isn't one, though it looks so, stays."""
    if "=?" not in text:
        return text

    def decode(data: bytes, charset: str) -> str:
        decoded, flaw = decode_text(data, charset)
        if flaw:
            defects[flaw] = None
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
