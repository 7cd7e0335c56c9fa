"""Bodies from strangers: JSON within limits, and errors that show nothing secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeGuard

from pydantic_core import to_json

from ...errors import MalformedBodyError
from ...strict import read_json

__all__ = [
    "MAX_BATCH",
    "MAX_EVENT",
    "Body",
    "Document",
    "body_text",
    "check_size",
    "decode",
    "excerpt",
    "is_list",
    "is_object",
    "read_time",
]

MAX_EVENT = 1 << 20
MAX_BATCH = 6 << 20  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

Body: TypeAlias = bytes | str | Mapping[str, Any]
"""A body as it came, or as a framework decoded it already."""

Document: TypeAlias = dict[str, Any]
"""A JSON object."""

_SECRET = re.compile(r"token|signature|[\w+/=%-]{64}", re.IGNORECASE | re.ASCII)
_SHOWN = 200
_MAX_TIME = 50  # characters
_LOOSE_ZONE = re.compile(r" ([+-][0-9]{2}:?[0-9]{2})\Z")
_MAX_BITS = 512  # Python refuses to write integers of many thousand digits


def body_text(body: Body, limit: int) -> bytes:
    """A body as the text that it is, or as the JSON that it stands for.

    Raises:
        MalformedBodyError: It is something else, too large, or not Unicode.
    """
    if isinstance(body, str):
        check_size(body, limit)
        return _encoded(body)
    if not isinstance(body, (bytes, bytearray)):
        body = _dumped(body)
    check_size(body, limit)
    return body


# Errors are raised outside of `except` here: as their context, Python's own would carry the whole body with them.


def _encoded(body: str) -> bytes:
    try:
        return body.encode()
    except UnicodeEncodeError:
        pass
    raise MalformedBodyError("it isn't Unicode: half a surrogate pair stands alone")


def _dumped(body: Mapping[str, Any]) -> bytes:
    """A copy, which passes every check as text."""
    if not isinstance(body, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise MalformedBodyError(f"a body is bytes, text or a mapping, not {type(body).__name__}")
    try:
        return to_json(body, inf_nan_mode="constants", fallback=dict)
    except (TypeError, ValueError):
        pass
    raise MalformedBodyError("it has something that JSON can't carry, or is too deep")


def decode(text: bytes | str, path: str = "") -> Document:
    """Decode a JSON object.

    Raises:
        MalformedBodyError: It is nothing of the kind.
    """
    try:
        document, fault = read_json(text), ""
    except ValueError as err:
        document, fault = None, str(err)
    if fault:
        shown = text if isinstance(text, str) else text.decode(errors="replace")
        raise MalformedBodyError(
            f"it can't be read as JSON: {fault}", path=path, input=excerpt(shown)
        )
    if not is_object(document):
        raise MalformedBodyError("it isn't a JSON object", path=path, input=excerpt(document))
    return document


def is_object(value: object) -> TypeGuard[Document]:
    """Whether it is a JSON object."""
    return type(value) is dict


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a JSON list."""
    return type(value) is list


def check_size(text: bytes | str, limit: int, path: str = "") -> None:
    """Refuse what has too many bytes before any work is spent on it."""
    size = len(text)
    if isinstance(text, str) and size <= limit < 4 * size:  # a character has four bytes at most
        size = len(text.encode(errors="surrogatepass"))
    if size > limit:
        raise MalformedBodyError(f"its size is {size:,}, more than {limit:,}", path=path)


def excerpt(value: object) -> str:
    """What may be shown of a value that can't be read: no container, no piece of JSON, nothing like a secret."""
    if isinstance(value, str):
        piece_of_json = '"' in value or "{" in value or "\\" in value
        return "" if piece_of_json or _SECRET.search(value[: _SHOWN + 64]) else value[:_SHOWN]
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return ""
    return str(value) if isinstance(value, (bool, int, float)) else ""


def read_time(text: str) -> datetime | None:
    """A time as AWS writes it, in UTC; None if it isn't one.

    A rare form is ``2018-10-08T14:05:45 +0000``. What names no zone is UTC.
    """
    if len(text) > _MAX_TIME:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        loose = _LOOSE_ZONE.search(text)
        return read_time(text[: loose.start()] + loose[1]) if loose else None
    if time.tzinfo is UTC:
        return time
    try:
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError:  # the zone takes it before the year 1, or after 9999
        return None
