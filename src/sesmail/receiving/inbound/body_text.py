"""Decodes the body of a mail, from all its parts."""

from __future__ import annotations

from collections.abc import Callable

from .attachment import decode_part
from .conversion import html_from_text, text_from_html
from .flowed import TOO_MANY_LINES, join_lines
from .limits import MAX_CONVERTED
from .part import Part
from .special import UNREADABLE
from .transfer_encoding import AS_IS

__all__ = ["html_body", "text_body"]

TOO_LARGE_TO_CONVERT = (
    f"body over {MAX_CONVERTED >> 10} KiB in one of plain text and HTML only, not converted"
)

_PGP_MESSAGE = "-----BEGIN PGP MESSAGE-----"  # https://www.rfc-editor.org/rfc/rfc9580#section-6.2
_NEAR_START = 1000


def text_body(parts: list[Part]) -> str | None:
    """The body as plain text; None if it has no parts."""
    return _join(parts, "text/plain", text_from_html)


def html_body(parts: list[Part]) -> str | None:
    """The body as HTML; None if it has no parts."""
    return _join(parts, "text/html", html_from_text)


def _join(parts: list[Part], media_type: str, convert: Callable[[str], str]) -> str | None:
    """Joins the contents of parts, each beginning on a new line."""
    joined = ""
    for part in parts:
        text = _body_text(part)
        if part.media_type != media_type:
            text = convert(text) if _may_convert(part, text) else ""
        if joined and text and not joined.endswith("\n"):
            joined += "\n"
        joined += text
    return joined if parts else None


def _may_convert(part: Part, text: str) -> bool:
    if len(text) > part.budget.converted:
        part.defects[TOO_LARGE_TO_CONVERT] = None
        return False
    part.budget.converted -= len(text)
    return True


def _body_text(part: Part) -> str:
    """The content of a part as text, with LF as line ends; not copied before it is decoded."""
    content = (
        memoryview(part.raw)[part.body : part.end] if part.encoding in AS_IS else part.content()
    )
    text = decode_part(part, content, with_lf=True)
    if part.media_type != "text/plain":
        return text
    if text.find(_PGP_MESSAGE, 0, _NEAR_START) >= 0:
        part.defects[UNREADABLE["pgp-encrypted"]] = None
    return _unflowed(part, text) if "format" in part.parameters else text


def _unflowed(part: Part, text: str) -> str:
    if part.parameters["format"].lower() != "flowed":
        return text
    delete_space = part.parameters.get("delsp", "").lower() == "yes"
    joined = join_lines(text, part.budget, delete_space=delete_space)
    if joined is None:
        part.defects[TOO_MANY_LINES] = None
        return text
    return joined
