"""The mapping of frozen models: a dict in every way but change."""

import copy
import json
import pickle
from collections.abc import Callable

import pytest

from sesmail.frozen import FrozenDict

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
    with pytest.raises(TypeError, match="make a new model"):
        change(mapping)
    assert mapping == {"a": 1}


def test_every_way_to_change_a_dict_is_known() -> None:
    mutable = {name for name in dir(dict) if name not in dir(type(json)) and callable(getattr(dict, name))}
    harmless = {
        "__class__", "__class_getitem__", "__contains__", "__getitem__", "__iter__", "__len__", "__or__",
        "__reversed__", "__ror__", "copy", "fromkeys", "get", "items", "keys", "values",
    }  # fmt: skip
    changing = {name for name in mutable - harmless if not name.startswith("__") or "item" in name or "ior" in name}
    assert {name for name in changing if getattr(FrozenDict, name) is getattr(dict, name)} == set()


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda mapping: pickle.loads(pickle.dumps(mapping))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_duplicates_stay_frozen(duplicate: Callable[[object], object]) -> None:
    made = duplicate(FrozenDict({"a": [1]}))
    assert made == {"a": [1]}
    assert type(made) is FrozenDict


def test_dumps_as_a_dict() -> None:
    assert json.dumps(FrozenDict({"a": 1})) == '{"a": 1}'
    assert {**FrozenDict({"a": 1}), "b": 2} == FrozenDict({"a": 1}) | {"b": 2} == {"a": 1, "b": 2}
