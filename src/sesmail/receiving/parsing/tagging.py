"""Tags, metadata and send id of a message, from the headers and SES message tags in its event."""

from __future__ import annotations

from collections.abc import Mapping
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

__all__ = ["read_tagging"]

_MAX_TAGGING = 1 << 16  # characters; SES truncates headers at 10 KB
_TAG = TAG_HEADER.lower()
_SEND_ID = SEND_ID_HEADER.lower()
_TAGGING_HEADERS = frozenset({_TAG, _SEND_ID, METADATA_HEADER.lower()})
_EMPTY: FrozenDict[str, Any] = FrozenDict()


def read_tagging(
    mail: JsonReader, message_tags: Mapping[str, tuple[str, ...]] | None
) -> tuple[tuple[str, ...], Mapping[str, Any], str | None]:
    """Returns tags, metadata and send id: from the headers, the send id also from a message tag."""
    tags: list[str] = []
    metadata: str | None = None
    send_id: str | None = None
    remaining = _MAX_TAGGING
    for name, value in mail.headers("headers", _TAGGING_HEADERS):
        remaining -= len(value)
        if remaining < 0:
            mail.add_defect(
                "headers",
                f"tags, metadata and send id beyond {_MAX_TAGGING:,} characters are ignored",
            )
            break
        if name == _TAG:
            tags.append(read_tag(value))
        elif name == _SEND_ID:
            send_id = value
        else:
            metadata = value
    return (
        tuple(tags),
        _EMPTY if metadata is None else _metadata(mail, metadata),
        _send_id(mail, send_id, message_tags),
    )


def _send_id(
    mail: JsonReader, header: str | None, message_tags: Mapping[str, tuple[str, ...]] | None
) -> str | None:
    if header is not None:
        if send_id := read_send_id(header):
            return send_id
        mail.add_defect("headers", f"{SEND_ID_HEADER} isn't a send id")
    values = () if message_tags is None else message_tags.get(SEND_ID_TAG, ())
    if not values:
        return None
    send_id = read_send_id(values[0]) if len(values) == 1 else None
    if send_id is None:
        mail.add_defect("tags", f"{SEND_ID_TAG} isn't a send id")
    return send_id


def _metadata(mail: JsonReader, value: str) -> Mapping[str, Any]:
    try:
        return FrozenDict(read_metadata(value))
    except ValueError:
        mail.add_defect("headers", f"{METADATA_HEADER} isn't a JSON object")
        return _EMPTY
