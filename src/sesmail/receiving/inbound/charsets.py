"""Decodes bytes with an allow-list of text codecs."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from ...patterns import lazy_pattern
from . import chunks
from .charset_labels import TABLE_CODECS, USER_DEFINED, UTF_8_IF_INVALID, codec_of
from .east_asian import CORRECTIONS, REPAIRED_CODECS, decode_repaired
from .limits import MAX_META, MAX_REPLACED_ESCAPES, MAX_UTF_7_REPAIR

__all__ = ["BAD_TEXT", "NO_CHARSET", "UNKNOWN_CHARSET", "decode_text", "decode_undeclared"]

BAD_TEXT = "text not valid in its charset"
NO_CHARSET = "8-bit text without a charset"
UNKNOWN_CHARSET = "unknown charset"

# Text without one of these marks is little-endian, as browsers have it; Python's incremental
# decoders would reject it. https://encoding.spec.whatwg.org/#utf-16le
_BYTE_ORDER_MARKS = {
    "utf_16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf_32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
}
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_ASCII = bytes(range(128))
# An ESC that begins no escape sequence of ISO 2022 although it looks like one: the incremental
# decoders buffer too few bytes for those. https://en.wikipedia.org/wiki/ISO/IEC_2022
_INVALID_ESCAPE = lazy_pattern(rb"\x1b(?=[$().&])(?!(?:[$().][^&@A-Z]?|&@\x1b\$)[@A-Z])", re.DOTALL)
_MAX_ESCAPE = 6  # bytes of the longest escape sequence
_META = lazy_pattern(rb"<meta[^<>]*?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_SURROGATE = lazy_pattern("[\ud800-\udfff]")


def decode_text(
    data: bytes | memoryview, charset: str | None, *, with_lf: bool = False, html: bool = False
) -> tuple[str, str | None]:
    """Decodes bytes of any content, in time linear in their length.

    Args:
        data: The bytes.
        charset: The charset that the mail declares; None if it declares none.
        with_lf: Whether to convert line ends from CRLF to LF.
        html: Whether the text is HTML, which may declare a charset itself.

    Returns:
        The text without byte order mark, and the defect found, or None. Bytes that are invalid in
        the charset become U+FFFD. Without a known charset, 8-bit text is decoded as UTF-8 if it is,
        else in the charset that the HTML declares, else as Windows-1252.
    """
    if not charset:
        return decode_undeclared(data, with_lf=with_lf, html=html)
    codec = codec_of(charset)
    if codec is None:
        return decode_undeclared(data, with_lf=with_lf, html=html)[0], UNKNOWN_CHARSET
    if codec == "utf_8":
        data = _without_mark(data)
    elif codec.startswith(("utf_16", "utf_32")):
        codec = _with_byte_order(codec, data)
    try:
        return _join(_decode(data, codec), with_lf), None
    except UnicodeError:
        if codec == "ascii":
            return decode_undeclared(data, with_lf=with_lf, html=html)[0], BAD_TEXT
        return _decode_invalid(data, codec, with_lf)


def decode_undeclared(
    data: bytes | memoryview, *, with_lf: bool = False, html: bool = False
) -> tuple[str, str | None]:
    """Decodes bytes whose charset isn't declared; see ``decode_text``.

    UTF-8 with few errors remains UTF-8: some programs cut characters at the end of a line.
    """
    data = _without_mark(data)
    try:
        text = _join(_decode(data, "utf_8"), with_lf)
        return text, None if text.isascii() else NO_CHARSET
    except UnicodeError:
        pass
    match = _META.search(bytes(data[:MAX_META])) if html else None
    codec = codec_of(match[1].decode("ascii", "replace")) if match else None
    if match and codec and not codec.startswith("utf") and codec != "ascii":
        return decode_text(data, match[1].decode("ascii"), with_lf=with_lf)[0], NO_CHARSET
    errors = sum(chunk.count(_REPLACEMENT) for chunk in _decode(data, "utf_8", "replace"))
    eight_bit = sum(len(bytes(chunk).translate(None, _ASCII)) for chunk in chunks.split(data))
    is_utf_8 = errors * 10 <= eight_bit
    decoded = _decode(data, "utf_8", "replace") if is_utf_8 else _decode_by_table(data, "cp1252")
    return _join(decoded, with_lf), NO_CHARSET


def _without_mark(data: bytes | memoryview) -> bytes | memoryview:
    """UTF-8 without its byte order mark; not copied."""
    return memoryview(data)[3:] if data[:3] == codecs.BOM_UTF8 else data


def _with_byte_order(codec: str, data: bytes | memoryview) -> str:
    """The codec for the byte order mark of the text, if it has one."""
    unmarked = codec[: len("utf_16")]
    if bytes(data[:4]).startswith(_BYTE_ORDER_MARKS[unmarked]):
        return unmarked
    return codec + "_le" if codec == unmarked else codec


def _decode(data: bytes | memoryview, codec: str, errors: str = "strict") -> Iterator[str]:
    """Chunks of text."""
    if codec in CORRECTIONS:
        corrected = CORRECTIONS[codec]
        for text in _decode_chunks(data, codec, errors):
            yield _correct(text, corrected)
    elif codec == "utf_7":
        yield from _decode_utf_7(data)
    elif codec == USER_DEFINED:
        yield from _decode_by_table(data, codec)
    else:
        yield from _decode_chunks(data, codec, errors)


def _decode_chunks(data: bytes | memoryview, codec: str, errors: str) -> Iterator[str]:
    if len(data) <= chunks.SIZE:
        yield str(data, codec, errors)
        return
    decode = codecs.getincrementaldecoder(codec)(errors).decode
    for chunk in chunks.split(data):
        yield decode(chunk)
    yield decode(b"", True)


def _correct(text: str, corrected: dict[str, str]) -> str:
    for old, new in corrected.items():
        text = text.replace(old, new)
    return text


def _join(decoded: Iterable[str], with_lf: bool) -> str:
    """Joins chunks of text.

    CPython extends a string in place if nothing else refers to it. ``"".join`` would need twice the
    memory, and stall all threads: 30 million characters take 50 to 100 ms.
    https://docs.python.org/3/library/stdtypes.html#common-sequence-operations
    """
    text = pending_cr = ""
    for chunk in decoded:
        if with_lf:
            chunk = pending_cr + chunk
            pending_cr = "\r" if chunk.endswith("\r") else ""  # its LF may follow
            chunk = chunk.removesuffix("\r").replace("\r\n", "\n")
        text += chunk
    return text + pending_cr


def _decode_invalid(data: bytes | memoryview, codec: str, with_lf: bool) -> tuple[str, str | None]:
    """Decodes bytes that are invalid in the codec; U+FFFD stands for what remains unknown."""
    if codec in TABLE_CODECS:
        return _join(_decode_by_table(data, codec), with_lf), BAD_TEXT
    if codec.startswith("iso2022"):
        data = b"".join(_replace_invalid_escapes(data))
    if codec in REPAIRED_CODECS:
        corrected = CORRECTIONS.get(codec, {})
        repaired = (_correct(chunk, corrected) for chunk in decode_repaired(data, codec))
        text = _join(repaired, with_lf)
        return text, BAD_TEXT if _REPLACEMENT in text else None
    if codec == "utf_7" and len(data) <= MAX_UTF_7_REPAIR:
        decoded = str(data, codec, "replace")
        return _SURROGATE.sub(_REPLACEMENT, _join([decoded], with_lf)), BAD_TEXT
    if codec == "utf_7" or codec in UTF_8_IF_INVALID:
        codec = "utf_8"
    return _join(_decode(data, codec, "replace"), with_lf), BAD_TEXT


def _decode_by_table(data: bytes | memoryview, codec: str) -> Iterator[str]:
    table: Any = _decoding_table(codec)
    return (codecs.charmap_decode(chunk, "strict", table)[0] for chunk in chunks.split(data))


def _decode_utf_7(data: bytes | memoryview) -> Iterator[str]:
    """Chunks of text, which end before a base64 run.

    The incremental decoder of Python would decode a long run again with each chunk. Lone
    surrogates, which it decodes, raise an error.
    """
    start = 0
    while start < len(data):
        chunk = bytes(data[start : start + chunks.SIZE])
        if start + len(chunk) < len(data):
            chunk = chunk.rstrip(_BASE64)
        text = chunk.decode("utf_7")
        if not chunk or _SURROGATE.search(text):
            raise UnicodeError
        yield text
        start += len(chunk)


def _replace_invalid_escapes(data: bytes | memoryview) -> Iterator[bytes]:
    """Chunks with 0xFF, which is invalid too, in place of each ESC that begins no sequence."""
    for start, end in chunks.ranges(0, len(data)):
        chunk, count = _INVALID_ESCAPE.subn(
            b"\xff", data[start : end + _MAX_ESCAPE], MAX_REPLACED_ESCAPES
        )
        if count == MAX_REPLACED_ESCAPES:  # not text anyway
            chunk = chunk.replace(b"\x1b", b"\xff")
        yield chunk[: end - start]


@cache
def _decoding_table(codec: str) -> str:
    """Character of each byte, U+FFFD for invalid ones.

    With ``errors="replace"``, Python takes 250 ms for a million of those.
    """
    if codec == USER_DEFINED:  # https://encoding.spec.whatwg.org/#x-user-defined-decoder
        return "".join(chr(byte if byte < 0x80 else 0xF700 + byte) for byte in range(256))
    return "".join(bytes([byte]).decode(codec, "replace") for byte in range(256))
