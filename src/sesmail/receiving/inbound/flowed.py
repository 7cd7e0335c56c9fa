"""Joins the lines of ``format=flowed`` text: https://www.rfc-editor.org/rfc/rfc3676"""

from __future__ import annotations

from .limits import MAX_FLOWED_LINES, MAX_FLOWED_TEXT, Budget

__all__ = ["TOO_MANY_LINES", "join_lines"]

TOO_MANY_LINES = (
    f"text over {MAX_FLOWED_LINES:,} lines or {MAX_FLOWED_TEXT >> 20} MiB in format=flowed,"
    " lines not joined"
)

_SIGNATURE = "-- "  # https://www.rfc-editor.org/rfc/rfc3676#section-4.3


def join_lines(text: str, budget: Budget, *, delete_space: bool) -> str | None:
    """Joins the lines of each paragraph, and removes the space that protects the start of a line.

    Quote marks stay at the start of a paragraph, once.

    Args:
        text: The text, with LF as line ends.
        budget: Amounts that may be parsed; reduced by what is parsed.
        delete_space: Whether the space at the end of a line that continues is no part of the text.

    Returns:
        The text; None if it is too large, or has more lines than the budget allows.
    """
    if len(text) > MAX_FLOWED_TEXT:
        return None
    if " \n" not in text and "\n " not in text and not text.startswith(" "):
        return text
    count = text.count("\n")
    if count > budget.flowed_lines:
        return None
    budget.flowed_lines -= count
    pieces: list[str] = []
    paragraph: int | None = None  # number of quote marks, if the line before continues
    for line in text.split("\n"):
        content = line.lstrip(">")
        quotes = len(line) - len(content)
        content = content.removeprefix(" ")
        is_signature = content == _SIGNATURE
        continues = content.endswith(" ") and not is_signature
        if paragraph != quotes or is_signature:
            pieces.append("\n" + line[: len(line) - len(content)] if quotes else "\n")
        pieces.append(content[:-1] if continues and delete_space else content)
        paragraph = quotes if continues else None
    return "".join(pieces)[1:]
