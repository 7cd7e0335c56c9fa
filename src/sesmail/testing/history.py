"""Mails, events and deliveries of a fake, up to limits of their number and size."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .mail import Delivery, EventRecord, SentMail

__all__ = ["MAX_BYTES", "MAX_MAILS", "History", "StoredObject"]

MAX_MAILS = 10_000
MAX_BYTES = 1 << 30

_Entry: TypeAlias = SentMail | EventRecord
_log = logging.getLogger("sesmail.testing")


@dataclass
class StoredObject:
    """An object in S3: a received mail."""

    content: bytes
    metadata: dict[str, str] = field(default_factory=dict[str, str])


class History:
    """Record of the mails, events and requests of a fake, in plain containers.

    The oldest mails are deleted, with their events, when there are too many or they are too large.
    A tenth of them is deleted at once; the newest one is always kept.

    Args:
        max_mails: Maximum number of sent and received mails.
        max_bytes: Maximum size of all of them.
    """

    def __init__(self, max_mails: int = MAX_MAILS, max_bytes: int = MAX_BYTES) -> None:
        self.max_mails = max_mails
        self.max_bytes = max_bytes
        self.mails: list[SentMail] = []
        self.events: list[EventRecord] = []
        self.deliveries: list[Delivery] = []
        self.objects: dict[tuple[str, str], StoredObject] = {}
        self._received: list[EventRecord] = []
        self._size = 0

    def add_mail(self, mail: SentMail) -> None:
        """Adds a sent mail."""
        self.mails.append(mail)
        self._added(mail)

    def add_event(self, event: EventRecord) -> None:
        """Adds an event, of a sent mail or of a received one."""
        self.events.append(event)
        if event.mail is None:
            self._received.append(event)
            self._added(event)

    def forget(self, mails: Collection[SentMail], received: Collection[EventRecord]) -> None:
        """Deletes sent and received mails with their events, deliveries and stored objects."""
        gone = {id(each) for each in mails}
        entries: list[_Entry] = [*mails, *received]
        self._size -= sum(map(self._size_of, entries))
        self.mails[:] = [each for each in self.mails if id(each) not in gone]
        gone_events = {id(each) for each in self.events if id(each.mail) in gone}
        gone_events |= {id(each) for each in received}
        self.events[:] = [each for each in self.events if id(each) not in gone_events]
        self._received[:] = [each for each in self._received if id(each) not in gone_events]
        self.deliveries[:] = [each for each in self.deliveries if id(each.event) not in gone_events]
        for event in received:
            self.objects.pop(_location(event), None)

    def clear(self) -> None:
        """Deletes everything."""
        for records in (self.mails, self.events, self.deliveries, self._received, self.objects):
            records.clear()
        self._size = 0

    def _added(self, entry: _Entry) -> None:
        self._size += self._size_of(entry)
        count = len(self.mails) + len(self._received)
        if count > self.max_mails or self._size > self.max_bytes:
            self._make_room()

    def _make_room(self) -> None:
        entries: list[_Entry] = [*self.mails, *self._received]
        oldest = sorted(entries, key=_time_of)[:-1]
        count, size, number = len(entries), self._size, 0
        # More than necessary, so that it isn't repeated for each further mail.
        while number < len(oldest) and (
            count > self.max_mails * 0.9 or size > self.max_bytes * 0.9
        ):
            count, size = count - 1, size - self._size_of(oldest[number])
            number += 1
        _log.warning("the fake SES deleted its %d oldest mails: max_mails, max_bytes", number)
        gone = oldest[:number]
        self.forget(
            [each for each in gone if isinstance(each, SentMail)],
            [each for each in gone if isinstance(each, EventRecord)],
        )

    def _size_of(self, entry: _Entry) -> int:
        if isinstance(entry, SentMail):
            return len(entry.raw)
        stored = self.objects.get(_location(entry))
        content: Sequence[Any] = entry.document.get("content", "")
        return len(content) if stored is None else len(stored.content)


def _time_of(entry: _Entry) -> Any:
    return entry.sent_at if isinstance(entry, SentMail) else entry.at


def _location(event: EventRecord) -> tuple[str, str]:
    """Returns bucket and key of a received mail; empty if it isn't in S3."""
    action = event.document.get("receipt", {}).get("action", {})
    return action.get("bucketName", ""), action.get("objectKey", "")
