"""Content-Transfer-Encoding: bodies as quoted-printable or base64 lines."""

from __future__ import annotations

from binascii import b2a_base64, b2a_qp
from collections.abc import Iterable, Iterator
from struct import unpack

from ...patterns import lazy_pattern

__all__ = ["encode_base64", "encode_quoted_printable", "encode_text"]

_ASCII = bytes(range(128))
_PLAIN = bytes(range(32, 127)) + b"\n"

# A line that ends in a space, which servers may drop, or is a dot alone, where they may end the
# mail. All patterns start with the LF before a line: searching one character is fastest.
_UNSAFE_LINE = lazy_pattern(rb"\n(?:(?<= \n)|\.\n)")

# The first segment of a line that has to be cut, and a segment of its rest: up to 75 characters
# which end within no "=3D" and leave no dot alone, and so at least 72 of the first 76.
# https://www.rfc-editor.org/rfc/rfc2045#section-6.7
_FIRST_SEGMENT = lazy_pattern(rb"(\n.{72}(?=.{4}).{0,3}(?<!=)(?<!=.)(?!\.\n))")
_SEGMENT = lazy_pattern(rb".{1,75}(?<!=)(?<!=.)(?!\.\Z)")

# ``b2a_qp`` encodes a space or tab at the end of a line without counting the two characters that it
# adds, so that a line may have 77, and no dot that its soft line break leaves alone.
_BLANK_OR_DOT_AT_END = lazy_pattern(rb"\n(?<=[ \t.]\r\n)")
_BLANK_AT_END = lazy_pattern(rb"\n(?<=[ \t]\r\n)")
_ENDS_TOO_LATE = lazy_pattern(rb"\n.{74}(?==(?:20|09)\r\n)")

_CHUNK = 57 * 1024  # bytes, which make 1,024 lines of base64


def encode_text(text: str) -> tuple[str, Iterable[bytes]]:
    """Returns the transfer encoding of a text and its encoded body in chunks.

    CR, LF and CRLF are equal line breaks. Text is quoted-printable, or base64 where most of its
    UTF-8 isn't ASCII and quoted-printable would be longer by half.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    data = text.encode()
    if text.isascii():
        return "quoted-printable", (_encode_ascii(data),)
    data = data.replace(b"\n", b"\r\n")
    if 2 * len(data.translate(None, _ASCII)) > len(data):
        return "base64", encode_base64(data)
    return "quoted-printable", (encode_quoted_printable(data),)


def _encode_ascii(data: bytes) -> bytes:
    """Encodes ASCII text with LF as quoted-printable, plain lines faster than ``b2a_qp`` does."""
    lines = b"\n%b\n" % data.replace(b"=", b"=3D")
    if data.translate(None, _PLAIN) or _UNSAFE_LINE.search(lines):
        return encode_quoted_printable(data.replace(b"\n", b"\r\n"))
    return _cut_lines(lines)[1:-1].replace(b"\n", b"\r\n")


def _cut_lines(lines: bytes) -> bytes:
    """Cuts long lines by soft line breaks.

    Most of them need one cut. For all of these one split takes half the time of a call for each.
    """
    parts = _FIRST_SEGMENT.split(lines)
    if len(parts) == 1:
        return lines
    parts[2::2] = [each if len(each) < 76 else _cut_rest(each) for each in parts[2::2]]
    pieces = [b"=\n"] * (len(parts) // 2 * 3 + 1)
    pieces[::3], pieces[1::3] = parts[::2], parts[1::2]
    return b"".join(pieces)


def _cut_rest(lines: bytes) -> bytes:
    """Cuts the first of these lines, which is the rest after a soft line break."""
    rest, line_break, others = lines.partition(b"\n")
    return b"".join([b"=\n".join(_SEGMENT.findall(rest)), line_break, others])


def encode_quoted_printable(data: bytes) -> bytes:
    """Encodes any text with CRLF as quoted-printable.

    ``b2a_qp`` uses the first line break that it finds as its own; the CRLF that is put before the
    text for the call makes sure that there is one.
    """
    lines = b"\r\n%b\r\n" % data
    encoded = b2a_qp(lines)
    if _BLANK_OR_DOT_AT_END.search(lines):
        if _BLANK_AT_END.search(lines):
            encoded = _ENDS_TOO_LATE.sub(rb"\g<0>=\r\n", encoded)
        encoded = encoded.replace(b"=\r\n.\r\n", b"=\r\n=2E\r\n")
    return encoded[2:-2]


def encode_base64(data: bytes) -> Iterator[bytes]:
    """Yields base64 in lines of 76 characters, in chunks of 80 kB.

    All chunks but the last end with CRLF. Chunks of this size stay in the processor's cache, which
    halves the time.
    """
    view = memoryview(data)
    for start in range(0, len(data), _CHUNK):
        chunk = _split_lines(b2a_base64(view[start : start + _CHUNK], newline=False))
        yield chunk if start + _CHUNK < len(data) else chunk.removesuffix(b"\r\n")


def _split_lines(encoded: bytes) -> bytes:
    """Inserts CRLF after each 76 characters, and at the end if the last line is full."""
    whole, rest = divmod(len(encoded), 76)
    return b"\r\n".join(unpack(f"{'76s' * whole}{rest}s", encoded))
