"""Header fields, encoded-words, parameters, mailboxes, dates and charsets."""

import time
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sesmail.encoded_word import encode_words
from sesmail.receiving.inbound import charsets
from sesmail.receiving.inbound.date import BAD_DATE, NO_ZONE, read_date
from sesmail.receiving.inbound.header import (
    BAD_WORD,
    CONTROLS,
    EIGHT_BIT,
    FIELD_TOO_LARGE,
    HEADERS_TOO_LARGE,
    REPEATED,
    TOO_MANY_FIELDS,
    Defects,
    MailHeaders,
    decode_words,
    plain_text,
    read_fields,
)
from sesmail.receiving.inbound.limits import Budget
from sesmail.receiving.inbound.mailbox import (
    BAD_MAILBOX,
    TOO_MANY_ADDRESSES,
    Mailbox,
    read_mailboxes,
)
from sesmail.receiving.inbound.parameters import BAD_PARAMETER, read_parameters
from sesmail.sending.mime.header import parameter, text_field


def fields(block: bytes, **budget: int) -> tuple[list[tuple[bytes, bytes]], bytes, list[str]]:
    """The fields of a header, what follows them, and the defects."""
    defects: Defects = {}
    found, end = read_fields(block, 0, len(block), Budget(**budget), defects)
    return found, block[end:], list(defects)


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_header_fields_with_crlf_and_lf(end: bytes) -> None:
    block = end.join(
        [b"To: a", b"X-Folded: one", b" two", b"\tthree", b"Empty:", b"Spaced \t : x", b""]
    )
    found, rest, defects = fields(block)
    headers = MailHeaders(found, {})
    assert list(headers) == [
        ("To", "a"),
        ("X-Folded", "one two three"),
        ("Empty", ""),
        ("Spaced", "x"),
    ]
    assert (rest, defects) == (b"", [])


def test_header_names_are_case_insensitive_and_may_repeat() -> None:
    headers = MailHeaders([(b"Received", b" one"), (b"received", b" two"), (b"To", b" me")], {})
    assert headers.get("RECEIVED") == "one"
    assert headers.get_all("Received") == ("one", "two")
    assert headers.raw("received") == (b" one", b" two")
    assert headers.get("Cc") is None
    assert headers.get_all("Cc") == ()
    assert "to" in headers
    assert "R\ud800eceived" not in headers
    assert len(headers) == 3
    assert repr(headers) == "<MailHeaders of 3 fields>"


@pytest.mark.parametrize("line", [b"words", b": x", b"name with: space", b"\rTo: a"])
def test_header_ends_before_line_that_is_not_a_field(line: bytes) -> None:
    found, rest, defects = fields(b"To: a\n folded\n" + line + b"\nCc: b\n")
    assert found == [(b"To", b" a\n folded")]
    assert rest == line + b"\nCc: b\n"
    assert defects == []


def test_empty_lines_do_not_end_the_header_fields() -> None:
    assert fields(b"\n\nTo: a\n\n folded\n") == ([(b"To", b" a")], b" folded\n", [])
    assert fields(b"\nTo: a\n\nCc: b\nwords\n") == (
        [(b"To", b" a"), (b"Cc", b" b")],
        b"words\n",
        [],
    )


@pytest.mark.parametrize(
    ("unit", "count"), [(b"\n ", 1), (b"\n\tx\r", 1), (b"\na:", 20_000), (b"\na: b\n c", 20_000)]
)
def test_a_header_of_many_lines_takes_little_memory(unit: bytes, count: int) -> None:
    size = 1 << 20
    block = b"To: a" + unit * (size // len(unit))
    tracemalloc.start()
    try:
        found, rest, defects = fields(block)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(found), rest, defects) == (count, b"", [TOO_MANY_FIELDS])
    assert sum(len(value) for _, value in found) > size - 20 or count > 1
    assert peak < 6 * size


def test_limits_number_of_header_fields() -> None:
    found, rest, defects = fields(b"a: b\n" * 11 + b"words\n", fields=10)
    assert len(found) == 10
    assert (rest, defects) == (b"", [TOO_MANY_FIELDS])


def test_limits_bytes_of_headers() -> None:
    assert fields(b"a: bc\n", header_bytes=4) == ([(b"a", b" b")], b"", [HEADERS_TOO_LARGE])
    assert fields(b"a: bc\n", header_bytes=0) == ([], b"", [HEADERS_TOO_LARGE])
    assert fields(b"a: bc\n", header_bytes=6) == ([(b"a", b" bc")], b"", [])


@pytest.mark.parametrize(
    ("names", "defect"),
    [
        (b"From From", REPEATED),
        (b"Subject subject", REPEATED),
        (b"Content-Type X Content-type", REPEATED),
        (b"Received Received To Cc MIME-Version MIME-Version", None),
    ],
)
def test_repeated_unique_field_is_a_defect(names: bytes, defect: str | None) -> None:
    defects: Defects = {}
    MailHeaders([(name, b"") for name in names.split()], defects)
    assert list(defects) == ([] if defect is None else [defect])


def test_load_decodes_large_header_in_advance() -> None:
    words = b" ".join([b"=?utf-8?q?=C3=A4?="] * 3_000)
    for value, loaded in ((b"small", False), (words + words, True)):
        headers = MailHeaders([(b"Subject", value)], {})
        text = headers.get("Subject")
        headers.load()
        assert headers.get("Subject") == text
        assert (headers.get("Subject") is headers.get("subject")) is loaded or not loaded


@pytest.mark.parametrize(
    ("value", "text", "defect"),
    [
        (b" plain ", "plain", None),
        (b" a\r\n b\r", "a b", None),
        (b" a\n\tb", "a b", None),
        ("Grüße".encode(), "Grüße", None),
        ("a\N{NO-BREAK SPACE}b".encode(), "a\N{NO-BREAK SPACE}b", None),
        (b"Gr\xfc\xdfe", "Gr\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}e", EIGHT_BIT),
        (b"a\rb\0c", "a b c", CONTROLS),
        ("a\u2028b\x85c".encode(), "a b c", CONTROLS),
        (b"x" * 70_000, "x" * 65_536, FIELD_TOO_LARGE),
    ],
)
def test_unfolds_and_cleans_field_values(value: bytes, text: str, defect: str | None) -> None:
    defects: Defects = {}
    assert plain_text(value, defects) == text
    assert list(defects) == ([] if defect is None else [defect])


@pytest.mark.parametrize(
    ("text", "decoded", "defect"),
    [
        ("plain = text ?", "plain = text ?", None),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe_an_=5F?=", "Grüße an _", None),
        ("=?UTF-8?B?R3LDvMOfZQ==?= und mehr", "Grüße und mehr", None),
        ("=?iso-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab", None),
        ("=?utf-8?q?a?=  =?iso-8859-1?q?=E4?=", "aä", None),
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c", None),
        ("=?utf-8?q?a?=b=?utf-8?q?c?=", "abc", None),
        ("x =?utf-8?q?a?=", "x a", None),
        ("=?utf-8?b?w?= =?utf-8?b?6Q?=", "=?utf-8?b?w?= \N{REPLACEMENT CHARACTER}", BAD_WORD),
        ("=?utf-8?b?a*?=", "=?utf-8?b?a*?=", BAD_WORD),
        ("=?utf-8?q?a?= =?utf-8?b?a*?= =?utf-8?q?b?=", "a =?utf-8?b?a*?= b", BAD_WORD),
        ("=?utf-8?b?aGk?= =?utf-8?b?aGk=?=", "hihi", None),
        ("=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "ä", None),
        ("=?utf-8*de?q?=C3=A4?=", "ä", None),
        ("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本", None),
        ("=?gb2312?B?xOO6ww==?=", "你好", None),
        ("=?utf-8?q?with spaces?=", "with spaces", None),
        ("=?utf-8?q?ä?=", "ä", None),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?=", None),
        ("=?utf-8?q?a", "=?utf-8?q?a", None),
        ("=??q?a?=", "=??q?a?=", None),
        ("=?utf-8?q??=", "", None),
        ("=?utf-8?q?a=0D=0Ab?=", "a  b", CONTROLS),
        ("=?no-such?q?=C3=A4?=", "ä", charsets.UNKNOWN_CHARSET),
        ("=?utf-8?q?=C3?=", "\N{REPLACEMENT CHARACTER}", charsets.BAD_TEXT),
    ],
)
def test_decodes_encoded_words(text: str, decoded: str, defect: str | None) -> None:
    defects: Defects = {}
    assert decode_words(text, defects) == decoded
    assert (defect is None and not defects) or defect in defects


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]))


@given(TEXT)
@settings(derandomize=True, max_examples=200)
def test_decodes_headers_and_parameters_that_sesmail_encodes(text: str) -> None:
    defects: Defects = {}
    assert decode_words(" ".join(encode_words(text)), defects) == text
    field = text_field("Subject", text).encode().partition(b":")[2]
    assert decode_words(plain_text(field, defects), defects) == text
    file_name = text.replace("\\", "").strip()
    written = " ".join(["attachment;", *parameter("filename", file_name)])
    assert read_parameters(written, defects) == ("attachment", {"filename": file_name})
    assert not defects


@pytest.mark.parametrize(
    ("text", "value", "found", "defect"),
    [
        ("", "", {}, None),
        ("Text/HTML", "text/html", {}, None),
        ("text/plain;", "text/plain", {}, None),
        ("text/plain; charset=UTF-8", "text/plain", {"charset": "UTF-8"}, None),
        (
            'text/plain;CHARSET = "utf-8" ; format=flowed',
            "text/plain",
            {"charset": "utf-8", "format": "flowed"},
            None,
        ),
        ("a/b; x=1; x=2", "a/b", {"x": "1"}, None),
        ("(", "(", {}, None),
        ("(words (in words", "(words (in words", {}, None),
        ("(words) (open a/b; x=y", "(open a/b", {"x": "y"}, None),
        ("(words) a/b (and; more); x=y", "a/b (and", {"x": "y"}, None),
        (
            "(words; in (words)) a/b; boundary=b (words) ; x=(y)",
            "a/b",
            {"boundary": "b", "x": "(y)"},
            None,
        ),
        ("a/b; name=x.pdf (words)", "a/b", {"name": "x.pdf"}, None),
        ("a/b; name=My File (1).pdf", "a/b", {"name": "My File (1).pdf"}, None),
        (r'a/b; name="C:\new \"one\" \\"', "a/b", {"name": r'C:\new "one" ' + "\\"}, None),
        ('a/b; name="a;b=c"; d=e', "a/b", {"name": "a;b=c", "d": "e"}, None),
        ("a/b; ; =x; y; z=", "a/b", {"z": ""}, None),
        ('a/b; name="open', "a/b", {"name": "open"}, BAD_PARAMETER),
        ('a/b; name="=?utf-8?q?=C3=A4.txt?="', "a/b", {"name": "ä.txt"}, None),
        ("a/b; name*=utf-8'de'%C3%A4%20.txt", "a/b", {"name": "ä .txt"}, None),
        ("a/b; name=a.txt; name*=utf-8''%C3%A4.txt", "a/b", {"name": "ä.txt"}, None),
        ("a/b; name*=iso-8859-1''%E4", "a/b", {"name": "ä"}, None),
        ("a/b; name*=''%C3%A4", "a/b", {"name": "ä"}, None),
        ("a/b; name*=%C3%A4", "a/b", {"name": "ä"}, None),
        ("a/b; name*0=a; name*1=b", "a/b", {"name": "ab"}, None),
        ("a/b; name*1*=%C3; name*0*=utf-8''x; name*2*=%A4", "a/b", {"name": "xä"}, None),
        ("a/b; name*0*=utf-8''%41; name*1=%42", "a/b", {"name": "A%42"}, None),
        ("a/b; name*0=a; name*0=b", "a/b", {"name": "a"}, None),
        ("a/b; name*0=a; name*2=c", "a/b", {"name": "a"}, BAD_PARAMETER),
        ("a/b; name*1=a", "a/b", {}, BAD_PARAMETER),
        ("a/b; name*=no-such''%FF", "a/b", {"name": "\N{REPLACEMENT CHARACTER}"}, BAD_PARAMETER),
        ("a/b; name*x=1", "a/b", {"name*x": "1"}, None),
    ],
)
def test_parses_parameters(
    text: str, value: str, found: dict[str, str], defect: str | None
) -> None:
    defects: Defects = {}
    assert read_parameters(text, defects) == (value, found)
    assert list(defects) == ([] if defect is None else [defect])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" , ; ,", []),
        ("a@b.example", [("a@b.example", None)]),
        ("<a@b.example>", [("a@b.example", None)]),
        ("Alice <a@b.example>", [("a@b.example", "Alice")]),
        ('"Doe, J\\"ane\\"" <a@b.example>', [("a@b.example", 'Doe, J"ane"')]),
        ('"" <a@b.example>', [("a@b.example", None)]),
        ("Alice <a@b.example>, Bob <b@b.example>; c@b.example", [
            ("a@b.example", "Alice"), ("b@b.example", "Bob"), ("c@b.example", None),
        ]),
        ("=?utf-8?q?J=C3=BCrgen?= <a@b.example>", [("a@b.example", "Jürgen")]),
        ("=?utf-8?q?M,=C3=BC?= <a@b.example>", [("a@b.example", "M,ü")]),
        ('"=?utf-8?q?J=C3=BCrgen?=" <a@b.example>', [("a@b.example", "Jürgen")]),
        ("=?utf-8?q?=3Cevil=40x=2Eexample=3E=2C?= <a@b.example>", [
            ("a@b.example", "<evil@x.example>,"),
        ]),
        ("a=b <a=b@b.example>", [("a=b@b.example", "a=b")]),
        ("a@b.example (Alice (the (first)) one \\))", [("a@b.example", "Alice one )")]),
        ("a@b.example (never ends", [("a@b.example", "never ends")]),
        ("(comment) Alice <a@b.example>", [("a@b.example", "Alice")]),
        ("a(comment)@b.example", [("a@b.example", "comment")]),
        ('"a b"@b.example', [('"a b"@b.example', None)]),
        ('<"a>b"@b.example>', [('"a>b"@b.example', None)]),
        ("<a@[192.0.2.1]>", [("a@[192.0.2.1]", None)]),
        ("<jürgen@bücher.example>", [("jürgen@bücher.example", None)]),
        ("undisclosed-recipients:;", []),
        ("Friends: a@b.example, Bob <b@b.example>; c@b.example", [
            ("a@b.example", None), ("b@b.example", "Bob"), ("c@b.example", None),
        ]),
        ("<>", [("", None)]),
        ("Mail Delivery System <>", [("", "Mail Delivery System")]),
    ],
)  # fmt: skip
def test_parses_mailboxes(text: str, found: list[tuple[str, str | None]]) -> None:
    defects: Defects = {}
    assert read_mailboxes(text, defects, Budget()) == [
        Mailbox(email, name) for email, name in found
    ]
    assert not defects


@pytest.mark.parametrize(
    "text",
    [
        "Alice",
        "Alice <alice>",
        "<a@b.example",
        "a@b.example>",
        "a b@c.example",
        "a@b@c.example",
        "a@b.example:x",
        "<@route.example:a@b.example>",
        "Good <good@example.com> <evil@example.com>",
        "<a@b.example\\>",
        '"a@b.example',
        "<a@b.example <c@d.example",
    ],
)
def test_malformed_mailbox_is_kept_as_name(text: str) -> None:
    defects: Defects = {}
    (mailbox,) = read_mailboxes(text, defects, Budget())
    assert mailbox == Mailbox("", text)
    assert list(defects) == [BAD_MAILBOX]


def test_limits_number_of_address_tokens() -> None:
    budget = Budget(address_tokens=9)
    defects: Defects = {}
    assert len(read_mailboxes("a@b.example, " * 4, defects, budget)) == 4
    assert not defects
    assert read_mailboxes("Bob <b@b.example>, c@d.example", defects, budget) == []
    assert list(defects) == [TOO_MANY_ADDRESSES]


UNITS = ['<(\\")', '<("', '<(")', "<'=?x?q?\"?=", '<"a" ', "<a,", "()", "(", "(\\a", '"<', "<a(>"]


@pytest.mark.parametrize("unit", UNITS)
def test_parses_mailboxes_in_linear_time(unit: str) -> None:
    seconds = []
    for size in (1 << 14, 1 << 16):
        text = unit * (size // len(unit))
        start = time.process_time()
        read_mailboxes(text, {}, Budget(address_tokens=1 << 30))
        seconds.append(time.process_time() - start)
    assert seconds[1] < 16 * max(seconds[0], 0.01)


PARAMETER_UNITS = [
    ";",
    "; ",
    ";a",
    ";a ",
    '; a="',
    '; a="\\"',
    ";a=b ",
    ";a=b (",
    ";a= (b)",
    '"',
    "\\",
    "(",
    "()",
    "(()",
]


@pytest.mark.parametrize("unit", PARAMETER_UNITS)
@pytest.mark.parametrize("before", ["", "(", "; a=", '; a="', "; a=b ("])
def test_the_work_on_parameters_grows_with_their_length(before: str, unit: str) -> None:
    seconds = []
    for size in (1 << 14, 1 << 16):
        text = before + unit * (size // len(unit))
        start = time.process_time()
        read_parameters(text, {})
        seconds.append(time.process_time() - start)
    assert seconds[1] < 16 * max(seconds[0], 0.01)


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


@pytest.mark.parametrize("charset", sorted(charsets._CODECS))
def test_every_charset_decodes_every_byte(charset: str) -> None:
    data = bytes(range(256)) * 2
    text, defect = charsets.decode_text(data, charset)
    assert text
    assert defect in (None, charsets.BAD_TEXT)
    assert charsets.decode_text(b"", charset)[0] == ""


@pytest.mark.parametrize(
    ("charset", "data", "text", "defect"),
    [
        (None, "ä".encode(), "ä", None),
        ("", "ä".encode(), "ä", None),
        ("UTF-8", "ä".encode(), "ä", None),
        (' "utf8"', "ä".encode(), "ä", None),
        ("us-ascii (words)", b"a", "a", None),
        ("us-ascii", "ä".encode(), "ä", charsets.BAD_TEXT),
        ("iso-8859-1", b"\xe4", "ä", None),
        ("latin1", b"\x93a\x94 \x80", "“a” €", None),
        ("iso-8859-1", b"\xe4\x81", "ä\N{REPLACEMENT CHARACTER}", charsets.BAD_TEXT),
        ("Windows-1252", b"\x80\x81", "€\N{REPLACEMENT CHARACTER}", charsets.BAD_TEXT),
        ("cp1252:2000", b"\x80", "\N{REPLACEMENT CHARACTER}", charsets.UNKNOWN_CHARSET),
        ("ks_c_5601-1987", "\ub620".encode("cp949"), "\ub620", None),
        ("gb2312", "\u9555".encode("gbk"), "\u9555", None),
        ("gb2312", b"\xff\xff", "\N{REPLACEMENT CHARACTER}" * 2, charsets.BAD_TEXT),
        ("iso-8859-8-i", b"\xe0", "א", None),
        ("x-sjis", b"\x93\xfa", "日", None),
        ("utf-16", "aä".encode("utf-16"), "aä", None),
        ("utf-16", "aä".encode("utf-16-le"), "aä", None),
        ("utf-16", b"a", "a", charsets.BAD_TEXT),
        ("utf-7", b"+AOQ-", "+AOQ-", charsets.UNKNOWN_CHARSET),
        ("?", b"a", "a", charsets.UNKNOWN_CHARSET),
    ],
)
def test_decodes_charsets(charset: str | None, data: bytes, text: str, defect: str | None) -> None:
    assert charsets.decode_text(data, charset) == (text, defect)
