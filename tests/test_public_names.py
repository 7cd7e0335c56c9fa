"""Public names of sesmail: sorted, complete, documented, importable from their module."""

import importlib
import inspect
import types

import pytest

import sesmail

PUBLIC = {name: getattr(sesmail, name, None) for name in sesmail.__all__}
MADE_HERE = [
    name for name, value in PUBLIC.items() if inspect.isclass(value) or inspect.isroutine(value)
]


def test_public_names_are_sorted() -> None:
    assert sesmail.__all__ == sorted(set(sesmail.__all__))


def test_public_names_are_complete() -> None:
    public = {
        name
        for name, value in vars(sesmail).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert set(PUBLIC) == public | {"__version__"}


def test_every_public_name_exists() -> None:
    assert [name for name, value in PUBLIC.items() if value is None] == []


@pytest.mark.parametrize("name", MADE_HERE)
def test_every_public_name_has_a_docstring(name: str) -> None:
    docstring = PUBLIC[name].__doc__
    assert docstring, "missing"
    assert not docstring.startswith(f"{name}("), "has only the signature that dataclasses write"


@pytest.mark.parametrize("name", MADE_HERE)
def test_public_names_can_be_pickled_by_their_module(name: str) -> None:
    module = importlib.import_module(PUBLIC[name].__module__)
    assert module.__name__.split(".")[0] == "sesmail"
    assert getattr(module, name) is PUBLIC[name]
