"""Strict JSON: rejected syntax and limits."""

import json
from typing import Any

import pytest

from sesmail.strict import check_json, read_json


def nested(depth: int) -> str:
    return "[" * depth + "0" + "]" * depth


def test_reads_each_json_type() -> None:
    for text in (b'{"a": [1.5, null]}', '{"a": [1.5, null]}', bytearray(b'{"a": [1.5, null]}')):
        assert read_json(text) == {"a": [1.5, None]}


@pytest.mark.parametrize(
    "value",
    [None, True, 5, -1.5e300, "é", [], {}, {"a": 1}, {"a": True, "b": None, "c": "d"}],
    ids=repr,
)
def test_reads_the_same_values_as_the_standard_library(value: Any) -> None:
    assert read_json(json.dumps(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[",
        "{} {}",
        "NaN",
        "[Infinity]",
        "-Infinity",
        '"\\ud83d"',
        '"\ud83d"',
        "1e999",
        '{"a": -1e999}',
        '[{"a": [1e999]}]',
    ],
    ids=ascii,
)
def test_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(text)


PLACES = (
    "%s",
    '{"a":%s}',
    '{"a" :\t%s}',
    "[%s]",
    "[\r\n %s\n]",
    "[1,%s]",
    '["", %s, 2]',
    "[[[{}, %s]]]",
)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "number", ["1e309", "-1E+309", "0.5e310", "1e99999", f"1{'0' * 309}.0", f"-1{'0' * 400}.5"]
)
def test_refuses_infinite_numbers_everywhere(number: str, place: str) -> None:
    text = place % number
    for written in (text, text.encode(), bytearray(text.encode())):
        with pytest.raises(ValueError, match="larger than any double"):
            read_json(written)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "number",
    ["1e308", "-1.5E+300", "1e-999", f"1{'0' * 400}", f"0.{'0' * 400}1", '", 1e999, [1e999"'],
)
def test_reads_large_and_small_numbers_everywhere(number: str, place: str) -> None:
    assert read_json(place % number) == json.loads(place % number)


@pytest.mark.parametrize("before", range(0, 61, 7))
@pytest.mark.parametrize("place", ["%s", "%s ", "[%s]", "[%s\n]", "[%s, 5]", "[[0, %s\t]\r]"])
def test_infinite_numbers_are_found_anywhere_in_a_long_text(before: int, place: str) -> None:
    for number in ("1e309", "-1E+309", f"{'9' * 309}.5", f"-{'1' * 310}.0e-0", f"{'7' * 400}e-5"):
        text = f'{{"é": "{"x" * (before + 300)}", "a": {place % number}, "b": "{"y" * 100}"}}'
        for written in (text, text.encode()):
            with pytest.raises(ValueError, match="larger than any double"):
                read_json(written)
        with pytest.raises(ValueError, match="larger than any double"):
            check_json(text)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "[NaN]", "[1, -Infinity ]"])
def test_numbers_that_json_does_not_have_are_found(number: str) -> None:
    for text in (f'{{"a": {number}}}', f'{{"b": "{"x" * 400}","a":{number}}}'):
        with pytest.raises(ValueError, match="line 1"):
            check_json(text)


@pytest.mark.parametrize(
    "text",
    ["{}", '{"a": "1e999 "}', f'{{"a": {"9" * 400}}}', f'{{"a": "{"5" * 400}.5"}}', '{"a": 1e5}'],
)
def test_what_can_be_read_passes_the_check(text: str) -> None:
    check_json(text)
    assert read_json(text) == json.loads(text)


def test_nesting_is_limited_to_200() -> None:
    assert read_json(nested(200)) == json.loads(nested(200))
    with pytest.raises(ValueError, match="recursion limit"):
        read_json(nested(201))


@pytest.mark.parametrize(
    "item", ["[]", "{}", "[[]]", '{"a": {}}', '{"\\"[": "\\\\"}', '["[", "\\"]["]', r'"\\",[],"\\"']
)
def test_too_many_containers_are_refused_before_decoding(item: str) -> None:
    many = "[" + f"{item}," * 100_000  # and no end
    for text in (many, many.encode()):
        with pytest.raises(ValueError, match="objects and lists"):
            read_json(text)
    with pytest.raises(ValueError, match="objects and lists"):
        check_json(many)


def test_number_of_containers_of_events_is_accepted() -> None:
    header = {"name": "Received", "value": "from a.example.com"}
    for many in ([header] * 10_000, [[]] * 2000, [{"a": [1]}] * 500):
        assert read_json(json.dumps(many)) == many


@pytest.mark.parametrize(
    "text", ["[{" * 50_000, '["]' * 50_000, '\\"[' * 50_000, "\\[" * 50_000, '\\\\"[{é' * 20_000]
)
def test_brackets_in_strings_are_not_counted(text: str) -> None:
    """Received mails contain any number of brackets."""
    for dumped in (
        json.dumps([text, "", text]),
        json.dumps([text], ensure_ascii=False),
        json.dumps([json.dumps(text)]),
    ):
        assert read_json(dumped) == json.loads(dumped)
        assert read_json(dumped.encode()) == json.loads(dumped)


def test_lone_surrogates_among_many_brackets_are_refused() -> None:
    with pytest.raises(ValueError, match="surrogate"):
        read_json('"' + "[" * 50_000 + '\ud83d"')
