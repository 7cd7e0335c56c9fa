"""Bodies as 7-bit lines: quoted-printable and base64."""

from __future__ import annotations

import re
from binascii import b2a_base64, b2a_qp
from collections.abc import Iterable, Iterator
from struct import unpack

__all__ = ["encode_base64", "encode_text"]

_ASCII = bytes(range(128))
_PLAIN = bytes(range(32, 127)) + b"\n"

# Lines that are no dot alone and end in no space: servers on the way would stop at the one and drop the other.
_SAFE_LINES = re.compile(rb"(?:(?!\.\n).*+(?<! )\n)*+")

# Text up to where a line has to be cut, or up to the end: whole lines, then up to 75 characters of a longer one, which
# end in no "=3D" and leave no dot alone. No line is looked at twice, so the work is linear.
# https://www.rfc-editor.org/rfc/rfc2045#section-6.7
_UP_TO_SOFT_BREAK = re.compile(rb"(?:.{0,75}+\n)*+.{1,75}(?<!=)(?<!=.)(?!\.\n)|(?:.{0,75}+\n)++")

_PIECE = 57 * 1024  # makes 1,024 lines


def encode_text(text: str) -> tuple[str, Iterable[bytes]]:
    """Text, for which line breaks of every kind are the same: its transfer encoding, and its body in pieces."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    data = text.encode()
    if text.isascii():
        return "quoted-printable", (_quoted_printable(data),)
    data = data.replace(b"\n", b"\r\n")
    if 2 * len(data.translate(None, _ASCII)) > len(
        data
    ):  # quoted-printable would be half as long again, or more
        return "base64", encode_base64(data)
    return "quoted-printable", (_quoted(data),)


def _quoted_printable(data: bytes) -> bytes:
    """ASCII text with LF: lines that are plain, as most are, need no look at each of their characters."""
    lines = data.replace(b"=", b"=3D") + b"\n"
    if data.translate(None, _PLAIN) or not _SAFE_LINES.fullmatch(lines):
        return _quoted(data.replace(b"\n", b"\r\n"))
    return b"=\n".join(_UP_TO_SOFT_BREAK.findall(lines))[:-1].replace(b"\n", b"\r\n")


def _quoted(data: bytes) -> bytes:
    """Any text with CRLF; b2a_qp takes its line break from the first one that it meets: this way there is one."""
    return b2a_qp(data + b"\r\n")[:-2]


def encode_base64(data: bytes) -> Iterator[bytes]:
    """Lines of 76 in pieces of 80 kB, which all end with CRLF but for the last.

    A piece is encoded and cut while the processor has it at hand, which takes half the time of all at once.
    """
    view = memoryview(data)
    for start in range(0, len(data), _PIECE):
        piece = _in_lines(b2a_base64(view[start : start + _PIECE], newline=False))
        yield piece if start + _PIECE < len(data) else piece.removesuffix(b"\r\n")


def _in_lines(encoded: bytes) -> bytes:
    whole, rest = divmod(len(encoded), 76)
    return b"\r\n".join(unpack(f"{'76s' * whole}{rest}s", encoded))
