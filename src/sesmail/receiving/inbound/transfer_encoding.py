"""What base64 and quoted-printable carry, however badly they are written."""

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
_WHITE = b"\r\n\t "
_OTHERS = bytes(set(range(256)) - set(_ALPHABET))
_NOISE = bytes(set(_OTHERS) - set(b"="))
# The last letter of a piece, the last two, the last three, with anything else between and behind them.
_LAST = {
    count: re.compile(rb"(?:[A-Za-z0-9+/][^A-Za-z0-9+/]*){%d}\Z" % count) for count in (1, 2, 3)
}
_NEAR = 200  # bytes before the end of a piece, where its last letters mostly are
_PADDING = re.compile(rb"={3,}")
_BAD_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|\r?\n|\r?\Z)")

AS_IS = frozenset(["", "7bit", "8bit", "binary"])
"""The transfer encodings that leave a content as it is."""


def decode_transfer(raw: bytes, start: int, end: int, encoding: str) -> tuple[bytes, str | None]:
    """The content of a part, decoded from ``raw[start:end]`` without another copy of it.

    Args:
        raw: The mail.
        start: Where the part's content starts.
        end: Where it ends.
        encoding: The transfer encoding, in lower case.

    Returns:
        The content, and what was wrong. Where an encoding isn't known the content stays as it is.
    """
    if encoding == "base64":
        return decode_base64(raw, start, end)
    if encoding == "quoted-printable":
        return _decode_quoted_printable(raw, start, end)
    return raw[start:end], None if encoding in AS_IS else UNKNOWN_ENCODING


def decode_base64(raw: bytes, start: int, end: int) -> tuple[bytes, str | None]:
    """Base64 with any other characters in it, up to its padding, and what was wrong with it."""
    found = BytesIO()  # whose buffer becomes the content: pieces to be joined would be there twice
    flaw = None
    rest = b""
    for at, stop in chunks.spans(start, end):
        piece = rest + raw[at:stop]
        others = piece.translate(None, _ALPHABET)
        if others.translate(None, _WHITE + b"="):
            flaw = BAD_BASE64
        letters = len(piece) - len(others)
        cut = len(piece)
        if letters % 4 and stop < end:
            cut = _last_letters(piece, letters % 4)
            letters -= letters % 4
        rest = _PADDING.sub(b"==", piece[cut:].translate(None, _NOISE))
        try:
            content = binascii.a2b_base64(memoryview(piece)[:cut])
        except binascii.Error:  # the last letters aren't padded, or one too many
            content = _unpadded(piece)
            flaw = BAD_BASE64
        found.write(content)
        if len(content) < letters * 3 // 4:  # it was padded before its end
            flaw = BAD_BASE64
            break
    return found.getvalue(), flaw


def _last_letters(piece: bytes, count: int) -> int:
    """Where the last letters of a piece start: those that are too many for whole groups of four."""
    found = _LAST[count].search(piece, max(0, len(piece) - _NEAR)) or _LAST[count].search(piece)
    assert found is not None  # the piece has more letters than that
    return found.start()


def _unpadded(piece: bytes) -> bytes:
    letters = piece.translate(None, _OTHERS)
    whole = len(letters) - (len(letters) % 4 == 1)
    return binascii.a2b_base64(letters[:whole] + b"==")


def _decode_quoted_printable(raw: bytes, start: int, end: int) -> tuple[bytes, str | None]:
    view = memoryview(raw)
    found = BytesIO()
    flaw = None
    while start < end:
        stop = start + chunks.SIZE
        if stop >= end:
            stop = end
        elif (line := raw.rfind(b"\n", start, stop)) >= 0:
            stop = line + 1
        elif (escape := raw.find(b"=", stop - 2, stop)) >= 0:
            stop = escape
        if _BAD_ESCAPE.search(raw, start, stop):
            flaw = BAD_QUOTED_PRINTABLE
        found.write(binascii.a2b_qp(view[start:stop]))
        start = stop
    return found.getvalue(), flaw
