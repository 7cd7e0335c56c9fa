"""The last look at a mail's bytes before they leave: nothing in them may mean more than was written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

__all__ = ["as_crlf", "check_header", "check_wire", "checked_pieces"]

_MAX_LINE = 998  # https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1
_FIELD = re.compile(r"([!-9;-~]+):[ -~]*\r\n(?: +[!-~][ -~]*\r\n)*")
_NO_BREAKS = bytes(byte for byte in range(256) if byte not in b"\r\n")


def as_crlf(mail: bytes) -> bytes:
    """A mail with CRLF for every line break.

    Raises:
        ValueError: It has a CR alone or a NUL, for which there is no safe reading.
    """
    if b"\0" in mail:
        raise ValueError("it has a NUL byte, which mail can't carry")
    crlf = mail.count(b"\r\n")
    if mail.count(b"\r") != crlf:
        raise ValueError("it has a CR without LF")
    return (
        mail if mail.count(b"\n") == crlf else mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    )


def check_wire(mail: bytes) -> None:
    """Prove that a mail is 7-bit, that every line ends with CRLF, and that none is longer than 998 characters.

    Raises:
        ValueError: It isn't so; the text says what is wrong.
    """
    if not mail.isascii():
        raise ValueError("it has bytes above 127; encode its parts as quoted-printable or base64")
    if len(mail.translate(None, _NO_BREAKS)) != 2 * mail.count(b"\r\n"):
        raise ValueError("it has a CR or an LF alone")
    start, end = 0, len(mail)
    while end - start > _MAX_LINE:
        # The last line break within reach: when there is one, every line before it is short enough, too.
        line_break = mail.rfind(b"\n", start, start + _MAX_LINE + 2)
        if line_break < 0:
            raise ValueError(f"it has a line longer than {_MAX_LINE} characters, from byte {start}")
        start = line_break + 1


def check_header(mail: bytes, names: list[str]) -> None:
    """Prove that the header of a mail, or of a part, has just the fields of these names, in order.

    Raises:
        ValueError: It isn't so.
    """
    between = _FIELD.split(mail[: mail.index(b"\r\n\r\n") + 2].decode("ascii"))
    if any(between[::2]) or between[1::2] != names:
        raise ValueError("its header fields aren't the intended ones")


def checked_pieces(
    pieces: Iterable[bytes], names: list[str], boundaries: Sequence[tuple[str, int]]
) -> Iterator[bytes]:
    """The pieces of a mail as they come, each proven before it is passed on, and the whole at the end.

    Together they keep what ``check_wire`` asks for, have the intended header fields in order, and each boundary just
    where parts begin and end.

    Args:
        pieces: The mail; its header is in the first one, and no two share a line.
        names: The names of its header fields.
        boundaries: Each boundary with the count of delimiter lines that it makes.

    Raises:
        ValueError: It isn't so; the text says what is wrong.
    """
    delimiters = [(f"--{boundary}".encode(), count) for boundary, count in boundaries]
    found = [0] * len(delimiters)
    before = b""
    for piece in pieces:
        if not _has_lines_of_76(piece):
            check_wire(piece)
        if not before:
            check_header(piece, names)
        elif not (before.endswith(b"\r\n") or piece.startswith(b"\r\n")):
            raise ValueError("two pieces of it share a line")
        if b"-" in piece:  # base64 has none
            for number, (delimiter, _) in enumerate(delimiters):
                found[number] += piece.count(b"\r\n" + delimiter) + piece.startswith(delimiter)
        yield piece
        before = piece
    if found != [count for _, count in delimiters]:
        raise ValueError("a part of it has the text of a boundary")


def _has_lines_of_76(piece: bytes) -> bool:
    """Whether it is 7-bit and just lines of 76 with their CRLF, as base64 is: columns are proven quicker than lines."""
    count, rest = divmod(len(piece), 78)
    if (
        rest
        or not piece.isascii()
        or piece[76::78] != b"\r" * count
        or piece[77::78] != b"\n" * count
    ):
        return False
    columns = bytearray(piece)
    columns[76::78] = columns[77::78] = bytes(count)
    return b"\r" not in columns and b"\n" not in columns
