"""Messages that were received and are neither deleted nor given back: heartbeats, and their end."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, TypeAlias

import anyio

from .batches import BatchWriter, Entry
from .message import QueueMessage, ReceivedMessage
from .settings import MAX_VISIBILITY

__all__ = ["End", "Lease", "Leases"]

End: TypeAlias = Literal["deleted", "gone", "returned"]
"""End of a lease: ``gone`` if its message was to be deleted, and its receipt handle is gone."""

_BEATS = 3  # heartbeats in a visibility timeout, so that two may fail
# Heartbeats that are due soon leave together with the first of them.
_TOGETHER = 0.25  # of the interval
_MARGIN = 10  # seconds below the limit, which counts from a receipt that was before the response


class Lease:
    """A received message, from its receipt until it is deleted or given back.

    Args:
        received: The message.
        now: The time on anyio's clock.
        interval: Seconds between heartbeats.
        visibility: Seconds that it is invisible after a heartbeat.

    Attributes:
        info: The message without its body; with its lag once it is read.
        state: ``held``; ``deleting`` or ``returning`` while SQS confirms it; or ``ended``.
        is_yielded: Whether the application has it.
        is_lost: Whether another consumer may get the message.
    """

    __slots__ = (
        "beat",
        "beats_at",
        "began",
        "expires_at",
        "info",
        "is_lost",
        "is_yielded",
        "received",
        "state",
    )

    def __init__(
        self, received: ReceivedMessage, now: float, interval: float, visibility: float
    ) -> None:
        self.received: ReceivedMessage = received
        self.info: QueueMessage = received.info
        self.began: float = now
        self.beats_at: float = now + interval
        self.expires_at: float = now + visibility
        self.beat: Entry | None = None  # the heartbeat that waits for its result
        self.state: Literal["held", "deleting", "returning", "ended"] = "held"
        self.is_yielded: bool = False
        self.is_lost: bool = False


class Leases:
    """The messages that one block holds.

    Args:
        deletes: Writer of DeleteMessageBatch.
        changes: Writer of ChangeMessageVisibilityBatch, with one task, so that a heartbeat never
            overtakes the end of a lease.
        visibility_timeout: Seconds that a message is invisible after a heartbeat.
        on_end: Called with a lease that ended, and how.
        on_lost: Called with a lease when another consumer may get its message. It is called once.
    """

    def __init__(
        self,
        deletes: BatchWriter,
        changes: BatchWriter,
        visibility_timeout: int,
        *,
        on_end: Callable[[Lease, End], None],
        on_lost: Callable[[Lease], None],
    ) -> None:
        self._deletes = deletes
        self._changes = changes
        self._visibility = visibility_timeout
        self._interval = visibility_timeout / _BEATS
        self._on_end = on_end
        self._on_lost = on_lost
        self._leases: dict[Lease, None] = {}
        self._added = anyio.Event()

    def __len__(self) -> int:
        return len(self._leases)

    @property
    def held(self) -> list[Lease]:
        """Leases that nobody has begun to end, the oldest first."""
        return [lease for lease in self._leases if lease.state == "held"]

    @property
    def unfinished(self) -> list[Lease]:
        """All leases, also those whose end SQS hasn't confirmed."""
        return list(self._leases)

    def add(self, received: ReceivedMessage) -> Lease:
        """Adds a message, whose heartbeats begin."""
        lease = Lease(received, anyio.current_time(), self._interval, self._visibility)
        self._leases[lease] = None
        self._added.set()
        return lease

    def delete(self, lease: Lease) -> Entry:
        """Begins to delete a message; heartbeats go on until SQS has confirmed it.

        The entry's result is False if the receipt handle is gone.
        """
        lease.state = "deleting"
        return self._deletes.put(
            lease.received.handle,
            lambda deleted: self._end(lease, "deleted" if deleted else "gone"),
        )

    def give_back(self, lease: Lease, after: float) -> Entry:
        """Begins to make a message visible after so many seconds.

        The entry's result is False if the receipt handle is gone.
        """
        lease.state = "returning"
        self._withdraw(lease)
        seconds = min(math.ceil(after), self._left(lease))
        return self._changes.put(
            lease.received.handle,
            lambda _: self._end(lease, "returned"),
            VisibilityTimeout=max(0, seconds),
        )

    def leave(self, lease: Lease) -> None:
        """Leaves a message alone: it is visible again when its visibility timeout ends."""
        self._withdraw(lease)
        self._end(lease, "returned")

    async def keep(self) -> None:
        """Sends heartbeats, until it is cancelled."""
        while True:
            now = anyio.current_time()
            times = [min(each.beats_at, each.expires_at) for each in self._leases]
            if (first := min(times, default=math.inf)) <= now:
                for lease in list(self._leases):
                    self._attend(lease, now)
                continue
            self._added = anyio.Event()
            with anyio.CancelScope(deadline=first):
                await self._added.wait()

    def _attend(self, lease: Lease, now: float) -> None:
        """Puts the heartbeat of a message if it is due, and notes that its timeout has ended."""
        if lease.expires_at <= now:
            self._lose(lease)
        elif lease.beats_at <= now + self._interval * _TOGETHER:
            self._beat(lease)

    def _beat(self, lease: Lease) -> None:
        lease.beats_at = math.inf  # until the result
        seconds = min(self._visibility, self._left(lease))
        if seconds > 0:
            lease.beat = self._changes.put(
                lease.received.handle,
                lambda extended: self._end_beat(lease, extended, seconds),
                VisibilityTimeout=seconds,
            )

    def _end_beat(self, lease: Lease, extended: bool, seconds: int) -> None:
        lease.beat = None
        if not extended:
            self._lose(lease)
        elif not lease.is_lost:
            now = anyio.current_time()
            lease.beats_at, lease.expires_at = now + self._interval, now + seconds
            self._added.set()

    def _left(self, lease: Lease) -> int:
        """Returns the seconds that a message can still be invisible for this receipt."""
        return int(MAX_VISIBILITY - _MARGIN - (anyio.current_time() - lease.began))

    def _withdraw(self, lease: Lease) -> None:
        lease.beats_at = lease.expires_at = math.inf
        if lease.beat is not None:
            self._changes.withdraw(lease.beat)
            lease.beat = None

    def _lose(self, lease: Lease) -> None:
        """Ends the heartbeats of a message that another consumer may get."""
        lease.beats_at = lease.expires_at = math.inf
        if not lease.is_lost and lease in self._leases:
            lease.is_lost = True
            self._on_lost(lease)

    def _end(self, lease: Lease, end: End) -> None:
        self._withdraw(lease)
        lease.state = "ended"
        del self._leases[lease]
        self._on_end(lease, end)
