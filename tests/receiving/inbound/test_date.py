"""Dates: in the format of RFC 5322, similar ones, and malformed ones."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sesmail.receiving.inbound.date import BAD_DATE, NO_ZONE, read_date
from sesmail.receiving.inbound.header import Defects


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Fri, 03 May 2024 10:11:12 +0200", "2024-05-03T10:11:12+02:00"),
        ("3 May 2024 10:11 -0330 (NST)", "2024-05-03T10:11:00-03:30"),
        ("Fri,3 may 24 1:02:03 GMT", "2024-05-03T01:02:03+00:00"),
        ("Friday, 03-May-2024 10:11:12 EST", "2024-05-03T10:11:12-05:00"),
        ("03 May 99 10:11:12 PDT", "1999-05-03T10:11:12-07:00"),
        ("31 December 2016 23:59:60 +0000", "2016-12-31T23:59:59+00:00"),
        ("03 May 2024 10.11.12 -0000", "2024-05-03T10:11:12+00:00"),
        ("03 May 2024 1:1:0 Z", "2024-05-03T01:01:00+00:00"),
        ("03 May 2024 10:11:12.345 CEST", "2024-05-03T10:11:12+02:00"),
        ("03 May 2024 10:11:12 GMT+02:00", "2024-05-03T10:11:12+02:00"),
        ("03 May 2024 10:11:12 UTC -3", "2024-05-03T10:11:12-03:00"),
        ("03 May 2024 10:11:12 +200", "2024-05-03T10:11:12+02:00"),
        ("03 May 2024 10:11:12 PM +0000", "2024-05-03T22:11:12+00:00"),
        ("03 May 2024 12:11 am JST", "2024-05-03T00:11:00+09:00"),
        ("03 May 2024 14:11 pm UT", "2024-05-03T14:11:00+00:00"),
        ("May 3, 2024 10:11 +0200", "2024-05-03T10:11:00+02:00"),
        ("Friday, May 3, 2024, 10:11 PM EDT", "2024-05-03T22:11:00-04:00"),
        ("Fri May  3 10:11:00 CEST 2024", "2024-05-03T10:11:00+02:00"),
        ("Fri, 3 May 2024 10:11:12 (CEST) +0200", "2024-05-03T10:11:12+02:00"),
        ("(words) Fri, (a (b)) 3 May(c)2024 10:11:12 +0200 (\\( d)", "2024-05-03T10:11:12+02:00"),
        ("Fri, 3 May 2024 10 (h) : (m) 11 : 12 +0200", "2024-05-03T10:11:12+02:00"),
        ("Fri , 3 May 2024 10:11:12" + " " * 50 + "+0200", "2024-05-03T10:11:12+02:00"),
        ("vie., 3 May 2024 10:11:12 +0200", "2024-05-03T10:11:12+02:00"),
        ("Sáb, 3 May 2024 10:11:12 +0200", "2024-05-03T10:11:12+02:00"),
        ("пт, 3 May 2024 10:11:12 +0200", "2024-05-03T10:11:12+02:00"),
        ("Fri, 3 May 2024 10:11:12 +0200 (open", "2024-05-03T10:11:12+02:00"),
    ],
)
def test_parses_dates(text: str, date: str) -> None:
    defects: Defects = {}
    found = read_date(text, defects)
    assert found is not None
    assert found.isoformat() == date
    assert not defects


@pytest.mark.parametrize(
    "text",
    [
        "03 May 124 10:11:00",
        "03 May 2024 10:11:00 XYZ",
        "03 May 2024 10:11:00 IST",
        "03 May 2024 10:11:00 A",
        '03 May 2024 10:11:00 "+0200"',
        "Fri May  3 10:11:00 2024",
        "May 3, 2024 10:11",
    ],
)
def test_date_without_known_zone_is_utc_and_a_defect(text: str) -> None:
    defects: Defects = {}
    assert read_date(text, defects) == datetime(2024, 5, 3, 10, 11, tzinfo=UTC)
    assert list(defects) == [NO_ZONE]


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "03 Foo 2024 10:11:12 +0000",
        "31 Feb 2024 10:11:12 +0000",
        "03 May 2024 10:11:12 +9900",
        "31 Dec 9999 23:59:59 -2359",
        "01 Jan 0001 00:00:00 +0001",
        "May 3, 2024",
        "Foo 3, 2024 10:11 +0000",
        "(Fri, 3 May 2024 10:11:12 +0200",
        "(" * 9 + ")" * 9 + " 3 May 2024 10:11:12 +0200",
    ],
)
def test_malformed_date_is_none_and_a_defect(text: str) -> None:
    defects: Defects = {}
    assert read_date(text, defects) is None
    assert list(defects) == [BAD_DATE]


ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=ZONES))
@settings(derandomize=True, max_examples=100)
def test_parses_any_date_in_rfc_5322_format(date: datetime) -> None:
    sign, offset = (
        ("-", -date.utcoffset()) if date.utcoffset() < timedelta() else ("+", date.utcoffset())
    )
    zone = f"{sign}{offset // timedelta(hours=1):02}{offset // timedelta(minutes=1) % 60:02}"
    month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][
        date.month - 1
    ]
    written = f"Mon, {date.day:02} {month} {date.year:04} {date:%H:%M:%S} {zone}"
    assert read_date(written, {}) == date.replace(microsecond=0)
