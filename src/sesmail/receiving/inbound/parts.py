"""Finds the parts of a mail, without copying them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from . import chunks
from .header import Defects, Field, MailHeaders, read_fields
from .limits import MAX_BOUNDARY, MAX_BYTES, MAX_DEPTH, MAX_HEADER, MAX_PARTS, Budget
from .odd_lines import skip_odd_lines
from .parameters import read_parameters
from .transfer_encoding import AS_IS, decode_transfer

__all__ = ["Part", "read_parts"]

AFTER_CLOSING = "part after the closing delimiter of its multipart"
BAD_CONTENT_TYPE = "malformed content type"
ENCODED_TWICE = "encoded mail in an encoded mail, not parsed"
HEADER_TOO_LARGE = f"header over {MAX_HEADER >> 20} MiB, rest not parsed"
NO_BOUNDARY = "multipart without parts"
NO_HEADER = "part without header"
NO_SEPARATOR = "header without empty line after it"
NOT_CLOSED = "multipart without closing delimiter"
TOO_DEEP = f"parts nested deeper than {MAX_DEPTH} levels, not parsed"
TOO_LARGE = f"mail over {MAX_BYTES >> 20} MiB, rest not parsed"
TOO_MANY_DELIMITERS = "too many lines similar to delimiters, rest not parsed"
TOO_MANY_LEVELS = "large nested multiparts, not parsed"
TOO_MANY_PARTS = f"more than {MAX_PARTS:,} parts, rest not parsed"

_ATTACHED_MAILS = frozenset(["message/rfc822", "message/global"])
_CR = ord("\r")

# 998: https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1
_EMPTY_LINE = re.compile(rb"\r?\n")
_END_OF_HEADER = re.compile(rb"\n\r?\n")
_BLANK = re.compile(rb"\s*")
_FIRST_FIELD = re.compile(rb"[!-9;-~]{1,998}[ \t]*:")
_END_OF_DELIMITER = re.compile(rb"(--)?[ \t]{0,998}(?:\r?\n|\r?\Z)")
_MEDIA_TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9a-z{}-]+/[!#$%&'*+.^_`|~0-9a-z{}-]+(?=[\s(]|\Z)")
# Reading these without a regular expression takes a tenth less time.
_FREQUENT_TYPES = frozenset(
    ["text/plain", "text/html", "multipart/alternative", "multipart/mixed", "multipart/related"]
)
_FREQUENT_ENCODINGS = frozenset(["", "7bit", "8bit", "base64", "quoted-printable"])
_TOKEN = re.compile(r"(?:[\s\"']|\([^()]*\))*([^\s;(\"']*)")


@dataclass(slots=True, eq=False, repr=False)
class Part:
    """A mail or a part of one: its position and what its header declares.

    Attributes:
        raw: The bytes that contain it, among others.
        start: Position of its header in them.
        body: Position of its content.
        end: Position after its content.
        headers: Its header fields.
        defects: Defects of the mail that it is or belongs to.
        budget: Remaining budget of the mail and all mails attached to it.
        media_type: Media type in lower case; ``text/plain`` for a multipart without parts.
        parameters: Parameters of its Content-Type.
        encoding: Transfer encoding in lower case; empty if there is none.
        parts: Parts of a multipart.
        mail: The mail in it, if it is an attached mail.
    """

    raw: bytes
    start: int
    body: int
    end: int
    headers: MailHeaders
    defects: Defects
    budget: Budget
    media_type: str
    parameters: dict[str, str]
    encoding: str
    parts: list[Part]
    mail: Part | None = None

    def content(self, limit: int = MAX_BYTES) -> bytes:
        """Decodes the content, or so many bytes of it, counted before decoding."""
        if self.mail is not None and self.mail.raw is not self.raw:
            return self.mail.raw
        end = min(self.end, self.body + limit)
        content, defect = decode_transfer(self.raw, self.body, end, self.encoding, self.budget)
        if defect:
            self.defects[defect] = None
        return content

    def leaves(self) -> Iterator[Part]:
        """The parts in it that aren't multiparts, in order; the part itself if it isn't one."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


def read_parts(raw: bytes, budget: Budget | None = None) -> Part:
    """Finds the parts of a mail of any bytes; whatever is malformed is content, and a defect.

    Args:
        raw: The mail.
        budget: Amounts that may be parsed; a full one by default.
    """
    defects: Defects = {}
    end = len(raw)
    if end > MAX_BYTES:
        end = MAX_BYTES
        defects[TOO_LARGE] = None
    return _PartParser(raw, budget or Budget()).parse(raw, 0, end, 1, defects)


class _PartParser:
    """Parses one mail and the mails attached to it, within one budget."""

    __slots__ = ("_budget", "_raw_mail")

    def __init__(self, raw_mail: bytes, budget: Budget) -> None:
        self._raw_mail = raw_mail
        self._budget = budget

    def parse(
        self,
        raw: bytes,
        start: int,
        end: int,
        depth: int,
        defects: Defects,
        default: str = "text/plain",
    ) -> Part:
        """Parses the part between two positions, and the parts in it."""
        budget = self._budget
        budget.parts -= 1
        start, body, headers = _parse_header(raw, start, end, budget, defects)
        media_type, parameters = _content_type(headers, default, defects)
        encoding = _transfer_encoding(headers)
        part = Part(
            raw, start, body, end, headers, defects, budget, media_type, parameters, encoding, []
        )
        if media_type.startswith("multipart/") or media_type in _ATTACHED_MAILS:
            if depth >= MAX_DEPTH:
                defects[TOO_DEEP] = None
            elif media_type in _ATTACHED_MAILS:
                self._parse_attached_mail(part, depth)
            else:
                self._parse_multipart(part, depth)
        return part

    def _parse_multipart(self, part: Part, depth: int) -> None:
        """Parses the parts of a multipart."""
        # https://www.rfc-editor.org/rfc/rfc2046#section-5.1.5
        digest = part.media_type == "multipart/digest"
        default = "message/rfc822" if digest else "text/plain"
        for start, end in self._part_ranges(part):
            if not self._budget.parts:
                part.defects[TOO_MANY_PARTS] = None
                break
            part.parts.append(self.parse(part.raw, start, end, depth + 1, part.defects, default))
        if not part.parts:
            part.media_type = "text/plain"
            part.defects[NO_BOUNDARY] = None

    def _parse_attached_mail(self, part: Part, depth: int) -> None:
        """Parses an attached mail.

        Some are encoded, which RFC 2046, section 5.2.1, forbids. An encoded mail in an encoded mail
        isn't parsed: each level would take memory of its own.
        """
        if not self._budget.parts:
            part.defects[TOO_MANY_PARTS] = None
        elif part.encoding in AS_IS:
            part.mail = self.parse(part.raw, part.body, part.end, depth + 1, {})
        elif part.raw is not self._raw_mail:
            part.defects[ENCODED_TWICE] = None
        else:
            content = part.content()
            part.mail = self.parse(content, 0, len(content), depth + 1, {})

    def _part_ranges(self, part: Part) -> Iterator[tuple[int, int]]:
        """Start and end of each part of a multipart, those after its closing delimiter included."""
        boundary = part.parameters.get("boundary", "").rstrip().encode()
        if not 0 < len(boundary) <= MAX_BOUNDARY:
            return
        self._budget.searched_bytes -= part.end - part.body
        if self._budget.searched_bytes < 0:
            part.defects[TOO_MANY_LEVELS] = None
            return
        raw, start, is_closed = part.raw, -1, False
        for line_start, line_end, closing in self._delimiter_lines(part, b"--" + boundary):
            stop = max(start, _before_line_break(raw, line_start))
            if start >= 0 and (not is_closed or _is_part_after_closing(part, start, stop)):
                yield start, stop
            elif closing and not (is_closed or raw[part.body : max(0, stop)].strip()):
                part.body = part.end  # the multipart is empty
            if is_closed and not self._may_go_on(part):
                return
            is_closed = is_closed or closing
            start = -1 if closing else line_end
        if start >= 0 and (not is_closed or _is_part_after_closing(part, start, part.end)):
            part.defects[NOT_CLOSED] = None
            yield start, part.end

    def _may_go_on(self, part: Part) -> bool:
        """Whether the budget allows another line that is or resembles a delimiter."""
        if self._budget.false_delimiters:
            self._budget.false_delimiters -= 1
            return True
        part.defects[TOO_MANY_DELIMITERS] = None
        return False

    def _delimiter_lines(self, part: Part, delimiter: bytes) -> Iterator[tuple[int, int, bool]]:
        """Start and end of each delimiter line, and whether it is the closing one."""
        raw, end = part.raw, part.end
        pattern = b"\n" + delimiter
        find = raw.find if end - part.body < chunks.SIZE else partial(_find_in_chunks, raw)
        at = find(pattern, part.body - 1, end)  # the line break before it may end the header
        while at >= 0:
            stop = at + len(pattern)
            match = _END_OF_DELIMITER.match(raw, stop, end)
            if match is not None:
                stop = match.end()
                yield at + 1, stop, match[1] is not None
                stop -= 1
            elif not self._may_go_on(part):
                return
            at = find(pattern, stop, end)


def _is_part_after_closing(part: Part, start: int, end: int) -> bool:
    """Whether there is a part after the closing delimiter, where programs disagree about it."""
    if _BLANK.fullmatch(part.raw, start, end):
        return False
    part.defects[AFTER_CLOSING] = None
    return True


def _find_in_chunks(raw: bytes, pattern: bytes, start: int, end: int) -> int:
    """Equivalent of ``raw.find(pattern, start, end)`` that doesn't stall other threads."""
    for at, stop in chunks.ranges(start, end):
        found = raw.find(pattern, at, min(stop + len(pattern) - 1, end))
        if found >= 0:
            return found
    return -1


def _parse_header(
    raw: bytes, start: int, end: int, budget: Budget, defects: Defects
) -> tuple[int, int, MailHeaders]:
    """Start of the header of a part, start of its content, and the header fields."""
    start, header_end, body = _find_header(raw, start, end, defects)
    fields: list[Field] = []
    if start < header_end:
        fields, fields_end = read_fields(
            raw, start, header_end, budget, defects, is_closed=body > header_end
        )
        if fields_end < header_end:
            body = fields_end
            defects[NO_SEPARATOR] = None
    return start, body, MailHeaders(fields, defects)


def _find_header(raw: bytes, start: int, end: int, defects: Defects) -> tuple[int, int, int]:
    """Start and end of the header of a part, and start of its content."""
    if not _FIRST_FIELD.match(raw, start, end):
        first_field = skip_odd_lines(raw, start, end)
        if first_field == start:
            empty_line = _EMPTY_LINE.match(raw, start, end)
            if empty_line is None and start < end:
                defects[NO_HEADER] = None
            return start, start, empty_line.end() if empty_line else start
        start = first_field
    limit = min(end, start + MAX_HEADER)
    empty_line = _END_OF_HEADER.search(raw, start, limit)
    if empty_line is None:
        defects[NO_SEPARATOR if limit == end else HEADER_TOO_LARGE] = None
        return start, limit, limit
    return start, empty_line.start() + 1, empty_line.end()


def _content_type(
    headers: MailHeaders, default: str, defects: Defects
) -> tuple[str, dict[str, str]]:
    """Media type and parameters of a Content-Type field."""
    text = headers.plain_by_key(b"content-type")
    if not text:
        return default, {}
    value, parameters = read_parameters(text, defects)
    if value in _FREQUENT_TYPES:
        return value, parameters
    match = _MEDIA_TYPE.match(value)
    if match is None:
        defects[BAD_CONTENT_TYPE] = None
        return "text/plain", parameters
    return match[0], parameters


def _transfer_encoding(headers: MailHeaders) -> str:
    """First token of the Content-Transfer-Encoding field in lower case; empty if there is none."""
    text = headers.plain_by_key(b"content-transfer-encoding").lower()
    if text in _FREQUENT_ENCODINGS:
        return text
    match = _TOKEN.match(text)
    return match[1] if match else ""


def _before_line_break(raw: bytes, at: int) -> int:
    """Position of the line break before a delimiter line; it belongs to the delimiter.

    https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1
    """
    at -= 1
    return at - 1 if raw[at - 1] == _CR else at
