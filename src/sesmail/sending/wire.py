"""The last look at a mail's bytes before they leave: nothing in them may mean more than was written."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

__all__ = ["MAX_PARTS", "as_crlf", "check_intended", "check_pieces", "check_wire"]

MAX_PARTS = 500  # https://docs.aws.amazon.com/ses/latest/dg/quotas.html
_MAX_LINE = 998  # https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1
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
    return mail if mail.count(b"\n") == crlf else mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


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


def check_pieces(pieces: Sequence[bytes]) -> None:
    """Prove what ``check_wire`` does for a mail in pieces.

    Raises:
        ValueError: It isn't so; the text says what is wrong.
    """
    for piece in pieces:
        if not _has_lines_of_76(piece):
            check_wire(piece)
    for before, after in pairwise(pieces):
        if not (before.endswith(b"\r\n") or after.startswith(b"\r\n")):
            raise ValueError("two pieces of it share a line")


def _has_lines_of_76(piece: bytes) -> bool:
    """Whether it is 7-bit and just lines of 76 with their CRLF, as base64 is: columns are quicker to prove than lines."""
    count, rest = divmod(len(piece), 78)
    if rest or not piece.isascii() or piece[76::78] != b"\r" * count or piece[77::78] != b"\n" * count:
        return False
    columns = bytearray(piece)
    columns[76::78] = columns[77::78] = bytes(count)
    return b"\r" not in columns and b"\n" not in columns


def check_intended(pieces: Sequence[bytes], names: Sequence[str], boundaries: Sequence[tuple[str, int]]) -> None:
    """Prove that a mail has the intended header fields in order, and each boundary just where parts begin and end.

    Args:
        pieces: The mail, which ``check_pieces`` has passed; its header is in the first one.
        names: The names of its header fields.
        boundaries: Each boundary with the count of delimiter lines that it makes.

    Raises:
        ValueError: It isn't so.
    """
    head = pieces[0][: pieces[0].index(b"\r\n\r\n")].decode("ascii")
    found = [line.partition(":")[0] for line in head.split("\r\n") if line[0] not in " \t"]
    if found != list(names):
        raise ValueError("its header fields aren't the intended ones")
    searched = [piece for piece in pieces if b"-" in piece]  # base64 has none
    for boundary, count in boundaries:
        delimiter = f"--{boundary}".encode()
        line = b"\r\n" + delimiter
        if sum(piece.count(line) + piece.startswith(delimiter) for piece in searched) != count:
            raise ValueError("a part of it has the text of a boundary")
