"""Separates attachments from the files that HTML displays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from ...patterns import lazy_pattern
from . import chunks
from .attachment import InboundAttachment
from .body import Bodies
from .limits import MAX_CONTENT_ID, MAX_ESCAPED_URLS
from .special import UNREADABLE

__all__ = ["Files", "find_files"]

DUPLICATE_ID = "duplicate content id"

# https://www.rfc-editor.org/rfc/rfc2392
_CID_URL = lazy_pattern(rf"[cC][iI][dD]:([^\s\"'<>()]{{1,{MAX_CONTENT_ID}}})")
_QUOTED_CID_URL = lazy_pattern(rf"[cC][iI][dD]:([^\"'<>]{{1,{MAX_CONTENT_ID}}})")
_NEEDS_QUOTES = lazy_pattern(r"[\s()]")


class Files(NamedTuple):
    """The parts of a mail other than its text and HTML.

    Attributes:
        attachments: Parts that aren't displayed by the HTML, in order.
        inline: Parts that have a content id, by this id.
    """

    attachments: tuple[InboundAttachment, ...]
    inline: Mapping[str, InboundAttachment]


def find_files(bodies: Bodies, html_body: Callable[[], str | None]) -> Files:
    """Separates attachments from the files that the HTML displays.

    Args:
        bodies: The parts of the mail.
        html_body: Returns the HTML of the mail; called only if the result depends on it.
    """
    others = bodies.others
    has_ids = False
    for leaf in others:
        if leaf.attachment.content_id is not None:
            has_ids = True
        if leaf.part.media_type.startswith("application/"):
            special = leaf.attachment.special
            if special in UNREADABLE:
                leaf.part.defects[UNREADABLE[special]] = None
    if not has_ids:
        return Files(tuple([leaf.attachment for leaf in others]), MappingProxyType({}))
    ids = {
        leaf.attachment.content_id or "" for leaf in others if bodies.html and leaf.may_be_inline()
    }
    displayed = _referenced_ids(html_body() or "", ids) if ids else ids
    attachments: list[InboundAttachment] = []
    inline: dict[str, InboundAttachment] = {}
    for leaf in others:
        file = leaf.attachment
        if file.content_id is not None and inline.setdefault(file.content_id, file) is not file:
            leaf.part.defects[DUPLICATE_ID] = None
            attachments.append(file)
        elif file.content_id not in displayed or not leaf.may_be_inline():
            attachments.append(file)
    return Files(tuple(attachments), MappingProxyType(inline))


def _referenced_ids(source: str, ids: set[str]) -> set[str]:
    """The content ids to which HTML refers by a ``cid:`` URL, in which they may be escaped."""
    # Lazily, as most mails have no images in their HTML.
    import html
    from urllib.parse import quote, unquote

    spellings = {url: name for name in ids for url in (name, quote(name), quote(name, "@"))}
    found: set[str] = set()
    escaped: list[str] = []
    patterns = [_CID_URL, _QUOTED_CID_URL] if any(map(_NEEDS_QUOTES.search, ids)) else [_CID_URL]
    for pattern in patterns:
        for start, end in chunks.ranges(0, len(source)):
            urls = pattern.findall(source, start, end + MAX_CONTENT_ID)
            found.update(spellings.keys() & urls)
            limit = MAX_ESCAPED_URLS - len(escaped)
            escaped += [url for url in urls if "&" in url or "%" in url][:limit]
    names = {spellings[url] for url in found}
    for url in escaped:
        names.update({unquote(html.unescape(url)).strip()} & ids)
    return names
