"""Value classes: frozen mappings, comparison, fast construction, cached properties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, Generic, NoReturn, Self, TypeVar, overload

__all__ = ["FrozenDict", "FrozenMappings", "Value", "build_frozen", "cached_property"]

K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")

_new = object.__new__
_set = object.__setattr__


def _refuse(*_: object, **__: object) -> NoReturn:
    raise TypeError(
        "this mapping belongs to a frozen model and can't be changed; make a new model instead"
    )


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


class Value:
    """A base of dataclasses that compare, hash and show themselves as each would by methods of its own.

    Those would be compiled for each class when it is imported, which takes longer than everything else in it.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        kind: Any = type(self)
        compared = _compared(kind)
        return compared(self) == compared(other)

    def __hash__(self) -> int:
        kind: Any = type(self)
        return hash(_hashed(kind)(self))

    def __repr__(self) -> str:
        kind: Any = type(self)
        shown = [f"{each.name}={getattr(self, each.name)!r}" for each in fields(kind) if each.repr]
        return f"{kind.__qualname__}({', '.join(shown)})"


@cache
def _compared(cls: Any) -> Callable[[object], object]:
    return attrgetter(*[each.name for each in fields(cls) if each.compare])


@cache
def _hashed(cls: Any) -> Callable[[object], object]:
    return attrgetter(
        *[each.name for each in fields(cls) if (each.compare if each.hash is None else each.hash)]
    )


class FrozenMappings:
    """A base of dataclasses that keep a FrozenDict of each mapping that they are given."""

    def __post_init__(self) -> None:
        fields: dict[str, Any] = vars(self)
        for name in fields:
            if isinstance(fields[name], Mapping):
                fields[name] = FrozenDict(fields[name])


def build_frozen(cls: type[T], fields: dict[str, Any]) -> T:
    """An instance of a frozen dataclass without slots, all of whose fields are given, in a dict of its own.

    Its ``__init__`` would set each field around the freeze, one by one, and take ten times as long.
    """
    made = _new(cls)
    _set(made, "__dict__", fields)
    return made


class cached_property(Generic[T]):
    """``functools.cached_property`` as it is since Python 3.12: without a lock, which takes longer than most work."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object, owner: type) -> T | Self:
        if instance is None:
            return self
        value: T = self._compute(instance)
        vars(instance)[self._name] = value
        return value
