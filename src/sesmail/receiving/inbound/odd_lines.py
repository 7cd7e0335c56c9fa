"""Reads headers that contain lines that aren't fields."""

from __future__ import annotations

import re
from typing import TypeAlias

from ...patterns import lazy_pattern
from .limits import MAX_ODD_LINES

__all__ = ["Field", "read_one_by_one", "skip_odd_lines"]

Field: TypeAlias = tuple[bytes, bytes]
"""Name and value of a header field as in the mail."""

_FIELD_NAME = lazy_pattern(rb"((?!--)[!-9;-~]+)[ \t]*:")
_END_OF_FIELD = lazy_pattern(rb"\n(?![ \t])")
_DELIMITER = lazy_pattern(rb"--[^\s-]|---+[^\s-]")
_LF = ord("\n")
# A byte order mark, the line in front of a mail in an mbox file (RFC 4155), as it is or quoted, and
# a line of blanks; 998: https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1
_SKIPPED = lazy_pattern(
    rb"(?:\xef\xbb\xbf|>?From [^\n]{0,998}\n|[ \t]{1,998}\r?\n){1,5}(?=[!-9;-~]{1,998}[ \t]*:)"
)
# At least one of them is in the header of each mail and part.
_COMMON_NAME = lazy_pattern(
    rb"(?:from|to|cc|subject|date|sender|reply-to|message-id|received|return-path|mime-version"
    rb"|content-[a-z-]+|dkim-signature|authentication-results|list-[a-z-]+|x-[!-9;-~]+)",
    re.IGNORECASE,
)


def skip_odd_lines(raw: bytes, start: int, end: int) -> int:
    """Position of the first field after lines that stand before a header by mistake.

    Returns:
        The position; ``start`` if there are none, or no field follows.
    """
    match = _SKIPPED.match(raw, start, end)
    return start if match is None else match.end()


def read_one_by_one(
    raw: bytes, start: int, end: int, limit: int, *, is_closed: bool
) -> tuple[list[Field], int | None, bool]:
    """Reads at most ``limit`` fields, up to a line that shows that the header has ended.

    A line that isn't a field, in the middle of a header, mostly is a folded one that has lost the
    space before it, and is added to the field before. But where nobody wrote an empty line after
    the header, it begins the content, and would be lost otherwise.

    Args:
        raw: The mail.
        start: Start of the header.
        end: End of the header at most.
        limit: Number of fields.
        is_closed: Whether the header ends with an empty line.

    Returns:
        The fields, the start of the line at which the header has ended, or None if it is ``end``,
        and whether it contains lines that aren't fields.
    """
    fields: list[Field] = []
    odd: list[tuple[int, int, int]] = []  # start, end, and number of fields before
    at, skipped, content = start, False, None
    while at < end and len(fields) < limit and len(odd) <= MAX_ODD_LINES:
        if raw[at] == _LF:
            at += 1
        elif name := _FIELD_NAME.match(raw, at, end):
            line_break = _END_OF_FIELD.search(raw, name.end(), end)
            stop = end if line_break is None else line_break.start()
            fields.append((name[1], raw[name.end() : stop]))
            at = stop + 1
        elif (first_field := skip_odd_lines(raw, at, end)) > at:
            at, skipped = first_field, True
        elif fields and _DELIMITER.match(raw, at, end):
            content = at
            while odd and odd[-1][2] == len(fields):
                content = odd.pop()[0]
            break
        else:
            line_break = _END_OF_FIELD.search(raw, at, end)
            stop = end if line_break is None else line_break.start()
            odd.append((at, stop, len(fields)))
            at = stop + 1
            if not is_closed:
                break
    if not odd:
        return fields, content, skipped
    if is_closed and _goes_on(fields, odd):
        return _with_odd_lines(raw, fields, odd), content, True
    at, _, count = odd[0]
    return fields[:count], at, skipped


def _goes_on(fields: list[Field], odd: list[tuple[int, int, int]]) -> bool:
    """Returns True if a header continues after its lines that aren't fields."""
    following = fields[odd[-1][2] :]
    if len(odd) > MAX_ODD_LINES or odd[0][2] == 0 or not following:
        return False
    return len(odd) == 1 or any(_COMMON_NAME.fullmatch(name) for name, _ in following)


def _with_odd_lines(
    raw: bytes, fields: list[Field], odd: list[tuple[int, int, int]]
) -> list[Field]:
    for start, end, count in odd:
        name, value = fields[count - 1]
        fields[count - 1] = (name, b"%s\n %s" % (value, raw[start:end]))
    return fields
