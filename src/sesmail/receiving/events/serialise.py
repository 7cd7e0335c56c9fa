"""Events written as JSON, and read back."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

__all__ = ["read_event", "write_event"]


def write_event(event: object) -> str:
    """An event as JSON."""
    kind: Any = type(event)
    return _writer(kind).dump_json(event).decode()


def read_event(kinds: Any, text: str | bytes) -> Any:
    """An event from its JSON.

    Args:
        kinds: The union of all kinds, with what tells them apart.
        text: The JSON.

    Raises:
        pydantic.ValidationError: It isn't such JSON.
    """
    reader = _reader(kinds)
    try:
        return reader.validate_json(text)
    except ValidationError as err:
        deep = _read_deep(text) if "recursion limit" in str(err) else None
        if deep is None:
            raise
    return reader.validate_python(deep)


def _read_deep(text: str | bytes) -> Any:
    """JSON that is deeper than pydantic reads: an event may come as deep as that, and is now inside another object."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


@cache
def _writer(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@cache
def _reader(kinds: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kinds, config=ConfigDict(hide_input_in_errors=True))
