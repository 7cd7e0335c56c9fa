"""The HTML of a mail as a document of its own, for a frame."""

from __future__ import annotations

import re

from ..html import embed_images
from .item import Item

__all__ = ["frame_document", "has_remote_content"]

_MAX_HTML = 5 * 1024 * 1024  # characters that are shown
_MAX_IMAGES = 20 * 1024 * 1024  # bytes of all inline images
_DOCTYPE = re.compile(r"\s{0,1000}<!doctype[^>]{0,1000}>", re.IGNORECASE)
# An attribute or a style that loads something; links don't.
_REMOTE = re.compile(
    r"""(?:\b(?:src|srcset|background|poster)\s{0,9}=\s{0,9}["']?|url\(\s{0,9}["']?)"""
    r"\s{0,9}(?:https?:)?//",
    re.IGNORECASE,
)
# Links are opened in a tab of their own; without it they would load in the frame.
_BASE = '<base target="_blank">'


def frame_document(item: Item) -> str:
    """Returns the HTML with its inline images, at most 5 MiB and 20 MiB of images."""
    html = (item.parsed.html or "")[:_MAX_HTML]
    match = _DOCTYPE.match(html)
    start = 0 if match is None else match.end()
    body = embed_images(html[start:], item.parsed.inline, _MAX_IMAGES)
    return f"{html[:start]}{_BASE}{body}"


def has_remote_content(html: str) -> bool:
    """Returns whether HTML would load something from elsewhere."""
    return _REMOTE.search(html, 0, _MAX_HTML) is not None
