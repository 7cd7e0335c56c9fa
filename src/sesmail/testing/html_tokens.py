"""Tags and texts of HTML, in time linear in its length.

``html.parser`` takes quadratic time for unclosed tags and comments before Python 3.14 and the
later releases of older versions: https://github.com/python/cpython/issues/135462
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Literal, NamedTuple

__all__ = ["HtmlToken", "read_tokens"]

_MARKUP = re.compile(r"<(?=[A-Za-z!?/])")
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
_ATTRIBUTE = re.compile(
    r"""[\s/]*([^\s/>][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)("?)|'([^']*)('?)|([^\s>"'][^\s>]*))?)?"""
)
# Their content is text up to the end tag:
# https://html.spec.whatwg.org/multipage/parsing.html#parsing-html-fragments
_RAW = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in (
        *("script", "style", "textarea", "title"),
        *("xmp", "iframe", "noembed", "noframes"),
    )
}
_NO_ATTRIBUTES: Mapping[str, str | None] = {}


class HtmlToken(NamedTuple):
    """A tag or a text.

    Attributes:
        kind: ``start``, ``end`` or ``text``.
        value: Name of the tag in lower case, or the decoded text.
        attributes: Attributes of a start tag, the first of each name; None for one without value.
    """

    kind: Literal["start", "end", "text"]
    value: str
    attributes: Mapping[str, str | None] = _NO_ATTRIBUTES


def read_tokens(html: str) -> Iterator[HtmlToken]:
    """Yields the tags and texts of HTML, without comments; an unclosed tag ends it."""
    position = 0
    while position < len(html):
        found = _MARKUP.search(html, position)
        start = len(html) if found is None else found.start()
        if start > position:
            yield HtmlToken("text", unescape(html[position:start]))
        if found is None:
            return
        match = _TAG.match(html, start)
        if match is None:
            position = _after_comment(html, start)
        else:
            name = match[2].lower()
            attributes, position = _read_attributes(html, match.end())
            if position < 0:
                return
            yield HtmlToken("end" if match[1] else "start", name, attributes)
            if not match[1] and name in _RAW:
                end = _RAW[name].search(html, position)
                stop = len(html) if end is None else end.start()
                yield HtmlToken("text", html[position:stop])
                position = stop


def _after_comment(html: str, start: int) -> int:
    """Returns the position after a comment, declaration or processing instruction."""
    mark = "-->" if html.startswith("<!--", start) else ">"
    end = html.find(mark, start + 2)
    return len(html) if end < 0 else end + len(mark)


def _read_attributes(html: str, position: int) -> tuple[dict[str, str | None], int]:
    """Returns the attributes of a tag, and the position after it; -1 if it isn't closed."""
    found: dict[str, str | None] = {}
    while match := _ATTRIBUTE.match(html, position):
        name, double, double_end, single, single_end, plain = match.groups()
        if double_end == "" or single_end == "":
            return found, -1
        value = next((each for each in (double, single, plain) if each is not None), None)
        found.setdefault(name.lower(), None if value is None else unescape(value))
        position = match.end()
    end = html.find(">", position)
    return found, end + 1 if end >= 0 else -1
