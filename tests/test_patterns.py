"""The regular expressions of the package have nothing that early releases of 3.11 misread.

Until CPython 3.11.5 a possessive quantifier after a group does not go back to where its last
repetition started if this repetition fails after its first characters (python/cpython#100061 and
#106052); an atomic group is as new. Where neighbouring pieces of a pattern have no character in
common, plain quantifiers match the same, and in linear time, too.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.frames import PACKAGE

READS_PATTERN = {
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
    """The patterns that a module gives to ``re``, with x for what is only known when it runs."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "re":
            raise ValueError(
                f"line {node.lineno}: re is imported in another way than tests can read"
            )
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in READS_PATTERN
        ):
            module = node.func.value
            if isinstance(module, ast.Name) and module.id == "re":
                yield pattern_of(node.args[0])


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
    raise ValueError(f"line {node.lineno}: a pattern that tests can't read")


def operations(pattern: str | bytes) -> set[str]:
    """The names of what a pattern is made of."""
    names = set()

    def look(part: Any) -> None:
        if isinstance(part, re._constants._NamedIntConstant):  # type: ignore[attr-defined]
            names.add(part.name)
        elif isinstance(part, tuple | list | re._parser.SubPattern):  # type: ignore[attr-defined]
            for each in part:
                look(each)

    look(re._parser.parse(pattern))  # type: ignore[attr-defined]
    return names


MISREAD = {"ATOMIC_GROUP", "POSSESSIVE_REPEAT"}


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix()
)
def test_no_pattern_is_misread_by_early_releases(path: Path) -> None:
    found = {
        pattern: operations(pattern) & MISREAD for pattern in patterns(path.read_text("utf-8"))
    }
    assert [pattern for pattern, misread in found.items() if misread] == []


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
@pytest.mark.parametrize("call", ["A = re.compile({})", "def f(): return re.sub({}, '', text)"])
def test_such_patterns_are_found(call: str, written: str) -> None:
    (pattern,) = patterns(call.format(written))
    assert operations(pattern) & MISREAD


def test_other_patterns_pass() -> None:
    (pattern,) = patterns(r"A = re.compile(r'[*+][^?+]\++a+b*?(c|d){2}(?!x)')")
    assert not operations(pattern) & MISREAD


@pytest.mark.parametrize(
    "source", ["re.compile(PATTERN)", "re.match('a' + b, c)", "from re import compile"]
)
def test_what_can_not_be_read_is_told(source: str) -> None:
    with pytest.raises(ValueError, match="line 1"):
        list(patterns(source))
