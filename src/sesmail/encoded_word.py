"""RFC 2047 encoded-words: any text in headers that are ASCII."""

from __future__ import annotations

import re
from binascii import a2b_base64, a2b_qp, b2a_base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["decode_words", "encode_words", "has_encoded_word", "needs_encoding"]

_MAX_WORD = 75  # https://www.rfc-editor.org/rfc/rfc2047#section-2
_FRAME = len("=?utf-8?b??=")
_MIN_ROOM = _FRAME + 12  # always enough for one character of four bytes in either encoding

# The bytes that Q leaves as they are in every kind of field, names of addresses included:
# https://www.rfc-editor.org/rfc/rfc2047#section-5
_Q_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/ "
_Q_CODES = {
    byte: "_" if byte == 32 else chr(byte) if byte in _Q_PLAIN else f"={byte:02X}"
    for byte in range(256)
}

# The beginning of an encoded-word for the most lenient readers, such as Python's ``email.header``.
_WORD_BEGIN = re.compile(r"=\?[^?]*\?[BbQq]\?")

# Whatever stands between two question marks is looked at a fixed number of times: the work is linear.
_WORD = re.compile(r"=\?([!->@-~]{1,40})\?([BbQq])\?([!->@-~]*)\?=")
_CHARSETS = {
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "us-ascii": "ascii",
    "utf-8": "utf-8",
    "utf8": "utf-8",
}


def _decode_known(data: bytes, charset: str) -> str | None:
    """Text in one of the few charsets of which nothing has to be guessed."""
    codec = _CHARSETS.get(charset)
    try:
        return data.decode(codec) if codec else None
    except UnicodeDecodeError:
        return None


def needs_encoding(text: str) -> bool:
    """Whether text would not arrive literally as plain header text.

    That is so for non-ASCII, for what a reader would take for an encoded-word, and for outer spaces, which get lost.
    """
    return not text.isascii() or "=?" in text or text[:1] == " " or text[-1:] == " "


def has_encoded_word(text: str) -> bool:
    """Reports whether a reader, even a lenient one, may take a part of the text for an encoded-word."""
    found = _WORD_BEGIN.search(text) if "=?" in text else None
    return found is not None and text.find("?=", found.end()) >= 0


def encode_words(text: str, room: int = _MAX_WORD) -> list[str]:
    """Returns text as encoded-words, to be joined by spaces or folds.

    The encoding is Q where that is shorter, as in most European languages, else B. No character is
    divided between two words: https://www.rfc-editor.org/rfc/rfc2047#section-5

    Args:
        text: Any text without lone surrogates.
        room: Greatest length of the first word; the others have at most 75 characters.
    """
    data = text.encode()
    first = max(room, _MIN_ROOM) - _FRAME
    q_length = len(data) + 2 * len(data.translate(None, _Q_PLAIN))
    if q_length < (len(data) + 2) // 3 * 4:
        return [f"=?utf-8?q?{chunk}?=" for chunk in _q_chunks(text, data, first)]
    return [
        f"=?utf-8?b?{b2a_base64(chunk, newline=False).decode('ascii')}?="
        for chunk in _b_chunks(data, first)
    ]


def _q_chunks(text: str, data: bytes, room: int) -> Iterator[str]:
    encoded = data.decode("latin-1").translate(_Q_CODES)
    if len(encoded) <= room:
        yield encoded
        return
    chunk = ""
    for character in text:
        code = character.encode().decode("latin-1").translate(_Q_CODES)
        if len(chunk) + len(code) > room:
            yield chunk
            chunk, room = "", _MAX_WORD - _FRAME
        chunk += code
    yield chunk


def _b_chunks(data: bytes, room: int) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        end = start + room // 4 * 3
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        yield data[start:end]
        start, room = end, _MAX_WORD - _FRAME


def decode_words(
    text: str,
    decode: Callable[[bytes, str], str | None] = _decode_known,
    *,
    words: re.Pattern[str] = _WORD,
    on_malformed: Callable[[], None] | None = None,
) -> str:
    """Text with its encoded-words read; those that can't be stay as they stand.

    A character may be cut in two by neighbouring words, and the spaces between them are theirs.

    Args:
        text: The text.
        decode: Makes text of what neighbouring words of one charset hold, given its name in lower case, or None.
        words: What is an encoded-word: a pattern with groups for charset, encoding and encoded text.
        on_malformed: Called for each word whose base64 can't be read.
    """
    if "=?" not in text:
        return text
    alone = words.fullmatch(text)
    if alone and (data := _word_bytes(alone[2], alone[3])) is not None:  # as most that are short
        found = decode(data, _charset(alone))
        return text if found is None else found
    done: list[str] = []
    end = 0  # of what is done
    was_read = False
    for run in _runs(text, words, on_malformed):
        found = decode(b"".join(run.data), run.charset)
        gap = text[end : run.start]
        if not was_read or found is None or gap.strip(" \t\r\n"):
            done.append(gap)
        done.append(text[run.start : run.end] if found is None else found)
        was_read, end = found is not None, run.end
    return "".join([*done, text[end:]])


@dataclass(slots=True, eq=False, repr=False)
class _Run:
    """Neighbouring words of one charset."""

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
    return word[1].partition("*")[0].lower()  # the * is RFC 2231's, for a language


def _word_bytes(encoding: str, text: str) -> bytes | None:
    data = text.encode()
    if encoding in "qQ":
        return a2b_qp(data, header=True)
    try:
        return a2b_base64(
            data + b"=="
        )  # padding that is missing is common, and too much of it is harmless
    except ValueError:
        return None
