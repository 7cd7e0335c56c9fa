"""Splits a template into text and tags, and removes the whitespace that tags remove."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["TemplateSyntaxError", "Token", "TokenKind", "tokenise"]

TokenKind: TypeAlias = Literal["text", "value", "open", "inverse", "else", "close", "comment"]

_OPEN = re.compile(r"\{\{(~?)(!--|!|\{|&|#|\^|/|)")
_KINDS: dict[str, TokenKind] = {"#": "open", "^": "inverse", "/": "close"}
_END = re.compile(r"(~?)\}\}")
_ENDS = {"!--": re.compile(r"--(~?)\}\}"), "{": re.compile(r"\}(~?)\}\}")}
_LINE_START = re.compile(r"(?:^|\n)[ \t]*$")
_LATER_LINE_START = re.compile(r"\n[ \t]*$")
_LINE_END = re.compile(r"[ \t]*(?:\r?\n|\Z)")
_EARLIER_LINE_END = re.compile(r"[ \t]*\r?\n")
_ELSE = re.compile(r"else(?:\s|$)")


class TemplateSyntaxError(ValueError):
    """The template isn't valid, or uses more of Handlebars than is supported."""


@dataclass(slots=True)
class Token:
    """A text or a tag; ``content`` of a tag is what is between its delimiters."""

    kind: TokenKind
    content: str
    strip_before: bool = False
    strip_after: bool = False


def tokenise(template: str) -> list[Token]:
    """Returns the tokens of a template; a text, perhaps an empty one, surrounds every tag.

    Raises:
        TemplateSyntaxError: A tag isn't closed.
    """
    tokens = list(_split(template))
    _strip(tokens)
    return tokens


def _split(template: str) -> Iterator[Token]:
    position = 0
    while match := _OPEN.search(template, position):
        yield Token("text", template[position : match.start()])
        tilde, sigil = match.groups()
        end = _ENDS.get(sigil, _END).search(template, match.end())
        if end is None:
            raise TemplateSyntaxError(f"the tag at character {match.start()} isn't closed")
        content = template[match.end() : end.start()].strip()
        yield Token(_kind(sigil, content), content, bool(tilde), bool(end[1]))
        position = end.end()
    yield Token("text", template[position:])


def _kind(sigil: str, content: str) -> TokenKind:
    if sigil.startswith("!"):
        return "comment"
    if sigil == "^" and not content:
        return "else"
    if not sigil and _ELSE.match(content):
        return "else"
    return _KINDS.get(sigil, "value")


def _strip(tokens: list[Token]) -> None:
    """Removes whitespace at ``~``, and the lines that consist of one block tag or comment.

    https://handlebarsjs.com/guide/expressions.html#whitespace-control
    """
    original = [token.content for token in tokens]
    for index in range(1, len(tokens), 2):
        before, tag, after = tokens[index - 1 : index + 2]
        if tag.kind != "value" and _is_alone(original, index):
            before.content = before.content.rstrip(" \t")
            after.content = after.content[_end_of_line(after.content) :]
        if tag.strip_before:
            before.content = before.content.rstrip()
        if tag.strip_after:
            after.content = after.content.lstrip()


def _is_alone(texts: list[str], index: int) -> bool:
    start = _LINE_START if index == 1 else _LATER_LINE_START
    end = _LINE_END if index == len(texts) - 2 else _EARLIER_LINE_END
    return bool(start.search(texts[index - 1]) and end.match(texts[index + 1]))


def _end_of_line(text: str) -> int:
    """Returns where the second line of a text begins, if its first one is empty."""
    match = _LINE_END.match(text)
    return match.end() if match else 0
