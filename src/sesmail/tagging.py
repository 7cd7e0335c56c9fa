"""Tags, metadata and ids of a message as mail headers, which SES reports back with events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .encoded_word import decode_words
from .errors import InvalidMessageError
from .patterns import lazy_pattern
from .strict import read_json

__all__ = [
    "METADATA_HEADER",
    "SEND_ID_HEADER",
    "SEND_ID_TAG",
    "TAG_HEADER",
    "TAG_WORD",
    "metadata_text",
    "read_metadata",
    "read_send_id",
    "read_tag",
    "rfc5322_message_id",
]

METADATA_HEADER = "X-Metadata"
SEND_ID_HEADER = "X-Sesmail-Id"
SEND_ID_TAG = "X-Sesmail-Id"
TAG_HEADER = "X-Tag"

TAG_WORD = lazy_pattern(r"[A-Za-z0-9_-]{1,256}")
"""Name or value of an SES message tag, and so a send id.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageTag.html
"""

_ENCODER = json.JSONEncoder(allow_nan=False)
_FOLD = lazy_pattern(r"\r?\n[ \t]?")


def metadata_text(metadata: Mapping[str, Any], field: str = "metadata") -> str:
    r"""Returns metadata as one line of ASCII JSON, which a header can fold after ``,`` and ``:``.

    An ``=?`` is written with a ``\u`` escape, so that no reader decodes it as an encoded-word.

    Args:
        metadata: Values that the module ``json`` encodes.
        field: Name of the field in an error.

    Raises:
        InvalidMessageError: It has NaN, an infinity or a lone surrogate, which JSON doesn't allow.
    """
    try:
        text = _ENCODER.encode(metadata)
        if "\\ud" in text:  # a surrogate, which may be a lone one
            json.dumps(metadata, ensure_ascii=False).encode()
    except ValueError as err:
        raise InvalidMessageError(f"it can't be encoded as JSON: {err}", field=field) from err
    return text.replace("=?", "\\u003d?")


def read_tag(value: str) -> str:
    """Returns a tag from its header, which may be folded, encoded-words, or plain."""
    unfolded = _FOLD.sub(" ", value) if "\n" in value else value
    return decode_words(unfolded) if "=?" in unfolded else unfolded


def read_metadata(value: str) -> dict[str, Any]:
    """Returns metadata from their header, which may be folded, encoded-words, or plain.

    Raises:
        ValueError: It isn't a JSON object.
    """
    metadata: dict[str, Any] = read_json(read_tag(value))
    if metadata.__class__ is not dict:
        raise ValueError("it isn't a JSON object")
    return metadata


def read_send_id(value: str) -> str | None:
    """Returns a send id from its header or its message tag; None if it is invalid."""
    if TAG_WORD.fullmatch(value):
        return value
    send_id = read_tag(value).strip(" \t")
    return send_id if TAG_WORD.fullmatch(send_id) else None


def rfc5322_message_id(message_id: str, region: str) -> str:
    """Returns the Message-ID header that SES writes into a mail, with angle brackets.

    https://docs.aws.amazon.com/ses/latest/dg/header-fields.html
    """
    return f"<{message_id}@{'email' if region == 'us-east-1' else region}.amazonses.com>"
