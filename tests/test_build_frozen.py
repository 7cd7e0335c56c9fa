"""Instances that are built without `__init__` have all fields, each of its annotated type."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import pytest

import sesmail
from sesmail import MalformedBodyError, SnsMessage, SnsOrigin, TopicPreferences, parse, values
from support.ses_events import DOCUMENTS, WRAPPINGS, changed, confirmation, stored_in_s3
from support.typecheck import find_mistyped_fields

KINDS = [*get_args(sesmail.Event), SnsMessage, SnsOrigin, TopicPreferences]
CONFIRMATIONS = [confirmation(), confirmation("UnsubscribeConfirmation")]
WRONG_VALUES = [None, 1, "text", ["text"], {"key": "text"}, ...]


def paths(document: Any, prefix: str = "") -> list[str]:
    """Return the path of every value in a document, down to lists and objects in it."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    found: list[str] = []
    for name, value in items:
        found.append(f"{prefix}{name}")
        if isinstance(value, dict | list):
            found += paths(value, f"{prefix}{name}.")
    return found


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect every instance that is built without `__init__`."""
    instances: list[Any] = []

    def new(cls: type[Any]) -> Any:
        instances.append(object.__new__(cls))
        return instances[-1]

    monkeypatch.setattr(values, "_new", new)
    return instances


def check(instances: list[Any]) -> None:
    problems = [problem for instance in instances for problem in find_mistyped_fields(instance)]
    assert problems == []


def test_only_one_function_builds_instances_without_init() -> None:
    package = Path(sesmail.__file__).parent
    users = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "__new__" in path.read_text("utf-8")
    }
    assert users == {"errors.py", "values.py"}  # errors.py restores a pickled error


@pytest.mark.parametrize("wrap", WRAPPINGS.values(), ids=WRAPPINGS)
def test_sample_events_have_all_fields_in_each_wrapping(
    built: list[Any], wrap: Callable[[Any], Any]
) -> None:
    for document in DOCUMENTS.values():
        parse(wrap(document))
    check(built)


def test_samples_include_every_class(built: list[Any]) -> None:
    for document in DOCUMENTS.values():
        parse(WRAPPINGS["SNS"](document))
    for message in CONFIRMATIONS:
        parse(json.dumps(message).encode())
    parse(stored_in_s3())
    check(built)
    assert {type(instance) for instance in built} == {*KINDS}


@pytest.mark.first
@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_events_with_any_one_value_changed_have_all_fields(
    built: list[Any], document: dict[str, Any]
) -> None:
    """Values of other types are left out of an event, or refused."""
    for path in paths(document):
        for value in WRONG_VALUES:
            for wrapping in ("SNS", "raw, decoded"):
                with suppress(MalformedBodyError):
                    parse(WRAPPINGS[wrapping](changed(document, path, value)))
        check(built)
        built.clear()
