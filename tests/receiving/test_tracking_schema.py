"""What fits a schema is read as field by field, and needs no note."""

from collections.abc import Iterator
from typing import Any

import pytest

from sesmail.errors import MalformedBodyError
from sesmail.receiving import tracking_parser
from sesmail.receiving.kinds import KINDS
from sesmail.receiving.parser import parse
from sesmail.receiving.tracking_schema import schema_of
from support.ses_events import WORDS, Json, changed, notified, published

STRANGE: list[Any] = [..., None, True, 5, 1.5, "", "x", "2026-03-06T19:55:37Z", [], [None], ["x", "x"], {}, {"a": 1}]


def places(value: Any, path: str = "") -> Iterator[str]:
    """Where something is, but for headers that are like others."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if not path.endswith("mail.headers.") or key in (0, 1, 8):
            yield f"{path}{key}"
            yield from places(inner, f"{path}{key}.")


def outcome(document: Json) -> Any:
    try:
        return [(type(event), vars(event)) for event in parse(document)]
    except MalformedBodyError as error:
        return error.path, error.reason


@pytest.mark.parametrize("word", WORDS)
def test_the_usual_fits(word: str) -> None:
    for document in (published(word), notified(word)):
        assert schema_of(KINDS[word]).isinstance_python(document)
        assert tracking_parser._as_usual(KINDS[word], document, True)


@pytest.mark.parametrize("word", WORDS)
def test_what_fits_is_read_as_field_by_field(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    document = published(word)
    documents = [document, notified(word)]
    documents += [changed(document, path, value) for path in places(document) for value in STRANGE]
    at_once = [outcome(each) for each in documents]
    monkeypatch.setattr(tracking_parser, "_as_usual", lambda *_: None)
    assert at_once == [outcome(each) for each in documents]


@pytest.mark.parametrize("word", WORDS)
def test_what_fits_needs_no_note(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking_parser, "_one_by_one", lambda *_: pytest.fail("it has been looked at twice"))
    assert all(event.notes == () for event in parse(published(word)))
