"""Bytes as text, by the character sets that are real ones."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from encodings.aliases import aliases
from functools import cache, lru_cache
from typing import Any

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
    iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_9 koi8_r koi8_t koi8_u kz1048 latin_1 mac_arabic mac_croatian
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
_STRICT = frozenset(["ascii", "utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le"])
_CODECS = _BY_TABLE | _BY_CODE | _STRICT

# What mails say beside the names that Python knows; and what many mean who say less. https://encoding.spec.whatwg.org/
_ALIASES = {
    "ansi_x3_110_1983": "latin_1",
    "dos_874": "cp874",
    "iso8859_1": "latin_1",
    "iso_8859_8_e": "iso8859_8",
    "iso_8859_8_i": "iso8859_8",
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

_PIECE = 1 << 20  # bytes that are decoded at once: while C code works, no other thread runs
_NAME = re.compile(r"[\s'\"]*([\w.:-]{1,40})", re.ASCII)


def decode_text(data: bytes, charset: str | None) -> tuple[str, str | None]:
    """Bytes as text, whatever they are; in work that grows with their length alone.

    Args:
        data: The bytes.
        charset: What the mail calls their character set; None where it doesn't say, which means UTF-8.

    Returns:
        The text, and what was wrong. A charset that isn't known is read as UTF-8; what isn't text in it becomes U+FFFD.
    """
    codec = _codec(charset[:100]) if charset else "utf_8"
    if codec is None:
        return _decode(data, "utf_8", "replace"), UNKNOWN_CHARSET
    try:
        return _decode(data, codec), None
    except UnicodeError:
        return _repaired(data, codec)


def _decode(data: bytes, codec: str, errors: str = "strict") -> str:
    if len(data) <= _PIECE:
        return data.decode(codec, errors)
    decode = codecs.getincrementaldecoder(codec)(errors).decode
    return "".join([*map(decode, _pieces(data)), decode(b"", True)])


def _pieces(data: bytes) -> Iterator[bytes]:
    return (data[start : start + _PIECE] for start in range(0, len(data), _PIECE))


def _repaired(data: bytes, codec: str) -> tuple[str, str | None]:
    wider = _WIDER.get(codec)
    if wider is not None:
        try:
            return _decode(data, wider), None
        except UnicodeError:
            pass
    if codec in _BY_TABLE:
        table: Any = _table(codec)
        return "".join([codecs.charmap_decode(piece, "strict", table)[0] for piece in _pieces(data)]), BAD_TEXT
    return _decode(data, "utf_8" if codec in _STRICT else codec, "replace"), BAD_TEXT


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
