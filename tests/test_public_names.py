"""The face: every public name of sesmail, sorted, described, and found where it says that it lives."""

import importlib
import inspect
import types

import pytest

import sesmail

FACE = {name: getattr(sesmail, name, None) for name in sesmail.__all__}
MADE_HERE = [
    name for name, value in FACE.items() if inspect.isclass(value) or inspect.isroutine(value)
]


def test_is_sorted() -> None:
    assert sesmail.__all__ == sorted(set(sesmail.__all__))


def test_is_complete() -> None:
    public = {
        name
        for name, value in vars(sesmail).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert set(FACE) == public | {"__version__"}


def test_every_name_resolves() -> None:
    assert [name for name, value in FACE.items() if value is None] == []


@pytest.mark.parametrize("name", MADE_HERE)
def test_has_a_docstring(name: str) -> None:
    docstring = FACE[name].__doc__
    assert docstring, "says nothing"
    assert not docstring.startswith(f"{name}("), "has only the signature that dataclasses write"


@pytest.mark.parametrize("name", MADE_HERE)
def test_lives_where_it_says(name: str) -> None:
    module = importlib.import_module(FACE[name].__module__)
    assert module.__name__.split(".")[0] == "sesmail"
    assert getattr(module, name) is FACE[name]
