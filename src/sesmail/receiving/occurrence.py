"""Whom an event is about and when it happened, as every kind tells it."""

from __future__ import annotations

from datetime import datetime

from ..errors import MalformedBodyError
from .decode import excerpt, is_object
from .fields import Fields

__all__ = ["MAX_RECIPIENTS", "read_moment", "read_recipients"]

MAX_RECIPIENTS = 1000  # SES takes 50 a message


def read_recipients(place: Fields, key: str) -> dict[str, Fields | None]:
    """The addresses in a list, each once, with the object where it stands, unless it stands alone.

    Raises:
        MalformedBodyError: There is nobody, or there are too many, or something else is in it.
    """
    items = place.items(key)
    if not 0 < len(items) <= MAX_RECIPIENTS:
        raise place.malformed(key, f"it has {len(items):,} recipients, and 1 to {MAX_RECIPIENTS:,} are possible")
    found: dict[str, Fields | None] = {}
    for number, item in enumerate(items):
        if is_object(item):
            one = Fields(item, place.path(f"{key}[{number}]"), place.notes)
            found.setdefault(one.need_text("emailAddress"), one)
        elif type(item) is str and item:
            found.setdefault(item, None)
        else:
            raise MalformedBodyError("it isn't an address", path=place.path(f"{key}[{number}]"), input=excerpt(item))
    return found


def read_moment(mail: Fields, sent_at: datetime | None, part: Fields | None = None) -> datetime:
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
        part.note("timestamp", "the message's own stands in for it")
    return sent_at
