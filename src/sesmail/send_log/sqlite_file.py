"""The SQLite file of a send log: blocking, and used by one thread at a time."""

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

_PATIENCE = 10.0  # seconds, for other processes to end their transactions
_PAUSE = 0.01  # seconds

_APPLICATION = 0x5345534C  # "SESL"
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
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_VERSION}",
)

T = TypeVar("T")


class Write(Generic[T]):
    """Something to write: made by one thread, done by another, together with others.

    Attributes:
        done: Whether it is committed, or failed.
        applied: Whether its statements ran, in a transaction that is committed once it is done.
        error: Why it failed; None if it didn't.
        result: What it gave, once it is done.
    """

    __slots__ = ("_statements", "applied", "done", "error", "result")

    result: T

    def __init__(self, statements: Callable[[sqlite3.Connection], T]) -> None:
        self._statements = statements
        self.done: bool = False
        self.applied: bool = False
        self.error: Exception | None = None

    def apply(self, connection: sqlite3.Connection) -> None:
        """Run its statements; what fails by itself leaves the others of the transaction alone."""
        try:
            self.result = self._statements(connection)
            self.applied = True
        except Exception as err:
            if not connection.in_transaction:
                raise
            self.error = err


class SqliteFile:
    """The file, opened at its first use.

    Args:
        path: Where it is.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._using = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        self._queue: deque[Write[Any]] = deque()

    def put(self, write: Write[Any]) -> None:
        """Leave something to write, for whichever thread comes next."""
        self._queue.append(write)

    def flush(self) -> None:
        """Write what is left to write, in one transaction."""
        with self._using:
            self._flush()

    def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Read, or do what makes a transaction of its own, after what is left to write."""
        with self._using:
            self._flush()
            return query(self._opened())

    def close(self) -> None:
        """Write what is left to write, and close the file; closing again does nothing."""
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
    import sqlite3  # here, for few who import sesmail need it

    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return _open_once(path)
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
        time.sleep(
            _PAUSE
        )  # SQLite itself doesn't wait for another process that just turns the journal over to WAL


def _open_once(path: str) -> sqlite3.Connection:
    import sqlite3

    try:
        connection = sqlite3.connect(
            path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as err:
        raise ConfigurationError(f"the send log can't be opened at {path!r}: {err}") from err
    try:
        _prepare(connection, path)
    except sqlite3.Error as err:
        connection.close()
        if err.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise
        raise ConfigurationError(f"there is no send log at {path!r}: {err}") from err
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: str) -> None:
    if _pragma(connection, "application_id") != _APPLICATION:
        connection.execute("BEGIN IMMEDIATE")  # from here on no other process can make it
        if _pragma(connection, "application_id") != _APPLICATION:
            if connection.execute("SELECT 1 FROM sqlite_master").fetchone() or _pragma(
                connection, "application_id"
            ):
                raise ConfigurationError(
                    f"{path!r} is another program's database; give the send log a file of its own"
                )
            for statement in _SCHEMA:
                connection.execute(statement)
        connection.execute("COMMIT")
    version = _pragma(connection, "user_version")
    if version != _VERSION:
        raise ConfigurationError(
            f"the send log at {path!r} is of version {version}, made by a newer sesmail"
        )
    if _pragma(connection, "journal_mode = WAL") != "wal":
        raise ConfigurationError(
            f"the send log at {path!r} can't be kept safe; it takes a file on a local disk"
        )
    _pragma(connection, "synchronous = FULL")
    _pragma(
        connection, "fullfsync = ON"
    )  # without it macOS says that it stored what a power loss takes away


def _pragma(connection: sqlite3.Connection, text: str) -> Any:
    row = connection.execute(f"PRAGMA {text}").fetchone()
    return row and row[0]
