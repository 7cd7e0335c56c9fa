"""Bytes as text, by the character sets that are real ones."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from encodings.aliases import aliases
from functools import cache, lru_cache
from typing import Any

from . import chunks

__all__ = ["BAD_TEXT", "UNKNOWN_CHARSET", "decode_text"]

BAD_TEXT = "text that isn't in its charset"
UNKNOWN_CHARSET = "unknown charset"

# Those of Python's codecs that turn bytes into text, and no others. Python is asked for these names alone: it keeps
# every name that it doesn't know for ever, and knows some (zlib, idna, unicode_escape) that no mail should reach.
_BY_TABLE = frozenset(
    """
    cp037 cp1006 cp1026 cp1125 cp1140 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp273 cp424 cp437
    cp500 cp720 cp737 cp775 cp850 cp852 cp855 cp856 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp866 cp869 cp874
    cp875 hp_roman8 iso8859_10 iso8859_11 iso8859_13 iso8859_14 iso8859_15 iso8859_16 iso8859_2 iso8859_3 iso8859_4
    iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_9 koi8_r koi8_t koi8_u kz1048 mac_arabic mac_croatian
    mac_cyrillic mac_farsi mac_greek mac_iceland mac_latin2 mac_roman mac_romanian mac_turkish palmos ptcp154 tis_620
    """.split()  # noqa: SIM905
)
_BY_CODE = frozenset(
    """
    big5 big5hkscs cp932 cp949 cp950 euc_jis_2004 euc_jisx0213 euc_jp euc_kr gb18030 gb2312 gbk hz iso2022_jp
    iso2022_jp_1 iso2022_jp_2 iso2022_jp_2004 iso2022_jp_3 iso2022_jp_ext iso2022_kr johab shift_jis shift_jis_2004
    shift_jisx0213 utf_8 utf_8_sig
    """.split()  # noqa: SIM905
)
# Python is slow at replacing what is wrong in these; ASCII with something else in it is UTF-8 more often than not.
_STRICT = frozenset(
    ["ascii", "utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le"]
)
_CODECS = _BY_TABLE | _BY_CODE | _STRICT

# What mails say beside the names that Python knows; and what many mean who say less. https://encoding.spec.whatwg.org/
_ALIASES = {
    "ansi_x3_110_1983": "cp1252",
    "dos_874": "cp874",
    "iso_8859_8_e": "iso8859_8",
    "iso_8859_8_i": "iso8859_8",
    "latin_1": "cp1252",  # which has quotes and dashes where the other has controls
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
_WIDER = {
    "big5": "big5hkscs",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso2022_jp": "iso2022_jp_ext",
    "shift_jis": "cp932",
}

# Python's incremental decoders take for garbage what has none of these marks, its others take it for little-endian.
_MARKS = {
    "utf_16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf_32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
}
_NAME = re.compile(r"[\s'\"]*([\w.:-]{1,40})", re.ASCII)
# What begins no escape sequence of ISO 2022, though it looks so: an incremental decoder keeps too little for those.
_NO_ESCAPE = re.compile(rb"\x1b(?=[$().&])(?!(?:[$().][^&@A-Z]?|&@\x1b\$)[@A-Z])", re.DOTALL)
_MAX_ESCAPE = 6
_MANY = 1000  # in a piece: one that has so many is garbage, for which no work is worth while


def decode_text(
    data: bytes | memoryview, charset: str | None, *, with_lf: bool = False
) -> tuple[str, str | None]:
    """Bytes as text, whatever they are; in work that grows with their length alone.

    Args:
        data: The bytes.
        charset: What the mail calls their character set; None where it doesn't say, which means UTF-8.
        with_lf: Whether its lines are to end in LF where they end in CR and LF.

    Returns:
        The text, and what was wrong. A charset that isn't known is read as UTF-8; what isn't text in it becomes U+FFFD.
    """
    codec = _codec(charset[:100]) if charset else "utf_8"
    if codec is None:
        return _joined(_decode(data, "utf_8", "replace"), with_lf), UNKNOWN_CHARSET
    if codec in _MARKS and not bytes(data[:4]).startswith(_MARKS[codec]):
        codec += "_le"
    try:
        return _joined(_decode(data, codec), with_lf), None
    except UnicodeError:
        return _repaired(data, codec, with_lf)


def _decode(data: bytes | memoryview, codec: str, errors: str = "strict") -> Iterator[str]:
    if len(data) <= chunks.SIZE:
        yield str(data, codec, errors)
        return
    decode = codecs.getincrementaldecoder(codec)(errors).decode
    for piece in chunks.cut(data):
        yield decode(piece)
    yield decode(b"", True)


def _joined(found: Iterable[str], with_lf: bool) -> str:
    """Pieces of text as one.

    A string that nobody else has grows where it is. To join them at the end would take as much memory again, and of
    30 million characters 50 to 100 ms at once.
    """
    text = held = ""
    for piece in found:
        if with_lf:
            piece = held + piece
            held = "\r" if piece.endswith("\r") else ""  # its LF may be in the next piece
            piece = piece.removesuffix("\r").replace("\r\n", "\n")
        text += piece
    return text + held


def _repaired(data: bytes | memoryview, codec: str, with_lf: bool) -> tuple[str, str | None]:
    wider = _WIDER.get(codec)
    if wider is not None:
        try:
            return _joined(_decode(data, wider), with_lf), None
        except UnicodeError:
            pass
    found: Iterator[str]
    if codec in _BY_TABLE:
        table: Any = _table(codec)
        found = (codecs.charmap_decode(piece, "strict", table)[0] for piece in chunks.cut(data))
    else:
        if codec.startswith("iso2022"):
            data = b"".join(_without_bad_escapes(data))
        found = _decode(data, "utf_8" if codec in _STRICT else codec, "replace")
    return _joined(found, with_lf), BAD_TEXT


def _without_bad_escapes(data: bytes | memoryview) -> Iterator[bytes]:
    """Pieces with a byte that is as wrong in place of each escape that begins no escape sequence."""
    for start, end in chunks.spans(0, len(data)):
        piece, count = _NO_ESCAPE.subn(b"\xff", data[start : end + _MAX_ESCAPE], _MANY)
        yield (piece if count < _MANY else piece.replace(b"\x1b", b"\xff"))[: end - start]


@lru_cache(maxsize=256)
def _codec(charset: str) -> str | None:
    """Python's name of a charset; None unless it is one for text."""
    found = _NAME.match(charset)
    if found is None:
        return None
    name = re.sub(r"[-.:]+", "_", found[1].lower())
    codec = _ALIASES.get(name) or aliases.get(name, name)
    codec = _ALIASES.get(codec, codec)
    return codec if codec in _CODECS else None


@cache
def _table(codec: str) -> str:
    """What each byte means, U+FFFD where it means nothing: Python replaces a million of those in a quarter second."""
    return "".join(bytes([byte]).decode(codec, "replace") for byte in range(256))
