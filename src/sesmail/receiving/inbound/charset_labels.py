"""Names of charsets, and the codec of Python that decodes each."""

from __future__ import annotations

import re
from encodings.aliases import aliases
from functools import cache, lru_cache

from ...patterns import lazy_pattern
from .limits import MAX_CHARSET

__all__ = ["TABLE_CODECS", "USER_DEFINED", "UTF_8_IF_INVALID", "codec_of"]

# The codecs of Python that decode text. No other name reaches codecs.lookup: it caches every name
# that it doesn't know for ever, and knows some (zlib, idna, unicode_escape) that aren't charsets.
# https://docs.python.org/3/library/codecs.html#standard-encodings
TABLE_CODECS = frozenset(
    """
    cp037 cp1006 cp1026 cp1125 cp1140 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257
    cp1258 cp273 cp424 cp437 cp500 cp720 cp737 cp775 cp850 cp852 cp855 cp856 cp857 cp858 cp860
    cp861 cp862 cp863 cp864 cp865 cp866 cp869 cp874 cp875 hp_roman8 iso8859_10 iso8859_13
    iso8859_14 iso8859_15 iso8859_16 iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 iso8859_7
    iso8859_8 koi8_r koi8_t koi8_u kz1048 mac_arabic mac_croatian mac_cyrillic mac_farsi mac_greek
    mac_iceland mac_latin2 mac_roman mac_romanian mac_turkish palmos ptcp154
    """.split()  # noqa: SIM905
)
_OTHER_CODECS = frozenset(
    """
    big5hkscs cp932 cp949 euc_jis_2004 euc_jisx0213 euc_jp gb18030 hz iso2022_jp_1 iso2022_jp_2
    iso2022_jp_2004 iso2022_jp_3 iso2022_jp_ext iso2022_kr johab shift_jis_2004 shift_jisx0213
    utf_7 utf_8
    """.split()  # noqa: SIM905
)
# With errors="replace" these are slow, so invalid text is decoded as UTF-8 instead; text that is
# declared as ASCII and has other bytes mostly is UTF-8.
UTF_8_IF_INVALID = frozenset(
    ["ascii", "utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le"]
)
USER_DEFINED = "x_user_defined"
"""Charset of browsers that maps bytes to private characters; not a codec of Python."""

_CODECS = TABLE_CODECS | _OTHER_CODECS | UTF_8_IF_INVALID | {USER_DEFINED}

# Supersets that browsers decode in place of these. https://encoding.spec.whatwg.org/#legacy-encodings
_WIDER = {
    **{"big5": "big5hkscs", "cp950": "big5hkscs", "euc_kr": "cp949", "gb2312": "gb18030"},
    **{"gbk": "gb18030", "iso2022_jp": "iso2022_jp_ext", "iso8859_1": "cp1252"},
    **{"iso8859_11": "cp874", "iso8859_9": "cp1254", "latin_1": "cp1252", "shift_jis": "cp932"},
    **{"tis_620": "cp874", "utf_8_sig": "utf_8"},
}
# Labels that aren't in Python's aliases, as ``_key`` returns them: those of browsers
# (https://encoding.spec.whatwg.org/#names-and-labels), of Java, of Macs, and of mail programs.
_LABELS = {
    label: codec
    for codec, labels in {
        "ascii": "asci iso646 usasciii",
        "big5": "cnbig5 xxbig5 xbig5 big5eten chinesebig5 big5charset xmacchinesetrad",
        "cp1251": "ansi1251 cyrillicwindows",
        "cp1252": "ansi ansix31101983 iso88591windows31latin1 latin xlatin1",
        "cp874": "iso885911 tis62025330 tis6202533 xmacthai",
        "cp949": "cseuckr csksc56011987 isoir149 ksc56011989 uhc xeuckr xmackorean",
        "euc_jp": "cseucpkdfmtjapanese eucjpms eucjpwin xeucjp xeuc",
        "gb18030": "csgb2312 csgb18030 eucgb2312 gb180302000 gb180302022 gb2312charset gb23121980 "
        "xgbk xgb18030 xmacchinesesimp",
        "hz": "hzgb2312",
        "iso2022_jp": "iso2022jpms iso2022jpwin jis xiso2022jp",
        "iso8859_6": "csiso88596e csiso88596i iso88596e iso88596i",
        "iso8859_7": "suneugreek",
        "iso8859_8": "csiso88598e csiso88598i iso88598e iso88598i iso88598logical "
        "iso88598visual logical visual",
        "iso8859_15": "csisolatin9",
        "koi8_r": "koi koi8 xkoi8r",
        "koi8_u": "koi8ru xkoi8u",
        "mac_arabic": "xmacarabic",
        "mac_croatian": "xmaccroatian",
        "mac_cyrillic": "xmaccyrillic xmacukrainian macukrainian",
        "mac_farsi": "xmacfarsi",
        "mac_greek": "xmacgreek",
        "mac_iceland": "xmaciceland xmacicelandic",
        "mac_latin2": "xmacce xmaccentraleurope xmaccentraleurroman maccentraleurroman macce",
        "mac_roman": "csmacintosh mac xmacroman xmacintosh",
        "mac_romanian": "xmacromania xmacromanian",
        "mac_turkish": "xmacturkish",
        "shift_jis": "windows31j xsjis xmsshiftjis xshiftjis cswindows31j xmacjapanese",
        "utf_16": "csunicode csutf16 iso10646ucs2 ucs2 unicode unicodefeff",
        "utf_16_be": "csutf16be unicodefffe",
        "utf_16_le": "csutf16le",
        "utf_32": "csutf32 iso10646ucs4 ucs4",
        "utf_7": "csutf7 csunicode11utf7 unicode20utf7 xunicode20utf7",
        "utf_8": "csutf8 unicode11utf8 unicode20utf8 utf8mb3 utf8mb4 utf8n xunicode20utf8 xutf8",
        USER_DEFINED: "xuserdefined",
    }.items()
    for label in labels.split()
}
# Numbers without a codec of that name: https://learn.microsoft.com/windows/win32/intl/code-page-identifiers
_CODE_PAGES = {
    **{"367": "ascii", "20127": "ascii", "819": "latin_1", "936": "gbk", "950": "big5"},
    **{"954": "euc_jp", "20932": "euc_jp", "51932": "euc_jp", "943": "cp932", "10000": "mac_roman"},
    **{"1200": "utf_16_le", "1201": "utf_16_be", "12000": "utf_32_le", "12001": "utf_32_be"},
    **{"1361": "johab", "10006": "mac_greek", "10007": "mac_cyrillic", "10029": "mac_latin2"},
    **{"10081": "mac_turkish", "20866": "koi8_r", "21866": "koi8_u", "878": "koi8_r"},
    **dict.fromkeys(["50220", "50221", "50222"], "iso2022_jp"),
    **{"50225": "iso2022_kr", "51936": "gb18030", "51949": "euc_kr", "52936": "hz"},
    **{"54936": "gb18030", "65000": "utf_7", "65001": "utf_8", "970": "euc_kr"},
    **{f"{28590 + part}": f"iso8859_{part}" for part in (*range(1, 10), 13, 15)},
}
_CODE_PAGE = lazy_pattern(
    r"(?:x|cs)?(?:(?:microsoft|ms)?(?:windows|win|cp|ccsid|codepage)(?:cp)?|ibm|ms|dos|oem)"
    r"([0-9]{2,5})"
)
_ISO_8859 = lazy_pattern(r"(?:x|cs)?(?:iso)?8859([0-9]{1,2}?)(?:(?:19|20)[0-9]{2})?")

_QUOTED = lazy_pattern(r"[\s'\"]*([^'\"();,]*)")
_NAME = lazy_pattern(rf"([\w.:+-]{{1,{MAX_CHARSET}}})", re.ASCII)
_ZEROS = lazy_pattern(r"(?<![0-9])0+(?=[0-9])")
_PUNCTUATION = lazy_pattern(r"[^a-z0-9]+")
_MAX_UNTRIMMED_NAME = 100  # characters, with spaces and quotes; bounds the keys of the cache


def codec_of(label: str) -> str | None:
    """Name of the codec that decodes a charset, or ``USER_DEFINED``; None if it is unknown.

    Case, punctuation, leading zeros of numbers and quotes around the name are ignored:
    https://www.unicode.org/reports/tr22/tr22-8.html#Charset_Alias_Matching
    """
    return _codec(label[:_MAX_UNTRIMMED_NAME])


@lru_cache(maxsize=256)
def _codec(label: str) -> str | None:
    match = _QUOTED.match(label)
    text = match[1] if match else ""
    name = _NAME.match(text)
    if name is None:
        return None
    codec = _find(_key(text)) or _find(_key(name[1]))  # "iso 8859-1", "us-ascii or so"
    codec = _WIDER.get(codec or "", codec)
    return codec if codec in _CODECS else None


def _key(label: str) -> str:
    return _PUNCTUATION.sub("", _ZEROS.sub("", label.lower()))


def _find(key: str) -> str | None:
    codec = _LABELS.get(key) or _python_labels().get(key)
    if codec is None and (page := _CODE_PAGE.fullmatch(key)):
        codec = _CODE_PAGES.get(page[1]) or f"cp{page[1]}"
    elif codec is None and (part := _ISO_8859.fullmatch(key)):
        codec = f"iso8859_{part[1]}"
    return codec


@cache
def _python_labels() -> dict[str, str]:
    """Python's own names of the codecs, and their aliases."""
    codecs = {*_CODECS, *_WIDER, *aliases.values()}
    return {_key(codec): codec for codec in codecs} | {_key(a): c for a, c in aliases.items()}
