"""Forms of a message outside of API calls, made by packages that this one must not import.

The package ``mime``, which builds on messages, registers its encoder here, and
``sesmail.testing``, which nothing imports, its preview.
"""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

from ...errors import ConfigurationError

__all__ = ["encoded", "previewed", "register_encoder", "register_preview", "save"]

_registered: dict[str, Callable[..., Any]] = {}


def register_encoder(encode: Callable[[Any], bytes]) -> None:
    """Sets the function that returns a message as MIME."""
    _registered["encode"] = encode


def register_preview(preview: Callable[..., str]) -> None:
    """Sets the function that returns a message as an HTML page."""
    _registered["preview"] = preview


def encoded(message: object) -> bytes:
    """Returns a message as MIME."""
    raw: bytes = _registered["encode"](message)
    return raw


def save(message: object, path: str | PathLike[str]) -> Path:
    """Writes a message as MIME to a file, and returns its path."""
    file = Path(path)
    file.write_bytes(encoded(message))
    return file


def previewed(message: object, **options: object) -> str:
    """Returns a message as an HTML page.

    Raises:
        ConfigurationError: ``sesmail.testing`` isn't imported.
    """
    preview = _registered.get("preview")
    if preview is None:
        raise ConfigurationError(
            "preview needs the extra testing: pip install 'sesmail[testing]', and import "
            "sesmail.testing before"
        )
    page: str = preview(message, **options)
    return page
