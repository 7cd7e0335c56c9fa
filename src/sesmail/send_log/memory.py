"""A send log in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import datetime

from ..errors import DuplicateSendError, Outcome
from .protocol import SendRecord
from .records import Clock, RecordPages, check_outcome, check_send_id, in_utc, now

__all__ = ["MemorySendLog"]


class MemorySendLog:
    """A send log that ends with its process: for tests, and where only double sending within a process matters.

    Args:
        clock: The time, aware of its zone, if not the system's.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = clock or now
        self._records: dict[str, SendRecord] = {}

    async def begin(self, send_id: str) -> None:
        """Note that a send is about to leave.

        Raises:
            DuplicateSendError: It is accepted, under way or unknown.
        """
        check_send_id(send_id)
        record = self._records.get(send_id)
        if record is not None and record.outcome in ("accepted", "unknown"):
            raise DuplicateSendError(
                send_id=send_id, recorded_outcome=record.outcome, message_id=record.message_id
            )
        self._records[send_id] = SendRecord(send_id, in_utc(self._clock()), "unknown")

    async def finish(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> None:
        """Note what became of a send, as the one knows who made it."""
        await self.settle(send_id, outcome, message_id)

    async def settle(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> bool:
        """Note what became of a send, as an event or a human knows.

        Returns:
            Whether that was news: never about a send that didn't begin, or that is known to be accepted.
        """
        check_outcome(outcome)
        record = self._records.get(send_id)
        if record is None or outcome == "unknown" or record.outcome == "accepted":
            return False
        if record.outcome != "unknown" and outcome != "accepted":
            return False
        self._records[send_id] = replace(record, outcome=outcome, message_id=message_id)
        return True

    async def get(self, send_id: str) -> SendRecord | None:
        """What is known of a send; None if it never began, or is forgotten."""
        return self._records.get(send_id)

    def unknown(self, *, before: datetime | None = None) -> AsyncIterator[SendRecord]:
        """The records whose fate is unknown, the oldest first; what is under way is among them.

        Args:
            before: Only those that began before then; all, if it isn't given.
        """
        bound = None if before is None else in_utc(before)

        async def read(last: SendRecord | None) -> Iterable[SendRecord]:
            if last is not None:
                return ()
            found = (record for record in self._records.values() if record.outcome == "unknown")
            chosen = [record for record in found if bound is None or record.began < bound]
            return sorted(chosen, key=lambda record: (record.began, record.send_id))

        return RecordPages(read)

    async def forget(self, before: datetime) -> int:
        """Forget what began before a time and isn't unknown: logs grow for ever otherwise.

        Returns:
            How many. A send id that is forgotten may be sent again.
        """
        bound = in_utc(before)
        old = [
            send_id
            for send_id, record in self._records.items()
            if record.outcome != "unknown" and record.began < bound
        ]
        for send_id in old:
            del self._records[send_id]
        return len(old)
