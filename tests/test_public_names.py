"""Public names of sesmail: sorted, complete, documented, importable from their module."""

import ast
import importlib
import inspect
import types
from pathlib import Path

import pytest

import sesmail

PUBLIC = {name: getattr(sesmail, name, None) for name in sesmail.__all__}
MADE_HERE = [
    name for name, value in PUBLIC.items() if inspect.isclass(value) or inspect.isroutine(value)
]


def test_public_names_are_sorted() -> None:
    assert sesmail.__all__ == sorted(set(sesmail.__all__))


def typed_imports(package: types.ModuleType) -> dict[str, str]:
    """Return the names that type checkers see, each with its module."""
    tree = ast.parse(Path(str(package.__file__)).read_text())
    (block,) = [each for each in tree.body if isinstance(each, ast.If) and not each.orelse][:1]
    return {
        alias.name: statement.module or alias.name
        for statement in block.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }


def test_table_of_names_equals_the_typed_imports() -> None:
    typed = typed_imports(sesmail)
    assert typed == sesmail._MODULES
    assert {*sesmail.__all__} == {*typed, "__version__"}
    names = [name for names in sesmail._PUBLIC_NAMES.values() for name in names.split()]
    assert sorted(names) == sorted(typed)


def test_table_of_names_for_tests_equals_the_typed_imports() -> None:
    testing = pytest.importorskip("sesmail.testing", reason="pip install sesmail[testing]")
    typed = typed_imports(testing)
    assert typed == testing._MODULES
    assert {*testing.__all__} == {*typed}


def test_public_names_for_sql_are_sorted_and_documented() -> None:
    sql = pytest.importorskip("sesmail.sql", reason="pip install sesmail[sql]")
    assert sql.__all__ == sorted(set(sql.__all__))
    classes = [getattr(sql, name) for name in sql.__all__ if inspect.isclass(getattr(sql, name))]
    assert [each.__name__ for each in classes if not each.__doc__] == []


def test_every_public_name_exists() -> None:
    assert [name for name, value in PUBLIC.items() if value is None] == []


def test_every_public_name_has_a_docstring() -> None:
    docstrings = {name: PUBLIC[name].__doc__ or "" for name in MADE_HERE}
    assert [name for name, text in docstrings.items() if not text] == []
    # Dataclasses write a signature where there is none.
    assert [name for name, text in docstrings.items() if text.startswith(f"{name}(")] == []


def test_public_names_can_be_pickled_by_their_module() -> None:
    for name in MADE_HERE:
        module = importlib.import_module(PUBLIC[name].__module__)
        assert module.__name__.split(".")[0] == "sesmail", name
        assert getattr(module, name) is PUBLIC[name], name
