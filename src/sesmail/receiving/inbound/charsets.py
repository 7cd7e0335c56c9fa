"""Decodes bytes with an allow-list of text codecs."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from encodings.aliases import aliases
from functools import cache, lru_cache
from typing import Any

from . import chunks
from .limits import MAX_CHARSET, MAX_REPLACED_ESCAPES

__all__ = ["BAD_TEXT", "UNKNOWN_CHARSET", "decode_text"]

BAD_TEXT = "text not valid in its charset"
UNKNOWN_CHARSET = "unknown charset"

# The codecs of Python that decode text. No other name reaches codecs.lookup: it caches every name
# that it doesn't know for ever, and knows some (zlib, idna, unicode_escape) that aren't charsets.
# https://docs.python.org/3/library/codecs.html#standard-encodings
_TABLE_CODECS = frozenset(
    """
    cp037 cp1006 cp1026 cp1125 cp1140 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257
    cp1258 cp273 cp424 cp437 cp500 cp720 cp737 cp775 cp850 cp852 cp855 cp856 cp857 cp858 cp860
    cp861 cp862 cp863 cp864 cp865 cp866 cp869 cp874 cp875 hp_roman8 iso8859_10 iso8859_11
    iso8859_13 iso8859_14 iso8859_15 iso8859_16 iso8859_2 iso8859_3 iso8859_4 iso8859_5
    iso8859_6 iso8859_7 iso8859_8 iso8859_9 koi8_r koi8_t koi8_u kz1048 mac_arabic mac_croatian
    mac_cyrillic mac_farsi mac_greek mac_iceland mac_latin2 mac_roman mac_romanian mac_turkish
    palmos ptcp154 tis_620
    """.split()  # noqa: SIM905
)
_OTHER_CODECS = frozenset(
    """
    big5 big5hkscs cp932 cp949 cp950 euc_jis_2004 euc_jisx0213 euc_jp euc_kr gb18030 gb2312 gbk
    hz iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_2004 iso2022_jp_3 iso2022_jp_ext
    iso2022_kr johab shift_jis shift_jis_2004 shift_jisx0213 utf_8 utf_8_sig
    """.split()  # noqa: SIM905
)
# With errors="replace" these are slow, so invalid text is decoded as UTF-8 instead; text that is
# declared as ASCII and has other bytes mostly is UTF-8.
_UTF_8_IF_INVALID = frozenset(
    ["ascii", "utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le"]
)
_CODECS = _TABLE_CODECS | _OTHER_CODECS | _UTF_8_IF_INVALID

# Labels that Python doesn't know, and labels that stand for a superset in practice.
# https://encoding.spec.whatwg.org/#names-and-labels
_ALIASES = {
    "ansi_x3_110_1983": "cp1252",
    "dos_874": "cp874",
    "iso_8859_8_e": "iso8859_8",
    "iso_8859_8_i": "iso8859_8",
    "latin_1": "cp1252",  # quotes and dashes instead of C1 controls
    "unicode_1_1_utf_8": "utf_8",
    "utf8mb4": "utf_8",
    "windows_31j": "cp932",
    "windows_874": "cp874",
    "x_cp1251": "cp1251",
    "x_cp1252": "cp1252",
    "x_euc_jp": "euc_jp",
    "x_gbk": "gbk",
    "x_mac_roman": "mac_roman",
    "x_sjis": "cp932",
}
# Supersets, for text that its own codec rejects.
_SUPERSETS = {
    "big5": "big5hkscs",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso2022_jp": "iso2022_jp_ext",
    "shift_jis": "cp932",
}

# Text without one of these marks is little-endian, as browsers have it; Python's incremental
# decoders would reject it. https://encoding.spec.whatwg.org/#utf-16le
_BYTE_ORDER_MARKS = {
    "utf_16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf_32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
}
_NAME = re.compile(rf"[\s'\"]*([\w.:-]{{1,{MAX_CHARSET}}})", re.ASCII)
_MAX_UNTRIMMED_NAME = 100  # characters, with spaces and quotes; bounds the keys of the cache
# An ESC that begins no escape sequence of ISO 2022 although it looks like one: the incremental
# decoders buffer too few bytes for those. https://en.wikipedia.org/wiki/ISO/IEC_2022
_INVALID_ESCAPE = re.compile(rb"\x1b(?=[$().&])(?!(?:[$().][^&@A-Z]?|&@\x1b\$)[@A-Z])", re.DOTALL)
_MAX_ESCAPE = 6  # bytes of the longest escape sequence


def decode_text(
    data: bytes | memoryview, charset: str | None, *, with_lf: bool = False
) -> tuple[str, str | None]:
    """Decodes bytes of any content, in time linear in their length.

    Args:
        data: The bytes.
        charset: The charset that the mail declares; None if it declares none, which means UTF-8.
        with_lf: Whether to convert line ends from CRLF to LF.

    Returns:
        The text, and the defect found, or None. An unknown charset is decoded as UTF-8; bytes that
        are invalid in the charset become U+FFFD.
    """
    codec = _codec(charset[:_MAX_UNTRIMMED_NAME]) if charset else "utf_8"
    if codec is None:
        return _join(_decode(data, "utf_8", "replace"), with_lf), UNKNOWN_CHARSET
    if codec in _BYTE_ORDER_MARKS and not bytes(data[:4]).startswith(_BYTE_ORDER_MARKS[codec]):
        codec += "_le"
    try:
        return _join(_decode(data, codec), with_lf), None
    except UnicodeError:
        return _decode_invalid(data, codec, with_lf)


def _decode(data: bytes | memoryview, codec: str, errors: str = "strict") -> Iterator[str]:
    """Chunks of text."""
    if len(data) <= chunks.SIZE:
        yield str(data, codec, errors)
        return
    decode = codecs.getincrementaldecoder(codec)(errors).decode
    for chunk in chunks.split(data):
        yield decode(chunk)
    yield decode(b"", True)


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
    """Decodes bytes that are invalid in their charset: in a superset of it, or with U+FFFD."""
    superset = _SUPERSETS.get(codec)
    if superset is not None:
        try:
            return _join(_decode(data, superset), with_lf), None
        except UnicodeError:
            pass
    decoded: Iterator[str]
    if codec in _TABLE_CODECS:
        table: Any = _decoding_table(codec)
        decoded = (codecs.charmap_decode(chunk, "strict", table)[0] for chunk in chunks.split(data))
    else:
        if codec.startswith("iso2022"):
            data = b"".join(_replace_invalid_escapes(data))
        decoded = _decode(data, "utf_8" if codec in _UTF_8_IF_INVALID else codec, "replace")
    return _join(decoded, with_lf), BAD_TEXT


def _replace_invalid_escapes(data: bytes | memoryview) -> Iterator[bytes]:
    """Chunks with 0xFF, which is invalid too, in place of each ESC that begins no sequence."""
    for start, end in chunks.ranges(0, len(data)):
        chunk, count = _INVALID_ESCAPE.subn(
            b"\xff", data[start : end + _MAX_ESCAPE], MAX_REPLACED_ESCAPES
        )
        if count == MAX_REPLACED_ESCAPES:  # not text anyway
            chunk = chunk.replace(b"\x1b", b"\xff")
        yield chunk[: end - start]


@lru_cache(maxsize=256)
def _codec(charset: str) -> str | None:
    """Name of Python's codec for a charset; None if it isn't one of ``_CODECS``."""
    match = _NAME.match(charset)
    if match is None:
        return None
    name = re.sub(r"[-.:]+", "_", match[1].lower())
    codec = _ALIASES.get(name) or aliases.get(name, name)
    codec = _ALIASES.get(codec, codec)
    return codec if codec in _CODECS else None


@cache
def _decoding_table(codec: str) -> str:
    """Character of each byte, U+FFFD for invalid ones.

    With ``errors="replace"``, Python takes 250 ms for a million of those.
    """
    return "".join(bytes([byte]).decode(codec, "replace") for byte in range(256))
