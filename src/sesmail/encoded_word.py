"""Encodes and decodes RFC 2047 encoded-words, which carry any text in ASCII headers."""

from __future__ import annotations

import re
from binascii import a2b_base64, a2b_qp, b2a_base64
from collections.abc import Callable, Iterator

from .patterns import lazy_pattern

__all__ = ["decode_words", "encode_words", "has_encoded_word", "needs_encoding"]

_SPACES = " \t\r\n"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_MAX_LENGTH = 75  # https://www.rfc-editor.org/rfc/rfc2047#section-2
_FRAME = len("=?utf-8?b??=")
_MIN_ROOM = _FRAME + 12  # enough for one character of four bytes in either encoding

# Bytes that the Q encoding leaves unchanged in names of addresses, and so in every field:
# https://www.rfc-editor.org/rfc/rfc2047#section-5
_Q_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/ "
_Q_CODES = {
    byte: "_" if byte == 32 else chr(byte) if byte in _Q_PLAIN else f"={byte:02X}"
    for byte in range(256)
}

# The beginning of an encoded-word for the most lenient readers, such as Python's ``email.header``.
_WORD_BEGIN = lazy_pattern(r"=\?[^?]*\?[BbQq]\?")

# Each character between two question marks is read a fixed number of times: matching is linear.
_WORD = lazy_pattern(r"=\?([!->@-~]{1,40})\?([BbQq])\?([!->@-~]*)\?=")
_CHARSETS = {
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "us-ascii": "ascii",
    "utf-8": "utf-8",
    "utf8": "utf-8",
}


def _decode_known(data: bytes, charset: str) -> str | None:
    """Returns text in one of the few charsets that are unambiguous; None for others."""
    codec = _CHARSETS.get(charset)
    try:
        return data.decode(codec) if codec else None
    except UnicodeDecodeError:
        return None


def needs_encoding(text: str) -> bool:
    """Returns whether plain header text would be changed on the way.

    This is the case for non-ASCII, for text that readers decode as an encoded-word, and for leading
    and trailing spaces, which are removed.
    """
    return not text.isascii() or "=?" in text or text[:1] == " " or text[-1:] == " "


def has_encoded_word(text: str) -> bool:
    """Reports whether a reader, even a lenient one, may decode a part of the text."""
    found = _WORD_BEGIN.search(text) if "=?" in text else None
    return found is not None and text.find("?=", found.end()) >= 0


def encode_words(text: str, room: int = _MAX_LENGTH, longest: int = _MAX_LENGTH) -> list[str]:
    """Returns text as encoded-words, to be joined by spaces or folds.

    The encoding is Q where that is shorter, as in most European languages, else B. No character is
    divided between two words: https://www.rfc-editor.org/rfc/rfc2047#section-5

    Args:
        text: Any text without lone surrogates.
        room: Maximum length of the first word.
        longest: Maximum length of the other words, at most 75.
    """
    data = text.encode()
    size = len(data)
    first, others = max(room, _MIN_ROOM) - _FRAME, longest - _FRAME
    if size + 2 * len(data.translate(None, _Q_PLAIN)) < (size + 2) // 3 * 4:
        return [f"=?utf-8?q?{chunk}?=" for chunk in _q_chunks(text, data, first, others)]
    words: list[str] = []
    start = 0
    while start < size:
        end = start + first // 4 * 3
        while end < size and data[end] & 0xC0 == 0x80:
            end -= 1
        encoded = b2a_base64(data[start:end], newline=False).decode("ascii")
        words.append(f"=?utf-8?b?{encoded}?=")
        start, first = end, others
    return words


def _q_chunks(text: str, data: bytes, room: int, others: int) -> Iterator[str]:
    encoded = data.decode("latin-1").translate(_Q_CODES)
    if len(encoded) <= room:
        yield encoded
        return
    chunk = ""
    for character in text:
        code = character.encode().decode("latin-1").translate(_Q_CODES)
        if len(chunk) + len(code) > room:
            yield chunk
            chunk, room = "", others
        chunk += code
    yield chunk


def decode_words(
    text: str,
    decode: Callable[[bytes, str], str | None] = _decode_known,
    *,
    words: re.Pattern[str] = _WORD,
    on_malformed: Callable[[], None] | None = None,
) -> str:
    """Returns text with its encoded-words decoded; those that can't be decoded stay unchanged.

    Adjacent words of one charset are decoded together, as some programs split characters; the
    spaces between them are removed. Base64 that was cut into words is joined.

    Args:
        text: The text.
        decode: Decodes bytes, given the charset in lower case; returns None if it can't.
        words: Pattern of an encoded-word, with groups for charset, encoding and encoded text.
        on_malformed: Called for each word whose base64 is invalid.
    """
    if "=?" not in text:
        return text
    single = words.fullmatch(text)  # the most frequent case
    if single and (data := _word_bytes(single[2], single[3])) is not None:
        decoded = decode(data, _charset(single))
        return text if decoded is None else decoded
    parts: list[str] = []
    end = 0  # of the previous run
    was_decoded = False
    for run in _runs(text, words, on_malformed):
        decoded = decode(run.data, run.charset)
        gap = text[end : run.start]
        if not was_decoded or decoded is None or gap.strip(_SPACES):
            parts.append(gap)
        parts.append(text[run.start : run.end] if decoded is None else decoded)
        was_decoded, end = decoded is not None, run.end
    return "".join([*parts, text[end:]])


class _Run:
    """Adjacent encoded-words of one charset."""

    __slots__ = ("charset", "data", "end", "start")

    def __init__(self, start: int, end: int, charset: str, data: bytes) -> None:
        self.start = start
        self.end = end
        self.charset = charset
        self.data = data


def _runs(
    text: str, words: re.Pattern[str], on_malformed: Callable[[], None] | None
) -> Iterator[_Run]:
    for charset, group in _groups(text, words):
        data = [_word_bytes(word[2], word[3]) for word in group]
        if len(group) > 1 and (None in data or any(map(_is_piece, group))):
            joined = _join_pieces(group)
            data = data if joined is None else [joined, *[b""] * (len(group) - 1)]
        first = 0
        for index, each in enumerate([*data, None]):
            if each is not None:
                continue
            if first < index:
                whole = b"".join(filter(None, data[first:index]))
                yield _Run(group[first].start(), group[index - 1].end(), charset, whole)
            if index < len(data) and on_malformed:
                on_malformed()
            first = index + 1


def _groups(text: str, words: re.Pattern[str]) -> Iterator[tuple[str, list[re.Match[str]]]]:
    """Charsets, and the adjacent words of each."""
    group: list[re.Match[str]] = []
    charset = written = name = ""
    end = 0
    for word in words.finditer(text):
        if word[1] != written:
            written, name = word[1], _charset(word)
        if group and (name != charset or text[end : word.start()].strip(_SPACES)):
            yield charset, group
            group = []
        charset, end = name, word.end()
        group.append(word)
    if group:
        yield charset, group


def _is_piece(word: re.Match[str]) -> bool:
    """Returns True if the base64 of a word isn't whole.

    An encoder sets the bits that it doesn't use to 0.

    Some programs encode a text and then cut it, against
    https://www.rfc-editor.org/rfc/rfc2047#section-5
    """
    text = word[3].strip()
    if word[2] in "qQ" or len(text) % 4 == 0:
        return False
    if text[-1] == "=":
        return True
    unused = {2: 0b1111, 3: 0b11}.get(len(text) % 4, 0)
    return bool(_BASE64.find(text[-1]) & unused)


def _join_pieces(words: list[re.Match[str]]) -> bytes | None:
    """The data of base64 that was cut into words; None if it wasn't."""
    if any(word[2] in "qQ" for word in words) or any("=" in word[3] for word in words[:-1]):
        return None
    return _word_bytes("b", "".join(word[3] for word in words))


def _charset(word: re.Match[str]) -> str:
    return word[1].partition("*")[0].lower()  # RFC 2231 adds a language after *


def _word_bytes(encoding: str, text: str) -> bytes | None:
    data = text.encode()
    if encoding in "qQ":
        return a2b_qp(data, header=True)
    try:
        return a2b_base64(data + b"==")  # missing padding is frequent, excess padding is ignored
    except ValueError:
        return None
