"""RFC 2047 encoded-words: any text in headers that are ASCII."""

from __future__ import annotations

from binascii import b2a_base64

__all__ = ["encode_words", "needs_encoding"]

_MAX_WORD = 75  # https://www.rfc-editor.org/rfc/rfc2047#section-2
_FRAME = len("=?utf-8?b??=")
_MIN_ROOM = _FRAME + 8  # always enough for one character of four bytes


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
