"""Links and inline images of HTML, without a browser."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Mapping
from html import unescape
from urllib.parse import unquote

from ..receiving.inbound.attachment import InboundAttachment
from .html_tokens import read_tokens

__all__ = ["embed_images", "find_links"]

_URL = re.compile(r"https?://[^\s<>\"'`{}|\\^\[\]]+")
_AFTER_URL = ".,;:!?)'\""
_CID = re.compile(r"cid:([^\s\"'<>()]{1,998})", re.IGNORECASE)


def find_links(html: str | None, text: str | None) -> tuple[str, ...]:
    """Returns the web addresses that HTML links to and that text contains, each once, in order."""
    links = [
        (token.attributes.get("href") or "").strip()
        for token in read_tokens(html or "")
        if token.kind == "start" and token.value in ("a", "area")
    ]
    found = [link for link in links if _URL.match(link)]
    found += [link.rstrip(_AFTER_URL) for link in _URL.findall(text or "")]
    return tuple(dict.fromkeys(found))


def embed_images(
    html: str, inline: Mapping[str, InboundAttachment], limit: float = math.inf
) -> str:
    """Returns HTML whose ``cid:`` URLs are ``data:`` URLs; those of unknown ids stay.

    Args:
        html: The HTML.
        inline: The images, by content id.
        limit: Maximum size of all images together, each counted as often as it is displayed.
    """
    size = 0

    def embedded(match: re.Match[str]) -> str:
        nonlocal size
        item = inline.get(unquote(unescape(match[1])))
        if item is None or not item.media_type.startswith("image/"):
            return match[0]
        if size + len(item.content) > limit:
            return match[0]
        size += len(item.content)
        return f"data:{item.media_type};base64,{base64.b64encode(item.content).decode()}"

    return _CID.sub(embedded, html)
