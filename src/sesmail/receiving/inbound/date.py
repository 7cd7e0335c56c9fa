"""The moment that a Date field names."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from .header import Defects

__all__ = ["read_date"]

BAD_DATE = "malformed date"
NO_ZONE = "date in no time zone that is known, taken for UTC"

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# https://www.rfc-editor.org/rfc/rfc5322#section-4.3 and some that have one meaning; others, such as IST, have several.
_ZONES = {
    **{"z": 0, "ut": 0, "utc": 0, "gmt": 0},
    **{"edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8},
    **{"wet": 0, "west": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3, "msk": 3, "jst": 9, "kst": 9},
    **{"aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13},
}
_FLAGS = re.IGNORECASE | re.ASCII
_DATE = re.compile(
    r"(?:[a-z]{2,9}\.?,?)?\s{0,9}([0-9]{1,2})[\s-]{1,9}([a-z]{3})[a-z]{0,6}[\s-]{1,9}([0-9]{2,4})[\s,]{1,9}"
    r"([0-9]{1,2})[:.]([0-9]{1,2})(?:[:.]([0-9]{1,2}))?(?:\.[0-9]{1,9})?\s{0,9}(?:([ap])m\b)?\s{0,9}"
    r"(?:(?:gmt|utc?)?\s?([+-])([0-9]{1,2})(?::?([0-9]{2}))?(?![0-9])|([a-z]{1,5}))?",
    _FLAGS,
)
# As in the United States, and as C's asctime and Unix's date have it.
_MONTH_FIRST = re.compile(
    r"(?:[a-z]{2,9}\.?,?\s{1,9})??([a-z]{3,9})\.?\s{1,9}([0-9]{1,2})"
    r"(?:,?\s{1,9}([0-9]{4}),?\s{1,9}(.{3,40})|\s{1,9}([0-9:.]{3,8}(?:\s{1,9}\S{1,9})?)\s{1,9}([0-9]{4}))",
    _FLAGS,
)


def read_date(text: str, defects: Defects) -> datetime | None:
    """A date as RFC 5322 has it, or about so; None if it is none, or one that isn't a moment in UTC.

    Args:
        text: The field's value as plain text.
        defects: Where to note what is wrong.
    """
    text = text.strip()
    found = _DATE.match(text)
    if found is None and (other := _MONTH_FIRST.match(text)):
        month, day = other[1], other[2]
        found = _DATE.match(f"{day} {month} {other[3] or other[6]} {other[4] or other[5]}")
    try:
        if found is not None:
            date = _date(found, defects)
            date.astimezone(UTC)
            return date
    except (ValueError, OverflowError):
        pass
    defects[BAD_DATE] = None
    return None


def _date(found: re.Match[str], defects: Defects) -> datetime:
    day, month, year, hour, minute, second, half, sign, hours, minutes, zone = found.groups()
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
        _full_hour(int(hour), half),
        int(minute),
        int(second or 0) - (second == "60"),  # a leap second
        tzinfo=timezone(offset),
    )


def _full_hour(hour: int, half: str | None) -> int:
    """An hour of a clock of 24; those of one of 12 have half a day."""
    if half is None or hour > 12:
        return hour
    return hour % 12 + (12 if half in "pP" else 0)


def _full_year(year: str) -> int:
    """A year of two digits is this century's or the last one's, one of three counts from 1900."""
    number = int(year)
    if len(year) == 4:
        return number
    return number + (2000 if len(year) == 2 and number < 50 else 1900)
