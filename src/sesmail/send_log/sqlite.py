"""Send log in a SQLite file."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread
from anyio.abc import AsyncResource

from ..arguments import check_function
from ..concurrency import EventLoopGuard
from ..errors import Outcome
from .protocol import SendRecord
from .records import Clock, ForgettingLog, ReadPage, duplicate, in_utc, now
from .sqlite_file import BUSY_TIMEOUT, RETRY_DELAY, SqliteFile, Write
from .sqlite_open import checked_path, is_busy
from .sqlite_records import begin, forget, look_up, read_unknown, settle

if TYPE_CHECKING:
    import sqlite3

__all__ = ["SqliteSendLog"]

_LAST_WAIT = 0.2  # seconds that a cancelled write goes on

T = TypeVar("T")


class SqliteSendLog(ForgettingLog, AsyncResource):
    """Send log in a SQLite file: records survive a process that is killed, and a power failure.

    Several processes may share the file, which must be on a local disk; an instance belongs to one
    event loop. Writes that arrive together share one transaction, in a worker thread. Each mail
    takes two writes: some 200 mails per second one after the other on the SSD of a virtual
    machine, and some 3,000 with 50 in flight. Use it as ``async with SqliteSendLog(path) as log``,
    or call ``aclose`` at the end.

    While another process locks the file, a call waits up to 5 seconds. A ``begin`` that is
    cancelled has not begun. A ``finish`` or ``settle`` that was called is carried out, also if its
    task is cancelled: at once, or with the next call or ``aclose`` if the file is locked. Every
    method raises ConfigurationError once the log is closed, in another event loop, where the file
    is unusable, and after it was deleted or replaced. Errors of SQLite, such as a full disk, are
    raised as ``sqlite3.Error``.

    Args:
        path: Path of the file, a new one or an existing send log. SQLite keeps two more files
            beside it, with the suffixes ``-wal`` and ``-shm``.
        clock: Function that returns the time, as an aware datetime; the system's time by default.

    Raises:
        ConfigurationError: ``path`` isn't one of a file, or ``clock`` isn't a plain function.

    https://sqlite.org/wal.html
    """

    def __init__(self, path: str | os.PathLike[str], *, clock: Clock | None = None) -> None:
        self._file = SqliteFile(checked_path(path))
        if clock is not None:
            check_function("clock", clock)
        self._clock = now if clock is None else clock
        self._loop = EventLoopGuard("sesmail.SqliteSendLog")
        self._writing = anyio.Lock()
        # Its own limiter: anyio's default one may be used up by slow threads of the application.
        self._limiter = anyio.CapacityLimiter(1)

    async def __aenter__(self) -> Self:
        """Opens the file, which the first method called would do otherwise.

        Raises:
            ConfigurationError: The file can't be opened or created, or is no send log.
        """
        await self._read(lambda _: None)
        return self

    async def aclose(self) -> None:
        """Closes the file; closing a closed log does nothing."""
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._file.close)

    async def _begin(self, send_id: str) -> datetime:
        self._loop.check()
        await anyio.lowlevel.checkpoint_if_cancelled()
        began = in_utc(self._clock())
        write = Write(partial(begin, send_id=send_id, began=began))
        try:
            await self._write(write)
            await anyio.lowlevel.checkpoint_if_cancelled()
        except anyio.get_cancelled_exc_class():
            if write.taken:
                await self._write_anyway(Write(partial(_withdraw, write, send_id)))
            raise
        if (record := write.result_or_raise()) is not None:
            raise duplicate(record)
        return began

    async def _settle(self, send_id: str, outcome: Outcome, message_id: str | None) -> bool:
        self._loop.check()
        write = Write(partial(settle, send_id=send_id, outcome=outcome, message_id=message_id))
        await self._write_anyway(write)
        return write.result_or_raise()

    async def _get(self, send_id: str) -> SendRecord | None:
        return await self._read(partial(look_up, send_id=send_id))

    def _reader(self, before: datetime | None) -> ReadPage:
        async def read(last: SendRecord | None) -> Iterable[SendRecord]:
            nonlocal before
            page, before = await self._read(partial(read_unknown, last=last, before=before))
            return page

        return read

    async def _forget(self, before: datetime) -> int:
        self._loop.check()
        count = 0
        while True:
            write = Write(partial(forget, before=before))
            await self._write(write)
            if not (some := write.result_or_raise()):
                return count
            count += some

    async def _write(self, write: Write[Any]) -> None:
        """Writes in one transaction with everything else that is queued."""
        self._file.put(write)
        try:
            await self._until_done(write)
        except BaseException:
            self._file.withdraw(write)
            raise

    async def _write_anyway(self, write: Write[Any]) -> None:
        """Does the same, but a write that is cancelled stays queued if the file is locked."""
        self._file.put(write)
        try:
            await self._until_done(write)
        except BaseException:
            write.deadline = math.inf
            with anyio.move_on_after(_LAST_WAIT, shield=True):
                await self._until_done(write)
            raise

    async def _until_done(self, write: Write[Any]) -> None:
        """Lets threads try to write; a cancellation has to wait for one of them at most."""
        while not write.done:
            async with self._writing:
                if not write.done:
                    with anyio.CancelScope(shield=True):
                        await anyio.to_thread.run_sync(self._file.flush, limiter=self._limiter)

    async def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        self._loop.check()
        deadline = time.monotonic() + BUSY_TIMEOUT
        while True:
            async with self._writing:
                try:
                    return await anyio.to_thread.run_sync(
                        self._file.read, query, limiter=self._limiter
                    )
                except Exception as err:
                    if not is_busy(err) or time.monotonic() > deadline:
                        raise
            await anyio.sleep(RETRY_DELAY)


def _withdraw(
    write: Write[SendRecord | None], send_id: str, connection: sqlite3.Connection
) -> None:
    """Sets a send to ``not_sent`` if this write began it: its caller was cancelled."""
    if write.applied and write.error is None and write.result is None:
        settle(connection, send_id, "not_sent", None)
