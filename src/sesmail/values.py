"""Value classes: frozen mappings, comparison, fast construction, cached properties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import FrozenInstanceError, dataclass, field, fields
from functools import cache
from operator import attrgetter
from typing import Any, Generic, NoReturn, Self, TypeVar, dataclass_transform, overload

__all__ = ["FrozenDict", "FrozenMappings", "Value", "build_frozen", "cached_property", "value"]

K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")

_new = object.__new__


def _refuse(*_: object, **__: object) -> NoReturn:
    raise TypeError(
        "this mapping is part of a frozen model and can't be changed; create a new model instead"
    )


class FrozenDict(dict[K, V]):
    """Immutable dict; it compares, pickles, copies and dumps to JSON like a dict."""

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
    """Base of dataclasses, with the methods that ``dataclass`` would generate.

    ``dataclass`` compiles them for each class at import, which takes longer than all other code.
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


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
def value(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]:
    """Makes a frozen dataclass of a `Value`, whose ``__init__`` is compiled at its first call.

    ``dataclass(frozen=True)`` compiles three methods at import, which takes most of a millisecond
    for a class that may never be called.
    """

    def decorate(cls: type[T]) -> type[T]:
        made: Any = dataclass(eq=False, repr=False, init=False, kw_only=kw_only)(cls)
        made.__init__ = _LateInit(made)
        made.__setattr__ = _refuse_assignment
        made.__delattr__ = _refuse_deletion
        return cls

    return decorate


def _refuse_assignment(self: object, name: str, value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deletion(self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


class _LateInit:
    """Descriptor that replaces itself by the ``__init__`` of a dataclass."""

    def __init__(self, cls: Any) -> None:
        self._cls = cls

    def __get__(self, instance: object, owner: type) -> Any:
        cls = self._cls
        namespace: dict[str, Any] = {
            "__annotations__": {each.name: each.type for each in fields(cls)},
            "__doc__": cls.__doc__,  # without it, a signature is computed
            "__module__": cls.__module__,  # whose names the annotations use
            **{each.name: copy(each) for each in fields(cls)},
        }
        if hasattr(cls, "__post_init__"):
            namespace["__post_init__"] = cls.__post_init__
        twin: Any = dataclass(frozen=True)(type(cls.__name__, (), namespace))
        cls.__init__ = twin.__init__
        cls.__init__.__qualname__ = f"{cls.__qualname__}.__init__"
        return cls.__init__.__get__(instance, owner)


class FrozenMappings:
    """Base of dataclasses that store each mapping as a FrozenDict."""

    def __post_init__(self) -> None:
        fields: dict[str, Any] = vars(self)
        for name in fields:
            if isinstance(fields[name], Mapping):
                fields[name] = FrozenDict(fields[name])


def build_frozen(cls: type[T], fields: dict[str, Any]) -> T:
    """Returns an instance of a frozen dataclass without slots.

    It takes a tenth of the time of ``__init__``, which sets each field by ``object.__setattr__``.

    Args:
        cls: The class.
        fields: The values of all fields.
    """
    instance = _new(cls)
    instance.__dict__.update(fields)
    return instance


class cached_property(Generic[T]):
    """``functools.cached_property`` of Python 3.12, without the lock of 3.11.

    https://docs.python.org/3/library/functools.html#functools.cached_property
    """

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
