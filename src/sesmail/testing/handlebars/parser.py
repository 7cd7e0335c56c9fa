"""Parses the tokens of a template to a tree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from .tokens import TemplateSyntaxError, Token, tokenise

__all__ = ["Block", "Node", "Path", "TemplateSyntaxError", "Value", "is_plain", "parse"]

_MAX_DEPTH = 50  # nested blocks
_SEGMENT = re.compile(r"\[([^\]]*)\]|([^\s!\"#%&'()*+,./;<=>@\[\\\]^`{|}~]+)")
_WORD = re.compile(r"(?:\[[^\]]*\]|[^\s\[])+")
_HELPERS = ("each", "if", "unless", "with")
_UNSUPPORTED = {"lookup", "log"}


@dataclass(frozen=True, slots=True)
class Path:
    """A path to a value: the number of ``../``, whether it begins with ``@``, its names."""

    text: str
    parents: int = 0
    is_data: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Value:
    """A tag that inserts a value."""

    path: Path


@dataclass(frozen=True, slots=True)
class Block:
    """A block: its helper, or ``section``, its argument, its content and that of its ``else``."""

    helper: str
    path: Path
    content: tuple[Node, ...] = ()
    otherwise: tuple[Node, ...] = ()


Node: TypeAlias = "str | Value | Block"


@dataclass(slots=True)
class _Open:
    """A block that isn't closed yet."""

    name: str
    helper: str
    path: Path
    content: list[Node] = field(default_factory=list["Node"])
    otherwise: list[Node] | None = None
    is_inverse: bool = False
    is_chained: bool = False

    @property
    def current(self) -> list[Node]:
        return self.content if self.otherwise is None else self.otherwise

    def close(self) -> Block:
        content, otherwise = tuple(self.content), tuple(self.otherwise or ())
        if self.is_inverse:
            content, otherwise = otherwise, content
        return Block(self.helper, self.path, content, otherwise)


@lru_cache(maxsize=256)
def parse(template: str) -> tuple[Node, ...]:
    """Parses a template.

    Raises:
        TemplateSyntaxError: It is invalid, or uses more of Handlebars than is supported.
    """
    root: list[Node] = []
    blocks: list[_Open] = []
    for token in tokenise(template):
        current = blocks[-1].current if blocks else root
        match token.kind:
            case "text":
                current.extend([token.content] if token.content else [])
            case "value":
                current.append(Value(_value_path(token.content)))
            case "open" | "inverse":
                _check_depth(blocks)
                blocks.append(_open(token))
            case "else":
                _else(blocks, token.content)
            case "close":
                _close(blocks, token.content, root)
            case _:  # a comment
                continue
    if blocks:
        raise TemplateSyntaxError(f"the block {blocks[-1].name!r} isn't closed")
    return tuple(root)


def is_plain(template: str) -> bool:
    """Returns whether a template has no blocks, as SES requires of inline templates."""
    return not any(isinstance(node, Block) for node in parse(template))


def _check_depth(blocks: Sequence[_Open]) -> None:
    if len(blocks) >= _MAX_DEPTH:
        raise TemplateSyntaxError(f"more than {_MAX_DEPTH} nested blocks")


def _open(token: Token, *, is_chained: bool = False) -> _Open:
    name, argument = _words(token.content)
    if name in _HELPERS:
        if not argument:
            raise TemplateSyntaxError(f"the block {name!r} has no argument")
        helper, path = name, _path(argument)
    elif argument:
        raise TemplateSyntaxError(f"the helper {name!r} isn't supported")
    else:
        helper, path = "section", _path(name)
    return _Open(name, helper, path, is_inverse=token.kind == "inverse", is_chained=is_chained)


def _else(blocks: list[_Open], content: str) -> None:
    if not blocks or blocks[-1].otherwise is not None:
        raise TemplateSyntaxError("an else that belongs to no block")
    blocks[-1].otherwise = []
    chained = content.removeprefix("else").strip()
    if chained:
        _check_depth(blocks)
        blocks.append(_open(Token("open", chained), is_chained=True))


def _close(blocks: list[_Open], name: str, root: list[Node]) -> None:
    """Closes a block, and those of its ``else if``."""
    while blocks:
        block = blocks.pop()
        (blocks[-1].current if blocks else root).append(block.close())
        if not block.is_chained:
            if block.name != name:
                raise TemplateSyntaxError(f"{name!r} closes the block {block.name!r}")
            return
    raise TemplateSyntaxError(f"{name!r} closes no block")


def _value_path(content: str) -> Path:
    name, argument = _words(content)
    if argument or name in _UNSUPPORTED or name.startswith(">"):
        raise TemplateSyntaxError(f"the tag {content!r} isn't supported")
    return _path(content)


def _words(content: str) -> tuple[str, str]:
    """Returns the first word of a tag, and the rest; brackets may contain spaces."""
    match = _WORD.match(content)
    end = match.end() if match else 0
    return content[:end], content[end:].strip()


def _path(text: str) -> Path:
    """Parses a path.

    Raises:
        TemplateSyntaxError: It isn't one; literals, subexpressions and block parameters aren't
            supported.
    """
    rest = text
    parents = 0
    while rest == ".." or rest.startswith("../"):
        parents += 1
        rest = rest[3:]
    is_data = rest.startswith("@") and not parents
    rest = rest[is_data:]
    for here in ("this", "."):
        if rest == here or rest.startswith((f"{here}/", f"{here}.")):
            rest = rest[len(here) + 1 :]
            if not rest:
                return Path(text, parents, is_data)
            break
    if not rest and parents:
        return Path(text, parents)
    return Path(text, parents, is_data, _names(rest, text))


def _names(rest: str, text: str) -> tuple[str, ...]:
    names: list[str] = []
    position = 0
    while match := _SEGMENT.match(rest, position):
        if match[2] and match[2].isdecimal():
            raise TemplateSyntaxError(f"write the index in {text!r} as [{match[2]}]")
        names.append(match[2] if match[1] is None else match[1])
        position = match.end()
        if position == len(rest):
            return tuple(names)
        if rest[position] not in "./":
            break
        position += 1
    raise TemplateSyntaxError(f"{text!r} isn't a path to a value")
