"""SQLite file of a send log: blocking, and used by one thread at a time."""

from __future__ import annotations

import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from copy import copy
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..errors import ConfigurationError
from .sqlite_open import is_busy, open_connection

if TYPE_CHECKING:
    import sqlite3

__all__ = ["BUSY_TIMEOUT", "RETRY_DELAY", "SqliteFile", "Write"]

# For the transactions of other processes; below the time that a client gives its log.
BUSY_TIMEOUT = 5.0  # seconds
# SQLite's busy timeout doesn't cover another process that switches the journal to WAL:
# https://sqlite.org/wal.html#sometimes_queries_return_sqlite_busy_in_wal_mode
RETRY_DELAY = 0.01  # seconds

T = TypeVar("T")


class Write(Generic[T]):
    """Write that is queued by the event loop and carried out by a thread, together with others.

    Attributes:
        deadline: Time on the monotonic clock until which it waits for a locked file.
        taken: Whether a thread has taken it from the queue.
        done: Whether it is committed, or failed.
        applied: Whether its statements ran, in a transaction that is committed once it is done.
        error: Error of the statements or of the transaction; None without one.
        result: Return value of the statements, set once it is done without an error.
    """

    __slots__ = ("_statements", "applied", "deadline", "done", "error", "result", "taken")

    result: T

    def __init__(self, statements: Callable[[sqlite3.Connection], T]) -> None:
        self._statements = statements
        self.deadline: float = math.inf
        self.taken: bool = False
        self.done: bool = False
        self.applied: bool = False
        self.error: Exception | None = None

    def apply(self, connection: sqlite3.Connection) -> None:
        """Runs its statements; an error that doesn't end the transaction is kept here."""
        try:
            self.result = self._statements(connection)
            self.applied = True
        except Exception as err:
            if not connection.in_transaction:
                raise
            self.error = err

    def result_or_raise(self) -> T:
        """Returns the result, or raises a copy of the error, which several writes may share."""
        if self.error is not None:
            raise copy(self.error) from self.error
        return self.result


class SqliteFile:
    """SQLite file, opened at its first use.

    Args:
        path: Path of the file.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._using = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._paths: tuple[str, ...] = ()
        self._identity: list[tuple[int, int]] = []
        self._closed = False
        self._queueing = threading.Lock()
        self._queue: deque[Write[Any]] = deque()

    def put(self, write: Write[Any]) -> None:
        """Queues a write for the next thread that flushes."""
        write.deadline = time.monotonic() + BUSY_TIMEOUT
        with self._queueing:
            self._queue.append(write)

    def withdraw(self, write: Write[Any]) -> None:
        """Removes a write from the queue, unless a thread has taken it."""
        with self._queueing:
            if not write.taken:
                self._queue.remove(write)

    def flush(self) -> None:
        """Carries out the queued writes, in one transaction.

        While another process locks the file, they stay in the queue until their deadlines.
        """
        with self._using:
            self._flush()

    def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Runs a query after the queued writes."""
        with self._using:
            self._flush()
            return query(self._opened())

    def close(self) -> None:
        """Carries out the queued writes, and closes the file; closing again does nothing."""
        with self._using:
            for write in self._queue:
                write.deadline = min(write.deadline, time.monotonic() + BUSY_TIMEOUT)
            while self._queue:
                self._flush()
            self._closed = True
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _flush(self) -> None:
        if not self._queue:
            return
        writes: list[Write[Any]] = []
        try:
            _commit(self._opened(), self._take, writes)
        except Exception as err:
            if not writes:
                writes = self._take(time.monotonic() if is_busy(err) else math.inf)
            for write in writes:
                write.error = err
            if is_busy(err):
                time.sleep(RETRY_DELAY)
        for write in writes:
            write.done = True

    def _take(self, until: float = math.inf) -> list[Write[Any]]:
        """Takes writes from the queue: all, or those whose deadline has passed."""
        with self._queueing:
            taken = [write for write in self._queue if until == math.inf or write.deadline <= until]
            for write in taken:
                self._queue.remove(write)
                write.taken = True
        return taken

    def _opened(self) -> sqlite3.Connection:
        if self._closed:
            raise ConfigurationError("the send log is closed; create another one")
        if self._connection is None:
            self._connection = open_connection(self._path)
            # Absolute, for a program that changes its working directory. SQLite keeps the journal
            # beside the file itself: https://sqlite.org/wal.html#the_wal_file
            self._paths = (os.path.abspath(self._path), f"{os.path.realpath(self._path)}-wal")
            self._identity = _identity(self._paths)
        elif _identity(self._paths) != self._identity:
            # Its records would be lost with the last process that has it open:
            # https://sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use
            raise ConfigurationError(
                f"the send log at {self._path!r} was deleted or replaced while it was open; "
                "restore the file, and create another SqliteSendLog"
            )
        return self._connection


def _identity(paths: Iterable[str]) -> list[tuple[int, int]]:
    """Returns device and inode of files; nothing for those that don't exist."""
    found: list[tuple[int, int]] = []
    for path in paths:
        with suppress(OSError):
            status = os.stat(path)
            found.append((status.st_dev, status.st_ino))
    return found


def _commit(
    connection: sqlite3.Connection,
    take: Callable[[], list[Write[Any]]],
    taken: list[Write[Any]],
) -> None:
    """Takes writes once the file is locked, and carries them out."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        taken += take()
        for write in taken:
            write.apply(connection)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
