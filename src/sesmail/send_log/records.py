"""Helpers that the send logs share: paging, checks, times."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Self, TypeAlias, get_args

from ..arguments import check_choice, check_instance, check_time
from ..errors import ConfigurationError, DuplicateSendError, Outcome
from ..tagging import TAG_WORD
from .protocol import SendRecord

__all__ = [
    "Clock",
    "ReadPage",
    "RecordPages",
    "check_outcome",
    "check_send_id",
    "duplicate",
    "in_utc",
    "is_send_id",
    "now",
]

Clock: TypeAlias = Callable[[], datetime]
ReadPage: TypeAlias = Callable[[SendRecord | None], Awaitable[Iterable[SendRecord]]]


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


def is_send_id(text: str) -> bool:
    """Returns True for a send id that a message can have."""
    return TAG_WORD.fullmatch(text) is not None


def check_send_id(send_id: object) -> None:
    """Raises ConfigurationError for a send id that no message can have."""
    check_instance("send_id", send_id, str, "text")
    if not is_send_id(str(send_id)):
        raise ConfigurationError(
            f"send_id: a send id must be 1 to 256 of A-Z a-z 0-9 _ -, not {send_id!r}"
        )


def duplicate(record: SendRecord) -> DuplicateSendError:
    """Returns the error of a send that may not begin, because of this record."""
    return DuplicateSendError(
        send_id=record.send_id,
        recorded_outcome=record.outcome,
        message_id=record.message_id,
        began=record.began,
    )


def check_outcome(outcome: object, message_id: object = None) -> None:
    """Raises ConfigurationError for anything but an outcome and a message id or None."""
    check_choice("outcome", outcome, get_args(Outcome))
    if message_id is not None:
        check_instance("message_id", message_id, str, "text or None")


def in_utc(time: datetime, name: str = "the time") -> datetime:
    """Converts an aware datetime to UTC; raises ConfigurationError for anything else."""
    check_time(name, time)
    return time.astimezone(UTC)


def now() -> datetime:
    """Returns the system's time in UTC."""
    return datetime.now(UTC)
