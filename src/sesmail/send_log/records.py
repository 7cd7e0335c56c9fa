"""Base classes of the send logs: methods, paging, checks, times."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Self, TypeAlias, get_args

from ..arguments import check_choice, check_instance, check_time
from ..errors import ConfigurationError, DuplicateSendError, Outcome
from ..tagging import TAG_WORD
from .protocol import SendRecord

__all__ = [
    "Clock",
    "ForgettingLog",
    "ReadPage",
    "RecordLog",
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


class RecordLog(ABC):
    """Base of the send logs: the documentation of their methods, and the checks of arguments.

    A subclass raises the errors of its storage, too.
    """

    async def begin(self, send_id: str) -> datetime:
        """Records that a send is about to leave, as ``SendLog.begin`` does.

        Raises:
            DuplicateSendError: The send is accepted, in flight or unknown.
            ConfigurationError: ``send_id`` has other characters, or another length.
        """
        check_send_id(send_id)
        return await self._begin(send_id)

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
        if outcome == "unknown" or not is_send_id(send_id):
            return False
        return await self._settle(send_id, outcome, message_id)

    async def get(self, send_id: str) -> SendRecord | None:
        """Returns the record of a send; None if it never began, or was deleted."""
        check_instance("send_id", send_id, str, "text")
        return await self._get(send_id) if is_send_id(send_id) else None

    def unknown(self, *, before: datetime | None = None) -> AsyncIterator[SendRecord]:
        """Returns the records with an unknown outcome, sends in flight included, oldest first.

        Those in DynamoDB are in no order. Records are read page by page, so there may be any number
        of them. Settling records during the iteration is allowed.

        Args:
            before: Only sends that began before this time, an aware datetime; all by default.

        Raises:
            ConfigurationError: ``before`` isn't a datetime with a time zone.
        """
        return RecordPages(self._reader(None if before is None else in_utc(before, "before")))

    @abstractmethod
    async def _begin(self, send_id: str) -> datetime: ...

    @abstractmethod
    async def _settle(self, send_id: str, outcome: Outcome, message_id: str | None) -> bool: ...

    @abstractmethod
    async def _get(self, send_id: str) -> SendRecord | None: ...

    @abstractmethod
    def _reader(self, before: datetime | None) -> ReadPage:
        """Returns the function that reads pages of unknown records."""


class ForgettingLog(RecordLog):
    """Base of the send logs that delete old records on request."""

    async def forget(self, before: datetime) -> int:
        """Deletes records of sends that began before a time; those of unknown outcome are kept.

        In a database's table, those that ended before it. The log grows without limit otherwise. A
        send id that was deleted may be sent again.

        Args:
            before: The time, an aware datetime.

        Returns:
            Number of records deleted.

        Raises:
            ConfigurationError: ``before`` isn't a datetime with a time zone.
        """
        return await self._forget(in_utc(before, "before"))

    @abstractmethod
    async def _forget(self, before: datetime) -> int: ...
