"""Texts with several JSON objects."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesmail.errors import MalformedBodyError
from sesmail.receiving.parsing.parser import parse
from sesmail.receiving.transports import documents
from sesmail.receiving.transports.documents import is_json_lines, split_documents
from support.ses_events import (
    DOCUMENTS,
    Json,
    changed,
    eventbridge,
    in_base64,
    published,
    sns_message,
)

OPEN = json.dumps(published("Open"))
# Texts in strings that look like the end of an object and the beginning of the next.
STRINGS = ["}{", '"}{"', '\\"}{\\"', "\\", '\\\\"', "} {", "}}{{", "}\n{", "\\}{", '"', '{"a": 1}{']

objects = st.recursive(
    st.none() | st.sampled_from(STRINGS) | st.text('\\"{}[],: a\n', max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*STRINGS, "a"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(
    values=st.lists(st.dictionaries(st.sampled_from(["}{", "a"]), objects, max_size=3), min_size=1),
    separator=st.sampled_from(["", " ", "\n", "\r\n\t"]),
    indent=st.sampled_from([None, 0, 2]),
)
def test_splits_exactly_between_objects(
    values: list[Json], separator: str, indent: int | None
) -> None:
    texts = [json.dumps(value, indent=indent) for value in values]
    found = split_documents(separator.join(texts).encode())
    assert [json.loads(text) for text in found] == values


@given(st.binary() | st.text('{}"\\ \n').map(str.encode))
def test_nothing_of_any_text_is_lost(text: bytes) -> None:
    assert b"".join(split_documents(text)) == text
    assert is_json_lines(text) in (True, False)


WRAPPERS: dict[str, Callable[[Json], Any]] = {
    "bare": lambda document: document,
    "SNS": lambda document: sns_message(json.dumps(document)),
    "EventBridge": eventbridge,
}
EXPECTED = tuple(event for document in DOCUMENTS.values() for event in parse(document))


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("separator", ["", " ", "\n", "\r\n\r\n", "\n \t"], ids=ascii)
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_events_that_follow_each_other(wrapper: str, separator: str, indent: int | None) -> None:
    text = separator.join(
        json.dumps(WRAPPERS[wrapper](document), indent=indent) for document in DOCUMENTS.values()
    )
    assert parse(text) == parse(text.encode() + b"\n") == EXPECTED
    for body in (
        {"records": [{"data": in_base64(text)}]},
        {"Records": [{"kinesis": {"data": in_base64(text)}}]},
        {"Records": [{"Data": text.encode()}]},
        [{"eventSource": "aws:kinesis", "data": in_base64(f"\n{text}\n")}],
    ):
        assert parse(body) == EXPECTED


def test_lines_may_have_several_events_each() -> None:
    assert parse(f"{OPEN}\n{OPEN}{OPEN}\n\n{OPEN} {OPEN}") == parse(OPEN) * 5


@pytest.mark.parametrize("text", STRINGS, ids=ascii)
def test_text_in_an_event_is_not_split(text: str) -> None:
    document = changed(published("Bounce"), "mail.headers.5.value", text)
    document[text] = {text: [text, {}, {}]}
    event = parse(document)[0]
    assert parse(json.dumps(document)) == parse(document)
    assert parse(json.dumps(document) * 3) == parse(document) * 3
    assert getattr(event, "raw", None) == document


def test_searching_strings_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text in which all strings have "}{" takes one step for each."""
    monkeypatch.setattr(documents, "_MAX_MEETINGS", 3)
    text = b'["}{", "}{", "}{"]{}{}'
    assert split_documents(text) == [text]
    monkeypatch.setattr(documents, "_MAX_MEETINGS", 5)
    assert split_documents(text) == [b'["}{", "}{", "}{"]{}', b"{}"]


def test_more_than_10000_objects_are_refused() -> None:
    assert len(split_documents(b"{}" * 10_000)) == 10_000
    for count in (10_001, 100_000):
        with pytest.raises(MalformedBodyError, match="its 10,001 records are over the limit"):
            split_documents(b"{}" * count)


@pytest.mark.parametrize("text", [b'{"a": "}{', b'}{"', b'"}{'])
def test_unclosed_string_has_no_end(text: bytes) -> None:
    assert b"".join(split_documents(text)) == text
