"""Strict JSON: rejected syntax and limits."""

import json
from typing import Any

import pytest

from sesmail.strict import read_json


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
