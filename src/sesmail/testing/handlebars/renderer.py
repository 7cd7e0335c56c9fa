"""Renders a parsed template with data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...receiving.transports.json_body import is_list, is_object
from .parser import Block, Node, Path, Value

__all__ = ["RenderingError", "render"]

_MAX_SIZE = 10 * 1024 * 1024  # characters
_MAX_STEPS = 1_000_000
_MISSING = object()
_EXPONENT = re.compile(r"e([+-])0*")


class RenderingError(ValueError):
    """The data doesn't have what the template needs, or the result is too large."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """A context, those around it, and its ``@`` variables."""

    this: Any
    parents: tuple[Any, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def inner(self, value: Any, **data: Any) -> _Scope:
        """Returns the scope of a block; one about the same value isn't another level."""
        is_same = value is self.this
        parents = self.parents if is_same else (self.this, *self.parents)
        return _Scope(value, parents, {**self.data, **data})


class _Budget:
    """Limits of one rendering."""

    def __init__(self) -> None:
        self._size = 0
        self._steps = 0

    def spend(self, text: str) -> str:
        self._size += len(text)
        self.step()
        if self._size > _MAX_SIZE:
            raise RenderingError(f"the result has more than {_MAX_SIZE:,} characters")
        return text

    def step(self) -> None:
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise RenderingError(f"rendering takes more than {_MAX_STEPS:,} steps")


def render(nodes: Sequence[Node], data: Mapping[str, Any]) -> str:
    """Returns a template rendered with data.

    Raises:
        RenderingError: A value is missing or null, or the result is larger than 10 million
            characters.
    """
    budget = _Budget()
    return "".join(_render(nodes, _Scope(data, (), {"root": data}), budget))


def _render(nodes: Sequence[Node], scope: _Scope, budget: _Budget) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, str):
            yield budget.spend(node)
        elif isinstance(node, Value):
            yield budget.spend(_text(_require(node.path, scope)))
        else:
            budget.step()
            yield from _block(node, scope, budget)


def _block(block: Block, scope: _Scope, budget: _Budget) -> Iterator[str]:
    if block.helper == "section":
        value = _require(block.path, scope)
        helper = "each" if isinstance(value, list) else "if" if value is True else "with"
    else:
        value = _lookup(block.path, scope)
        helper = block.helper
    match helper:
        case "each":
            yield from _each(block, value, scope, budget)
        case "with" if not _is_empty(value):
            yield from _render(block.content, scope.inner(value), budget)
        case "if" | "unless" if _is_true(value) == (helper == "if"):
            yield from _render(block.content, scope, budget)
        case _:
            yield from _render(block.otherwise, scope, budget)


def _each(block: Block, value: Any, scope: _Scope, budget: _Budget) -> Iterator[str]:
    items: list[tuple[Any, Any]] = []
    if is_object(value):
        items = list(value.items())
    elif is_list(value):
        items = list(enumerate(value))
    for index, (key, item) in enumerate(items):
        data = {"key": key, "index": index, "first": index == 0, "last": index == len(items) - 1}
        yield from _render(block.content, scope.inner(item, **data), budget)
    if not items:
        yield from _render(block.otherwise, scope, budget)


def _require(path: Path, scope: _Scope) -> Any:
    value = _lookup(path, scope)
    if value is _MISSING or value is None:
        raise RenderingError(f"Attribute '{path.text}' is not present in the rendering data.")
    return value


def _lookup(path: Path, scope: _Scope) -> Any:
    """Returns the value at a path, or ``_MISSING``."""
    names = path.names
    if path.is_data:
        value: Any = scope.data
    elif path.parents > len(scope.parents):
        return _MISSING
    else:
        value = scope.parents[path.parents - 1] if path.parents else scope.this
    for name in names:
        value = _member(value, name)
    return value


def _member(value: Any, name: str) -> Any:
    """Returns a member of an object, or an item or the length of a list."""
    if is_object(value):
        return value.get(name, _MISSING)
    if is_list(value) and name == "length":
        return len(value)
    if is_list(value) and name.isdecimal():
        return value[int(name)] if int(name) < len(value) else _MISSING
    return _MISSING


def _is_empty(value: Any) -> bool:
    """Returns what Handlebars calls empty: everything false but 0, and empty lists.

    https://github.com/handlebars-lang/handlebars.js/blob/4.x/lib/handlebars/utils.js
    """
    return value is _MISSING or value is None or value is False or value in ("", [])


def _is_true(value: Any) -> bool:
    return not (_is_empty(value) or (isinstance(value, int | float) and value == 0))


def _text(value: Any) -> str:
    """Returns a value as JavaScript writes it."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return _number(value)
        case _ if is_list(value):
            return ",".join("" if item is None else _text(item) for item in value)
        case _:
            return "[object Object]"


def _number(value: float) -> str:
    """https://tc39.es/ecma262/#sec-numeric-types-number-tostring"""
    number = float(value)
    size = abs(number)
    if size < 1e21 and number == int(number):
        return str(int(number))
    if 1e-6 <= size < 1e-4:
        return f"{number:.20f}".rstrip("0")
    return _EXPONENT.sub(r"e\1", repr(number))
