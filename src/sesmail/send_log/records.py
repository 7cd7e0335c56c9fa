"""What the send logs have in common."""

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
    """Records, read page by page as they are asked for; may be left at any time.

    Args:
        read: Reads the page after a record, or the first.
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
    """Refuse what no message takes for a send id."""
    if TAG_WORD.fullmatch(send_id) is None:
        raise ValueError("a send id is 1 to 256 of A-Z a-z 0-9 _ -")


def check_outcome(outcome: str) -> None:
    """Refuse any other word."""
    if outcome not in _OUTCOMES:
        raise ValueError(f"an outcome is accepted, rejected, not_sent or unknown, not {outcome!r}")


def in_utc(time: datetime) -> datetime:
    """A time in UTC; refused if it doesn't know its zone."""
    if time.tzinfo is None:
        raise ValueError("give a time that knows its zone, such as datetime.now(UTC)")
    return time.astimezone(UTC)


def now() -> datetime:
    """The system's time."""
    return datetime.now(UTC)
