"""What a mail holds: its text and html, its attachments, and what its html shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from .charsets import decode_text
from .file_name import safe_file_name
from .mime_reader import Part
from .parameters import read_parameters

__all__ = ["Contents", "InboundAttachment", "part_text", "sort_parts"]

DUPLICATE_ID = "two parts of one content id"

_BODIES = frozenset(["text/plain", "text/html"])


class InboundAttachment:
    """A part of a received mail that isn't its text or html, as its sender describes it; nothing of that is proven.

    Attributes:
        media_type: The media type in lower case, without parameters.
        claimed_file_name: The file name as it was sent, whatever is in it; None without.
        content_id: The content id without angle brackets; None without.
        disposition: ``attachment``, ``inline`` or another word in lower case; None without.
    """

    def __init__(self, part: Part) -> None:
        word, parameters = read_parameters(part.headers.plain("content-disposition"), part.defects)
        self._part = part
        self.media_type: str = part.kind
        self.disposition: str | None = word or None
        self.claimed_file_name: str | None = parameters.get("filename") or part.parameters.get("name") or None
        self.content_id: str | None = part.headers.plain("content-id").strip("<> ") or None

    @property
    def file_name(self) -> str:
        """The claimed file name made safe to store under, ``attachment`` without one; two parts may have the same."""
        return safe_file_name(self.claimed_file_name or "")

    @property
    def content(self) -> bytes:
        """The bytes, decoded when first asked for."""
        return self._content if self._part.mail is None else self._part.content()

    def load(self) -> None:
        """Decode the content now; of an attached mail not, whose parts are decoded with it."""
        if self._part.mail is None:
            self._content  # noqa: B018

    @property
    def text(self) -> str:
        """The content as text, in the charset that the part names or in UTF-8."""
        return part_text(self._part, self.content)

    def __repr__(self) -> str:
        return f"<InboundAttachment {self.file_name!r} {self.media_type}>"

    @cached_property
    def _content(self) -> bytes:
        return self._part.content()


@dataclass(frozen=True, slots=True)
class Contents:
    """The parts of a mail by what they are for.

    Attributes:
        bodies: The text and the html, by media type.
        attachments: What is left, in order.
        inline: The parts that have a content id, by it.
    """

    bodies: Mapping[str, Part]
    attachments: tuple[InboundAttachment, ...]
    inline: Mapping[str, InboundAttachment]


def sort_parts(mail: Part) -> Contents:
    """Tell the parts of a mail apart by what they are for; none is lost."""
    bodies: dict[str, Part] = {}
    attachments: list[InboundAttachment] = []
    inline: dict[str, InboundAttachment] = {}
    for part in mail.leaves():
        item = InboundAttachment(part)
        if part.kind in _BODIES and part.kind not in bodies and item.disposition in (None, "inline"):
            bodies[part.kind] = part
        elif item.content_id is None:
            attachments.append(item)
        elif inline.setdefault(item.content_id, item) is not item:
            part.defects[DUPLICATE_ID] = None
            attachments.append(item)
        elif not _is_shown(item):
            attachments.append(item)
    return Contents(bodies, tuple(attachments), MappingProxyType(inline))


def part_text(part: Part, content: bytes, *, with_lf: bool = False) -> str:
    """The content of a part as text; ``with_lf`` if its lines are to end in LF."""
    text, flaw = decode_text(content, part.parameters.get("charset"), with_lf=with_lf)
    if flaw:
        part.defects[flaw] = None
    return text


def _is_shown(item: InboundAttachment) -> bool:
    """Whether a part with a content id is meant to be seen in the html; some mail programs give every file one."""
    return item.disposition == "inline" or (item.disposition is None and item.media_type.startswith("image/"))
