"""Frozen mappings, value classes, and fast construction."""

import copy
import inspect
import json
import pickle
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, get_type_hints

import pytest

from sesmail.values import FrozenDict, FrozenMappings, Value, build_frozen, value

CHANGES: dict[str, Callable[[FrozenDict[str, int]], object]] = {
    "set": lambda mapping: mapping.__setitem__("a", 2),
    "delete": lambda mapping: mapping.__delitem__("a"),
    "clear": lambda mapping: mapping.clear(),
    "pop": lambda mapping: mapping.pop("a"),
    "pop with a default": lambda mapping: mapping.pop("b", None),
    "popitem": lambda mapping: mapping.popitem(),
    "setdefault": lambda mapping: mapping.setdefault("b", 2),
    "update": lambda mapping: mapping.update(b=2),
    "or": lambda mapping: mapping.__ior__({"b": 2}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_refuses_changes(change: Callable[[FrozenDict[str, int]], object]) -> None:
    mapping = FrozenDict({"a": 1})
    with pytest.raises(TypeError, match="create a new model"):
        change(mapping)
    assert mapping == {"a": 1}


def test_every_mutating_method_of_dict_is_overridden() -> None:
    mutable = {
        name for name in dir(dict) if name not in dir(type(json)) and callable(getattr(dict, name))
    }
    harmless = {
        "__class__", "__class_getitem__", "__contains__", "__getitem__", "__iter__", "__len__",
        "__or__", "__reversed__", "__ror__", "copy", "fromkeys", "get", "items", "keys", "values",
    }  # fmt: skip
    changing = {
        name
        for name in mutable - harmless
        if not name.startswith("__") or "item" in name or "ior" in name
    }
    assert {name for name in changing if getattr(FrozenDict, name) is getattr(dict, name)} == set()


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda mapping: pickle.loads(pickle.dumps(mapping))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_copies_are_frozen(duplicate: Callable[[object], object]) -> None:
    made = duplicate(FrozenDict({"a": [1]}))
    assert made == {"a": [1]}
    assert type(made) is FrozenDict


def test_json_is_that_of_a_dict() -> None:
    assert json.dumps(FrozenDict({"a": 1})) == '{"a": 1}'
    assert {**FrozenDict({"a": 1}), "b": 2} == FrozenDict({"a": 1}) | {"b": 2} == {"a": 1, "b": 2}


@dataclass(frozen=True)
class Package(FrozenMappings):
    name: str
    first: Mapping[str, Any]
    second: Mapping[str, Any] | None = None


@pytest.mark.parametrize(
    "kind", [dict, ChainMap, MappingProxyType, FrozenDict], ids=lambda kind: kind.__name__
)
def test_mappings_of_a_dataclass_become_frozen(kind: Callable[[Any], Mapping[str, Any]]) -> None:
    given = {"a": [1]}
    package = Package("x", kind(given))
    given["b"] = [2]
    for same in (package, replace(package, name="x")):
        assert type(same.first) is FrozenDict
        assert (same.name, same.first, same.second) == ("x", {"a": [1]}, None)


def test_build_frozen_keeps_the_given_values() -> None:
    first: dict[str, Any] = {}
    assert build_frozen(Package, {"name": "x", "first": first, "second": None}).first is first


@dataclass(frozen=True)
class Generated:
    name: str
    size: int = 0
    secret: str = field(default="x", repr=False)
    about: str | None = field(default=None, compare=False)
    parts: tuple[list[int], ...] = field(default=(), hash=False)


@dataclass(frozen=True, eq=False, repr=False)
class Fast(Value):
    name: str
    size: int = 0
    secret: str = field(default="x", repr=False)
    about: str | None = field(default=None, compare=False)
    parts: tuple[list[int], ...] = field(default=(), hash=False)


CASES: list[dict[str, Any]] = [
    {"name": "a"},
    {"name": "b"},
    {"name": "a", "size": 1},
    {"name": "a", "secret": "y"},
    {"name": "a", "about": "z"},
    {"name": "a", "parts": ([1],)},
    {"name": "'", "size": -1},
]


def test_value_behaves_like_a_generated_dataclass() -> None:
    for one in CASES:
        assert repr(Fast(**one)) == repr(Generated(**one)).replace("Generated", "Fast")
        for other in CASES:
            assert (Fast(**one) == Fast(**other)) is (Generated(**one) == Generated(**other))
            assert (hash(Fast(**one)) == hash(Fast(**other))) is (
                hash(Generated(**one)) == hash(Generated(**other))
            )


def test_values_of_different_classes_are_unequal() -> None:
    class Derived(Fast):
        pass

    assert Fast("a") != Derived("a")
    assert Fast("a") != "a"
    assert Derived("a") == Derived("a")
    assert repr(Derived("a")).startswith(
        "test_values_of_different_classes_are_unequal.<locals>.Derived(name='a'"
    )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Stock(FrozenMappings, Value):
    """A class made by ``dataclass``."""

    name: str
    data: Mapping[str, int] = field(default_factory=dict[str, int])
    size: int = 0
    kind: str = field(default="x", repr=False, compare=False)


@value(kw_only=True)
class Late(FrozenMappings, Value):
    """The same class, made by ``value``."""

    name: str
    data: Mapping[str, int] = field(default_factory=dict[str, int])
    size: int = 0
    kind: str = field(default="x", repr=False, compare=False)


@value(kw_only=True)
class Derived(Late):
    """A class with a field more."""

    more: int = 5


@value()
class Pair(Value):
    """A class with positional arguments."""

    first: int
    second: int = 2


def test_value_equals_a_frozen_dataclass() -> None:
    assert inspect.signature(Late) == inspect.signature(Stock)
    assert Late.__doc__ == "The same class, made by ``value``."
    assert [(each.name, each.type, each.default) for each in fields(Late)] == [
        (each.name, each.type, each.default) for each in fields(Stock)
    ]
    late, stock = Late(name="a", data={"b": 1}), Stock(name="a", data={"b": 1})
    assert repr(late) == repr(stock).replace("Stock", "Late")
    assert vars(late) == vars(stock)
    assert type(late.data) is FrozenDict
    assert Late.__init__.__qualname__ == "Late.__init__"
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'name'"):
        Late()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional"):
        Late("a")  # type: ignore[misc]


def test_annotations_of_the_constructor_are_resolved_in_the_module_of_the_class() -> None:
    for cls in (Late, Derived, Pair):
        assert cls.__init__.__module__ == __name__, cls
        hints = get_type_hints(cls.__init__)
        assert hints.pop("return") is type(None), cls
        assert hints == get_type_hints(cls), cls
        signature = inspect.signature(cls, eval_str=True)
        assert {name: each.annotation for name, each in signature.parameters.items()} == hints, cls


def test_value_is_frozen() -> None:
    late = Derived(name="a")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        late.name = "b"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'other'"):
        late.other = "b"  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
        del late.name
    assert late.name == "a"


def test_value_is_replaced_copied_pickled_and_matched() -> None:
    late = Derived(name="a", data={"b": 1}, more=6)
    assert replace(late, size=2) == Derived(name="a", data={"b": 1}, more=6, size=2)
    for same in (copy.copy(late), copy.deepcopy(late), pickle.loads(pickle.dumps(late))):
        assert same == late
        assert type(same) is Derived
    match late:
        case Late(name=name, data={"b": number}):
            assert (name, number) == ("a", 1)
        case _:
            raise AssertionError
    match Pair(1):
        case Pair(first, second):
            assert (first, second) == (1, 2)


def test_constructor_is_compiled_at_its_first_call() -> None:
    @value()
    class Fresh(Value):
        """A class that wasn't called yet."""

        number: int

    class Child(Fresh):
        """A class that inherits the constructor."""

    assert type(vars(Fresh)["__init__"]).__name__ == "_LateInit"
    assert Child(1) == Child(1)
    assert inspect.isfunction(vars(Fresh)["__init__"])
    assert Fresh(number=2).number == 2
