"""Finds the delimiters between the parts of a multipart."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ...patterns import lazy_pattern
from . import chunks
from .limits import MAX_BOUNDARY, Budget
from .part import Part

__all__ = ["part_ranges"]

AFTER_CLOSING = "part after the closing delimiter of its multipart"
NOT_CLOSED = "multipart without closing delimiter"
TOO_MANY_DELIMITERS = "too many lines similar to delimiters, rest not parsed"
TOO_MANY_LEVELS = "large nested multiparts, not parsed"

_BLANK = lazy_pattern(rb"\s*")
_CR = ord("\r")
# 998: https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1
_END_OF_DELIMITER = lazy_pattern(rb"(--)?[ \t]{0,998}(?:\r?\n|\r?\Z)")


def part_ranges(part: Part, budget: Budget) -> Iterator[tuple[int, int]]:
    """Start and end of each part of a multipart, those after its closing delimiter included."""
    boundary = part.parameters.get("boundary", "").rstrip().encode()
    if not 0 < len(boundary) <= MAX_BOUNDARY:
        return
    budget.searched_bytes -= part.end - part.body
    if budget.searched_bytes < 0:
        part.defects[TOO_MANY_LEVELS] = None
        return
    raw, start, is_closed = part.raw, -1, False
    for line_start, line_end, closing in _delimiter_lines(part, b"--" + boundary, budget):
        if line_start == start and not (closing or is_closed):  # the delimiter is written twice
            start = line_end
            if _may_go_on(part, budget):
                continue
            return
        # The line break before a delimiter line belongs to the delimiter.
        # https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1
        stop = line_start - (2 if raw[line_start - 2] == _CR else 1)
        if stop < start:
            stop = start
        if start >= 0 and (not is_closed or _is_part_after_closing(part, start, stop)):
            yield start, stop
        elif closing and not (is_closed or raw[part.body : stop].strip()):
            part.body = part.end  # the multipart is empty
        if is_closed and not _may_go_on(part, budget):
            return
        is_closed = is_closed or closing
        start = -1 if closing else line_end
    if start >= 0 and (not is_closed or _is_part_after_closing(part, start, part.end)):
        part.defects[NOT_CLOSED] = None
        yield start, part.end


def _may_go_on(part: Part, budget: Budget) -> bool:
    """Returns True if the budget allows another line that is or resembles a delimiter."""
    if budget.false_delimiters:
        budget.false_delimiters -= 1
        return True
    part.defects[TOO_MANY_DELIMITERS] = None
    return False


def _delimiter_lines(
    part: Part, delimiter: bytes, budget: Budget
) -> Iterator[tuple[int, int, bool]]:
    """Start and end of each delimiter line, and whether it is the closing one."""
    raw, end = part.raw, part.end
    pattern = b"\n" + delimiter
    find = raw.find if end - part.body < chunks.SIZE else partial(_find_in_chunks, raw)
    at = find(pattern, part.body - 1, end)  # the line break before it may end the header
    while at >= 0:
        stop = at + len(pattern)
        match = _END_OF_DELIMITER.match(raw, stop, end)
        if match is not None:
            stop = match.end()
            yield at + 1, stop, match[1] is not None
            stop -= 1
        elif not _may_go_on(part, budget):
            return
        at = find(pattern, stop, end)


def _is_part_after_closing(part: Part, start: int, end: int) -> bool:
    """Returns True if a part follows the closing delimiter, where programs disagree about it."""
    if _BLANK.fullmatch(part.raw, start, end):
        return False
    part.defects[AFTER_CLOSING] = None
    return True


def _find_in_chunks(raw: bytes, pattern: bytes, start: int, end: int) -> int:
    """Equivalent of ``raw.find(pattern, start, end)`` that doesn't stall other threads."""
    for at, stop in chunks.ranges(start, end):
        found = raw.find(pattern, at, min(stop + len(pattern) - 1, end))
        if found >= 0:
            return found
    return -1
