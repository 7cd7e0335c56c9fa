"""Helpers that the send logs share: paging, checks, times."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Self, TypeAlias, get_args

from ..errors import Outcome
from ..tagging import TAG_WORD
from .protocol import SendRecord

__all__ = ["Clock", "ReadPage", "RecordPages", "check_outcome", "check_send_id", "in_utc", "now"]

Clock: TypeAlias = Callable[[], datetime]
ReadPage: TypeAlias = Callable[[SendRecord | None], Awaitable[Iterable[SendRecord]]]

_OUTCOMES = frozenset(get_args(Outcome))


class RecordPages:
    """Asynchronous iterator over records that are read page by page.

    Args:
        read: Reads the page after a record, or the first page.
    """

    def __init__(self, read: ReadPage) -> None:
        self._read = read
        self._page: deque[SendRecord] = deque()
        self._last: SendRecord | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SendRecord:
        if not self._page:
            self._page.extend(await self._read(self._last))
            if not self._page:
                raise StopAsyncIteration
        self._last = self._page.popleft()
        return self._last


def check_send_id(send_id: str) -> None:
    """Raises ValueError for a send id that no message can have."""
    if TAG_WORD.fullmatch(send_id) is None:
        raise ValueError(f"a send id must be 1 to 256 of A-Z a-z 0-9 _ -, not {send_id!r}")


def check_outcome(outcome: str) -> None:
    """Raises ValueError for anything but an outcome."""
    if outcome not in _OUTCOMES:
        raise ValueError(
            f"an outcome must be accepted, rejected, not_sent or unknown, not {outcome!r}"
        )


def in_utc(time: datetime) -> datetime:
    """Converts an aware datetime to UTC; raises ValueError for a naive one."""
    if time.tzinfo is None:
        raise ValueError(f"the time {time} has no time zone; pass one such as datetime.now(UTC)")
    return time.astimezone(UTC)


def now() -> datetime:
    """Returns the system's time in UTC."""
    return datetime.now(UTC)
