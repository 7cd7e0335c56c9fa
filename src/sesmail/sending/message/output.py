"""Forms of a message outside of API calls, made by packages that build on messages.

They are above this package. The encoder is imported by its name when it is first used;
``sesmail.testing``, which nothing imports, registers its preview.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...errors import ConfigurationError

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

__all__ = ["encoded", "previewed", "register_preview", "save"]

_previews: list[Callable[..., str]] = []


def register_preview(preview: Callable[..., str]) -> None:
    """Sets the function that returns a message as an HTML page."""
    _previews[:] = [preview]


def encoded(message: object) -> bytes:
    """Returns a message as MIME.

    Raises:
        InvalidMessageError: It can't be sent.
    """
    from importlib import import_module

    raw: bytes = import_module("sesmail.sending.mime.mail").mime_bytes(message)
    return raw


def save(message: object, path: str | PathLike[str]) -> Path:
    """Writes a message as MIME to a file, and returns its path."""
    from pathlib import Path

    file = Path(path)
    file.write_bytes(encoded(message))
    return file


def previewed(message: object, **options: object) -> str:
    """Returns a message as an HTML page.

    Raises:
        ConfigurationError: ``sesmail.testing`` isn't imported.
    """
    if not _previews:
        raise ConfigurationError(
            "preview needs the extra testing: pip install 'sesmail[testing]', and import "
            "sesmail.testing before"
        )
    return _previews[0](message, **options)
