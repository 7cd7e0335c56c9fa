"""Regular expressions of the package avoid syntax that early releases of Python 3.11 mismatch.

Until CPython 3.11.5 a possessive quantifier after a group does not go back to where its last
repetition started if this repetition fails after its first characters (python/cpython#100061 and
#106052); an atomic group is as new. Where neighbouring pieces of a pattern have no character in
common, plain quantifiers match the same, and in linear time, too.
"""

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest

from support.cases import case
from support.frames import PACKAGE

RE_FUNCTIONS = {
    "compile",
    "findall",
    "finditer",
    "fullmatch",
    "match",
    "search",
    "split",
    "sub",
    "subn",
}


def patterns(source: str) -> Iterator[str | bytes]:
    """Yield the patterns that a module passes to ``re`` or ``lazy_pattern``.

    Computed parts are replaced by x.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "re":
            raise ValueError(f"line {node.lineno}: import the module re instead of its functions")
        match node:
            case ast.Call(func=ast.Name("lazy_pattern"), args=[pattern, *_]):
                yield pattern_of(pattern)
            case ast.Call(func=ast.Attribute(ast.Name("re"), name), args=[pattern, *_]):
                if name in RE_FUNCTIONS:
                    yield pattern_of(pattern)
            case _:
                pass


def pattern_of(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=str() | bytes() as text):
            return text
        case ast.JoinedStr(values=values):
            return "".join(
                "x" if isinstance(value, ast.FormattedValue) else pattern_of(value)
                for value in values
            )
        case ast.BinOp(left=left, op=ast.Mod()):
            return pattern_of(left)
    raise ValueError(f"line {node.lineno}: the pattern is not a literal")


def operations(pattern: str | bytes) -> set[str]:
    """Return the names of the operations in a pattern."""
    names = set()

    def visit(part: Any) -> None:
        if isinstance(part, re._constants._NamedIntConstant):  # type: ignore[attr-defined]
            names.add(part.name)
        elif isinstance(part, tuple | list | re._parser.SubPattern):  # type: ignore[attr-defined]
            for each in part:
                visit(each)

    visit(re._parser.parse(pattern))  # type: ignore[attr-defined]
    return names


MISMATCHED = {"ATOMIC_GROUP", "POSSESSIVE_REPEAT"}


def test_patterns_have_no_possessive_or_atomic_groups() -> None:
    for path in PACKAGE.rglob("*.py"):
        with case(path):
            found = patterns(path.read_text("utf-8"))
            assert [pattern for pattern in found if operations(pattern) & MISMATCHED] == []


@pytest.mark.parametrize(
    "written",
    [
        "r'a*+'",
        "rb'a++'",
        "'(?:a|b)?+'",
        "'a{1,2}+'",
        "'(?>a)'",
        "'(?=(a++))'",
        "f'{A}(b|c++)'",
        "rb'(?:a*+){%d}' % 2",
    ],
)
@pytest.mark.parametrize(
    "call",
    [
        "A = re.compile({})",
        "A = lazy_pattern({}, re.ASCII)",
        "def f(): return re.sub({}, '', text)",
    ],
)
def test_possessive_and_atomic_groups_are_found(call: str, written: str) -> None:
    (pattern,) = patterns(call.format(written))
    assert operations(pattern) & MISMATCHED


def test_other_patterns_pass() -> None:
    (pattern,) = patterns(r"A = re.compile(r'[*+][^?+]\++a+b*?(c|d){2}(?!x)')")
    assert not operations(pattern) & MISMATCHED


@pytest.mark.parametrize(
    "source",
    [
        "re.compile(PATTERN)",
        "re.match('a' + b, c)",
        "lazy_pattern(PATTERN)",
        "from re import compile",
    ],
)
def test_patterns_that_are_no_literals_raise_value_error(source: str) -> None:
    with pytest.raises(ValueError, match="line 1"):
        list(patterns(source))
