"""Untrusted JSON bodies: size limits, decoding, and errors that show nothing secret."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeGuard

from pydantic_core import to_json

from ...errors import MalformedBodyError
from ...patterns import lazy_pattern
from ...strict import read_json

__all__ = [
    "MAX_BATCH",
    "MAX_EVENT",
    "MAX_TIME",
    "Batch",
    "Body",
    "Document",
    "body_bytes",
    "check_size",
    "decode",
    "decode_batch",
    "excerpt",
    "is_list",
    "is_object",
    "read_time",
]

MAX_EVENT = 1 << 20
"""Maximum size of one event in bytes; SNS and SQS messages are smaller."""
MAX_BATCH = 6 << 20
"""Maximum size of a batch of events in bytes, as of the payload of an AWS Lambda call."""
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

MAX_TIME = 50
"""Maximum length of a time in characters."""

Body: TypeAlias = bytes | str | Mapping[str, Any]
"""Body of a request: bytes, text, or a mapping decoded from JSON."""

Batch: TypeAlias = Body | Sequence[Mapping[str, Any]]
"""Body of a request, or a list of records decoded from JSON."""

Document: TypeAlias = dict[str, Any]
"""A JSON object."""

_SECRET = lazy_pattern(r"token|signature|[\w+/=%-]{64}", re.IGNORECASE | re.ASCII)
_MAX_EXCERPT = 200  # characters
_SEPARATE_OFFSET = lazy_pattern(r" ([+-][0-9]{2}:?[0-9]{2})\Z")
_MAX_BITS = 512  # https://docs.python.org/3/library/stdtypes.html#int-max-str-digits


def body_bytes(body: Batch, limit: int) -> bytes:
    """Returns a body as JSON text in UTF-8.

    Args:
        body: Bytes, text, or a mapping or a list decoded from JSON.
        limit: Maximum size in bytes.

    Raises:
        MalformedBodyError: It is of another type, too large, or can't be encoded.
    """
    if isinstance(body, str):
        check_size(body, limit)
        return _encode(body)
    if not isinstance(body, (bytes, bytearray)):
        body = _dump(body)
    check_size(body, limit)
    return body


# Errors are raised outside of `except`: a UnicodeEncodeError as their context would hold the body.


def _encode(body: str) -> bytes:
    try:
        return body.encode()
    except UnicodeEncodeError:
        pass
    raise MalformedBodyError("it isn't valid Unicode: it has a lone surrogate")


def _dump(body: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> bytes:
    """Returns a mapping or a list as JSON, to which the same checks apply as to text."""
    if not isinstance(body, (Mapping, list, tuple)):
        raise MalformedBodyError(
            "the body must be bytes, text, a mapping or a list of records, not "
            f"{type(body).__name__}"
        )
    # boto3 returns binary attributes of SQS messages as bytes, which may not be UTF-8.
    for bytes_mode in ("utf8", "base64"):
        try:
            return to_json(body, inf_nan_mode="constants", fallback=dict, bytes_mode=bytes_mode)
        except (TypeError, ValueError):
            pass
    raise MalformedBodyError("it has a value that JSON can't represent, or is nested too deeply")


def decode(text: bytes | str, path: str = "") -> Document:
    """Decodes a JSON object.

    Raises:
        MalformedBodyError: The text isn't a JSON object.
    """
    document = _decode(text, path)
    if is_object(document):
        return document
    raise MalformedBodyError("it isn't a JSON object", path=path, input=excerpt(document))


def decode_batch(text: bytes) -> Document | list[Any]:
    """Decodes a JSON object or a list.

    Raises:
        MalformedBodyError: The text isn't one of these.
    """
    document = _decode(text, "")
    if is_object(document) or is_list(document):
        return document
    raise MalformedBodyError("it isn't a JSON object or list", input=excerpt(document))


def _decode(text: bytes | str, path: str) -> object:
    try:
        document, error = read_json(text), ""
    except ValueError as err:
        document, error = None, str(err)
    if error:
        shown = text if isinstance(text, str) else text.decode(errors="replace")
        raise MalformedBodyError(f"it isn't valid JSON: {error}", path=path, input=excerpt(shown))
    return document


def is_object(value: object) -> TypeGuard[Document]:
    """Returns True if a value is a JSON object."""
    return type(value) is dict


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Returns True if a value is a JSON array."""
    return type(value) is list


def check_size(text: bytes | str, limit: int, path: str = "") -> None:
    """Checks the size of a text in UTF-8, before it is decoded.

    Raises:
        MalformedBodyError: It has more than `limit` bytes.
    """
    size = len(text)
    if isinstance(text, str) and size <= limit < 4 * size:  # UTF-8 has at most 4 bytes a character
        size = len(text.encode(errors="surrogatepass"))
    if size > limit:
        raise MalformedBodyError(
            f"its size of {size:,} bytes is over the limit of {limit:,}", path=path
        )


def excerpt(value: object) -> str:
    """Returns the beginning of a value, for an error message.

    Returns "" for containers, parts of JSON, and values that may be a secret.
    """
    if isinstance(value, str):
        may_be_json = '"' in value or "{" in value or "\\" in value
        return (
            ""
            if may_be_json or _SECRET.search(value[: _MAX_EXCERPT + 64])
            else value[:_MAX_EXCERPT]
        )
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return ""
    return str(value) if isinstance(value, (bool, int, float)) else ""


def read_time(text: str) -> datetime | None:
    """Parses a time as AWS writes it and returns it in UTC; None if it isn't a time.

    A rare form is ``2018-10-08T14:05:45 +0000``. A time without an offset is in UTC.
    """
    if len(text) > MAX_TIME:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        offset = _SEPARATE_OFFSET.search(text)
        return read_time(text[: offset.start()] + offset[1]) if offset else None
    if time.tzinfo is UTC:
        return time
    try:
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError:  # before the year 1 or after 9999 in UTC
        return None
