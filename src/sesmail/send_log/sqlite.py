"""A send log in a SQLite file."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable
from copy import copy
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread

from ..concurrency import EventLoopGuard
from ..errors import DuplicateSendError, Outcome
from .protocol import SendRecord
from .records import Clock, RecordPages, check_outcome, check_send_id, in_utc, now
from .sqlite_file import SqliteFile, Write
from .sqlite_records import begin, forget, look_up, read_unknown, settle

if TYPE_CHECKING:
    import sqlite3

__all__ = ["SqliteSendLog"]

T = TypeVar("T")


class SqliteSendLog:
    """A send log in a file: what it says is stored survives the process, at whatever moment that is killed, and power.

    Several processes may share the file, which has to be on a local disk; within one, a log serves one event loop.
    Writes that come together are stored together, by one transaction in a worker thread. Use it as
    ``async with SqliteSendLog(path) as log``, or call ``aclose`` at the end.

    Once a ``finish`` or ``settle`` is called it is carried out, also if its task is cancelled; a ``begin`` that is
    cancelled has not begun. What SQLite finds wrong later, such as a full disk, is raised as its ``sqlite3.Error``.

    Args:
        path: The file, a new one or a send log; beside it SQLite keeps two more, ``-wal`` and ``-shm``.
        clock: The time, aware of its zone, if not the system's.
    """

    def __init__(self, path: str | os.PathLike[str], *, clock: Clock | None = None) -> None:
        self._file = SqliteFile(os.fspath(path))
        self._clock = clock or now
        self._loop = EventLoopGuard()
        self._writing = anyio.Lock()
        self._limiter = anyio.CapacityLimiter(
            1
        )  # of its own: never behind the program's slow threads

    async def __aenter__(self) -> Self:
        """Open the file, which otherwise the first use does.

        Raises:
            ConfigurationError: There is no send log, and can't be one.
        """
        await self._read(lambda _: None)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the file; closing again does nothing, any use afterwards is a ConfigurationError."""
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._file.close)

    async def begin(self, send_id: str) -> None:
        """Note that a send is about to leave; when this returns, it is stored.

        Raises:
            DuplicateSendError: It is accepted, under way or unknown.
        """
        check_send_id(send_id)
        self._loop.check()
        await anyio.lowlevel.checkpoint_if_cancelled()
        write = Write(partial(begin, send_id=send_id, began=in_utc(self._clock())))
        try:
            await self._write(write)
            await anyio.lowlevel.checkpoint_if_cancelled()
        except anyio.get_cancelled_exc_class():
            await self._write(Write(partial(_take_back, write, send_id)))
            raise
        if (record := _told(write)) is not None:
            raise DuplicateSendError(
                send_id=send_id, recorded_outcome=record.outcome, message_id=record.message_id
            )

    async def finish(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> None:
        """Note what became of a send, as the one knows who made it."""
        await self.settle(send_id, outcome, message_id)

    async def settle(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> bool:
        """Note what became of a send, as an event or a human knows.

        Returns:
            Whether that was news: never about a send that didn't begin, or that is known to be accepted.
        """
        check_outcome(outcome)
        self._loop.check()
        if outcome == "unknown":
            return False
        write = Write(partial(settle, send_id=send_id, outcome=outcome, message_id=message_id))
        await self._write(write)
        return _told(write)

    async def get(self, send_id: str) -> SendRecord | None:
        """What is known of a send; None if it never began, or is forgotten."""
        return await self._read(partial(look_up, send_id=send_id))

    def unknown(self, *, before: datetime | None = None) -> AsyncIterator[SendRecord]:
        """The records whose fate is unknown, the oldest first; what is under way is among them.

        They are read page by page, so there may be any number of them.

        Args:
            before: Only those that began before then; all, if it isn't given.
        """
        bound = None if before is None else in_utc(before)

        async def read(last: SendRecord | None) -> Iterable[SendRecord]:
            nonlocal bound
            page, bound = await self._read(partial(read_unknown, last=last, before=bound))
            return page

        return RecordPages(read)

    async def forget(self, before: datetime) -> int:
        """Forget what began before a time and isn't unknown: logs grow for ever otherwise.

        Returns:
            How many. A send id that is forgotten may be sent again.
        """
        bound = in_utc(before)
        count = 0
        while some := await self._read(partial(forget, before=bound)):
            count += some
        return count

    async def _write(self, write: Write[Any]) -> None:
        """Have something written, together with what others want written just then."""
        self._file.put(write)
        with anyio.CancelScope(shield=True):
            async with self._writing:
                if not write.done:
                    await anyio.to_thread.run_sync(self._file.flush, limiter=self._limiter)

    async def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        self._loop.check()
        async with self._writing:
            return await anyio.to_thread.run_sync(self._file.read, query, limiter=self._limiter)


def _take_back(
    write: Write[SendRecord | None], send_id: str, connection: sqlite3.Connection
) -> None:
    """Take back what was begun for a caller who was cancelled, and so never sent it."""
    if write.applied and write.error is None and write.result is None:
        settle(connection, send_id, "not_sent", None)


def _told(write: Write[T]) -> T:
    if write.error is not None:
        raise copy(write.error) from write.error  # others may have the same
    return write.result
