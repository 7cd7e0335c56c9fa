"""Decodes uuencode: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/uuencode.html"""

from __future__ import annotations

import binascii
from io import BytesIO

from ...patterns import lazy_pattern
from . import chunks
from .base_64 import decode_base64
from .limits import Budget

__all__ = ["BAD_UUENCODE", "decode_uuencode"]

BAD_UUENCODE = "malformed uuencode"

_BEGIN = lazy_pattern(rb"begin(-base64)? [0-7]{3,4} ?[^\n]{0,998}\n")
_LATER_BEGIN = lazy_pattern(rb"\nbegin(-base64)? [0-7]{3,4} ?[^\n]{0,998}\n")
_END_OF_BASE64 = b"\n===="
_FULL_LINE = 61  # characters of a line of 45 bytes


def decode_uuencode(raw: bytes, start: int, end: int, budget: Budget) -> tuple[bytes, str | None]:
    """Decodes the file in uuencoded content; the content as it is if there is none.

    Args:
        raw: The mail.
        start: Start of the content.
        end: End of the content.
        budget: Amounts that may be parsed; reduced by the number of short lines.

    Returns:
        The file, and the defect found, or None.
    """
    near_start = min(end, start + chunks.SIZE)
    begin = _BEGIN.match(raw, start, end) or _LATER_BEGIN.search(raw, start, near_start)
    if begin is None:
        return raw[start:end], BAD_UUENCODE
    if begin[1] is not None:
        last = raw.find(_END_OF_BASE64, begin.end(), end)
        return decode_base64(raw, begin.end(), end if last < 0 else last, budget)
    decoded = BytesIO()
    at, defect = begin.end(), None
    while at < end:
        stop = raw.find(b"\n", at, end)
        stop = end if stop < 0 else stop
        line = raw[at : min(stop, at + 2 * _FULL_LINE)].rstrip(b"\r")
        if line.rstrip() == b"end":
            return decoded.getvalue(), defect
        if len(line) < _FULL_LINE:
            budget.repairs -= 1
            if budget.repairs < 0:
                break
        try:
            decoded.write(_decode_line(line))
        except binascii.Error:
            defect = BAD_UUENCODE
        at = stop + 1
    return decoded.getvalue(), BAD_UUENCODE


def _decode_line(line: bytes) -> bytes:
    """Decodes a line, without the checksum that some programs write after it."""
    if not line:
        return b""
    size = (line[0] - 32) & 63
    return binascii.a2b_uu(line[: 1 + (size * 4 + 2) // 3])
