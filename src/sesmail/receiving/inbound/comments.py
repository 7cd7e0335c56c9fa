"""Comments in structured header fields (RFC 5322, section 3.2.2)."""

from __future__ import annotations

from ...patterns import lazy_pattern
from .limits import MAX_COMMENT_DEPTH

__all__ = ["read_comment", "without_comments"]

_TOKEN = lazy_pattern(r"\(+|\)|[^()\\]+|\\.?")
# An escaped parenthesis is no start of a comment: re would read the rest of the text from each.
_INNERMOST = lazy_pattern(r"(?<!\\)\([^()\\]*(?:\\.[^()\\]*)*\)")


def without_comments(text: str) -> str:
    """Returns text with a space in place of each comment; it must not contain quoted strings.

    Comments that aren't closed or are nested too deep remain.
    """
    for _ in range(MAX_COMMENT_DEPTH):
        if "(" not in text:
            break
        text, count = _INNERMOST.subn(" ", text)
        if not count:
            break
    return text


def read_comment(text: str, at: int) -> tuple[str, int]:
    """Parses a comment in linear time.

    Args:
        text: The field.
        at: Position after the opening parenthesis.

    Returns:
        Text of the comment without nested ones, and the position after it.
    """
    depth = 1
    pieces: list[str] = []
    while depth and (match := _TOKEN.match(text, at)):
        at = match.end()
        token = match[0]
        if token[0] == "(":
            depth += len(token)
        elif token == ")":
            depth -= 1
            if depth == 1 and pieces:
                pieces[-1] = pieces[-1].rstrip(" ")
        elif depth == 1:
            pieces.append(token[-1] if token[0] == "\\" else token)
    return "".join(pieces), at
