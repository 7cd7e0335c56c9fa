"""Checks of the HTML of a mail: images, links, elements, visible text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from html.parser import HTMLParser
from urllib.parse import unquote

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
_MAX_SHOWN = 80  # characters of a value in a message


class HtmlContent(HTMLParser):
    """What the checks need of HTML.

    Attributes:
        images: Attributes of each ``img``.
        links: ``href`` of each ``a`` and ``area``.
        removed: Names of elements that mail programs remove.
        attributes: Values of all attributes but styles.
        texts: The texts outside of ``style``, ``script`` and ``head``.
        hidden: Those of them that are in an element hidden by its style.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.images: list[Mapping[str, str | None]] = []
        self.links: list[str | None] = []
        self.removed: dict[str, None] = {}
        self.attributes: list[str] = []
        self.texts: list[str] = []
        self.hidden: list[str] = []
        self._text: list[str] = []  # of the current text, which comes in pieces
        self._open: list[tuple[str, bool, bool]] = []  # name, unseen, hidden

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Records an element."""
        self._end_text()
        values = dict(attrs)
        self.attributes += [value for name, value in attrs if value and name != "style"]
        if tag == "img":
            self.images.append(values)
        elif tag in ("a", "area") and "href" in values:  # without, it is an anchor
            self.links.append(values["href"])
        if tag in _REMOVED:
            self.removed[tag] = None
        if tag not in _VOID and len(self._open) < _MAX_DEPTH:
            _, unseen, hidden = self._open[-1] if self._open else ("", False, False)
            style = values.get("style") or ""
            hides = _HIDDEN.search(style) is not None or "hidden" in values
            self._open.append((tag, unseen or tag in _UNSEEN, hidden or hides))

    def handle_endtag(self, tag: str) -> None:
        """Closes the innermost element of this name, with those in it."""
        self._end_text()
        for index in range(len(self._open) - 1, max(-1, len(self._open) - 100), -1):
            if self._open[index][0] == tag:
                del self._open[index:]
                return

    def handle_data(self, data: str) -> None:
        """Records a piece of text."""
        self._text.append(data)

    def close(self) -> None:
        """Records the last text."""
        super().close()
        self._end_text()

    def _end_text(self) -> None:
        text = "".join(self._text)
        self._text.clear()
        _, unseen, hidden = self._open[-1] if self._open else ("", False, False)
        if not unseen and text.strip():
            self.texts.append(text)
            if hidden:
                self.hidden.append(text)


def read_html(html: str) -> HtmlContent:
    """Returns the content of HTML."""
    content = HtmlContent()
    content.feed(html)
    content.close()
    return content


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
