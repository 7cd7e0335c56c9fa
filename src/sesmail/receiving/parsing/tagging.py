"""Tags, metadata and send id of a message, from the headers and SES message tags in its event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...tagging import (
    METADATA_HEADER,
    SEND_ID_HEADER,
    SEND_ID_TAG,
    TAG_HEADER,
    read_metadata,
    read_send_id,
    read_tag,
)
from ...values import FrozenDict
from .reader import JsonReader

__all__ = ["HEADERS", "read_headers", "read_tagging"]

_MAX_TAGGING = 1 << 16  # characters; SES truncates headers at 10 KB
_TAG = TAG_HEADER.lower()
_SEND_ID = SEND_ID_HEADER.lower()
_METADATA = METADATA_HEADER.lower()
HEADERS = frozenset({_TAG, _SEND_ID, _METADATA})
"""Names of the headers, in lower case."""
_EMPTY: FrozenDict[str, Any] = FrozenDict()


def read_headers(mail: JsonReader) -> list[tuple[str, str]]:
    """Returns the headers with tags, metadata and send id; the names are in lower case."""
    headers = mail.headers("headers", HEADERS)
    remaining = _MAX_TAGGING
    for number, (_, value) in enumerate(headers):
        remaining -= len(value)
        if remaining < 0:
            mail.add_defect(
                "headers",
                f"tags, metadata and send id beyond {_MAX_TAGGING:,} characters are ignored",
            )
            return headers[:number]
    return headers


def read_tagging(
    headers: list[tuple[str, str]],
    message_tags: Mapping[str, tuple[str, ...]] | None,
    add_defect: Callable[[str, str], None],
) -> tuple[tuple[str, ...], Mapping[str, Any], str | None]:
    """Returns tags, metadata and send id: from the headers, the send id also from a message tag.

    Args:
        headers: The headers with a name in `HEADERS`.
        message_tags: The SES message tags; None in a notification.
        add_defect: Called with the key and the reason of each defect.
    """
    last = dict(headers)
    metadata = last.get(_METADATA)
    return (
        tuple([read_tag(value) for name, value in headers if name == _TAG]),
        _EMPTY if metadata is None else _metadata(metadata, add_defect),
        _send_id(last.get(_SEND_ID), message_tags, add_defect),
    )


def _send_id(
    header: str | None,
    message_tags: Mapping[str, tuple[str, ...]] | None,
    add_defect: Callable[[str, str], None],
) -> str | None:
    if header is not None:
        if send_id := read_send_id(header):
            return send_id
        add_defect("headers", f"{SEND_ID_HEADER} isn't a send id")
    values = () if message_tags is None else message_tags.get(SEND_ID_TAG, ())
    if not values:
        return None
    send_id = read_send_id(values[0]) if len(values) == 1 else None
    if send_id is None:
        add_defect("tags", f"{SEND_ID_TAG} isn't a send id")
    return send_id


def _metadata(value: str, add_defect: Callable[[str, str], None]) -> Mapping[str, Any]:
    try:
        return FrozenDict(read_metadata(value))
    except ValueError:
        add_defect("headers", f"{METADATA_HEADER} isn't a JSON object")
        return _EMPTY
