"""Final check of a mail's bytes before they are sent: no injected header, no broken line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import IncrementalNewlineDecoder

from ..patterns import lazy_pattern
from .limits import MAX_LINE

__all__ = ["check_chunks", "check_header", "check_wire", "normalise_line_breaks"]

_FIELD = lazy_pattern(r"([!-9;-~]+):[ -~]*\r\n(?: +[!-~][ -~]*\r\n)*")
_CHUNK = 64 * 1024  # bytes, so that checking a large mail takes no memory of its size


def normalise_line_breaks(mail: bytes) -> bytes:
    """Returns a mail with CRLF for every line break.

    Raises:
        ValueError: The mail contains a NUL byte or a CR without LF, which readers interpret
            differently.
    """
    if b"\0" in mail:
        raise ValueError("contains a NUL byte, which mail can't have")
    crlf = mail.count(b"\r\n")
    if mail.count(b"\r") != crlf:
        raise ValueError("contains a CR without LF")
    return (
        mail if mail.count(b"\n") == crlf else mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    )


def check_wire(mail: bytes) -> None:
    """Checks that a mail is 7-bit, with CRLF line breaks and at most 998 characters a line.

    Raises:
        ValueError: The mail breaks one of these rules.
    """
    decoder = IncrementalNewlineDecoder(None, translate=False)
    try:
        for start in range(0, len(mail), _CHUNK):
            decoder.decode(mail[start : start + _CHUNK].decode("ascii"))
    except UnicodeDecodeError:
        raise ValueError(
            "contains bytes above 127; encode the parts as quoted-printable or base64"
        ) from None
    decoder.decode("", final=True)
    if decoder.newlines not in {None, "\r\n"}:
        raise ValueError("contains a CR or an LF alone")
    start, end = 0, len(mail)
    while end - start > MAX_LINE:
        # With a line break in the next 1,000 bytes, no line before it is too long.
        line_break = mail.rfind(b"\n", start, start + MAX_LINE + 2)
        if line_break < 0:
            raise ValueError(
                f"contains a line longer than {MAX_LINE} characters, from byte {start}"
            )
        start = line_break + 1


def check_header(mail: bytes, names: list[str]) -> None:
    """Checks that the header of a mail, or of a part, has exactly these fields in this order.

    Raises:
        ValueError: The header has other fields, or lines that are no field.
    """
    between = _FIELD.split(mail[: mail.index(b"\r\n\r\n") + 2].decode("ascii"))
    if any(between[::2]) or between[1::2] != names:
        raise ValueError("the header fields aren't the intended ones")


def check_chunks(
    chunks: Iterable[bytes], names: list[str], boundaries: Sequence[tuple[str, int]]
) -> Iterator[bytes]:
    """Yields the chunks of a mail, each after its check, and checks the whole mail at the end.

    The mail follows the rules of ``check_wire``, has the intended header fields, and contains each
    boundary only where parts begin and end. It must not be sent before the iterator is exhausted.

    Args:
        chunks: Mail; its header is in the first chunk, and no two chunks share a line.
        names: Names of the header fields, in order.
        boundaries: Each boundary with the number of its delimiter lines.

    Raises:
        ValueError: The mail breaks one of these rules.
    """
    delimiters = [(f"--{boundary}".encode(), count) for boundary, count in boundaries]
    found = [0] * len(delimiters)
    previous = b""
    for chunk in chunks:
        if not _has_lines_of_76(chunk):
            check_wire(chunk)
        if not previous:
            check_header(chunk, names)
        elif not (previous.endswith(b"\r\n") or chunk.startswith(b"\r\n")):
            raise ValueError("two chunks share a line")
        if b"-" in chunk:  # base64 has none
            for number, (delimiter, _) in enumerate(delimiters):
                found[number] += chunk.count(b"\r\n" + delimiter) + chunk.startswith(delimiter)
        yield chunk
        previous = chunk
    if found != [count for _, count in delimiters]:
        raise ValueError("a part contains the text of a boundary")


def _has_lines_of_76(chunk: bytes) -> bool:
    """Reports whether a chunk is ASCII in lines of 76 characters with CRLF, as base64 is.

    Comparing columns is faster than searching lines, and most bytes of large mails are base64.
    """
    count, rest = divmod(len(chunk), 78)
    if (
        rest
        or not chunk.isascii()
        or chunk[76::78] != b"\r" * count
        or chunk[77::78] != b"\n" * count
    ):
        return False
    columns = bytearray(chunk)
    columns[76::78] = columns[77::78] = bytes(count)
    return b"\r" not in columns and b"\n" not in columns
