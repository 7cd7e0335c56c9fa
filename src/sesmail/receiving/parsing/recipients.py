"""Whom an event is about and when it happened, as every kind tells it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ...errors import MalformedBodyError
from ..transports.json_body import excerpt, is_object
from .reader import JsonReader

__all__ = ["MAX_RECIPIENTS", "read_moment", "read_recipients"]

MAX_RECIPIENTS = 1000  # SES takes 50 a message


def read_recipients(
    place: JsonReader, key: str, each: Mapping[str, str]
) -> dict[str, dict[str, str | None]]:
    """The addresses in a list, each once, with what is told of each.

    Args:
        place: Where the list is.
        key: Its key there.
        each: The texts beside each address, by the names that they get; an address that stands alone has none.

    Raises:
        MalformedBodyError: There is nobody, or there are too many, or something else is in it.
    """
    items = place.items(key)
    if not 0 < len(items) <= MAX_RECIPIENTS:
        raise place.malformed(
            key, f"it has {len(items):,} recipients, and 1 to {MAX_RECIPIENTS:,} are possible"
        )
    found: dict[str, dict[str, str | None]] = {}
    alone = dict.fromkeys(each)
    for number, item in enumerate(items):
        if type(item) is str and item:
            found.setdefault(item, alone)
        elif is_object(item):
            one = JsonReader(item, place.path(f"{key}[{number}]"), place.defects)
            address = one.need_text("emailAddress")
            if address not in found:
                found[address] = one.texts(each)
        else:
            raise MalformedBodyError(
                "it isn't an address", path=place.path(f"{key}[{number}]"), input=excerpt(item)
            )
    return found


def read_moment(
    mail: JsonReader, sent_at: datetime | None, part: JsonReader | None = None
) -> datetime:
    """When it happened, for which the time of the message stands in.

    Args:
        mail: Where the message is described.
        sent_at: Its time there, if that can be read.
        part: Where the event has a time of its own, if it has one.

    Raises:
        MalformedBodyError: There is neither.
    """
    time = None if part is None else part.time("timestamp")
    if time is not None:
        return time
    if sent_at is None:
        raise mail.malformed("timestamp", "it isn't a time")
    if part is not None:
        part.note_defect("timestamp", "the message's own stands in for it")
    return sent_at
