"""Send log in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from ..arguments import check_function
from ..errors import Outcome
from .protocol import SendRecord
from .records import Clock, ForgettingLog, ReadPage, duplicate, in_utc, now

__all__ = ["MemorySendLog"]


class MemorySendLog(ForgettingLog):
    """Send log in memory, lost when the process ends; mainly for tests.

    The rules of its methods are those of ``SendLog``.

    Args:
        clock: Function that returns the time, as an aware datetime; the system's time by default.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        if clock is not None:
            check_function("clock", clock)
        self._clock = now if clock is None else clock
        self._records: dict[str, SendRecord] = {}

    async def _begin(self, send_id: str) -> datetime:
        record = self._records.get(send_id)
        if record is not None and record.outcome in ("accepted", "unknown"):
            raise duplicate(record)
        began = in_utc(self._clock())
        self._records[send_id] = SendRecord(send_id, began, "unknown")
        return began

    async def _settle(self, send_id: str, outcome: Outcome, message_id: str | None) -> bool:
        record = self._records.get(send_id)
        if record is None or record.outcome == "accepted":
            return False
        if record.outcome != "unknown" and outcome != "accepted":
            return False
        self._records[send_id] = replace(record, outcome=outcome, message_id=message_id)
        return True

    async def _get(self, send_id: str) -> SendRecord | None:
        return self._records.get(send_id)

    def _reader(self, before: datetime | None) -> ReadPage:
        async def read(last: SendRecord | None) -> Iterable[SendRecord]:
            if last is not None:
                return ()
            found = (record for record in self._records.values() if record.outcome == "unknown")
            chosen = [record for record in found if before is None or record.began < before]
            return sorted(chosen, key=lambda record: (record.began, record.send_id))

        return read

    async def _forget(self, before: datetime) -> int:
        old = [
            send_id
            for send_id, record in self._records.items()
            if record.outcome != "unknown" and record.began < before
        ]
        for send_id in old:
            del self._records[send_id]
        return len(old)
