"""JSON from strangers, within limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from pydantic_core import from_json, to_json

from ..errors import MalformedBodyError

__all__ = ["MAX_BATCH", "MAX_EVENT", "Body", "Document", "body_text", "decode", "excerpt", "decode_body", "refuse_size"]

MAX_EVENT = 1 << 20
MAX_BATCH = 6 << 20  # what AWS Lambda takes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

Body: TypeAlias = bytes | str | Mapping[str, Any]
"""A body as it came, or as some framework decoded it already."""

Document: TypeAlias = dict[str, Any]
"""A JSON object."""

_SECRET = re.compile(r"[{]|token|signature|[\w+/=%-]{64}", re.IGNORECASE | re.ASCII)


def body_text(body: Body, limit: int) -> bytes:
    """A body as the JSON that it is, or that it stands for.

    Raises:
        MalformedBodyError: It is something else, too large, or not Unicode.
    """
    if isinstance(body, str):
        refuse_size(len(body), limit)
        try:
            body = body.encode()
        except UnicodeEncodeError:
            raise MalformedBodyError("it isn't Unicode: half a surrogate pair stands alone") from None
    elif isinstance(body, Mapping):
        try:
            body = to_json(body, inf_nan_mode="constants", fallback=dict)  # a copy, and one way for all
        except (TypeError, ValueError):
            raise MalformedBodyError("it has something that JSON can't carry, or is too deep") from None
    elif not isinstance(body, (bytes, bytearray)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise MalformedBodyError(f"a body is bytes, text or a mapping, not {type(body).__name__}")
    refuse_size(len(body), limit)
    return body


def decode_body(body: Body, limit: int) -> Document:
    """The JSON object that a body is, or stands for.

    Raises:
        MalformedBodyError: It is nothing of the kind.
    """
    return decode(body_text(body, limit))


def decode(text: bytes | str, path: str = "") -> Document:
    """Decode a JSON object: UTF-8 alone, 200 deep at most, numbers that are numbers; of duplicate keys the last wins.

    Raises:
        MalformedBodyError: It is nothing of the kind.
    """
    try:
        # Without the cache, which costs more than it saves in documents of this size.
        value = from_json(text, allow_inf_nan=False, cache_strings=False)
    except ValueError as err:
        shown = text if isinstance(text, str) else text.decode(errors="replace")
        raise MalformedBodyError(f"it isn't JSON: {err}", path=path, input=excerpt(shown)) from None
    if type(value) is not dict:
        raise MalformedBodyError("it isn't a JSON object", path=path, input=excerpt(value))
    document = cast("Document", value)
    _refuse_infinity(document, path)
    return document


def refuse_size(size: int, limit: int, path: str = "") -> None:
    """Refuse what is too large, before any work is spent on it."""
    if size > limit:
        raise MalformedBodyError(f"it has {size:,} bytes, more than {limit:,}", path=path)


def excerpt(value: object) -> str:
    """What may be shown of a value that can't be read: never a container, nor anything that a secret could be in."""
    if value is None or isinstance(value, (bool, float)):
        return str(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() < 512 else ""
    return value[:200] if isinstance(value, str) and _SECRET.search(value) is None else ""


def _refuse_infinity(document: Document, path: str) -> None:
    """Refuse ``1e999``, which JSON can write and no double can hold."""
    values: list[Any] = [document]
    for value in values:  # which grows on the way
        kind = type(value)
        if kind is dict:
            values += value.values()
        elif kind is list:
            values += value
        elif kind is float and value - value != 0.0:
            raise MalformedBodyError("it has a number that no double can hold", path=path)
