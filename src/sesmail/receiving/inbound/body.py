"""Finds the body of a mail: which parts are its text and HTML, and in which order."""

from __future__ import annotations

from typing import NamedTuple

from .attachment import InboundAttachment, disposition_of
from .header import plain_field
from .part import Part

__all__ = ["Bodies", "Leaf", "find_bodies"]

_BODY_TYPES = frozenset(["text/plain", "text/html"])


class Leaf(NamedTuple):
    """A part that isn't a multipart, and its position in the mail.

    Attributes:
        part: The part.
        attachment: The same part as an attachment.
        parent: The multipart that contains it; None if the part is the mail.
        in_attachment: Whether a multipart that contains it has the disposition ``attachment``.
    """

    part: Part
    attachment: InboundAttachment
    parent: Part | None
    in_attachment: bool

    def may_be_body(self) -> bool:
        """Returns True if it can be part of the body at all."""
        return (
            self.part.media_type in _BODY_TYPES
            and not self.in_attachment
            and self.attachment.disposition != "attachment"
        )

    def is_like_file(self) -> bool:
        """Returns True if it has a file name, or a disposition other than ``inline``.

        Such a part is part of the body only if its position says so:
        https://www.rfc-editor.org/rfc/rfc8621#section-4.1.4
        """
        attachment = self.attachment
        return attachment.claimed_file_name is not None or (
            attachment.disposition not in (None, "inline")
        )

    def may_be_inline(self) -> bool:
        """Returns True if HTML may display it.

        A content id isn't enough: some mail programs, such as Gmail, give one to every file.
        """
        attachment = self.attachment
        if attachment.content_id is None or self.in_attachment:
            return False
        return attachment.disposition == "inline" or (
            attachment.disposition is None and attachment.media_type.startswith("image/")
        )


class Bodies(NamedTuple):
    """The parts of a mail by purpose: each is in one or both versions of the body, or in others.

    Attributes:
        text: The body as plain text, in order; empty if no part of it is. A part that exists only
            as HTML is in it if others are plain text.
        html: The body as HTML, in order; empty if no part of it is. A part that exists only as
            plain text is in it if others are HTML.
        others: The remaining parts, in order.
    """

    text: list[Part]
    html: list[Part]
    others: list[Leaf]


class _Body(NamedTuple):
    """The body in a part as plain text and as HTML; what exists in one version only is in both."""

    text: list[Leaf]
    html: list[Leaf]


def find_bodies(mail: Part) -> Bodies:
    """Separates the body of a mail from its other parts.

    It is that of https://www.rfc-editor.org/rfc/rfc8621#section-4.1.4 with exceptions, which are
    for text: in ``multipart/related``, and of names, if a mail has no other.
    """
    finder = _BodyFinder()
    body = finder.find(mail, None, False, True)
    if not body.html:
        # Gateways of mobile networks send the text after the photo, and with a file name.
        named = [leaf for leaf in finder.leaves if leaf.may_be_body()][:1]
        body = _Body(named, named)
    used = {id(leaf.part) for leaf in (*body.text, *body.html)}
    return Bodies(
        _parts_if_any(body.text, "text/plain"),
        _parts_if_any(body.html, "text/html"),
        [leaf for leaf in finder.leaves if id(leaf.part) not in used],
    )


class _BodyFinder:
    """Finds the body in a tree of parts, and its leaves."""

    __slots__ = ("leaves",)

    def __init__(self) -> None:
        self.leaves: list[Leaf] = []

    def find(self, part: Part, parent: Part | None, in_attachment: bool, is_first: bool) -> _Body:
        """The body in a part.

        Args:
            part: The part.
            parent: The multipart that contains it.
            in_attachment: Whether a multipart that contains it has the disposition ``attachment``.
            is_first: Whether its position makes it part of the body even if it is like a file.
        """
        if not part.parts:
            leaf = Leaf(part, InboundAttachment(part), parent, in_attachment)
            self.leaves.append(leaf)
            if part.media_type not in _BODY_TYPES or not leaf.may_be_body():
                return _NOTHING
            return _Body([leaf], [leaf]) if is_first or not leaf.is_like_file() else _NOTHING
        if parent is not None and not in_attachment and "content-disposition" in part.headers:
            in_attachment = disposition_of(part)[0] == "attachment"
        if part.media_type == "multipart/alternative":
            return _choose([self.find(each, part, in_attachment, True) for each in part.parts])
        if part.media_type == "multipart/related":
            return self._find_in_related(part, in_attachment)
        body = _Body([], [])
        for each in part.parts:
            found = self.find(each, part, in_attachment, is_first)
            if found is not _NOTHING:
                _append(body, found)
            is_first = False
        return body

    def _find_in_related(self, part: Part, in_attachment: bool) -> _Body:
        """The body in a ``multipart/related``: its root, and texts after it that nothing refers to.

        https://www.rfc-editor.org/rfc/rfc2387#section-3.2
        """
        body = _Body([], [])
        root = _root(part)
        for number, each in enumerate(part.parts):
            is_root = number == root or (number > root and not body.html)
            found = self.find(each, part, in_attachment, is_root)
            if is_root or each.parts or "content-id" not in each.headers:
                _append(body, found)
        return body


def _root(related: Part) -> int:
    """Position of the part that a ``multipart/related`` displays: the first one by default."""
    start = related.parameters.get("start", "").strip("<> ")
    for number, each in enumerate(related.parts if start else ()):
        if plain_field(each.headers, b"content-id").strip("<> ") == start:
            return number
    return 0


def _choose(alternatives: list[_Body]) -> _Body:
    """The body of a ``multipart/alternative``: all its plain text, and all its HTML.

    Some gateways append a footer as one more alternative.
    """
    text, html, mixed = _Body([], []), _Body([], []), _NOTHING
    for body in alternatives:
        is_plain, is_html = _has(body.text, "text/plain"), _has(body.html, "text/html")
        if is_html:
            _append(html, body)
            mixed = mixed if mixed.text or not is_plain else body
        elif is_plain:
            _append(text, body)
    return _Body(text.text or mixed.text or html.text, html.html or text.html)


def _has(leaves: list[Leaf], media_type: str) -> bool:
    return media_type in [leaf.part.media_type for leaf in leaves]


def _append(body: _Body, more: _Body) -> None:
    body.text.extend(more.text)
    body.html.extend(more.html)


def _parts_if_any(leaves: list[Leaf], media_type: str) -> list[Part]:
    return [leaf.part for leaf in leaves] if _has(leaves, media_type) else []


_NOTHING = _Body([], [])
