"""Send log in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import datetime

from ..arguments import check_function, check_instance
from ..errors import Outcome
from .protocol import SendRecord
from .records import Clock, RecordPages, check_outcome, check_send_id, duplicate, in_utc, now

__all__ = ["MemorySendLog"]


class MemorySendLog:
    """Send log in memory, lost when the process ends; mainly for tests.

    The methods and their rules are those of ``SendLog`` and ``SqliteSendLog``.

    Args:
        clock: Function that returns the time, as an aware datetime; the system's time by default.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        if clock is not None:
            check_function("clock", clock)
        self._clock = now if clock is None else clock
        self._records: dict[str, SendRecord] = {}

    async def begin(self, send_id: str) -> datetime:
        """Records that a send is about to leave.

        Args:
            send_id: 1 to 256 characters of ``A-Z a-z 0-9 _ -``.

        Returns:
            The recorded time.

        Raises:
            DuplicateSendError: The send is accepted, in flight or unknown.
            ConfigurationError: ``send_id`` has other characters, or another length.
        """
        check_send_id(send_id)
        record = self._records.get(send_id)
        if record is not None and record.outcome in ("accepted", "unknown"):
            raise duplicate(record)
        began = in_utc(self._clock())
        self._records[send_id] = SendRecord(send_id, began, "unknown")
        return began

    async def finish(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> None:
        """Records the outcome of a send, as the client knows it."""
        await self.settle(send_id, outcome, message_id)

    async def settle(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> bool:
        """Records the outcome of a send, as an event reports it or a human decides.

        Args:
            send_id: The send id.
            outcome: ``accepted``, ``rejected`` or ``not_sent``; ``unknown`` changes nothing.
            message_id: Message id that SES issued; None if it isn't known.

        Returns:
            Whether the record changed: not for a send that never began, or is accepted already.

        Raises:
            ConfigurationError: ``outcome`` isn't an outcome.
        """
        check_instance("send_id", send_id, str, "text")
        check_outcome(outcome, message_id)
        record = self._records.get(send_id)
        if record is None or outcome == "unknown" or record.outcome == "accepted":
            return False
        if record.outcome != "unknown" and outcome != "accepted":
            return False
        self._records[send_id] = replace(record, outcome=outcome, message_id=message_id)
        return True

    async def get(self, send_id: str) -> SendRecord | None:
        """Returns the record of a send; None if it never began, or was deleted."""
        check_instance("send_id", send_id, str, "text")
        return self._records.get(send_id)

    def unknown(self, *, before: datetime | None = None) -> AsyncIterator[SendRecord]:
        """Returns the records with an unknown outcome, sends in flight included, oldest first.

        Args:
            before: Only sends that began before this time, an aware datetime; all by default.

        Raises:
            ConfigurationError: ``before`` isn't a datetime with a time zone.
        """
        bound = None if before is None else in_utc(before, "before")

        async def read(last: SendRecord | None) -> Iterable[SendRecord]:
            if last is not None:
                return ()
            found = (record for record in self._records.values() if record.outcome == "unknown")
            chosen = [record for record in found if bound is None or record.began < bound]
            return sorted(chosen, key=lambda record: (record.began, record.send_id))

        return RecordPages(read)

    async def forget(self, before: datetime) -> int:
        """Deletes records of sends that began before a time; those of unknown outcome are kept.

        The log grows without limit otherwise. A send id that was deleted may be sent again.

        Args:
            before: The time, an aware datetime.

        Returns:
            Number of records deleted.

        Raises:
            ConfigurationError: ``before`` isn't a datetime with a time zone.
        """
        bound = in_utc(before, "before")
        old = [
            send_id
            for send_id, record in self._records.items()
            if record.outcome != "unknown" and record.began < bound
        ]
        for send_id in old:
            del self._records[send_id]
        return len(old)
