"""Tags and metadata as mail headers, which SES reports back with every event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .errors import InvalidMessageError

__all__ = ["METADATA_HEADER", "TAG_HEADER", "metadata_text"]

METADATA_HEADER = "X-Metadata"
TAG_HEADER = "X-Tag"


def metadata_text(metadata: Mapping[str, Any], field: str = "metadata") -> str:
    r"""Metadata as one line of ASCII JSON; the spaces after ``,`` and ``:`` let a header fold there.

    An ``=?`` inside is written with a ``\u`` escape, so that no reader takes it for an encoded-word.

    Args:
        metadata: What ``json`` can write.
        field: What to call it in an error.

    Raises:
        InvalidMessageError: It has NaN, an infinity or half a surrogate pair, which JSON can't carry.
    """
    try:
        text = json.dumps(metadata, allow_nan=False)
        if "\\ud" in text:  # a surrogate: one half of a pair, or a half alone
            json.dumps(metadata, ensure_ascii=False).encode()
    except ValueError as err:
        raise InvalidMessageError(f"it can't be written as JSON: {err}", field=field) from err
    return text.replace("=?", "\\u003d?")
