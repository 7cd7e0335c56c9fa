"""Regular expressions that are compiled at their first use."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sesmail.patterns import lazy_pattern

COMPILED = re.compile("(A)b|c", re.IGNORECASE)
METHODS = [name for name in dir(COMPILED) if callable(getattr(COMPILED, name)) and name[0] != "_"]
VALUES = ["flags", "groups", "pattern"]


@pytest.mark.parametrize(
    "name", [name for name in METHODS if name not in ("scanner", "sub", "subn")]
)
def test_methods_are_those_of_the_pattern(name: str) -> None:
    pattern: Any = lazy_pattern("(A)b|c", re.IGNORECASE)
    for text in ("ab, cd", "x"):
        found, expected = getattr(pattern, name)(text), getattr(COMPILED, name)(text)
        if name == "finditer":
            found, expected = list(found), list(expected)
        assert repr(found) == repr(expected)


def test_replaces_text() -> None:
    pattern = lazy_pattern(b"a")
    assert pattern.sub(b"b", b"aa") == b"bb"
    assert pattern.subn(b"b", b"aa") == (b"bb", 2)


@pytest.mark.parametrize("name", VALUES)
def test_values_are_those_of_the_pattern(name: str) -> None:
    pattern = lazy_pattern("(A)b|c", re.IGNORECASE)
    assert getattr(pattern, name) == getattr(pattern, name) == getattr(COMPILED, name)


def test_pattern_is_compiled_at_its_first_use() -> None:
    pattern = lazy_pattern("(")
    for _ in range(2):
        with pytest.raises(re.error):
            pattern.match("")


def test_unknown_attribute() -> None:
    pattern: Any = lazy_pattern("a")
    for _ in range(2):
        with pytest.raises(AttributeError, match="matches"):
            pattern.matches("a")
    assert pattern.match("a")


def test_threads_use_a_pattern_at_once() -> None:
    patterns = [lazy_pattern(f"a{number}") for number in range(1000)]
    with ThreadPoolExecutor(8) as pool:
        for number, pattern in enumerate(patterns):
            found = list(pool.map(pattern.match, [f"a{number}"] * 4))
            assert all(found)
