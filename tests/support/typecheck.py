"""Runtime check of dataclass fields against their annotated types."""

import dataclasses
import functools
import types
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


def find_mistyped_fields(value: Any) -> list[str]:
    """Return a line for each missing, unknown or mistyped field of a dataclass instance.

    Nested instances are checked, too. Only the annotations of sesmail's value classes are
    supported.
    """
    kind = type(value)
    hints = _hints(kind)
    expected = {field.name for field in dataclasses.fields(value)}
    found = {name for name in expected if hasattr(value, name)} | {*getattr(value, "__dict__", {})}
    problems = [
        f"{kind.__name__}.{name}: {'missing' if name in expected else 'unknown'}"
        for name in sorted(expected ^ found)
    ]
    for name in sorted(expected & found):
        content = getattr(value, name)
        if not matches(content, hints[name]):
            problems.append(f"{kind.__name__}.{name}: {content!r} is no {hints[name]}")
        elif dataclasses.is_dataclass(content):
            problems += find_mistyped_fields(content)
    return problems


@functools.cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)


def matches(value: Any, annotation: Any) -> bool:
    """Return whether a value has exactly the annotated type; an int is not a float."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is Any:
        return True
    if origin in (Union, types.UnionType):
        return any(matches(value, each) for each in arguments)
    if origin is Literal:
        return any(type(value) is type(each) and value == each for each in arguments)
    if origin is tuple and arguments[1:] == (...,):
        return type(value) is tuple and all(matches(each, arguments[0]) for each in value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(
            matches(key, arguments[0]) and matches(each, arguments[1])
            for key, each in value.items()
        )
    if origin is not None:
        raise NotImplementedError(f"the annotation {annotation}")
    if annotation in (None, types.NoneType):
        return value is None
    return type(value) is annotation
