"""Turns claimed file names into names that are safe to store files under."""

from __future__ import annotations

import re
import unicodedata

from ...patterns import lazy_pattern
from .limits import MAX_FILE_EXTENSION, MAX_FILE_NAME

__all__ = ["safe_file_name"]

_FALLBACK = "attachment"
_SLASH = lazy_pattern(r"[/\\]")
_FORBIDDEN = lazy_pattern(r'[<>:"|?*]')
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_RESERVED = lazy_pattern(
    r"(?:con|prn|aux|nul|(?:clock|conin|conout)\$|(?:com|lpt)[0-9\xb9\xb2\xb3]) *(?:\.|\Z)", re.I
)
# Control characters, format characters (direction overrides among them, which disguise extensions:
# https://trojansource.codes), surrogates, line and paragraph separators.
_INVISIBLE = frozenset(["Cc", "Cf", "Cs", "Zl", "Zp"])


def safe_file_name(claimed: str) -> str:
    """Name of one path component in NFC, of 1 to 255 bytes in UTF-8.

    It contains no slash, backslash, control character or any of ``<>:"|?*``, neither begins nor
    ends with a dot or space, and isn't reserved on Windows. It may be equal for two files, and says
    nothing about their content. ``attachment`` if nothing remains of the claimed name.
    """
    base = _SLASH.split(claimed.rstrip("/\\"))[-1]
    if len(base) > 2 * MAX_FILE_NAME:  # normalizing combining marks takes more than linear time
        base = base[:MAX_FILE_NAME] + base[-MAX_FILE_NAME:]
    visible = base if base.isascii() and base.isprintable() else _remove_invisible(base)
    name = _shorten(_FORBIDDEN.sub("_", visible).strip(" ."))
    return _shorten(f"_{name}") if _RESERVED.match(name) else name or _FALLBACK


def _remove_invisible(name: str) -> str:
    """The name in NFC, without invisible characters, with any white space as a space."""
    visible = "".join(
        " " if char.isspace() else char
        for char in name
        if unicodedata.category(char) not in _INVISIBLE
    )
    return unicodedata.normalize("NFC", visible)


def _shorten(name: str) -> str:
    """The name, shortened to 255 bytes; a short extension is preserved."""
    if len(name.encode()) <= MAX_FILE_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    ending = f"{dot}{extension}".encode()
    if not stem or len(ending) > MAX_FILE_EXTENSION:
        stem, ending = name, b""
    start = stem.encode()[: MAX_FILE_NAME - len(ending)].decode("utf-8", "ignore").rstrip(" .")
    return start + ending.decode()
