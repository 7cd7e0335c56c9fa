"""File names from strangers, made safe to store under."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["safe_file_name"]

_MAX_BYTES = 255
_MAX_EXTENSION = 20
_FALLBACK = "attachment"
_SLASH = re.compile(r"[/\\]")
_FORBIDDEN = re.compile(r'[<>:"|?*]')
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|(?:clock|conin|conout)\$|(?:com|lpt)[0-9\xb9\xb2\xb3]) *(?:\.|\Z)", re.I
)
# Controls, what has no shape of its own (directions among them), halves of surrogate pairs, line and paragraph breaks.
_UNSEEN = frozenset(["Cc", "Cf", "Cs", "Zl", "Zp"])


def safe_file_name(claimed: str) -> str:
    """One component of a path in NFC, at most 255 bytes: no slash, control or leading dot, no name Windows reserves.

    It says nothing about what is in the file, and two files may get the same name.
    """
    base = _SLASH.split(claimed.rstrip("/\\"))[-1]
    if len(base) > 2 * _MAX_BYTES:  # before NFC, whose work grows faster than the length
        base = base[:_MAX_BYTES] + base[-_MAX_BYTES:]
    seen = base if base.isascii() and base.isprintable() else _seen(base)
    name = _cut(_FORBIDDEN.sub("_", seen).strip(" ."))
    return _cut(f"_{name}") if _RESERVED.match(name) else name or _FALLBACK


def _seen(name: str) -> str:
    """A name in NFC without what can't be seen."""
    seen = "".join(
        " " if char.isspace() else char
        for char in name
        if unicodedata.category(char) not in _UNSEEN
    )
    return unicodedata.normalize("NFC", seen)


def _cut(name: str) -> str:
    """A name of at most 255 bytes that keeps its extension."""
    if len(name.encode()) <= _MAX_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    ending = f"{dot}{extension}".encode()
    if not stem or len(ending) > _MAX_EXTENSION:
        stem, ending = name, b""
    start = stem.encode()[: _MAX_BYTES - len(ending)].decode("utf-8", "ignore").rstrip(" .")
    return start + ending.decode()
