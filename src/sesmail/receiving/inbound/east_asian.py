"""Decodes text in East Asian charsets that Python's codecs reject, character by character."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from functools import cache

from . import chunks
from .limits import MAX_REPAIRED_CHARACTERS

__all__ = ["CORRECTIONS", "REPAIRED_CODECS", "decode_repaired"]

_ERRORS = "sesmail.east_asian"  # a name in the registry of Python's codecs
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_ISO_2022 = "iso2022_jp_ext"

# First bytes of two. Python's codecs skip only the first one of an unknown pair, and combine the
# second one with the byte after it.
_LEADS = {
    "big5hkscs": range(0x81, 0xFF),
    "cp932": (*range(0x81, 0xA0), *range(0xE0, 0xFD)),
    "cp949": range(0x81, 0xFF),
    "euc_jp": range(0xA1, 0xFF),
    "gb18030": range(0x81, 0xFF),
}
REPAIRED_CODECS = frozenset([*_LEADS, _ISO_2022])

CORRECTIONS = {
    # https://encoding.spec.whatwg.org/#index-gb18030, assigned after Python's tables were made
    "gb18030": {"\ue5e5": "\u3000", "\ue7c7": "\u1e3f"},
    # https://encoding.spec.whatwg.org/#index-big5, as Windows has these
    "big5hkscs": dict(
        zip(
            "\u2022\uff64\u203e\u223c\u2641\u2609\xa5\xa2\xa3",
            "\u2027\ufe51\xaf\uff5e\u2295\u2299\uffe5\uffe0\uffe1",
            strict=True,
        )
    ),
}
"""Characters by codec that browsers decode to other ones."""


def decode_repaired(data: bytes | memoryview, codec: str) -> Iterator[str]:
    """Chunks of text that is invalid in one of ``REPAIRED_CODECS``.

    Rows 13 and 89 to 92 of JIS X 0208 are those of NEC, as Windows and browsers have them
    (https://encoding.spec.whatwg.org/#index-jis0208); rows 83 and 84 of JIS X 0212 are those of
    IBM in eucJP-ms. A character that remains unknown becomes one U+FFFD, and those after it are
    decoded as they would be without it.
    """
    decoder = codecs.getincrementaldecoder(codec)(_ERRORS)
    for chunk in chunks.split(data):
        state = decoder.getstate()
        try:
            yield decoder.decode(chunk)
        except UnicodeError:  # too many, and so not text
            decoder.setstate(state)
            decoder.errors = "replace"
            yield decoder.decode(chunk)
            decoder.errors = _ERRORS
    yield decoder.decode(b"", True)


def _repair(error: UnicodeError) -> tuple[str, int]:
    """Decodes one character; an error handler of ``codecs``.

    The codecs pass the same exception for each error in a chunk, so that it can count them.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    count = error.__dict__["count"] = error.__dict__.get("count", 0) + 1
    if count > MAX_REPAIRED_CHARACTERS:
        raise error
    codec, start, end = error.encoding, error.start, error.end
    pair = error.object[start : start + 2]
    if codec == _ISO_2022:
        if end - start != 2:
            return _REPLACEMENT, end
        return _nec_characters().get(bytes(byte | 0x80 for byte in pair), _REPLACEMENT), end
    if codec == "gb18030" and pair[0] == 0x80:  # of Windows
        return "€", start + 1
    if codec == "euc_jp" and pair[0] == 0x8F:
        pair = error.object[start + 1 : start + 3]
        if len(pair) == 2 and min(pair) >= 0xA1:
            return _ibm_characters().get(pair, _REPLACEMENT), start + 3
    elif pair[0] in _LEADS[codec] and len(pair) == 2 and 0x80 <= pair[1] < 0xFF:
        known = _nec_characters() if codec == "euc_jp" else {}
        return known.get(pair, _REPLACEMENT), start + 2
    return _REPLACEMENT, end


codecs.register_error(_ERRORS, _repair)


@cache
def _nec_characters() -> dict[bytes, str]:
    """Characters of NEC, and those of IBM that NEC selected, by their two bytes in EUC-JP."""
    characters: dict[bytes, str] = {}
    for row in (13, 89, 90, 91, 92):
        # Two rows share a first byte in Shift JIS, which skips 0x7F in the second one.
        lead = (row - 1) // 2 + (0x81 if row < 63 else 0xC1)
        trails = [*range(0x40, 0x7F), *range(0x80, 0xFD)][(row + 1) % 2 * 94 :]
        for cell, trail in enumerate(trails[:94], 1):
            char = bytes([lead, trail]).decode("cp932", "replace")
            if _REPLACEMENT not in char:
                characters[bytes([0xA0 + row, 0xA0 + cell])] = char
    return characters


@cache
def _ibm_characters() -> dict[bytes, str]:
    """Characters of IBM by the last two bytes of three in eucJP-ms.

    They are in the order of code page 932, without those that JIS X 0208 and 0212 have; its number
    sign is there, too.
    """
    data = bytes(
        byte
        for lead in (0xFA, 0xFB, 0xFC)
        for trail in (*range(0x40, 0x7F), *range(0x80, 0xFD))
        for byte in (lead, trail)
        if (lead, trail) <= (0xFC, 0x4B)
    )
    added = [
        char
        for char in data.decode("cp932")
        if char == "№" or (char not in "￢￤" and not char.encode("euc_jp", "ignore"))
    ]
    cells = [*range(0xF3F3, 0xF3FF), *range(0xF4A1, 0xF4FF)]
    return {cell.to_bytes(2): char for cell, char in zip(cells, added, strict=True)}
