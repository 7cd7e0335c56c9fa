"""What frozen classes need: mappings that can't be changed, and a quick way to make instances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

__all__ = ["FrozenDict", "FrozenMappings", "make"]

K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")

_new = object.__new__
_set = object.__setattr__


def _refuse(*_: object, **__: object) -> NoReturn:
    raise TypeError("this mapping belongs to a frozen model and can't be changed; make a new model instead")


class FrozenDict(dict[K, V]):
    """A dict that refuses every change; it compares, pickles, copies and dumps to JSON as a dict does."""

    __setitem__: Any = _refuse
    __delitem__: Any = _refuse
    __ior__: Any = _refuse
    clear: Any = _refuse
    pop: Any = _refuse
    popitem: Any = _refuse
    setdefault: Any = _refuse
    update: Any = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)


class FrozenMappings:
    """A base of dataclasses that keep a FrozenDict of each mapping that they are given."""

    def __post_init__(self) -> None:
        fields: dict[str, Any] = vars(self)
        for name in fields:
            if isinstance(fields[name], Mapping):
                fields[name] = FrozenDict(fields[name])


def make(cls: type[T], fields: dict[str, Any]) -> T:
    """An instance of a frozen dataclass without slots, all of whose fields are given, in a dict of its own.

    Its ``__init__`` would set each field around the freeze, one by one, and take ten times as long.
    """
    made = _new(cls)
    _set(made, "__dict__", fields)
    return made
