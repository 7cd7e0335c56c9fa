"""What frozen classes need: a dict that can't be changed, and a quick way to make instances."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

__all__ = ["FrozenDict", "make"]

K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")


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


def make(cls: type[T], fields: dict[str, Any]) -> T:
    """An instance of a frozen dataclass without slots, all of whose fields are given.

    Its ``__init__`` would set each field around the freeze, one by one, and take ten times as long.
    """
    made = object.__new__(cls)
    made.__dict__.update(fields)
    return made
