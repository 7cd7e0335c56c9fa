"""Mails of others made 7-bit, part by part, for SES and for ``message/rfc822``.

A part that is 7-bit already keeps its bytes. https://www.rfc-editor.org/rfc/rfc2045#section-6
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Sequence
from typing import NamedTuple

from ..wire import check_wire
from .header_field import Field, encode_field, split_header
from .transfer_encoding import encode_base64, encode_quoted_printable

__all__ = ["encode_body", "is_seven_bit", "to_seven_bit"]

_MAX_DEPTH = 30
_BLANK_LINE = re.compile(rb"(?:\A|\r?\n)\r?\n")
_LINE_BREAK = re.compile(rb"\r?\n")
_KIND = re.compile(rb"[ \t]*([^;\s]+/[^;\s]+)")
_BOUNDARY = re.compile(rb';\s*boundary\s*=\s*(?:"((?:[^"\\\r\n]|\\.)*)"|([^\s;"]+))', re.IGNORECASE)
_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))  # fmt: skip
_AS_IS = frozenset({b"", b"7bit", b"8bit", b"binary"})


class Rules(NamedTuple):
    """What is done with a part that can't become 7-bit without losing something.

    Attributes:
        lossy: True breaks a signature, and drops a header field or the text around the parts.
            False refuses that.
        depth: Number of the parts around this one.
        boundaries: Boundaries of the parts around this one.
    """

    lossy: bool
    depth: int = 0
    boundaries: tuple[bytes, ...] = ()


def is_seven_bit(content: bytes) -> bool:
    """Reports whether a mail is 7-bit, with CRLF and at most 998 characters a line, without NUL."""
    try:
        check_wire(content)
    except ValueError:
        return False
    return b"\0" not in content


def to_seven_bit(mail: bytes, rules: Rules = Rules(lossy=False)) -> bytes:
    """Returns a mail as 7-bit lines of at most 998 characters with CRLF.

    Raises:
        ValueError: That isn't possible by the rules.
    """
    blank = _BLANK_LINE.search(mail)
    header, body = (mail[: blank.start()], mail[blank.end() :]) if blank else (mail, b"")
    fields, body = encode_body(split_header(header, rules.lossy), body, rules)
    lines = [encode_field(field, rules.lossy) for field in fields]
    return b"".join([line + b"\r\n" for line in lines if line]) + b"\r\n" + body


def encode_body(fields: Sequence[Field], body: bytes, rules: Rules) -> tuple[list[Field], bytes]:
    """Returns the fields of an entity and its body as 7-bit lines.

    Raises:
        ValueError: As for ``to_seven_bit``.
    """
    content_type = _value(fields, b"content-type")
    kind_found = _KIND.match(content_type)
    kind = kind_found[1].lower() if kind_found else b"text/plain"
    encoding = _value(fields, b"content-transfer-encoding").strip().lower()
    lines = _LINE_BREAK.sub(b"\r\n", body)
    is_binary = encoding == b"binary" and not kind.startswith(
        (b"text/", b"multipart/", b"message/")
    )
    if is_seven_bit(lines) and not is_binary and not kind.startswith((b"multipart/", b"message/")):
        return _with_encoding(fields, encoding, b"7bit"), lines
    if kind.startswith(b"multipart/"):
        boundary = _BOUNDARY.search(content_type)
        if boundary:
            value = re.sub(rb"\\(.)", rb"\1", boundary[1]) if boundary[1] else boundary[2]
            if value:
                parts = _encode_parts(kind, body, value.rstrip(b" "), rules)
                if parts is not None:
                    return _with_encoding(fields, encoding, b"7bit"), parts
        if is_seven_bit(lines):
            return list(fields), lines
        _require(rules, "has a multipart without its parts")
        kind = b"text/plain"
        fields = [field for field in fields if field.key != b"content-type"]
    elif kind == b"message/rfc822" and encoding in _AS_IS:
        deeper = rules._replace(depth=_next_depth(rules))
        return _with_encoding(fields, encoding, b"7bit"), to_seven_bit(body, deeper)
    elif kind.startswith(b"message/"):
        if is_seven_bit(lines):
            return _with_encoding(fields, encoding, b"7bit"), lines
        _require(rules, f"has a part {kind.decode('ascii', 'replace')} that isn't 7-bit")
    encoding, encoded = _encode_leaf(kind, encoding, body, lines, rules)
    return _with_encoding(fields, b"", encoding), encoded


def _encode_leaf(
    kind: bytes, encoding: bytes, body: bytes, lines: bytes, rules: Rules
) -> tuple[bytes, bytes]:
    """Returns the transfer encoding and the body of a part without parts."""
    if encoding == b"base64":
        data = body.translate(None, _NOT_BASE64)
        return b"base64", b"\r\n".join(data[at : at + 76] for at in range(0, len(data), 76))
    if encoding == b"quoted-printable":
        lines = _LINE_BREAK.sub(b"\r\n", a2b_qp(body))
    if encoding == b"quoted-printable" or (kind.startswith(b"text/") and b"\0" not in body):
        encoded = encode_quoted_printable(lines)
        # A soft line break may bring the text of a boundary to the beginning of a line.
        if not any(b"\n--" + boundary in b"\n" + encoded for boundary in rules.boundaries):
            return b"quoted-printable", encoded
        body = lines
    return b"base64", b"".join(encode_base64(body))


def _encode_parts(kind: bytes, body: bytes, boundary: bytes, rules: Rules) -> bytes | None:
    """Returns the body of a multipart, None if it doesn't have its boundary."""
    pattern = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    found: list[re.Match[bytes]] = []
    for delimiter in pattern.finditer(body):
        found.append(delimiter)
        if delimiter[1]:
            break
    if not found or not boundary.isascii() or found[0][1]:
        return None
    deeper = rules._replace(depth=_next_depth(rules), boundaries=(*rules.boundaries, boundary))
    ends = [each.start() for each in found[1:]]
    if not found[-1][1]:
        ends.append(len(body))
    original = [
        body[min(_after_line_break(body, start.end()), end) : end]
        for start, end in zip(found, ends, strict=False)
    ]
    parts = [to_seven_bit(part, deeper) for part in original]
    if kind == b"multipart/signed" and not rules.lossy:
        if parts != [_LINE_BREAK.sub(b"\r\n", part) for part in original]:
            raise ValueError("has a signed part, whose signature would break")
    preamble = _around(body[: found[0].start()], rules)
    epilogue = _around(body[found[-1].end() :], rules) if found[-1][1] else b""
    start, end = b"--" + boundary + b"\r\n", b"--" + boundary + b"--"
    head = preamble + b"\r\n" if preamble or found[0].start() else b""
    return b"".join([head, *[start + part + b"\r\n" for part in parts], end, epilogue])


def _after_line_break(body: bytes, position: int) -> int:
    found = _LINE_BREAK.match(body, position)
    return found.end() if found else position


def _around(text: bytes, rules: Rules) -> bytes:
    """Returns the text before or after the parts, which readers don't show."""
    lines = _LINE_BREAK.sub(b"\r\n", text)
    if is_seven_bit(lines):
        return lines
    _require(rules, "has text around its parts that isn't 7-bit")
    return b""


def _next_depth(rules: Rules) -> int:
    if rules.depth >= _MAX_DEPTH:
        raise ValueError(f"has more than {_MAX_DEPTH} levels of parts")
    return rules.depth + 1


def _require(rules: Rules, problem: str) -> None:
    if not rules.lossy:
        raise ValueError(problem)


def _value(fields: Sequence[Field], key: bytes) -> bytes:
    return next((field.value for field in fields if field.key == key), b"")


def _with_encoding(fields: Sequence[Field], old: bytes, new: bytes) -> list[Field]:
    """Returns the fields with the transfer encoding, unchanged if ``old`` is 7-bit or encoded."""
    if old and old not in {b"8bit", b"binary"}:
        return list(fields)
    kept = [field for field in fields if field.key != b"content-transfer-encoding"]
    if len(kept) == len(fields) and new == b"7bit":
        return list(fields)
    return [*kept, Field(b"Content-Transfer-Encoding", b" " + new)]
