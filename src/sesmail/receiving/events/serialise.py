"""Serialisation of events as JSON, with pydantic, which is imported at the first use."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["read_event", "write_event"]


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
        pydantic.ValidationError: The text isn't the JSON of an event.
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
    """Parses JSON with the standard library; None if it isn't JSON.

    pydantic parses 200 levels. An event may have as many, and its JSON has one more around it:
    https://github.com/pydantic/jiter (the recursion limit)
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


@cache
def _writer(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


@cache
def _reader(kinds: Any) -> TypeAdapter[Any]:
    from pydantic import ConfigDict, Discriminator, TypeAdapter

    config = ConfigDict(hide_input_in_errors=True)
    discriminated: Any = Annotated[kinds, Discriminator("kind")]
    return TypeAdapter(discriminated, config=config)
