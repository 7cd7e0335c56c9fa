"""Finds the parts of a mail, without copying them."""

from __future__ import annotations

from ...patterns import lazy_pattern
from .comments import without_comments
from .delimiters import part_ranges
from .header import Defects, Field, MailHeaders, plain_field, read_fields
from .limits import MAX_BYTES, MAX_DEPTH, MAX_HEADER, MAX_PARTS, Budget
from .odd_lines import skip_odd_lines
from .parameters import read_parameters
from .part import Part
from .transfer_encoding import AS_IS

__all__ = ["read_parts"]

BAD_CONTENT_TYPE = "malformed content type"
ENCODED_TWICE = "encoded mail in an encoded mail, not parsed"
HEADER_TOO_LARGE = f"header over {MAX_HEADER >> 20} MiB, rest not parsed"
NO_BOUNDARY = "multipart without parts"
NO_HEADER = "part without header"
NO_SEPARATOR = "header without empty line after it"
TOO_DEEP = f"parts nested deeper than {MAX_DEPTH} levels, not parsed"
TOO_LARGE = f"mail over {MAX_BYTES >> 20} MiB, rest not parsed"
TOO_MANY_PARTS = f"more than {MAX_PARTS:,} parts, rest not parsed"

_ATTACHED_MAILS = frozenset(["message/rfc822", "message/global"])

# 998: https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1
_LF = ord("\n")
_EMPTY_LINE = lazy_pattern(rb"\r?\n")
_END_OF_HEADER = lazy_pattern(rb"\n\r?\n")
_FIRST_FIELD = lazy_pattern(rb"[!-9;-~]{1,998}[ \t]*:")
_MEDIA_TYPE = lazy_pattern(r"[!#$%&'*+.^_`|~0-9a-z{}-]+/[!#$%&'*+.^_`|~0-9a-z{}-]+(?=[\s(]|\Z)")
# Reading these without a regular expression takes a tenth less time.
_FREQUENT_TYPES = frozenset(
    ["text/plain", "text/html", "multipart/alternative", "multipart/mixed", "multipart/related"]
)
_FREQUENT_ENCODINGS = frozenset(["", "7bit", "8bit", "base64", "quoted-printable"])
_TOKEN = lazy_pattern(r"[\s\"']*([^\s;(\"']*)")


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
        for start, end in part_ranges(part, self._budget):
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
        if limit < end:
            defects[HEADER_TOO_LARGE] = None
        elif raw[end - 1] != _LF:  # else, there is no content, as RFC 2046, section 5.1.1, allows
            defects[NO_SEPARATOR] = None
        return start, limit, limit
    return start, empty_line.start() + 1, empty_line.end()


def _content_type(
    headers: MailHeaders, default: str, defects: Defects
) -> tuple[str, dict[str, str]]:
    """Media type and parameters of a Content-Type field."""
    text = plain_field(headers, b"content-type")
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
    text = plain_field(headers, b"content-transfer-encoding").lower()
    if text in _FREQUENT_ENCODINGS:
        return text
    match = _TOKEN.match(without_comments(text) if "(" in text else text)
    return match[1] if match else ""
