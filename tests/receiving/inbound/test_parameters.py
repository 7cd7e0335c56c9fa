"""Values and parameters of fields such as Content-Type: names of files, charsets, boundaries."""

import pytest

from sesmail.receiving.inbound.header import Defects
from sesmail.receiving.inbound.parameters import BAD_PARAMETER, read_parameters
from support.growth_units import BEFORE_PARAMETERS, PARAMETER_UNITS
from support.profiling import count_calls


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
        ("(words) a/b (and; more); x=y", "a/b", {"x": "y"}, None),
        ("(one (two (three))) a/b; x=y", "a/b", {"x": "y"}, None),
        ("a/b; (words) x=y; (words) (more) z=1", "a/b", {"x": "y", "z": "1"}, None),
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
        ("a/b; name*0=a; name*2=c", "a/b", {"name": "ac"}, BAD_PARAMETER),
        ("a/b; name*1=a", "a/b", {"name": "a"}, BAD_PARAMETER),
        ("a/b; name*2=b; name*1=a", "a/b", {"name": "ab"}, BAD_PARAMETER),
        ("a/b; name*1*=utf-8''%C3; name*2*=%A4", "a/b", {"name": "ä"}, BAD_PARAMETER),
        ("a/b; name*=no-such''%FF", "a/b", {"name": "ÿ"}, BAD_PARAMETER),
        ("a/b; name*=us-ascii''W%F6lbung", "a/b", {"name": "Wölbung"}, BAD_PARAMETER),
        ("a/b; name*=W%F6lbung", "a/b", {"name": "Wölbung"}, BAD_PARAMETER),
        ("a/b; name*=utf-8'%C3%A4", "a/b", {"name": "ä"}, BAD_PARAMETER),
        ("a/b; name*=it's", "a/b", {"name": "it's"}, None),
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
    ("text", "name", "defect"),
    [
        ('; name*0="=?utf-8?q?=C3=A4_?="; name*1="=?utf-8?q?b?="', "ä b", None),
        ('; name*0="=?utf-8?q?=C3"; name*1="=A4?="', "ä", None),
        ('; name*0="=?utf-8?b?w6"; name*1="Q=?="', "ä", None),
        ('; name*="=?utf-8?q?=C3=A4?="', "ä", None),
        ("; name*0*==?utf-8?q?=C3=A4; name*1*=b?=", "äb", None),
        ("; name*=utf-8''=?utf-8?q?=C3=A4?=", "ä", None),
        ("; name*=utf-8''%3D?utf-8?q?a?%3D", "=?utf-8?q?a?=", None),
        ("; name==?utf-8?q?=C3=A4?=", "ä", None),
    ],
)
def test_decodes_encoded_words_in_sections_of_parameters(
    text: str, name: str, defect: str | None
) -> None:
    defects: Defects = {}
    assert read_parameters("a/b" + text, defects) == ("a/b", {"name": name})
    assert list(defects) == ([] if defect is None else [defect])


@pytest.mark.parametrize(
    ("text", "value", "found"),
    [
        ('filename="x.pdf"', "", {"filename": "x.pdf"}),
        ("filename=x.pdf; size=1", "", {"filename": "x.pdf", "size": "1"}),
        ('attachment filename="x.pdf"', "attachment", {"filename": "x.pdf"}),
        ('attachment filename="x;y.pdf"', "attachment", {"filename": "x;y.pdf"}),
        ("attachment, filename=x.pdf", "attachment,", {"filename": "x.pdf"}),
        ("attachment filename = x.pdf", "attachment", {"filename": "x.pdf"}),
        ("attachment (words) filename=x.pdf", "attachment", {"filename": "x.pdf"}),
        ('a/b; name="x.pdf" format=flowed', "a/b", {"name": "x.pdf", "format": "flowed"}),
        ("a/b; charset=utf-8 name=x.pdf", "a/b", {"charset": "utf-8", "name": "x.pdf"}),
        ("a/b; charset=utf-8 name*0=x name*1=y", "a/b", {"charset": "utf-8", "name": "xy"}),
        ("a/b; name=My a=b.pdf", "a/b", {"name": "My a=b.pdf"}),
        ("=?utf-8?q?attachment?=; name=x", "=?utf-8?q?attachment?=", {"name": "x"}),
    ],
)
def test_missing_words_and_semicolons(text: str, value: str, found: dict[str, str]) -> None:
    assert read_parameters(text, {}) == (value, found)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('"the "big" one.pdf"', 'the "big" one.pdf'),
        ('"the "big" one.pdf" ; x=y', 'the "big" one.pdf'),
        ('""quoted""', '"quoted"'),
        (r'"the "big" \"one\""', 'the "big" "one"'),
        ('"a" (words)', "a"),
        ('"a"b', "a"),
        ('"a" x="b"', "a"),
        ('"the "big" one', "the "),
    ],
)
def test_quotes_within_quotes(text: str, name: str) -> None:
    assert read_parameters(f"a/b; name={text}", {})[1]["name"] == name


@pytest.mark.parametrize("text", ['" "', '"\u3000"', "=?utf-8?q?_?=", "''%20", "*=utf-8''%20"])
def test_blank_parameter_is_empty(text: str) -> None:
    if not text.startswith("*"):
        text = f"={text}" if "%" not in text else f"*={text}"
    assert read_parameters(f"a/b; name{text}", {})[1] == {"name": ""}


def test_semicolons_are_missing_in_front_of_a_limited_number_of_parameters() -> None:
    found = read_parameters("a/b; name=a" + " name=b" * 50, {})[1]
    assert found == {"name": "a"}
    quoted = read_parameters('a/b; name="a" !' + ' "b"' * 50 + '; name="c" !' * 50, {})[1]
    assert quoted["name"].startswith('a" ! "b"')


@pytest.mark.parametrize("unit", PARAMETER_UNITS)
@pytest.mark.parametrize("before", BEFORE_PARAMETERS)
def test_calls_are_linear_in_the_length_of_parameters(before: str, unit: str) -> None:
    short, long = (count_calls(read_parameters, before + unit * times, {}) for times in (200, 800))
    assert long <= 4.2 * short
