"""Classifies the parts of a mail as text, HTML, attachments and inline files."""

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
from .limits import MAX_CONTENT_ID
from .parameters import read_parameters
from .parts import Part
from .transfer_encoding import AS_IS

__all__ = ["Bodies", "Files", "InboundAttachment", "body_text", "find_bodies", "find_files"]

DUPLICATE_ID = "duplicate content id"

_NO_DISPOSITION: tuple[str, dict[str, str]] = ("", {})
_CONTENT_ID = re.compile(r"<([^<>]*)>")
# https://www.rfc-editor.org/rfc/rfc2392
_CID_URL = re.compile(rf"[cC][iI][dD]:([^\s\"'<>()]{{1,{MAX_CONTENT_ID}}})")


class InboundAttachment:
    """A part of a received mail other than its text and HTML.

    The sender chooses everything about it: names, types and ids are claims, and the content may be
    malicious. Serve it as a download, not inline.

    Attributes:
        media_type: Media type in lower case, without parameters; ``text/plain`` if it is missing or
            malformed, ``message/rfc822`` if it is missing in a digest (RFC 2045, RFC 2046).
        claimed_file_name: File name as sent, decoded (RFC 2183, RFC 2231, RFC 2047); None if there
            is none. It may contain anything, such as slashes: never store a file under it, but
            under ``file_name``.
        content_id: Content id without angle brackets (RFC 2392); None if there is none.
        disposition: Content disposition in lower case without parameters, such as ``attachment`` or
            ``inline`` (RFC 2183); None if there is none.
    """

    def __init__(self, part: Part) -> None:
        field = part.headers.plain("content-disposition")
        disposition, parameters = read_parameters(field, part.defects) if field else _NO_DISPOSITION
        self._part = part
        self.media_type: str = part.media_type
        self.disposition: str | None = disposition or None
        self.claimed_file_name: str | None = (
            parameters.get("filename") or part.parameters.get("name") or None
        )
        self.content_id: str | None = None
        if field := part.headers.plain("content-id"):
            match = _CONTENT_ID.search(field)
            self.content_id = (match[1] if match else field).strip("<> ") or None

    @property
    def file_name(self) -> str:
        """A name that is safe to store the file under, made of the claimed one.

        It is one path component of at most 255 bytes, without control characters, leading dots or
        names that Windows reserves; ``attachment`` if no file name is claimed. Two attachments of a
        mail may have the same.
        """
        return safe_file_name(self.claimed_file_name or "")

    @property
    def content(self) -> bytes:
        """The decoded bytes; for an attached mail, its raw bytes.

        They are decoded on first access and kept; those of an attached mail may be copied from
        ``InboundMail.raw`` on each access. Malformed base64 and quoted-printable are decoded as far
        as possible; content in an unknown transfer encoding is returned as it is (RFC 2045).
        """
        return self._content if self._part.mail is None else self._part.content()

    def load(self) -> None:
        """Decodes the content now instead of on first access; ``InboundMail.load`` calls this."""
        if self._part.mail is None:
            self._content  # noqa: B018

    @property
    def text(self) -> str:
        """The content as text, with line ends as sent; decoded on each access and not kept.

        The charset is the declared one. Text without a known charset is decoded as UTF-8 if it is,
        else in the charset that HTML declares, else as Windows-1252. Invalid bytes become U+FFFD.
        """
        return _decode(self._part, self.content, with_lf=False)

    def __repr__(self) -> str:
        return f"<InboundAttachment {self.file_name!r} {self.media_type}>"

    @cached_property
    def _content(self) -> bytes:
        return self._part.content()


class _LeafPart(NamedTuple):
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
        """Whether it can be a text or HTML body.

        Some mails give a text a file name: it is a file then, unless it is the only part.
        """
        is_file = self.attachment.claimed_file_name is not None and self.parent is not None
        return not (self.in_attachment or is_file) and (
            self.attachment.disposition in (None, "inline")
        )

    def may_be_inline(self) -> bool:
        """Whether HTML may display it.

        A content id isn't enough: some mail programs, such as Gmail, give one to every file.
        """
        attachment = self.attachment
        if attachment.content_id is None or self.in_attachment:
            return False
        return attachment.disposition == "inline" or (
            attachment.disposition is None and attachment.media_type.startswith("image/")
        )

    def is_in(self, media_type: str) -> bool:
        """Whether a multipart of this media type contains it directly."""
        return self.parent is not None and self.parent.media_type == media_type


class Bodies(NamedTuple):
    """The parts of a mail by purpose.

    Attributes:
        text: Plain text: the first part, and those that continue it in the same multipart/mixed.
        html: HTML: at most one part.
        others: The remaining parts, in order.
    """

    text: list[Part]
    html: list[Part]
    others: list[_LeafPart]


class Files(NamedTuple):
    """The parts of a mail other than its text and HTML.

    Attributes:
        attachments: Parts that aren't displayed by the HTML, in order.
        inline: Parts that have a content id, by this id.
    """

    attachments: tuple[InboundAttachment, ...]
    inline: Mapping[str, InboundAttachment]


def find_bodies(mail: Part) -> Bodies:
    """Separates the text and HTML of a mail from its other parts; each part is in one of them."""
    bodies = Bodies([], [], [])
    text_parent = None
    for leaf in _leaf_parts(mail, None, False):
        media_type = leaf.part.media_type if leaf.may_be_body() else None
        if media_type == "text/html" and not bodies.html:
            bodies.html.append(leaf.part)
        elif media_type == "text/plain" and not bodies.text:
            bodies.text.append(leaf.part)
            text_parent = leaf.parent
        elif (
            media_type == "text/plain"
            and leaf.parent is text_parent
            and leaf.is_in("multipart/mixed")
        ):
            bodies.text.append(leaf.part)
        else:
            bodies.others.append(leaf)
    return bodies


def find_files(bodies: Bodies, html: Callable[[], str | None]) -> Files:
    """Separates attachments from the files that the HTML displays.

    Args:
        bodies: The parts of the mail.
        html: Returns the HTML of the mail; called only if the result depends on it.
    """
    others = bodies.others
    if all(leaf.attachment.content_id is None for leaf in others):
        return Files(tuple([leaf.attachment for leaf in others]), MappingProxyType({}))
    attachments: list[InboundAttachment] = []
    inline: dict[str, InboundAttachment] = {}
    candidates = [leaf for leaf in others if bodies.html and leaf.may_be_inline()]
    # In a multipart/related, they belong to the HTML: https://www.rfc-editor.org/rfc/rfc2387
    ids = {
        leaf.attachment.content_id or ""
        for leaf in candidates
        if not leaf.is_in("multipart/related")
    }
    referenced = _referenced_ids(html() or "", ids) if ids else ids
    displayed = {
        leaf.attachment
        for leaf in candidates
        if leaf.is_in("multipart/related") or leaf.attachment.content_id in referenced
    }
    for part, file, _, _ in others:
        if file.content_id is not None and inline.setdefault(file.content_id, file) is not file:
            part.defects[DUPLICATE_ID] = None
            attachments.append(file)
        elif file not in displayed:
            attachments.append(file)
    return Files(tuple(attachments), MappingProxyType(inline))


def body_text(part: Part) -> str:
    """The content of a part as text, with LF as line ends; not copied before it is decoded."""
    content = (
        memoryview(part.raw)[part.body : part.end] if part.encoding in AS_IS else part.content()
    )
    return _decode(part, content, with_lf=True)


def _decode(part: Part, content: bytes | memoryview, *, with_lf: bool) -> str:
    charset, html = part.parameters.get("charset"), part.media_type == "text/html"
    text, defect = decode_text(content, charset, with_lf=with_lf, html=html)
    if defect:
        part.defects[defect] = None
    return text


def _leaf_parts(part: Part, parent: Part | None, in_attachment: bool) -> Iterator[_LeafPart]:
    """The parts that aren't multiparts, in order."""
    if not part.parts:
        yield _LeafPart(part, InboundAttachment(part), parent, in_attachment)
        return
    if parent is not None and not in_attachment and "content-disposition" in part.headers:
        field = part.headers.plain("content-disposition")
        in_attachment = read_parameters(field, part.defects)[0] == "attachment"
    for each in part.parts:
        yield from _leaf_parts(each, part, in_attachment)


def _referenced_ids(html: str, ids: set[str]) -> set[str]:
    """The content ids to which HTML refers by a ``cid:`` URL, in which they may be quoted."""
    spellings = {url: name for name in ids for url in (name, quote(name), quote(name, "@"))}
    found: set[str] = set()
    for start, end in chunks.ranges(0, len(html)):
        found.update(spellings.keys() & _CID_URL.findall(html, start, end + MAX_CONTENT_ID))
    return {spellings[url] for url in found}
