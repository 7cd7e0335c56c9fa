"""Recipients and time of an event, which all event types have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ...errors import MalformedBodyError
from ..transports.json_body import excerpt, is_object
from .reader import JsonReader

__all__ = ["MAX_RECIPIENTS", "event_time", "read_recipients"]

MAX_RECIPIENTS = 1000
"""Maximum number of recipients of an event; SES accepts 50 in a message."""


def read_recipients(
    reader: JsonReader, key: str, details: Mapping[str, str]
) -> dict[str, dict[str, str | None]]:
    """Returns the addresses in a list, without duplicates, each with its details.

    Args:
        reader: The object with the list.
        key: Key of the list.
        details: Keys of the strings beside each address, by their names in the result. An item may
            be an address alone, without details.

    Raises:
        MalformedBodyError: The list is empty or too long, or an item isn't an address.
    """
    items = reader.items(key)
    if not 0 < len(items) <= MAX_RECIPIENTS:
        raise reader.malformed(
            key, f"it has {len(items):,} recipients instead of 1 to {MAX_RECIPIENTS:,}"
        )
    found: dict[str, dict[str, str | None]] = {}
    no_details = dict.fromkeys(details)
    for number, item in enumerate(items):
        if type(item) is str and item:
            found.setdefault(item, no_details)
        elif is_object(item):
            recipient = JsonReader(item, reader.path(f"{key}[{number}]"), reader.defects)
            address = recipient.required_text("emailAddress")
            if address not in found:
                found[address] = recipient.texts(details)
        else:
            raise MalformedBodyError(
                "it isn't an address", path=reader.path(f"{key}[{number}]"), input=excerpt(item)
            )
    return found


def event_time(
    mail: JsonReader, sent_at: datetime | None, part: JsonReader | None = None
) -> datetime:
    """Returns the time of an event; that of its message if it has none of its own.

    Args:
        mail: The ``mail`` of the event.
        sent_at: Time of the message; None if it can't be parsed.
        part: The object with the event's own time; None if its type has no such time.

    Raises:
        MalformedBodyError: Neither time can be parsed.
    """
    time = None if part is None else part.time("timestamp")
    if time is not None:
        return time
    if sent_at is None:
        raise mail.malformed("timestamp", "it isn't a time")
    if part is not None:
        part.add_defect("timestamp", "replaced by the time of the message")
    return sent_at
