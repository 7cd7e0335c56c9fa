"""Parses the Date field of a mail."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from ...patterns import lazy_pattern
from .comments import without_comments
from .header import Defects

__all__ = ["read_date"]

BAD_DATE = "malformed date"
NO_ZONE = "date without a known time zone, read as UTC"

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# https://www.rfc-editor.org/rfc/rfc5322#section-4.3 and other abbreviations with a single meaning;
# those with several, such as IST, are missing.
_ZONES = {
    **{"z": 0, "ut": 0, "utc": 0, "gmt": 0},
    **{"edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8},
    **{"wet": 0, "west": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3, "msk": 3, "jst": 9, "kst": 9},
    **{"aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13},
}
_FLAGS = re.IGNORECASE | re.ASCII
_DATE = lazy_pattern(
    r"(?:[^0-9,()]{2,20},|[a-z]{2,9}\.?\s?)?\s{0,9}"  # the day of the week in any language
    r"([0-9]{1,2})[\s-]{1,9}([a-z]{3})[a-z]{0,6}[\s-]{1,9}([0-9]{2,4})[\s,]{1,9}"
    r"([0-9]{1,2})\s?[:.]\s?([0-9]{1,2})(?:\s?[:.]\s?([0-9]{1,2}))?(?:\.[0-9]{1,9})?"
    r"\s{0,9}(?:([ap])m\b)?\s{0,9}"
    r"(?:(?:gmt|utc?)?\s?([+-])([0-9]{1,2})(?::?([0-9]{2}))?(?![0-9])|([a-z]{1,5}))?",
    _FLAGS,
)
# The order used in the United States, and that of asctime in C and of the Unix command date.
_MONTH_FIRST = lazy_pattern(
    r"(?:[a-z]{2,9}\.?,?\s{1,9})??([a-z]{3,9})\.?\s{1,9}([0-9]{1,2})"
    r"(?:,?\s{1,9}([0-9]{4}),?\s{1,9}(.{3,40})"
    r"|\s{1,9}([0-9:.]{3,8}(?:\s{1,9}\S{1,9})?)\s{1,9}([0-9]{4}))",
    _FLAGS,
)


def read_date(text: str, defects: Defects) -> datetime | None:
    """Parses a date in the format of RFC 5322 or a similar one.

    Args:
        text: Value of the field as plain text.
        defects: Receives the defects found.

    Returns:
        The date with its time zone; None if it is malformed or isn't in the years 1 to 9999 in UTC.
    """
    text = " ".join(without_comments(text).split())
    match = _DATE.match(text)
    if match is None and (other := _MONTH_FIRST.match(text)):
        month, day = other[1], other[2]
        match = _DATE.match(f"{day} {month} {other[3] or other[6]} {other[4] or other[5]}")
    try:
        if match is not None:
            date = _date(match, defects)
            date.astimezone(UTC)  # raises OverflowError
            return date
    except (ValueError, OverflowError):
        pass
    defects[BAD_DATE] = None
    return None


def _date(match: re.Match[str], defects: Defects) -> datetime:
    day, month, year, hour, minute, second, half_day, sign, hours, minutes, zone = match.groups()
    if sign:
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    else:
        known = _ZONES.get(str(zone).lower())
        offset = timedelta(hours=known or 0)
        if known is None:
            defects[NO_ZONE] = None
    return datetime(
        _full_year(year),
        _MONTHS.index(month.lower()) + 1,
        int(day),
        _full_hour(int(hour), half_day),
        int(minute),
        int(second or 0) - (second == "60"),  # a leap second, which datetime rejects
        tzinfo=timezone(offset),
    )


def _full_hour(hour: int, half_day: str | None) -> int:
    """The hour from 0 to 23, of one with ``a`` or ``p`` (AM, PM) or of the 24-hour clock."""
    if half_day is None or hour > 12:
        return hour
    return hour % 12 + (12 if half_day in "pP" else 0)


def _full_year(year: str) -> int:
    """The year of one with two to four digits.

    https://www.rfc-editor.org/rfc/rfc5322#section-4.3
    """
    number = int(year)
    if len(year) == 4:
        return number
    return number + (2000 if len(year) == 2 and number < 50 else 1900)
