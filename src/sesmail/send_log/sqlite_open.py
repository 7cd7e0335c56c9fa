"""Opens the SQLite file of a send log, and creates its tables."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

from ..arguments import refuse
from ..errors import ConfigurationError

if TYPE_CHECKING:
    import sqlite3

__all__ = ["checked_path", "is_busy", "open_connection"]

# A thread can't be cancelled while it waits for the lock, so it waits often, and not for long.
_LOCK_WAIT = 0.05  # seconds
_SQLITE_BUSY = 5  # https://sqlite.org/rescode.html#busy

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


def checked_path(path: object) -> str:
    """Raises ConfigurationError for anything but the path of a file."""
    if not isinstance(path, (str, os.PathLike)):
        refuse("path", "text or a Path", path)
    name = os.fspath(cast("str | os.PathLike[str]", path))
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        refuse("path", "text or a Path", name)
    if not name or "\0" in name or name == ":memory:":
        raise ConfigurationError(
            "path must be the path of a file on a local disk; MemorySendLog() needs no file"
        )
    return name


def is_busy(error: BaseException) -> bool:
    """Returns True if another process locks the file."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF == _SQLITE_BUSY


def open_connection(path: str) -> sqlite3.Connection:
    """Opens a send log, or creates it.

    Raises:
        ConfigurationError: The file can't be opened or created, or is no send log.
        sqlite3.OperationalError: Another process locks it.
    """
    import sqlite3  # here, since most programs that import sesmail don't use it

    try:
        connection = sqlite3.connect(
            path, timeout=_LOCK_WAIT, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as err:
        raise ConfigurationError(f"the send log can't be opened at {path!r}: {err}") from err
    try:
        _prepare(connection, path)
    except sqlite3.Error as err:
        connection.close()
        if is_busy(err):
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
    connection.execute("SELECT 1 FROM sends").fetchone()  # the first query creates the WAL file


def _pragma(connection: sqlite3.Connection, text: str) -> Any:
    row = connection.execute(f"PRAGMA {text}").fetchone()
    return row and row[0]
