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
_CHUNK = 1 << 16
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
        flaw = BAD_QUOTED_PRINTABLE if _BAD_ESCAPE.search(raw, start, end) else None
        return binascii.a2b_qp(memoryview(raw)[start:end]), flaw
    return raw[start:end], None if encoding in _AS_IS else UNKNOWN_ENCODING


def decode_base64(raw: bytes, start: int, end: int) -> tuple[bytes, str | None]:
    """Base64 with any other characters in it, up to its padding, and what was wrong with it."""
    try:
        content = binascii.a2b_base64(memoryview(raw)[start:end])
    except binascii.Error:  # it isn't padded, or has one character too many
        letters = raw[start:end].translate(None, _OTHERS)
        whole = len(letters) - (len(letters) % 4 == 1)
        return binascii.a2b_base64(letters[:whole] + b"=="), BAD_BASE64
    count, strange = _survey(raw, start, end)
    return content, BAD_BASE64 if strange or count * 3 // 4 != len(content) else None


def _survey(raw: bytes, start: int, end: int) -> tuple[int, bool]:
    """How many characters of base64's alphabet there are, and whether there are any that have no business there."""
    others = 0
    strange = False
    for at in range(start, end, _CHUNK):
        rest = raw[at : min(at + _CHUNK, end)].translate(None, _ALPHABET)
        others += len(rest)
        strange = strange or bool(rest.translate(None, _WHITE + b"="))
    return end - start - others, strange
