"""Base64 with nothing in it that an encoder wouldn't write."""

from __future__ import annotations

import binascii

__all__ = ["from_base64"]


def from_base64(text: str) -> bytes | None:
    """The bytes that a text stands for; None where an encoder would spell them in another way."""
    try:
        data = binascii.a2b_base64(text)
    except ValueError:
        return None
    # Python's own strict mode lets some padding pass, which depends on its version.
    return data if binascii.b2a_base64(data, newline=False).decode() == text else None
