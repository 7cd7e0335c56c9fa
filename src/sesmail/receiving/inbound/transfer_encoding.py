"""Decodes base64 and quoted-printable, also if malformed."""

from __future__ import annotations

import binascii
import re
from io import BytesIO

from . import chunks

__all__ = [
    "AS_IS",
    "BAD_BASE64",
    "BAD_QUOTED_PRINTABLE",
    "UNKNOWN_ENCODING",
    "decode_base64",
    "decode_transfer",
]

BAD_BASE64 = "malformed base64"
BAD_QUOTED_PRINTABLE = "malformed quoted-printable"
UNKNOWN_ENCODING = "unknown transfer encoding"

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_WHITE_SPACE = b"\r\n\t "
_NOT_IN_ALPHABET = bytes(set(range(256)) - set(_ALPHABET))
_IGNORED = bytes(set(_NOT_IN_ALPHABET) - set(b"="))
# The last one, two or three letters of a chunk, with any other characters between and after them.
_LAST = {
    count: re.compile(rb"(?:[A-Za-z0-9+/][^A-Za-z0-9+/]*){%d}\Z" % count) for count in (1, 2, 3)
}
_NEAR_END = 200  # bytes at the end of a chunk, searched first
_PADDING = re.compile(rb"={3,}")
_BAD_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|\r?\n|\r?\Z)")

AS_IS = frozenset(["", "7bit", "8bit", "binary"])
"""Transfer encodings that don't change the content."""


def decode_transfer(raw: bytes, start: int, end: int, encoding: str) -> tuple[bytes, str | None]:
    """Decodes the content of a part, ``raw[start:end]``, without copying it first.

    Args:
        raw: The mail.
        start: Start of the content.
        end: End of the content.
        encoding: The transfer encoding in lower case.

    Returns:
        The content, unchanged if the encoding is unknown, and the defect found, or None.
    """
    if encoding == "base64":
        return decode_base64(raw, start, end)
    if encoding == "quoted-printable":
        return _decode_quoted_printable(raw, start, end)
    return raw[start:end], None if encoding in AS_IS else UNKNOWN_ENCODING


def decode_base64(raw: bytes, start: int, end: int) -> tuple[bytes, str | None]:
    """Decodes base64 up to its padding, ignoring characters that aren't in the alphabet.

    Returns:
        The content, and the defect found, or None.
    """
    decoded = BytesIO()  # getvalue() shares its buffer; joining chunks would need twice the memory
    defect = None
    rest = b""
    for at, stop in chunks.ranges(start, end):
        chunk = rest + raw[at:stop]
        others = chunk.translate(None, _ALPHABET)
        if others.translate(None, _WHITE_SPACE + b"="):
            defect = BAD_BASE64
        letters = len(chunk) - len(others)
        split = len(chunk)
        if letters % 4 and stop < end:
            split = _last_letters(chunk, letters % 4)
            letters -= letters % 4
        rest = _PADDING.sub(b"==", chunk[split:].translate(None, _IGNORED))
        try:
            content = binascii.a2b_base64(memoryview(chunk)[:split])
        except binascii.Error:  # padding is missing, or one letter is left over
            content = _decode_unpadded(chunk)
            defect = BAD_BASE64
        decoded.write(content)
        if len(content) < letters * 3 // 4:  # padding in the middle, where a2b_base64 stops
            defect = BAD_BASE64
            break
    return decoded.getvalue(), defect


def _last_letters(chunk: bytes, count: int) -> int:
    """Position of the last letters of a chunk, those left over from groups of four."""
    pattern = _LAST[count]
    match = pattern.search(chunk, max(0, len(chunk) - _NEAR_END)) or pattern.search(chunk)
    assert match is not None  # the chunk has at least so many letters
    return match.start()


def _decode_unpadded(chunk: bytes) -> bytes:
    letters = chunk.translate(None, _NOT_IN_ALPHABET)
    whole = len(letters) - (len(letters) % 4 == 1)
    return binascii.a2b_base64(letters[:whole] + b"==")


def _decode_quoted_printable(raw: bytes, start: int, end: int) -> tuple[bytes, str | None]:
    """Decodes quoted-printable in chunks that end after a line or before an escape."""
    view = memoryview(raw)
    decoded = BytesIO()
    defect = None
    while start < end:
        stop = start + chunks.SIZE
        if stop >= end:
            stop = end
        elif (line := raw.rfind(b"\n", start, stop)) >= 0:
            stop = line + 1
        elif (escape := raw.find(b"=", stop - 2, stop)) >= 0:
            stop = escape
        if _BAD_ESCAPE.search(raw, start, stop):
            defect = BAD_QUOTED_PRINTABLE
        decoded.write(binascii.a2b_qp(view[start:stop]))
        start = stop
    return decoded.getvalue(), defect
