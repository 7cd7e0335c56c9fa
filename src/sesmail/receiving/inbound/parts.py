"""Where the parts of a mail are: found, not copied, and within limits that no mail can pass."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from . import chunks
from .header import Defects, Field, MailHeaders, read_fields
from .limits import MAX_BYTES, MAX_DEPTH, MAX_PARTS, Budget
from .parameters import read_parameters
from .transfer_encoding import AS_IS, decode_transfer

__all__ = ["Part", "read_parts"]

MAX_HEADER = 1 << 20

BAD_CONTENT_TYPE = "malformed content type"
ENCODED_TWICE = "attached mail in an encoded mail, not read"
HEADER_TOO_LARGE = f"header over {MAX_HEADER >> 20} MiB, not read further"
NO_BOUNDARY = "multipart without parts"
NO_HEADER = "part without a header"
NO_SEPARATOR = "header without an end"
NOT_CLOSED = "multipart without an end"
TOO_DEEP = f"parts nested deeper than {MAX_DEPTH}, not read"
TOO_LARGE = f"mail over {MAX_BYTES >> 20} MiB, not read further"
TOO_MANY_DELIMITERS = "too many lines that are nearly delimiters, not read further"
TOO_MANY_LEVELS = "large multiparts in each other, not read further"
TOO_MANY_PARTS = f"more than {MAX_PARTS} parts, not read further"

_MAX_BOUNDARY = 200  # https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1 allows 70
_MAILS = frozenset(["message/rfc822", "message/global"])

_EMPTY_LINE = re.compile(rb"\r?\n")
_END_OF_HEADER = re.compile(rb"\n\r?\n")
_FIRST_FIELD = re.compile(rb"[!-9;-~]{1,998}[ \t]*:")
_MBOX_LINE = re.compile(rb">?From [^\n]{0,998}\n")
_END_OF_DELIMITER = re.compile(rb"(--)?[ \t]{0,998}(?:\r?\n|\r?\Z)")
_KIND = re.compile(r"[!#$%&'*+.^_`|~0-9a-z{}-]+/[!#$%&'*+.^_`|~0-9a-z{}-]+(?=[\s(]|\Z)")
_WORD = re.compile(r"[^\s;(]*")


@dataclass(slots=True, eq=False, repr=False)
class Part:
    """A mail or a part of one: where it is, and what its header says of it.

    Attributes:
        raw: The bytes in which it is, with much else.
        start: Where its header starts in them.
        body: Where its content starts.
        end: Where it ends.
        headers: The fields of its header.
        defects: What is wrong with the mail that it is or belongs to.
        budget: What is left to be read of the mail and all the mails that are attached to it.
        kind: Its media type in lower case; of a multipart without parts it is ``text/plain``.
        parameters: Those of its Content-Type.
        encoding: Its transfer encoding in lower case; empty without.
        parts: The parts of a multipart.
        mail: The mail that is attached by it.
    """

    raw: bytes
    start: int
    body: int
    end: int
    headers: MailHeaders
    defects: Defects
    budget: Budget
    kind: str
    parameters: dict[str, str]
    encoding: str
    parts: list[Part]
    mail: Part | None = None

    def content(self) -> bytes:
        """Its content, decoded."""
        if self.mail is not None and self.mail.raw is not self.raw:
            return self.mail.raw
        content, flaw = decode_transfer(self.raw, self.body, self.end, self.encoding)
        if flaw:
            self.defects[flaw] = None
        return content

    def leaves(self) -> Iterator[Part]:
        """The parts that have content of their own, in order; this one, if it isn't a multipart."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


def read_parts(raw: bytes, budget: Budget | None = None) -> Part:
    """Read where the parts of a mail are, whatever the bytes; what is malformed is content, and a defect.

    Args:
        raw: The mail.
        budget: How much of it to read; by default as much as of any mail.
    """
    defects: Defects = {}
    end = len(raw)
    if end > MAX_BYTES:
        end = MAX_BYTES
        defects[TOO_LARGE] = None
    return _Reader(raw, budget or Budget()).read(raw, 0, end, 1, defects)


class _Reader:
    """One reading of one mail, and how much of it is left."""

    __slots__ = ("_budget", "_whole")

    def __init__(self, whole: bytes, budget: Budget) -> None:
        self._whole = whole
        self._budget = budget

    def read(
        self,
        raw: bytes,
        start: int,
        end: int,
        depth: int,
        defects: Defects,
        default: str = "text/plain",
    ) -> Part:
        budget = self._budget
        budget.parts -= 1
        head, stop, body = _header(raw, start, end, defects)
        fields: list[Field] = []
        if head < stop:
            fields, last = read_fields(raw, head, stop, budget, defects)
            if last < stop:
                body = last
                defects[NO_SEPARATOR] = None
        headers = MailHeaders(fields, defects)
        kind, parameters = _content_type(headers, default, defects)
        encoding = _WORD.match(headers.plain("content-transfer-encoding").lower())
        cte = encoding[0] if encoding else ""
        part = Part(raw, start, body, end, headers, defects, budget, kind, parameters, cte, [])
        if part.kind.startswith("multipart/") or part.kind in _MAILS:
            if depth >= MAX_DEPTH:
                defects[TOO_DEEP] = None
            elif part.kind in _MAILS:
                self._open(part, depth)
            else:
                self._divide(part, depth)
        return part

    def _divide(self, part: Part, depth: int) -> None:
        """Read the parts of a multipart."""
        default = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
        for start, end in self._spans(part):
            if not self._budget.parts:
                part.defects[TOO_MANY_PARTS] = None
                break
            part.parts.append(self.read(part.raw, start, end, depth + 1, part.defects, default))
        if not part.parts:
            part.kind = "text/plain"
            part.defects[NO_BOUNDARY] = None

    def _open(self, part: Part, depth: int) -> None:
        """Read an attached mail. Encoded ones may not be, but are; in one of those a second time is too much."""
        if not self._budget.parts:
            part.defects[TOO_MANY_PARTS] = None
        elif part.encoding in AS_IS:
            part.mail = self.read(part.raw, part.body, part.end, depth + 1, {})
        elif part.raw is not self._whole:
            part.defects[ENCODED_TWICE] = None
        else:
            content = part.content()
            part.mail = self.read(content, 0, len(content), depth + 1, {})

    def _spans(self, part: Part) -> Iterator[tuple[int, int]]:
        """Where each part of a multipart starts and ends."""
        boundary = part.parameters.get("boundary", "").rstrip().encode()
        if not 0 < len(boundary) <= _MAX_BOUNDARY:
            return
        self._budget.searched -= part.end - part.body
        if self._budget.searched < 0:
            part.defects[TOO_MANY_LEVELS] = None
            return
        raw, start = part.raw, -1
        for at, stop, last in self._delimiter_lines(part, b"--" + boundary):
            if start >= 0:
                yield start, max(start, _without_line_break(raw, at))
            if last:
                return
            start = stop
        if start >= 0:
            part.defects[NOT_CLOSED] = None
            yield start, part.end

    def _delimiter_lines(self, part: Part, delimiter: bytes) -> Iterator[tuple[int, int, bool]]:
        """Where each line of a boundary starts and ends, and whether it is the last one's."""
        raw, end = part.raw, part.end
        sought = b"\n" + delimiter
        find = raw.find if end - part.body < chunks.SIZE else partial(self._find, part)
        at = find(sought, part.body - 1, end)  # where the line break is that ends the header
        while at >= 0:
            stop = at + len(sought)
            found = _END_OF_DELIMITER.match(raw, stop, end)
            if found is not None:
                stop = found.end()
                yield at + 1, stop, found[1] is not None
                stop -= 1
            elif self._budget.near_delimiters:
                self._budget.near_delimiters -= 1
            else:
                part.defects[TOO_MANY_DELIMITERS] = None
                return
            at = find(sought, stop, end)

    def _find(self, part: Part, sought: bytes, start: int, end: int) -> int:
        """What ``bytes.find`` does, but in pieces."""
        for at, stop in chunks.spans(start, end):
            found = part.raw.find(sought, at, min(stop + len(sought) - 1, end))
            if found >= 0:
                return found
        return -1


def _header(raw: bytes, start: int, end: int, defects: Defects) -> tuple[int, int, int]:
    """Where the header of a part starts and ends, and where its content starts."""
    if not _FIRST_FIELD.match(raw, start, end):
        if mbox := _MBOX_LINE.match(raw, start, end):
            start = mbox.end()
        else:
            blank = _EMPTY_LINE.match(raw, start, end)
            if blank is None and start < end:
                defects[NO_HEADER] = None
            return start, start, blank.end() if blank else start
    last = min(end, start + MAX_HEADER)
    blank = _END_OF_HEADER.search(raw, start, last)
    if blank is None:
        defects[NO_SEPARATOR if last == end else HEADER_TOO_LARGE] = None
        return start, last, last
    return start, blank.start() + 1, blank.end()


def _content_type(
    headers: MailHeaders, default: str, defects: Defects
) -> tuple[str, dict[str, str]]:
    """The media type of a part, and the parameters of its Content-Type."""
    text = headers.plain("content-type")
    if not text:
        return default, {}
    value, parameters = read_parameters(text, defects)
    kind = _KIND.match(value)
    if kind is None:
        defects[BAD_CONTENT_TYPE] = None
        return "text/plain", parameters
    return kind[0], parameters


def _without_line_break(raw: bytes, at: int) -> int:
    """Where the line before a delimiter ends, without its line break, which belongs to the delimiter."""
    at -= 1
    return at - 1 if raw[at - 1] == 13 else at
