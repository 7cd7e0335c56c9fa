"""Serialisation of events as JSON, with pydantic, which is imported at the first use."""

from __future__ import annotations

from dataclasses import is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["read_event", "write_event"]

_MAX_DEPTH = 202  # levels of JSON: 200 of SES, `raw`, and the event


def write_event(event: object) -> str:
    """Returns an event as JSON."""
    kind: Any = type(event)
    return _writer(kind).dump_json(event).decode()


def read_event(kinds: Any, text: str | bytes) -> Any:
    """Reads an event from its JSON.

    Args:
        kinds: The union of all event classes.
        text: The JSON.

    Raises:
        pydantic.ValidationError: The text isn't the JSON of an event, is nested more deeply than
            that of any event, or has a time without a time zone, or before the year 1 or after
            9999 in UTC.
    """
    from pydantic import ValidationError

    reader = _reader(kinds)
    try:
        return reader.validate_json(text)
    except ValidationError as err:
        document = _read_deep(text) if "recursion limit" in str(err) else None
        if document is None:
            raise
    return reader.validate_python(document)


def _read_deep(text: str | bytes) -> Any:
    """Parses JSON of at most 202 levels with the standard library; None if it isn't such JSON.

    pydantic parses 200 levels. An event may have as many, and its JSON has one more around it:
    https://github.com/pydantic/jiter (the recursion limit)
    """
    import json

    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    level: list[Any] = [document]
    for _ in range(_MAX_DEPTH):
        inner: list[Any] = []
        for parent in level:
            inner += parent.values() if hasattr(parent, "values") else parent
        level = [each for each in inner if _is_container(each)]
    return None if level else document


def _is_container(value: object) -> bool:
    return type(value) in (dict, list)


def _check_times(event: Any) -> Any:
    """Refuses times that have no equal in UTC, which comparisons and ``dedup_key`` need."""
    for value in event.__dict__.values():
        if isinstance(value, datetime):
            try:
                value.astimezone(UTC)
            except OverflowError:
                raise ValueError("a time is before the year 1 or after 9999 in UTC") from None
            if value.tzinfo is None:
                raise ValueError("a time has no time zone")
        elif is_dataclass(value):
            _check_times(value)
    return event


@cache
def _writer(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


@cache
def _reader(kinds: Any) -> TypeAdapter[Any]:
    from pydantic import AfterValidator, ConfigDict, Discriminator, TypeAdapter

    config = ConfigDict(hide_input_in_errors=True)
    discriminated: Any = Annotated[kinds, Discriminator("kind"), AfterValidator(_check_times)]
    return TypeAdapter(discriminated, config=config)
