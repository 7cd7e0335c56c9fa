"""Converts between plain text and HTML, for mails that have a part of their body in one only."""

from __future__ import annotations

import re

from ...patterns import lazy_pattern

__all__ = ["html_from_text", "text_from_html"]

# Linear time: what isn't closed extends to the end, and a tag ends before the next one begins.
_INVISIBLE = lazy_pattern(
    r"<(script|style|title)\b.*?(?:</\1\b[^<>]*>|\Z)|<!--.*?(?:-->|\Z)", re.IGNORECASE | re.DOTALL
)
_WHITE_SPACE = lazy_pattern(r"[ \t\r\n\f]+")
_LINE_BREAK = lazy_pattern(
    r"<(?:br|hr|/(?:p|div|tr|table|li|ul|ol|h[1-6]|blockquote|pre))\b[^<>]*>", re.IGNORECASE
)
_TAG = lazy_pattern(r"<[a-zA-Z/!?][^<>]*>")
_SPACES_AT_BREAK = lazy_pattern(r" ?\n ?")
_EMPTY_LINES = lazy_pattern(r"\n{3,}")


def html_from_text(text: str) -> str:
    """Plain text as HTML that displays its lines; empty for text of white space."""
    if not text or text.isspace():
        return ""
    import html  # lazily: it loads a table of all named characters

    lines = html.escape(text.removesuffix("\n"), quote=False).replace("\n", "<br>\n")
    return f"<div>{lines}</div>\n"


def text_from_html(source: str) -> str:
    """The words of HTML, with line breaks in place of paragraphs; links and images are left out."""
    visible = _WHITE_SPACE.sub(" ", _INVISIBLE.sub("", source))
    import html

    text = html.unescape(_TAG.sub("", _LINE_BREAK.sub("\n", visible)))
    text = _EMPTY_LINES.sub("\n\n", _SPACES_AT_BREAK.sub("\n", text)).strip(" \n")
    return f"{text}\n" if text else ""
