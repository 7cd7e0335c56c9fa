"""What a mail holds: its text and html, its attachments, and what its html shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote

from ...values import cached_property
from . import chunks
from .charsets import decode_text
from .file_name import safe_file_name
from .parameters import read_parameters
from .parts import Part
from .transfer_encoding import AS_IS

__all__ = ["Bodies", "Files", "InboundAttachment", "body_text", "sort_bodies", "sort_files"]

DUPLICATE_ID = "two parts of one content id"

_NOTHING: tuple[str, dict[str, str]] = ("", {})
_MAX_ID = 998
_ID = re.compile(r"<([^<>]*)>")
_SHOWN = re.compile(r"[cC][iI][dD]:([^\s\"'<>()]{1,998})")  # https://www.rfc-editor.org/rfc/rfc2392


class InboundAttachment:
    """A part of a received mail that isn't its text or html, as its sender describes it; nothing of that is proven.

    Attributes:
        media_type: The media type in lower case, without parameters.
        claimed_file_name: The file name as it was sent, decoded, whatever is in it; None without.
        content_id: The content id without angle brackets; None without.
        disposition: ``attachment``, ``inline`` or another word in lower case; None without.
    """

    def __init__(self, part: Part) -> None:
        written = part.headers.plain("content-disposition")
        word, parameters = read_parameters(written, part.defects) if written else _NOTHING
        self._part = part
        self.media_type: str = part.kind
        self.disposition: str | None = word or None
        self.claimed_file_name: str | None = (
            parameters.get("filename") or part.parameters.get("name") or None
        )
        self.content_id: str | None = None
        if written := part.headers.plain("content-id"):
            found = _ID.search(written)
            self.content_id = (found[1] if found else written).strip("<> ") or None

    @property
    def file_name(self) -> str:
        """The claimed file name made safe to store under, ``attachment`` without one; two parts may have the same."""
        return safe_file_name(self.claimed_file_name or "")

    @property
    def content(self) -> bytes:
        """The bytes, decoded when first asked for and kept; but an attached mail is cut out each time."""
        return self._content if self._part.mail is None else self._part.content()

    def load(self) -> None:
        """Decode the content now; an attached mail has been, with the mail that it is in."""
        if self._part.mail is None:
            self._content  # noqa: B018

    @property
    def text(self) -> str:
        """The content as text, in the charset that the part names or in UTF-8; decoded each time, and not kept."""
        return _text(self._part, self.content, with_lf=False)

    def __repr__(self) -> str:
        return f"<InboundAttachment {self.file_name!r} {self.media_type}>"

    @cached_property
    def _content(self) -> bytes:
        return self._part.content()


class _Leaf(NamedTuple):
    """A part with content of its own, and where it is."""

    part: Part
    item: InboundAttachment
    around: Part | None
    attached: bool  # by a multipart around it

    def may_be_body(self) -> bool:
        """Whether it is a text to be read; one with a file name is a file, unless it is the mail itself."""
        named = self.item.claimed_file_name is not None and self.around is not None
        return not (self.attached or named) and self.item.disposition in (None, "inline")

    def may_be_shown(self) -> bool:
        """Whether html may show it by its content id; some mail programs give every file one."""
        item = self.item
        if item.content_id is None or self.attached:
            return False
        return item.disposition == "inline" or (
            item.disposition is None and item.media_type.startswith("image/")
        )

    def is_in(self, kind: str) -> bool:
        """Whether it is in a multipart of a kind."""
        return self.around is not None and self.around.kind == kind


class Bodies(NamedTuple):
    """The parts of a mail by what they are for.

    Attributes:
        text: Its plain text: one part, or several where a multipart/mixed goes on with text after a file.
        html: Its html: one part at most.
        others: What is left, in order.
    """

    text: list[Part]
    html: list[Part]
    others: list[_Leaf]


class Files(NamedTuple):
    """What a mail holds beside its text and html.

    Attributes:
        attachments: What isn't only there to be shown in the html, in order.
        inline: The parts that have a content id, by it.
    """

    attachments: tuple[InboundAttachment, ...]
    inline: Mapping[str, InboundAttachment]


def sort_bodies(mail: Part) -> Bodies:
    """Tell the text and html of a mail from its other parts; none is lost."""
    found = Bodies([], [], [])
    text_in = None
    for leaf in _leaves(mail, None, False):
        body = leaf.part.kind if leaf.may_be_body() else None
        if body == "text/html" and not found.html:
            found.html.append(leaf.part)
        elif body == "text/plain" and not found.text:
            found.text.append(leaf.part)
            text_in = leaf.around
        elif body == "text/plain" and leaf.around is text_in and leaf.is_in("multipart/mixed"):
            found.text.append(leaf.part)
        else:
            found.others.append(leaf)
    return found


def sort_files(bodies: Bodies, html: Callable[[], str | None]) -> Files:
    """Tell what is attached from what is only there to be shown in the html.

    Args:
        bodies: The parts of the mail.
        html: Gives its html, which isn't asked for unless it matters.
    """
    if all(leaf.item.content_id is None for leaf in bodies.others):
        return Files(tuple([leaf.item for leaf in bodies.others]), MappingProxyType({}))
    attachments: list[InboundAttachment] = []
    inline: dict[str, InboundAttachment] = {}
    shown = [leaf for leaf in bodies.others if bodies.html and leaf.may_be_shown()]
    ids = {leaf.item.content_id or "" for leaf in shown if not leaf.is_in("multipart/related")}
    named = _named(html() or "", ids) if ids else ids
    hidden = {
        leaf.item
        for leaf in shown
        if leaf.is_in("multipart/related") or leaf.item.content_id in named
    }
    for part, item, _, _ in bodies.others:
        if item.content_id is not None and inline.setdefault(item.content_id, item) is not item:
            part.defects[DUPLICATE_ID] = None
            attachments.append(item)
        elif item not in hidden:
            attachments.append(item)
    return Files(tuple(attachments), MappingProxyType(inline))


def body_text(part: Part) -> str:
    """The content of a part as text, its lines ending in LF; what stands in the mail as it is isn't copied first."""
    as_is = part.encoding in AS_IS
    return _text(
        part, memoryview(part.raw)[part.body : part.end] if as_is else part.content(), with_lf=True
    )


def _text(part: Part, content: bytes | memoryview, *, with_lf: bool) -> str:
    text, flaw = decode_text(content, part.parameters.get("charset"), with_lf=with_lf)
    if flaw:
        part.defects[flaw] = None
    return text


def _leaves(part: Part, around: Part | None, attached: bool) -> Iterator[_Leaf]:
    """The parts that have content of their own, in order."""
    if not part.parts:
        yield _Leaf(part, InboundAttachment(part), around, attached)
        return
    if around is not None and not attached and "content-disposition" in part.headers:
        attached = (
            read_parameters(part.headers.plain("content-disposition"), part.defects)[0]
            == "attachment"
        )
    for each in part.parts:
        yield from _leaves(each, part, attached)


def _named(html: str, ids: set[str]) -> set[str]:
    """Those of some content ids that html names."""
    written = {form: name for name in ids for form in (name, quote(name), quote(name, "@"))}
    found: set[str] = set()
    for start, end in chunks.spans(0, len(html)):
        found.update(written.keys() & _SHOWN.findall(html, start, end + _MAX_ID))
    return {written[form] for form in found}
