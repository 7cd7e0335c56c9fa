"""The moment that a Date field names."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from .header_reader import Defects

__all__ = ["read_date"]

BAD_DATE = "malformed date"

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# https://www.rfc-editor.org/rfc/rfc5322#section-4.3
_ZONES = {"edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8}
_DATE = re.compile(
    r"(?:[a-z]{2,9}\.?,?)?\s{0,9}([0-9]{1,2})[\s-]{1,9}([a-z]{3})[a-z]{0,6}[\s-]{1,9}([0-9]{2,4})[\s,]{1,9}"
    r"([0-9]{1,2})[:.]([0-9]{2})(?:[:.]([0-9]{2}))?(?:\.[0-9]{1,9})?\s{0,9}(?:([+-])([0-9]{2}):?([0-9]{2})|([a-z]{1,5}))?",
    re.IGNORECASE | re.ASCII,
)


def read_date(text: str, defects: Defects) -> datetime | None:
    """A date as RFC 5322 has it, or about so; UTC where it names no zone that is known. None if it is none.

    Args:
        text: The field's value as plain text.
        defects: Where to note what is wrong.
    """
    found = _DATE.match(text.strip())
    if found is None or found[2].lower() not in _MONTHS:
        defects[BAD_DATE] = None
        return None
    day, month, year, hour, minute, second, sign, hours, minutes, zone = found.groups()
    offset = timedelta(hours=_ZONES.get(str(zone).lower(), 0))
    if sign:
        offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    try:
        return datetime(
            _full_year(year),
            _MONTHS.index(month.lower()) + 1,
            int(day),
            int(hour),
            int(minute),
            int(second or 0) - (second == "60"),  # a leap second
            tzinfo=timezone(offset),
        )
    except ValueError:
        defects[BAD_DATE] = None
        return None


def _full_year(year: str) -> int:
    """A year of two digits is this century's or the last one's, one of three counts from 1900."""
    number = int(year)
    if len(year) == 4:
        return number
    return number + (2000 if len(year) == 2 and number < 50 else 1900)
