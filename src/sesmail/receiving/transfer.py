"""What base64 and quoted-printable carry, however badly they are written."""

from __future__ import annotations

import binascii
import re

__all__ = ["BAD_BASE64", "BAD_QUOTED_PRINTABLE", "UNKNOWN_ENCODING", "decode_base64", "decode_transfer"]

BAD_BASE64 = "malformed base64"
BAD_QUOTED_PRINTABLE = "malformed quoted-printable"
UNKNOWN_ENCODING = "unknown transfer encoding"

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_WHITE = b"\r\n\t "
_OTHERS = bytes(set(range(256)) - set(_ALPHABET))
# For one, two, three letters, with anything else between them.
_LETTERS = {count: re.compile(rb"(?:[^A-Za-z0-9+/]*+[A-Za-z0-9+/]){%d}" % count) for count in (1, 2, 3)}
_PIECE = 1 << 20  # bytes that are decoded at once: while C code works, no other thread runs
_BAD_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|\r?\n|\r?\Z)")
_AS_IS = frozenset(["", "7bit", "8bit", "binary"])


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
    return raw[start:end], None if encoding in _AS_IS else UNKNOWN_ENCODING


def decode_base64(raw: bytes, start: int, end: int) -> tuple[bytes, str | None]:
    """Base64 with any other characters in it, up to its padding, and what was wrong with it."""
    view = memoryview(raw)
    found: list[bytes] = []
    flaw = None
    while start < end:
        stop, others = _whole_quads(raw, start, end)
        if others.translate(None, _WHITE + b"="):
            flaw = BAD_BASE64
        letters = stop - start - len(others)
        try:
            content = binascii.a2b_base64(view[start:stop])
        except binascii.Error:  # the last letters aren't padded, or one too many
            content = _unpadded(raw[start:stop])
            flaw = BAD_BASE64
        found.append(content)
        if len(content) < letters * 3 // 4:  # it was padded before its end
            flaw = BAD_BASE64
            break
        start = stop
    return b"".join(found), flaw


def _whole_quads(raw: bytes, start: int, end: int) -> tuple[int, bytes]:
    """Where a piece stops that has whole groups of four letters, and what it has beside letters."""
    stop = min(start + _PIECE, end)
    others = raw[start:stop].translate(None, _ALPHABET)
    surplus = (stop - start - len(others)) % 4
    if not surplus or stop == end:
        return stop, others
    missing = _LETTERS[4 - surplus].match(raw, stop, end)
    more = missing.end() if missing else end
    return more, others + raw[stop:more].translate(None, _ALPHABET)


def _unpadded(piece: bytes) -> bytes:
    letters = piece.translate(None, _OTHERS)
    whole = len(letters) - (len(letters) % 4 == 1)
    return binascii.a2b_base64(letters[:whole] + b"==")


def _decode_quoted_printable(raw: bytes, start: int, end: int) -> tuple[bytes, str | None]:
    view = memoryview(raw)
    found: list[bytes] = []
    flaw = None
    while start < end:
        stop = start + _PIECE
        if stop >= end:
            stop = end
        elif (line := raw.rfind(b"\n", start, stop)) >= 0:
            stop = line + 1
        elif (escape := raw.find(b"=", stop - 2, stop)) >= 0:
            stop = escape
        if _BAD_ESCAPE.search(raw, start, stop):
            flaw = BAD_QUOTED_PRINTABLE
        found.append(binascii.a2b_qp(view[start:stop]))
        start = stop
    return b"".join(found), flaw
