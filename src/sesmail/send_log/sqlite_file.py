"""SQLite file of a send log: blocking, and used by one thread at a time."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..errors import ConfigurationError

if TYPE_CHECKING:
    import sqlite3

__all__ = ["SqliteFile", "Write"]

_BUSY_TIMEOUT = 10.0  # seconds, for the transactions of other processes
_OPEN_RETRY_DELAY = 0.01  # seconds

_APPLICATION_ID = 0x5345534C  # "SESL"
_VERSION = 1
_SCHEMA = (
    """
    CREATE TABLE sends (
        send_id TEXT NOT NULL PRIMARY KEY,
        began INTEGER NOT NULL,  -- microseconds since 1970
        outcome TEXT NOT NULL,
        message_id TEXT
    ) WITHOUT ROWID
    """,
    "CREATE INDEX sends_by_outcome ON sends (outcome, began)",
    f"PRAGMA application_id = {_APPLICATION_ID}",
    f"PRAGMA user_version = {_VERSION}",
)

T = TypeVar("T")


class Write(Generic[T]):
    """Write that is queued by the event loop and carried out by a thread, together with others.

    Attributes:
        done: Whether it is committed, or failed.
        applied: Whether its statements ran, in a transaction that is committed once it is done.
        error: Error of the statements or of the transaction; None without one.
        result: Return value of the statements, set once it is done without an error.
    """

    __slots__ = ("_statements", "applied", "done", "error", "result")

    result: T

    def __init__(self, statements: Callable[[sqlite3.Connection], T]) -> None:
        self._statements = statements
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


class SqliteFile:
    """SQLite file, opened at its first use.

    Args:
        path: Path of the file.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._using = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        self._queue: deque[Write[Any]] = deque()

    def put(self, write: Write[Any]) -> None:
        """Queues a write for the next thread that flushes."""
        self._queue.append(write)

    def flush(self) -> None:
        """Carries out the queued writes, in one transaction."""
        with self._using:
            self._flush()

    def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Runs a query, or a transaction of its own, after the queued writes."""
        with self._using:
            self._flush()
            return query(self._opened())

    def close(self) -> None:
        """Carries out the queued writes, and closes the file; closing again does nothing."""
        with self._using:
            self._flush()
            self._closed = True
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _flush(self) -> None:
        writes = [self._queue.popleft() for _ in range(len(self._queue))]
        if not writes:
            return
        try:
            _commit(self._opened(), writes)
        except Exception as err:
            for write in writes:
                write.error = err
        for write in writes:
            write.done = True

    def _opened(self) -> sqlite3.Connection:
        if self._closed:
            raise ConfigurationError("the send log is closed")
        if self._connection is None:
            self._connection = _open(self._path)
        return self._connection


def _commit(connection: sqlite3.Connection, writes: list[Write[Any]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for write in writes:
            write.apply(connection)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _open(path: str) -> sqlite3.Connection:
    import sqlite3  # here, since most programs that import sesmail don't use it

    deadline = time.monotonic() + _BUSY_TIMEOUT
    while True:
        try:
            return _open_once(path)
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
        # SQLite's busy timeout doesn't cover another process that switches the journal to WAL:
        # https://sqlite.org/wal.html#sometimes_queries_return_sqlite_busy_in_wal_mode
        time.sleep(_OPEN_RETRY_DELAY)


def _open_once(path: str) -> sqlite3.Connection:
    import sqlite3

    try:
        connection = sqlite3.connect(
            path, timeout=_BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as err:
        raise ConfigurationError(f"the send log can't be opened at {path!r}: {err}") from err
    try:
        _prepare(connection, path)
    except sqlite3.Error as err:
        connection.close()
        if err.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise
        raise ConfigurationError(f"{path!r} is not a send log: {err}") from err
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: str) -> None:
    if _pragma(connection, "application_id") != _APPLICATION_ID:
        connection.execute("BEGIN IMMEDIATE")  # now no other process can create the tables
        if _pragma(connection, "application_id") != _APPLICATION_ID:
            if connection.execute("SELECT 1 FROM sqlite_master").fetchone() or _pragma(
                connection, "application_id"
            ):
                raise ConfigurationError(
                    f"{path!r} is a database of another program; use a separate file"
                )
            for statement in _SCHEMA:
                connection.execute(statement)
        connection.execute("COMMIT")
    version = _pragma(connection, "user_version")
    if version != _VERSION:
        raise ConfigurationError(
            f"the send log at {path!r} has version {version}; it needs a newer sesmail"
        )
    if _pragma(connection, "journal_mode = WAL") != "wal":
        raise ConfigurationError(
            f"the send log at {path!r} must be a file on a local disk, for SQLite's WAL mode"
        )
    _pragma(connection, "synchronous = FULL")
    # Without it, macOS reports data as stored that a power failure can lose:
    # https://sqlite.org/pragma.html#pragma_fullfsync
    _pragma(connection, "fullfsync = ON")


def _pragma(connection: sqlite3.Connection, text: str) -> Any:
    row = connection.execute(f"PRAGMA {text}").fetchone()
    return row and row[0]
