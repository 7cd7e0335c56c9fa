"""RFC 2047 encoded-words: any text in headers that are ASCII."""

from __future__ import annotations

import re
from binascii import a2b_base64, a2b_qp, b2a_base64

__all__ = ["decode_words", "encode_words", "needs_encoding"]

_MAX_WORD = 75  # https://www.rfc-editor.org/rfc/rfc2047#section-2
_FRAME = len("=?utf-8?b??=")
_MIN_ROOM = _FRAME + 8  # always enough for one character of four bytes

# Whatever stands between two question marks is looked at a fixed number of times: the work is linear.
_WORD = re.compile(r"=\?([!->@-~]{1,40})\?([BQ])\?([!->@-~]*)\?=", re.IGNORECASE)
_CHARSETS = {"ascii": "ascii", "iso-8859-1": "latin-1", "us-ascii": "ascii", "utf-8": "utf-8", "utf8": "utf-8"}


def needs_encoding(text: str) -> bool:
    """Whether text would not arrive literally as plain header text.

    That is so for non-ASCII, for what a reader would take for an encoded-word, and for outer spaces, which get lost.
    """
    return not text.isascii() or "=?" in text or text[:1] == " " or text[-1:] == " "


def encode_words(text: str, room: int = _MAX_WORD) -> list[str]:
    """Text as encoded-words, to be joined by spaces or folds.

    Args:
        text: Any text without lone surrogates.
        room: How many characters the first word may have; the others may have 75.
    """
    data = text.encode()
    words: list[str] = []
    start = 0
    size = (max(room, _MIN_ROOM) - _FRAME) // 4 * 3
    while start < len(data):
        end = start + size
        while end < len(data) and data[end] & 0xC0 == 0x80:  # never cut a character in two
            end -= 1
        words.append(f"=?utf-8?b?{b2a_base64(data[start:end], newline=False).decode('ascii')}?=")
        start = end
        size = (_MAX_WORD - _FRAME) // 4 * 3
    return words


def decode_words(text: str) -> str:
    """Text with its encoded-words read; any that are malformed, or in a rare charset, stay as they stand.

    A character may be cut in two by neighbouring words, and the spaces between them are theirs.
    """
    if "=?" not in text:
        return text
    done: list[str] = []
    run: list[bytes] = []  # what neighbouring words of one charset hold
    charset = ""
    start = end = 0  # of that run
    for match in _WORD.finditer(text):
        named, encoding, encoded = match.groups()
        word_charset = _CHARSETS.get(named.partition("*")[0].lower(), "")  # the * is RFC 2231's, for a language
        data = _word_bytes(encoding, encoded)
        if data is None or not word_charset:
            continue
        gap = text[end : match.start()]
        if not run or gap.strip(" \t\r\n"):
            done += [_run_text(run, charset, text[start:end]), gap]
            run, charset, start = [], word_charset, match.start()
        elif charset != word_charset:
            done.append(_run_text(run, charset, text[start:end]))
            run, charset, start = [], word_charset, match.start()
        run.append(data)
        end = match.end()
    return "".join([*done, _run_text(run, charset, text[start:end]), text[end:]])


def _word_bytes(encoding: str, text: str) -> bytes | None:
    if encoding in "qQ":
        return a2b_qp(text, header=True)
    try:
        return a2b_base64(text + "==")  # padding that is missing is common, and too much of it is harmless
    except ValueError:
        return None


def _run_text(run: list[bytes], charset: str, source: str) -> str:
    if not run:
        return ""
    try:
        return b"".join(run).decode(charset)
    except UnicodeDecodeError:
        return source
