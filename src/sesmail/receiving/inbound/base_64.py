"""Decodes base64, also if malformed."""

from __future__ import annotations

import binascii
import re
from io import BytesIO

from ...patterns import lazy_pattern
from . import chunks
from .limits import Budget

__all__ = ["BAD_BASE64", "decode_base64"]

BAD_BASE64 = "malformed base64"

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_WHITE_SPACE = b"\r\n\t "
_NO_DEFECT = _WHITE_SPACE + b"="
_NOT_IN_ALPHABET = bytes(set(range(256)) - set(_ALPHABET))
_IGNORED = bytes(set(_NOT_IN_ALPHABET) - set(b"="))
# The last one, two or three letters of a chunk, with any other characters between and after them.
_LAST = {
    count: lazy_pattern(rb"(?:[A-Za-z0-9+/][^A-Za-z0-9+/]*){%d}\Z" % count) for count in (1, 2, 3)
}
_NEAR_END = 200  # bytes at the end of a chunk, searched first
_PADDING = lazy_pattern(rb"={3,}")
_NOT_LETTERS = lazy_pattern(rb"[^A-Za-z0-9+/]*")
_PADDING_AND_SPACE = lazy_pattern(rb"[=\s]*")
_LINES = lazy_pattern(rb"[A-Za-z0-9+/\r\n]*")
_LINE = lazy_pattern(rb"[A-Za-z0-9+/]{0,80}")
_PADDING_AT_END_OF_LINE = lazy_pattern(rb"={1,2}(?:\s|\Z)")
_PROSE = lazy_pattern(rb"[A-Za-z]?[a-z]+|[A-Z]+")


def decode_base64(raw: bytes, start: int, end: int, budget: Budget) -> tuple[bytes, str | None]:
    """Decodes base64, ignoring characters that aren't in the alphabet.

    It may consist of blocks that each have their own padding. Prose after padding, such as the
    footer of a mailing list, isn't decoded.

    Args:
        raw: The mail.
        start: Start of the base64.
        end: End of the base64.
        budget: Amounts that may be parsed; reduced by the number of blocks.

    Returns:
        The content, and the defect found, or None.
    """
    if end - start <= chunks.SIZE and (content := _decode_well_formed(raw[start:end])) is not None:
        return content, None
    return _decode_in_chunks(raw, start, end, budget)


def _decode_well_formed(data: bytes) -> bytes | None:
    """Decodes base64; None if it is malformed."""
    others = data.translate(None, _ALPHABET)
    if others.translate(None, _NO_DEFECT):
        return None
    try:
        content = binascii.a2b_base64(data)
    except binascii.Error:
        return None
    return content if len(content) == (len(data) - len(others)) * 3 // 4 else None


def _decode_in_chunks(raw: bytes, start: int, end: int, budget: Budget) -> tuple[bytes, str | None]:
    decoded = BytesIO()  # getvalue() shares its buffer; joining chunks would need twice the memory
    defect = None
    rest, rest_start = b"", start
    for at, stop in chunks.ranges(start, end):
        chunk = rest + raw[at:stop]
        others = chunk.translate(None, _ALPHABET)
        if others.translate(None, _NO_DEFECT):
            defect = BAD_BASE64
        letters = len(chunk) - len(others)
        split = len(chunk)
        if letters % 4 and stop < end:
            split = _last_letters(chunk, letters % 4)
            letters -= letters % 4
        try:
            content = binascii.a2b_base64(memoryview(chunk)[:split])
        except binascii.Error:  # padding is missing, or one letter is left over
            content = _decode_unpadded(chunk)
            defect = BAD_BASE64
        if len(content) < letters * 3 // 4:  # padding in the middle, where a2b_base64 stops
            _decode_blocks(raw, rest_start, end, budget, decoded)
            defect = BAD_BASE64
            break
        decoded.write(content)
        if split >= len(rest):
            rest_start = at + split - len(rest)
        rest = _PADDING.sub(b"==", chunk[split:].translate(None, _IGNORED))
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


def _decode_blocks(raw: bytes, start: int, end: int, budget: Budget, decoded: BytesIO) -> None:
    """Decodes blocks of base64 that each have their own padding, up to the first prose."""
    stop, following = _end_of_block(raw, start, end, budget)
    _decode_letters(raw, start, stop, decoded)
    while following < end and budget.repairs > 0:
        start = following
        stop, following = _end_of_block(raw, start, end, budget)
        ends_line = _PADDING_AT_END_OF_LINE.match(raw, stop, end) is not None
        end_of_base64 = _end_of_base64(raw, start, stop, stop < end, ends_line)
        _decode_letters(raw, start, end_of_base64, decoded)
        if end_of_base64 < stop:
            return


def _end_of_block(raw: bytes, start: int, end: int, budget: Budget) -> tuple[int, int]:
    """Position of the padding of a block, and the position after it; ``end`` if there is none.

    An equals sign elsewhere than at the end of a group of four isn't padding.
    """
    letters, counted = 0, start
    while (at := raw.find(b"=", counted, end)) >= 0 and budget.repairs > 0:
        budget.repairs -= 1
        for chunk_start, chunk_end in chunks.ranges(counted, at):
            letters += len(raw[chunk_start:chunk_end].translate(None, _NOT_IN_ALPHABET))
        counted = _end_of_run(_NOT_LETTERS, raw, at, end)
        if letters % 4 == 3 or (letters % 4 == 2 and raw.count(b"=", at, counted) > 1):
            return at, _end_of_run(_PADDING_AND_SPACE, raw, at, end)
    return end, end


def _end_of_base64(raw: bytes, start: int, end: int, is_padded: bool, ends_line: bool) -> int:
    """End of the lines between two positions that are base64, not prose.

    Prose has other characters than base64, or is a word: letters that aren't mixed in case. Such
    letters are base64 if padding ends them and their line, as in ``Jw==``.

    Args:
        raw: The mail.
        start: Start of the lines.
        end: End of the lines.
        is_padded: Whether padding follows.
        ends_line: Whether the line ends after this padding.
    """
    stop = _end_of_run(_LINES, raw, start, end)
    if stop < end:
        stop = max(start, raw.rfind(b"\n", start, stop) + 1)
    for line_start in (start, max(start, raw.rfind(b"\n", start, stop) + 1)):
        line = _LINE.match(raw, line_start, stop)
        assert line is not None
        if not _PROSE.fullmatch(line[0]):
            continue
        if not (ends_line and line.end() == end) and not (is_padded and line[0].isupper()):
            return line_start
    return stop


def _end_of_run(pattern: re.Pattern[bytes], raw: bytes, start: int, end: int) -> int:
    """End of the characters of one kind from a position on."""
    for at, stop in chunks.ranges(start, end):
        match = pattern.match(raw, at, stop)
        assert match is not None  # it matches nothing, too
        if match.end() < stop:
            return match.end()
    return end


def _decode_letters(raw: bytes, start: int, end: int, decoded: BytesIO) -> None:
    rest = b""
    for chunk_start, chunk_end in chunks.ranges(start, end):
        letters = rest + raw[chunk_start:chunk_end].translate(None, _NOT_IN_ALPHABET)
        whole = len(letters) // 4 * 4
        decoded.write(binascii.a2b_base64(letters[:whole]))
        rest = letters[whole:]
    decoded.write(_decode_unpadded(rest))
