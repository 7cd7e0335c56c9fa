"""Mails of others made 7-bit, part by part, for SES and for ``message/rfc822``.

A part that is 7-bit already keeps its bytes, except for line breaks without CR.
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Sequence
from typing import NamedTuple

from ...patterns import lazy_pattern
from ..wire import check_wire
from .header_field import FIELD_BEGIN, Field, encode_field, split_header
from .transfer_encoding import encode_base64, encode_quoted_printable

__all__ = ["Rules", "encode_body", "is_seven_bit", "split_mail", "to_seven_bit"]

_MAX_DEPTH = 30
_MAX_BOUNDARY = 200  # RFC 2046 allows 70 characters
_BLANK_LINE = lazy_pattern(rb"(?:\A|\r?\n)\r?\n")
_KIND = lazy_pattern(rb"[ \t\r\n]*([^;\s]+/[^;\s]+)")
_BOUNDARY = lazy_pattern(
    rb';\s*boundary\s*=\s*(?:"((?:[^"\\\r\n]|\\.)*)"|([^\s;"]+))', re.IGNORECASE
)
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(byte for byte in range(256) if byte not in _BASE64)
_NOT_ENCODED = frozenset({b"", b"7bit", b"8bit", b"binary"})


class Rules(NamedTuple):
    """Treatment of what can't become 7-bit unchanged, and the place of a part.

    Attributes:
        lossy: True breaks signatures, and drops header fields and texts around parts that can't be
            7-bit. False refuses such a mail.
        depth: Number of the parts around this one.
        boundaries: Boundaries of the parts around this one.
        default_kind: Media type of a part that names none.
    """

    lossy: bool
    depth: int = 0
    boundaries: tuple[bytes, ...] = ()
    default_kind: bytes = b"text/plain"


def is_seven_bit(content: bytes) -> bool:
    """Reports whether a mail is 7-bit, with CRLF and at most 998 characters a line, without NUL."""
    try:
        check_wire(content)
    except ValueError:
        return False
    return b"\0" not in content


def to_seven_bit(mail: bytes, rules: Rules | None = None) -> bytes:
    """Returns a mail, or a part with its header, as 7-bit lines of at most 998 characters.

    Raises:
        ValueError: That isn't possible by the rules, by default without any loss.
    """
    rules = rules or Rules(lossy=False)
    header, body = split_mail(mail)
    if body is mail and not rules.depth:
        raise ValueError("has no header")
    fields, body = encode_body(split_header(header, rules.lossy), body, rules)
    lines = [encode_field(field, rules.lossy) for field in fields]
    return b"".join([line + b"\r\n" for line in lines if line]) + b"\r\n" + body


def split_mail(mail: bytes) -> tuple[bytes, bytes]:
    """Splits a mail, or a part, into header and body; all is body if the first line is no field."""
    blank = _BLANK_LINE.search(mail)
    if blank and not blank.start():
        return b"", mail[blank.end() :]
    if not FIELD_BEGIN.match(mail):
        return b"", mail
    return (mail[: blank.start()], mail[blank.end() :]) if blank else (mail, b"")


def encode_body(fields: Sequence[Field], body: bytes, rules: Rules) -> tuple[list[Field], bytes]:
    """Returns the header fields of a mail, or of a part, and its body as 7-bit lines.

    Raises:
        ValueError: As for ``to_seven_bit``.
    """
    content_type = _value(fields, b"content-type")
    named = _KIND.match(content_type)
    kind = named[1].lower() if named else rules.default_kind
    encoding = _value(fields, b"content-transfer-encoding").strip().lower()
    encoded: bytes | None = None
    if kind.startswith(b"multipart/"):
        encoded = _encode_multipart(kind, content_type, body, rules)
    elif kind == b"message/rfc822" and encoding in _NOT_ENCODED:
        encoded = to_seven_bit(body, _inside(rules))
    if encoded is not None:
        return _with_encoding(fields, encoding, b"7bit"), encoded
    lines = _crlf(body)
    is_data = not kind.startswith((b"text/", b"multipart/", b"message/"))
    if is_seven_bit(lines) and not (encoding == b"binary" and is_data):
        return _with_encoding(fields, encoding, b"7bit"), lines
    if kind.startswith((b"multipart/", b"message/")):
        _require(rules, f"has a part {kind.decode('ascii', 'replace')} that isn't 7-bit")
        fields, kind = [field for field in fields if field.key != b"content-type"], b"text/plain"
    new_encoding, encoded = _encode_leaf(kind, encoding, body, lines, rules)
    return _with_encoding(fields, b"", new_encoding), encoded


def _encode_leaf(
    kind: bytes, encoding: bytes, body: bytes, lines: bytes, rules: Rules
) -> tuple[bytes, bytes]:
    """Returns the transfer encoding and the body of a part without parts."""
    if encoding == b"base64" and body.isascii():  # otherwise it is text that was never encoded
        data = body.translate(None, _NOT_BASE64)
        return b"base64", b"\r\n".join(data[at : at + 76] for at in range(0, len(data), 76))
    if encoding == b"quoted-printable":
        body = lines = _crlf(a2b_qp(body))
    is_text = encoding == b"quoted-printable" or kind.startswith(b"text/")
    # A CR alone is no line break, and quoted-printable of the standard library leaves it as it is.
    if is_text and b"\0" not in body and lines.count(b"\r") == lines.count(b"\r\n"):
        encoded = encode_quoted_printable(lines)
        # A soft line break can move the text of a boundary to the beginning of a line.
        if not any(b"\n--" + each in b"\n" + encoded for each in rules.boundaries):
            return b"quoted-printable", encoded
    return b"base64", b"".join(encode_base64(body))


def _encode_multipart(kind: bytes, content_type: bytes, body: bytes, rules: Rules) -> bytes | None:
    """Returns the body of a multipart, None if it doesn't have its boundary."""
    named = _BOUNDARY.search(content_type)
    boundary = b"" if named is None else (named[2] or re.sub(rb"\\(.)", rb"\1", named[1])).rstrip()
    if not 0 < len(boundary) < _MAX_BOUNDARY or not boundary.isascii():
        return None
    around = _split_multipart(body, boundary)
    if around is None:
        return None
    preamble, parts, epilogue = around
    inside = _inside(rules)._replace(
        boundaries=(*rules.boundaries, boundary),
        default_kind=b"message/rfc822" if kind == b"multipart/digest" else b"text/plain",
    )
    encoded = [to_seven_bit(part, inside) for part in parts]
    if kind == b"multipart/signed" and encoded != [_crlf(part) for part in parts]:
        _require(rules, "has a signed part, whose signature would break")
    begin, end = b"--" + boundary + b"\r\n", b"--" + boundary + b"--"
    pieces = [_around(preamble, rules), *[begin + part + b"\r\n" for part in encoded]]
    return b"".join([*pieces, end, _around(epilogue, rules)])


def _split_multipart(body: bytes, boundary: bytes) -> tuple[bytes, list[bytes], bytes] | None:
    """Splits a multipart into the text before its parts, the parts, and the text after them."""
    delimiter = re.compile(rb"(?:\A|(?<=\n))--%b(--)?[ \t]*(?:\r?\n|\r?\Z)" % re.escape(boundary))
    parts: list[bytes] = []
    start = preamble = None
    for found in delimiter.finditer(body):
        if start is None:
            preamble = body[: found.start()]
        else:
            parts.append(_without_line_break(body[start : found.start()]))
        start = found.end()
        if found[1]:  # readers ignore what comes after the last delimiter
            line_break = b"\r\n" if found[0].endswith(b"\n") else b""
            return (preamble or b"", parts, line_break + body[start:]) if parts else None
    if start is None:
        return None
    return preamble or b"", [*parts, _without_line_break(body[start:])], b""


def _without_line_break(part: bytes) -> bytes:
    return part.removesuffix(b"\n").removesuffix(b"\r") if part.endswith(b"\n") else part


def _around(text: bytes, rules: Rules) -> bytes:
    """Returns the text before or after the parts, which readers don't show."""
    lines = _crlf(text)
    if is_seven_bit(lines):
        return lines
    _require(rules, "has text around its parts that isn't 7-bit")
    return b""


def _inside(rules: Rules) -> Rules:
    if rules.depth >= _MAX_DEPTH:
        raise ValueError(f"has more than {_MAX_DEPTH} levels of parts")
    return rules._replace(depth=rules.depth + 1, default_kind=b"text/plain")


def _require(rules: Rules, problem: str) -> None:
    if not rules.lossy:
        raise ValueError(problem)


def _crlf(text: bytes) -> bytes:
    """Returns text in which every line break is CRLF; a CR alone stays."""
    if text.count(b"\n") == text.count(b"\r\n"):
        return text
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _value(fields: Sequence[Field], key: bytes) -> bytes:
    return next((field.value for field in fields if field.key == key), b"")


def _with_encoding(fields: Sequence[Field], old: bytes, new: bytes) -> list[Field]:
    """Returns the fields with a new transfer encoding, which isn't needed where 7bit is implied."""
    if old in {b"8bit", b"binary"} or new != b"7bit":
        kept = [field for field in fields if field.key != b"content-transfer-encoding"]
        return [*kept, Field(b"Content-Transfer-Encoding", b" " + new)]
    return list(fields)
