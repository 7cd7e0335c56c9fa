"""Charsets: names, wider sets, Japanese extensions, and 8-bit text without a charset."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from webencodings.labels import LABELS

from sesmail.receiving.inbound import charset_labels, chunks, limits
from sesmail.receiving.inbound.charset_labels import USER_DEFINED, codec_of
from sesmail.receiving.inbound.charsets import BAD_TEXT, NO_CHARSET, UNKNOWN_CHARSET, decode_text

BAD = "\N{REPLACEMENT CHARACTER}"
# Codecs by the name of the encoding in the Standard, where they aren't evident.
CODECS = {
    **{"big5": "big5hkscs", "euc-kr": "cp949", "gbk": "gb18030", "ibm866": "cp866"},
    **{"iso-2022-jp": "iso2022_jp_ext", "iso-8859-8-i": "iso8859_8", "macintosh": "mac_roman"},
    **{"shift_jis": "cp932", "utf-16be": "utf_16_be", "utf-16le": "utf_16_le", "utf-8": "utf_8"},
    **{"windows-874": "cp874", "x-mac-cyrillic": "mac_cyrillic", "x-user-defined": USER_DEFINED},
}
# Browsers refuse these for their own safety; no codec of Python knows the last three.
REPLACED = {
    **{"hz-gb-2312": "hz", "csiso2022kr": "iso2022_kr", "iso-2022-kr": "iso2022_kr"},
    **dict.fromkeys(["iso-2022-cn", "iso-2022-cn-ext", "replacement"]),
}
# Without a byte order mark, they are little-endian; with one, it counts.
MARKED = ["csunicode", "iso-10646-ucs-2", "ucs-2", "unicode", "unicodefeff", "utf-16"]
# Text that is declared as ASCII and isn't mostly is UTF-8.
ASCII = ["ansi_x3.4-1968", "ascii", "us-ascii"]


def codec_of_standard(label: str) -> str | None:
    if label in REPLACED:
        return REPLACED[label]
    if label in ASCII:
        return "ascii"
    if label in MARKED:
        return "utf_16"
    name = LABELS[label]
    evident = name.replace("windows-", "cp").replace("iso-8859-", "iso8859_").replace("-", "_")
    return CODECS.get(name, evident)


def test_there_are_228_labels_in_the_encoding_standard() -> None:
    assert len(LABELS) == 228


def test_labels_of_the_encoding_standard() -> None:
    for label in LABELS:
        for written in each_spelling(label):
            assert codec_of(written) == codec_of_standard(label), written


def each_spelling(label: str) -> tuple[str, ...]:
    return (label, label.upper(), f' "{label}"', f"'{label}' ; x", label.replace("-", "_"))


@pytest.mark.parametrize(
    ("codec", "labels"),
    [
        ("ascii", "ASCI us_ascii cp367 cp20127 iso646-us ANSI_X3.4-1986"),
        ("big5hkscs", "big-5 windows-950 cp950 ms950 x-windows-950 big5-eten x-mac-chinesetrad"),
        (
            "cp1250",
            "cp1250 cp-1250 windows1250 win1250 windows-cp1250 x-windows-1250 cswindows1250",
        ),
        ("cp1251", "windows1251 win-1251 cp-1251 CP_1251 ansi-1251 Windows-01251"),
        ("cp1252", "windows1252 cp-1252 8859_1 latin-1 iso8859-1 iso_8859-1:1987 ansi 28591 cp819"),
        ("cp1254", "iso-8859-9 latin5 iso_8859-9:1989 windows-28599"),
        ("cp858", "cp00858 ibm00858 cp858"),
        ("cp866", "866 dos-866 oem866 codepage-866"),
        ("cp874", "iso-8859-11 tis-620 tis620.2533 dos-874 x-mac-thai iso-8859-11:2001"),
        ("cp932", "windows-932 windows-31j ms932 x-ms-cp932 cp943 sjis x-sjis x-mac-japanese"),
        ("cp949", "windows-949 x-windows-949 ms949 uhc ks_c_5601-1987 cp51949 euckr"),
        ("euc_jp", "eucjp-ms cp51932 eucjp-win x-euc-jp eucjp"),
        ("gb18030", "gb2312 windows-936 cp936 gb18030-2000 x-gbk euc-cn cp54936 GB_2312-1980"),
        ("hz", "hz hz-gb-2312 cp52936"),
        ("iso2022_jp_ext", "iso-2022-jp-ms cp50220 cp50221 cp50222 ISO2022JP jis"),
        ("iso8859_15", "iso-8859-15 latin-9 8859-15 iso8859_15 l9 cp28605"),
        ("iso8859_2", "iso8859-2 iso_8859-2:1987 8859_2 ISO-8859-02 cp28592"),
        ("iso8859_8", "iso-8859-8-logical iso-8859-8-visual iso-8859-8-i visual"),
        ("koi8_r", "koi8-r koi8r cp20866 cp878 x-koi8-r"),
        ("mac_greek", "x-mac-greek cp10006"),
        ("mac_latin2", "x-mac-ce x-mac-centraleurroman maccentraleurope cp10029"),
        ("mac_turkish", "x-mac-turkish macturkish cp10081"),
        ("utf_16_be", "utf-16be unicodefffe cp1201"),
        ("utf_7", "utf-7 utf7 unicode-1-1-utf-7 x-unicode-2-0-utf-7 cp65000"),
        ("utf_8", "utf8 utf_8 utf-8n utf8mb4 cp65001 unicode-1-1-utf-8 utf-8-sig"),
    ],
)
def test_labels_of_mail_programs(codec: str, labels: str) -> None:
    assert {label: codec_of(label) for label in labels.replace("28591", "cp28591").split()} == (
        dict.fromkeys(labels.replace("28591", "cp28591").split(), codec)
    )


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("iso 8859-1", "cp1252"),
        ("windows 1251", "cp1251"),
        ("ISO-8859-1 (Latin)", "cp1252"),
        ("utf-8 or so", "utf_8"),
        ("utf-8;format=flowed", "utf_8"),
        ("utf-8, iso-8859-1", "utf_8"),
    ],
)
def test_labels_with_more_than_a_name(label: str, codec: str) -> None:
    assert codec_of(label) == codec


@pytest.mark.parametrize(
    "label",
    """
    base64 bz2 charmap hex idna mbcs oem punycode quopri raw_unicode_escape rot13 undefined
    unicode_escape uu zlib x-unknown unknown-8bit default none cp0 cp99999 windows-9 iso-8859-12
    iso-8859-0 ? ; -- é
    """.split(),  # noqa: SIM905
)
def test_no_other_codec_is_reached(label: str) -> None:
    assert codec_of(label) is None
    assert decode_text(b"caf\xe9", label) == ("café", UNKNOWN_CHARSET)


@given(st.text(max_size=200))
def test_any_label_is_known_or_not(label: str) -> None:
    assert codec_of(label) in {None, *charset_labels._CODECS}


@pytest.mark.parametrize("charset", sorted(charset_labels._CODECS))
def test_every_charset_decodes_every_byte(charset: str) -> None:
    data = bytes(range(256)) * 2
    text, defect = decode_text(data, charset)
    assert text
    assert defect in (None, BAD_TEXT)
    assert decode_text(b"", charset)[0] == ""


@pytest.mark.parametrize(
    ("charset", "data", "text", "defect"),
    [
        (None, b"a", "a", None),
        (None, "ä".encode(), "ä", NO_CHARSET),
        ("", "ä".encode(), "ä", NO_CHARSET),
        ("UTF-8", "ä".encode(), "ä", None),
        ("UTF-8", b"\xef\xbb\xbfa", "a", None),
        (' "utf8"', "ä".encode(), "ä", None),
        ("us-ascii (words)", b"a", "a", None),
        ("us-ascii", "ä".encode(), "ä", BAD_TEXT),
        ("us-ascii", b"\xe4", "ä", BAD_TEXT),
        ("iso-8859-1", b"\xe4", "ä", None),
        ("latin1", b"\x93a\x94 \x80", "“a” €", None),
        ("iso-8859-9", b"\x93\xfd\x94", "“\u0131”", None),
        ("tis-620", b"\x93\xa1\x94", "“ก”", None),
        ("iso-8859-1", b"\xe4\x81", f"ä{BAD}", BAD_TEXT),
        ("Windows-1252", b"\x80\x81", f"€{BAD}", BAD_TEXT),
        ("cp1252:2000", b"\x80", "€", UNKNOWN_CHARSET),
        ("no-such", "ä".encode(), "ä", UNKNOWN_CHARSET),
        ("ks_c_5601-1987", "\ub620".encode("cp949"), "\ub620", None),
        ("gb2312", "\u9555".encode("gbk"), "\u9555", None),
        ("gb2312", b"\xa1\xa4\xa1\xaa\xa3\xa0\x80", "·—\u3000€", None),
        ("gb2312", b"\xff\xff", BAD * 2, BAD_TEXT),
        ("big5", b"\xa1\x45\xa1\xf3\x87\x40", "‧⊙䏰", None),
        ("iso-8859-8-i", b"\xe0", "א", None),
        ("x-sjis", b"\x93\xfa\x87\x40", "日①", None),
        ("utf-16", "aä".encode("utf-16"), "aä", None),
        ("utf-16", "aä".encode("utf-16-le"), "aä", None),
        ("utf-16le", "\ufeffaä".encode("utf-16-be"), "aä", None),
        ("utf-16be", "aä".encode("utf-16-be"), "aä", None),
        ("utf-16", b"a", "a", BAD_TEXT),
        ("x-user-defined", b"a\x80\xff", "a\uf780\uf7ff", None),
        ("?", b"a", "a", UNKNOWN_CHARSET),
    ],
)
def test_decodes_charsets(charset: str | None, data: bytes, text: str, defect: str | None) -> None:
    assert decode_text(data, charset) == (text, defect)


@pytest.mark.parametrize(
    ("data", "text", "defect"),
    [
        (b"Fr+APY-sche +- 1", "Frösche + 1", None),
        (b"+2D3eAA-", "\U0001f600", None),
        (b"a+2AA-b", f"a{BAD}b", BAD_TEXT),
        (b"+AOQ- \xff", f"ä {BAD}", BAD_TEXT),
        (b"+A", BAD, BAD_TEXT),
    ],
)
def test_utf_7(data: bytes, text: str, defect: str | None) -> None:
    assert decode_text(data, "utf-7") == (text, defect)


@given(st.lists(st.text(max_size=3)), st.integers(40, 90))
def test_utf_7_in_chunks(words: list[str], size: int) -> None:
    data = " ".join(words).encode("utf-8", "replace").decode().encode("utf-7")
    whole = decode_text(data, "utf-7")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "SIZE", size)
        assert decode_text(data, "utf-7") == whole


@pytest.mark.parametrize("unit", [b"+" + b"A" * 60_000, b"+\xff", b"+A-", b"+2AA-"])
def test_large_malformed_utf_7_takes_little_memory(unit: bytes) -> None:
    data = unit * (2 * chunks.SIZE // len(unit))
    tracemalloc.start()
    try:
        text, defect = decode_text(data, "utf-7")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert defect == BAD_TEXT
    assert text.startswith("+")
    assert peak < 12 * len(data)


def jis(*cells: tuple[int, int]) -> bytes:
    return bytes(0x20 + number for pair in cells for number in pair)


NEC = [((13, 1), "①"), ((13, 74), "㈱"), ((13, 23), "Ⅲ"), ((13, 66), "№"), ((13, 95 - 1), None)]
SELECTED = [
    ((92, 66), "髙"),
    ((89, 1), "纊"),
    ((92, 94), "\uff02"),
    ((90, 37), "朎"),
    ((92, 1), "釗"),
]
UNASSIGNED = [((9, 1), None), ((14, 5), None), ((88, 94), None), ((93, 1), None)]


@pytest.mark.parametrize(("cell", "char"), [*NEC, *SELECTED, *UNASSIGNED])
def test_japanese_characters_of_nec_and_ibm(cell: tuple[int, int], char: str | None) -> None:
    """Those after an unknown character stay the same."""
    around = jis((4, 2), cell, (4, 2))
    expected = f"あ{char or BAD}あ", None if char else BAD_TEXT
    seven_bit = b"\x1b$B" + around + b"\x1b(B"
    assert decode_text(seven_bit, "iso-2022-jp") == expected
    assert decode_text(bytes(byte | 0x80 for byte in around), "euc-jp") == expected


def test_all_rows_are_those_of_code_page_932() -> None:
    for row in (13, *range(89, 93)):
        for cell in range(1, 95):
            lead = (row - 1) // 2 + (0x81 if row < 63 else 0xC1)
            trail = cell + (0x9E if row % 2 == 0 else 0x3F if cell < 64 else 0x40)
            expected = bytes([lead, trail]).decode("cp932", "replace")
            expected = BAD if BAD in expected else expected
            assert decode_text(b"\x1b$B" + jis((row, cell)), "iso-2022-jp")[0] == expected
            assert decode_text(bytes([0xA0 + row, 0xA0 + cell]), "euc-jp")[0] == expected


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        ("iso-2022-jp", b"\x1b(I1\x1b(B a", "ｱ a"),
        ("iso-2022-jp", b"\x1b$@F|\x1b(J\\\x1b(B", "日¥"),
        ("iso-2022-jp", b"\x1b$B-!\r\nF|\x1b$B-!", "①\r\n日①"),
        ("iso-2022-jp", b"\x1b$(D0!\x1b$B-!\x1b(Ba", "丂①a"),
        ("euc-jp", b"\x8e\xb1\xad\xa1\x8f\xb0\xa1a", "ｱ①丂a"),
        ("eucjp-ms", b"\x8f\xf3\xf3\x8f\xf4\xae\x8f\xf4\xfe\xad\xa1", "ⅰ炻黑①"),
    ],
)
def test_other_japanese_sets_beside_extensions(charset: str, data: bytes, text: str) -> None:
    assert decode_text(data, charset) == (text, None)


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        ("iso-2022-jp", b'a\x80b\x1b$B$"\xad\xa1$"', f"a{BAD}bあ{BAD}{BAD}あ"),
        ("euc-jp", b"\x8f\xf5\xa1\xa4\xa2a", f"{BAD}あa"),
        ("euc-jp", b"\x8f\xa1", BAD),
        ("euc-jp", b"\xadA\xa4\xa2\xad", f"{BAD}Aあ{BAD}"),
        ("euc-kr", b"\xc9\xa1\xb0\xa1", f"{BAD}가"),
        ("shift_jis", b"\x85\xa0\x82\xa0", f"{BAD}あ"),
        ("shift_jis", b"\x85A\x82\xa0", f"{BAD}Aあ"),
        ("big5", b"\x81\xa1\xa4\xa4", f"{BAD}中"),
        ("gbk", b"\xff\xd6\xd0", f"{BAD}中"),
    ],
)
def test_characters_after_an_unknown_one(charset: str, data: bytes, text: str) -> None:
    assert decode_text(data, charset) == (text, BAD_TEXT)


@pytest.mark.parametrize("size", [3, 4, 5, 7])
@pytest.mark.parametrize("limit", [0, 2, 1000])
def test_limits_characters_decoded_one_by_one(
    size: int, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "SIZE", size)
    monkeypatch.setattr("sesmail.receiving.inbound.east_asian.MAX_REPAIRED_CHARACTERS", limit)
    text, defect = decode_text(b"\x1b$B" + jis((13, 1), (4, 2)) * 9 + b"\x1b(Ba", "iso-2022-jp")
    assert text == ("①あ" if limit else f"{BAD}あ") * 9 + "a"
    assert defect == (None if limit else BAD_TEXT)
    assert limits.MAX_REPAIRED_CHARACTERS * 100 > chunks.SIZE


@pytest.mark.parametrize("charset", ["iso-2022-jp", "euc-jp"])
@given(text=st.text("a日本①㈱髙あｱ\n", max_size=50), size=st.integers(1, 9))
@settings(derandomize=True, max_examples=60)
def test_japanese_in_chunks(charset: str, text: str, size: int) -> None:
    cells = {"①": (13, 1), "㈱": (13, 74), "髙": (92, 66)}
    data = b""
    for char in text:
        if char in cells:
            pair = jis(cells[char])
            eight_bit = bytes(byte | 0x80 for byte in pair)
            data += b"\x1b$B" + pair + b"\x1b(B" if charset == "iso-2022-jp" else eight_bit
        else:
            data += char.encode("iso2022_jp_ext" if charset == "iso-2022-jp" else charset)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "SIZE", size)
        assert decode_text(data, charset) == (text, None)


META = b'<html><head><meta charset="%s"></head>\xc4\xe3</html>'


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (META % b"gb2312", "你"),
        (META % b"KOI8-R", "дЦ"),
        (b"<META  content='text/html; charset = gb2312' http-equiv=x>\xc4\xe3", "你"),
        (META % b"utf-8", "Äã"),
        (META % b"utf-16", "Äã"),
        (META % b"us-ascii", "Äã"),
        (META % b"no-such", "Äã"),
        (b"<p charset=gb2312>\xc4\xe3", "Äã"),
        (b" " * 5000 + META % b"gb2312", "Äã"),
    ],
)
def test_charset_that_html_declares(data: bytes, text: str) -> None:
    found, defect = decode_text(data, None, html=True)
    assert text in found
    assert defect == NO_CHARSET
    assert "Äã" in decode_text(data, None)[0]
    assert "Фу" in decode_text(data, "iso-8859-5", html=True)[0]


def test_utf_8_with_few_errors_remains_utf_8() -> None:
    text = "Grüße aus Köln, schöne Grüße. " * 3
    assert decode_text(text.encode() + b"\xc3", None) == (text + BAD, NO_CHARSET)
    assert decode_text(text.encode("latin-1") + "ä".encode(), None) == (text + "Ã¤", NO_CHARSET)


@pytest.mark.parametrize("charset", [None, "no-such", "us-ascii", "euc-jp", "gb2312", "shift_jis"])
@pytest.mark.parametrize("unit", [b"\xff", b"\xe4a", b"\xad\xa1", b"\x85\xa0", b"<meta ", b"\x80"])
def test_large_invalid_text_takes_little_memory(charset: str | None, unit: bytes) -> None:
    data = unit * (2 * chunks.SIZE // len(unit))
    tracemalloc.start()
    try:
        decode_text(data, charset, html=True)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12 * len(data)


def test_error_handler_of_charsets_decodes_only() -> None:
    decode_text(b"\xad\xa1", "euc-jp")
    with pytest.raises(UnicodeEncodeError):
        "ä".encode("ascii", "sesmail.east_asian")
