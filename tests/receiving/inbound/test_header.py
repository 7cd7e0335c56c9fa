"""Header fields, encoded-words, parameters, mailboxes, dates and charsets."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sesmail.encoded_word import encode_words
from sesmail.receiving.inbound import charsets
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
from sesmail.receiving.inbound.parameters import read_parameters
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
        (b"Gr\xfc\xdfe", "Grüße", EIGHT_BIT),
        (b"Gr\x81e", "Gr\N{REPLACEMENT CHARACTER}e", EIGHT_BIT),
        ("Grüße, ".encode() * 9 + b"\xc3", "Grüße, " * 9 + "\N{REPLACEMENT CHARACTER}", EIGHT_BIT),
        (b"=?koi8-r?q?\xf0\xd2?= \xfc", "=?koi8-r?q?=F0=D2?= ü", EIGHT_BIT),
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
        ("=?utf-8?b?w?= =?utf-8?b?6Q?=", "ä", None),
        ("=?utf-8?b?44GC44G?= =?utf-8?b?E?=", "あい", None),
        ("=?utf-8?B?44GC4?=\r\n =?utf-8?B?4GE44GG?=", "あいう", None),
        ("=?utf-8?b?aGVsbG?= =?utf-8?b?8=?=", "hello", None),
        ("=?utf-8?b?aGVsb?= =?utf-8?b?G8gd2?= =?utf-8?b?9ybGQ=?=", "hello world", None),
        ("=?utf-8?b?aGVsbG8?= =?utf-8?b?gd28=?=", "hello wo", None),
        ("=?utf-8?b?aGk?= =?utf-8?b?aGk?=", "hihi", None),
        ("=?utf-8?b?aGk=?= =?utf-8?b?a?= =?utf-8?b?aGk=?=", "hi =?utf-8?b?a?= hi", BAD_WORD),
        ("=?utf-8?b?w?= =?utf-8?q?=A4?=", "=?utf-8?b?w?= \N{REPLACEMENT CHARACTER}", BAD_WORD),
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
