"""Encodes and decodes RFC 2047 encoded-words, which carry any text in ASCII headers."""

from __future__ import annotations

import re
from binascii import a2b_base64, a2b_qp, b2a_base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["decode_words", "encode_words", "has_encoded_word", "needs_encoding"]

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
_WORD_BEGIN = re.compile(r"=\?[^?]*\?[BbQq]\?")

# Each character between two question marks is read a fixed number of times: matching is linear.
_WORD = re.compile(r"=\?([!->@-~]{1,40})\?([BbQq])\?([!->@-~]*)\?=")
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
    first, others = max(room, _MIN_ROOM) - _FRAME, longest - _FRAME
    q_length = len(data) + 2 * len(data.translate(None, _Q_PLAIN))
    if q_length < (len(data) + 2) // 3 * 4:
        return [f"=?utf-8?q?{chunk}?=" for chunk in _q_chunks(text, data, first, others)]
    return [
        f"=?utf-8?b?{b2a_base64(chunk, newline=False).decode('ascii')}?="
        for chunk in _b_chunks(data, first, others)
    ]


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


def _b_chunks(data: bytes, room: int, others: int) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        end = start + room // 4 * 3
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        yield data[start:end]
        start, room = end, others


def decode_words(
    text: str,
    decode: Callable[[bytes, str], str | None] = _decode_known,
    *,
    words: re.Pattern[str] = _WORD,
    on_malformed: Callable[[], None] | None = None,
) -> str:
    """Returns text with its encoded-words decoded; those that can't be decoded stay unchanged.

    Adjacent words of one charset are decoded together, as some programs split characters; the
    spaces between them are removed.

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
        decoded = decode(b"".join(run.data), run.charset)
        gap = text[end : run.start]
        if not was_decoded or decoded is None or gap.strip(" \t\r\n"):
            parts.append(gap)
        parts.append(text[run.start : run.end] if decoded is None else decoded)
        was_decoded, end = decoded is not None, run.end
    return "".join([*parts, text[end:]])


@dataclass(slots=True, eq=False, repr=False)
class _Run:
    """Adjacent encoded-words of one charset."""

    start: int
    end: int
    charset: str
    data: list[bytes]


def _runs(
    text: str, words: re.Pattern[str], on_malformed: Callable[[], None] | None
) -> Iterator[_Run]:
    run: _Run | None = None
    for match in words.finditer(text):
        charset = _charset(match)
        data = _word_bytes(match[2], match[3])
        if data is None:
            if on_malformed:
                on_malformed()
        elif run and run.charset == charset and not text[run.end : match.start()].strip(" \t\r\n"):
            run.data.append(data)
            run.end = match.end()
        else:
            if run:
                yield run
            run = _Run(match.start(), match.end(), charset, [data])
    if run:
        yield run


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
