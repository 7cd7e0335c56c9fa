"""Metadata encoded as one line of ASCII."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesmail import InvalidMessageError
from sesmail.tagging import metadata_text
from support.hostile import SURROGATES

TEXT = st.text(st.characters(exclude_categories=("Cs",)))
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(TEXT, children, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("metadata", "text"),
    [
        ({"order_id": 12345}, '{"order_id": 12345}'),
        ({"a": 1, "b": [True, None, 1.5]}, '{"a": 1, "b": [true, null, 1.5]}'),
        ({"name": "Zoë"}, r'{"name": "Zo\u00eb"}'),
        ({"face": "😀"}, r'{"face": "\ud83d\ude00"}'),
        ({"a": "=?utf-8?q?x?="}, r'{"a": "\u003d?utf-8?q?x?="}'),
        ({"=?": "\\=?"}, r'{"\u003d?": "\\\u003d?"}'),
        ({"lines": "a\r\nb\0"}, r'{"lines": "a\r\nb\u0000"}'),
        ({}, "{}"),
    ],
    ids=["number", "kinds", "umlaut", "emoji", "encoded-word", "escapes", "controls", "empty"],
)
def test_metadata_text_is_ascii_json(metadata: dict[str, Any], text: str) -> None:
    assert metadata_text(metadata) == text
    assert json.loads(text) == metadata


@given(st.dictionaries(TEXT, JSON_VALUES, max_size=4))
def test_metadata_is_read_back(metadata: dict[str, Any]) -> None:
    text = metadata_text(metadata)
    assert json.loads(text) == metadata
    assert text.isascii()
    assert text.isprintable()
    assert "=?" not in text


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")], ids=repr)
def test_refuses_nan_and_infinity(number: float) -> None:
    with pytest.raises(
        InvalidMessageError, match=r"^metadata: it can't be encoded as JSON"
    ) as caught:
        metadata_text({"deep": [{"number": number}]})
    assert caught.value.field == "metadata"


@pytest.mark.parametrize("half", SURROGATES.values(), ids=SURROGATES)
def test_refuses_lone_surrogates(half: str) -> None:
    for metadata in ({"a": half}, {half: "a"}, {"a": [{"b": f"x{half}x"}]}):
        with pytest.raises(InvalidMessageError, match=r"^recipients\[3\].metadata: "):
            metadata_text(metadata, "recipients[3].metadata")


def test_refuses_integers_beyond_the_limit_of_python() -> None:
    with pytest.raises(InvalidMessageError, match="metadata"):
        metadata_text({"a": 10**5000})
