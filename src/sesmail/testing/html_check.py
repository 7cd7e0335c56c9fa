"""Checks of the HTML of a mail: images, links, elements, visible text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote

from .html_tokens import read_tokens
from .mail_problem import MailProblem

__all__ = ["HtmlContent", "check_html", "read_html"]

# Gmail shows a link to the rest: https://support.google.com/mail/answer/6562
MAX_HTML = 102 * 1024  # bytes

_HIDDEN = re.compile(r"display\s*:\s*none|max-height\s*:\s*0|font-size\s*:\s*0", re.IGNORECASE)
_SIZED = {
    name: re.compile(rf"(?:^|[;\s]){name}\s*:", re.IGNORECASE) for name in ("width", "height")
}
_CID_URL = re.compile(r"cid:([^\s\"'<>()]{1,998})", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,31}:", re.IGNORECASE)
# Mail programs remove them: https://www.caniemail.com
_REMOVED = {"script", "iframe", "object", "embed", "applet", "frame", "frameset", "form"}
_UNSEEN = {"style", "script", "title", "head", "template"}
_VOID = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input"),
    *("link", "meta", "source", "track", "wbr"),
}
_MAX_DEPTH = 1000
_MAX_UNCLOSED = 100  # elements that an end tag closes at most
_MAX_SHOWN = 80  # characters of a value in a message


@dataclass
class HtmlContent:
    """Parts of HTML that the checks need.

    Attributes:
        images: Attributes of each ``img``.
        links: ``href`` of each ``a`` and ``area`` that has one.
        removed: Names of elements that mail programs remove.
        attributes: Values of all attributes but styles.
        texts: The texts outside of ``style``, ``script`` and ``head``.
        hidden: Those of them that are in an element hidden by its style.
    """

    images: list[Mapping[str, str | None]] = field(default_factory=list[Mapping[str, str | None]])
    links: list[str | None] = field(default_factory=list["str | None"])
    removed: dict[str, None] = field(default_factory=dict[str, None])
    attributes: list[str] = field(default_factory=list[str])
    texts: list[str] = field(default_factory=list[str])
    hidden: list[str] = field(default_factory=list[str])


class _Open(NamedTuple):
    """An open element: whether its text isn't shown, or is hidden by a style."""

    name: str = ""
    unseen: bool = False
    hidden: bool = False


def read_html(html: str) -> HtmlContent:
    """Returns the content of HTML."""
    content = HtmlContent()
    stack = [_Open()]
    for kind, value, attributes in read_tokens(html):
        last = stack[-1]
        if kind == "start":
            _add_element(content, value, attributes)
            if value not in _VOID and len(stack) < _MAX_DEPTH:
                hides = "hidden" in attributes or _HIDDEN.search(attributes.get("style") or "")
                unseen = last.unseen or value in _UNSEEN
                stack.append(_Open(value, unseen, last.hidden or bool(hides)))
        elif kind == "end":
            _close(stack, value)
        elif not last.unseen and value.strip():
            content.texts.append(value)
            if last.hidden:
                content.hidden.append(value)
    return content


def _add_element(content: HtmlContent, name: str, attributes: Mapping[str, str | None]) -> None:
    content.attributes += [value for key, value in attributes.items() if value and key != "style"]
    if name == "img":
        content.images.append(attributes)
    elif name in ("a", "area") and "href" in attributes:  # without, it is an anchor
        content.links.append(attributes["href"])
    if name in _REMOVED:
        content.removed[name] = None


def _close(stack: list[_Open], name: str) -> None:
    """Closes the innermost element of a name, with those in it."""
    for index in range(len(stack) - 1, max(0, len(stack) - _MAX_UNCLOSED), -1):
        if stack[index].name == name:
            del stack[index:]
            return


def check_html(html: str, content: HtmlContent, inline: Collection[str]) -> Iterator[MailProblem]:
    """Yields the problems of images, links, elements and size.

    Args:
        html: The HTML.
        content: Its content.
        inline: Content ids of the inline images.
    """
    size = len(html.encode("utf-8", "replace"))
    if size > MAX_HTML:
        yield MailProblem(
            "html-clipped",
            "warning",
            f"the HTML has {size:,} bytes: Gmail clips what exceeds {MAX_HTML:,}",
        )
    missing = {unquote(found) for found in _CID_URL.findall(html)} - set(inline)
    for content_id in sorted(missing):
        yield MailProblem(
            "cid-missing",
            "error",
            f"no inline image has the content id {_shown(content_id)}, which the HTML displays",
        )
    for name in content.removed:
        text = f"mail programs remove <{name}>: do without it"
        yield MailProblem("element-removed", "warning", text)
    yield from _image_problems(content)
    yield from _link_problems(content)


def _image_problems(content: HtmlContent) -> Iterator[MailProblem]:
    for image in content.images:
        name = _shown(image.get("src") or "")
        if image.get("alt") is None:
            text = f'the image {name} has no alt text: add one, or alt="" for decoration'
            yield MailProblem("image-alt", "warning", text)
        style = image.get("style") or ""
        lacking = [
            each
            for each, pattern in _SIZED.items()
            if image.get(each) is None and pattern.search(style) is None
        ]
        if lacking:
            text = f"the image {name} has no {' and '.join(lacking)}: the text moves as it loads"
            yield MailProblem("image-size", "advice", text)
        scheme = _scheme(image.get("src") or "")
        if scheme == "http":
            text = f"the image {name} has no https: many mail programs don't load it"
            yield MailProblem("image-insecure", "warning", text)
        elif scheme not in ("https", "cid", "data"):
            text = f"the source of the image {name} isn't an absolute URL: use https, or cid"
            yield MailProblem("image-source", "error", text)


def _link_problems(content: HtmlContent) -> Iterator[MailProblem]:
    for link in dict.fromkeys(content.links):
        target = (link or "").strip()
        scheme = _scheme(target)
        if scheme == "http":
            text = f"the link {_shown(target)} has no https: use an https URL"
            yield MailProblem("link-insecure", "warning", text)
        elif scheme in ("javascript", "data", "vbscript", "file", "cid"):
            text = f"mail programs remove the link {_shown(target)}: use an https URL"
            yield MailProblem("link-invalid", "error", text)
        elif not scheme and (not target.startswith("#") or target == "#"):
            text = f"the link {_shown(target)} has no destination: use an absolute https URL"
            yield MailProblem("link-invalid", "error", text)


def _scheme(url: str) -> str:
    match = _SCHEME.match(url.strip())
    return "" if match is None else match[0][:-1].lower()


def _shown(value: str) -> str:
    return repr(value if len(value) <= _MAX_SHOWN else value[:_MAX_SHOWN] + "...")
