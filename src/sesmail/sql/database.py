"""Connections of an engine, synchronous or not, for statements outside of the application's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.lowlevel
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ..arguments import refuse
from ..concurrency import run_in_thread
from ..errors import ConfigurationError
from .deadlines import CallConnection, check_driver, run_thread_within, run_within

__all__ = ["DIALECTS", "Database"]

T = TypeVar("T")

DIALECTS = ("postgresql", "sqlite", "mysql", "mariadb")

_TIMEOUT = 30.0  # seconds
_ATTEMPTS = 5
# Transactions that the database ended in favour of others: serialization failure and deadlock.
# https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
# https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
_SQLITE_BUSY = 5  # https://sqlite.org/rescode.html#busy
_CONFLICTS = frozenset({"40001", "40P01", "1213", "1205"})


class Database:
    """Runs functions of a connection: in a worker thread for an Engine, else in its event loop.

    On PostgreSQL each statement is a transaction of its own, which saves the round trips of BEGIN
    and COMMIT. Elsewhere a function is one transaction.

    Args:
        engine: The engine.

    Raises:
        ConfigurationError: It isn't an engine, one of another database, or one of a driver that
            isn't supported.
    """

    def __init__(self, engine: Engine | AsyncEngine) -> None:
        if not isinstance(engine, (Engine, AsyncEngine)):  # pyright: ignore[reportUnnecessaryIsInstance]
            refuse("engine", "an Engine or AsyncEngine of SQLAlchemy", engine)
        name = engine.dialect.name
        if name not in DIALECTS:
            raise ConfigurationError(
                f"engine must be one of PostgreSQL, SQLite, MySQL or MariaDB, not of {name}"
            )
        check_driver(engine.dialect.dbapi)
        self.dialect: str = name
        self.engine: Engine | AsyncEngine = engine
        self._autocommit = name == "postgresql"
        if self._autocommit:
            self._own: Engine | AsyncEngine = engine.execution_options(isolation_level="AUTOCOMMIT")
        elif name == "sqlite":
            self._own = engine
        else:  # pragma: no cover  # where MariaDB is installed
            # Locks no gaps between rows, which other workers would wait for:
            # https://dev.mysql.com/doc/refman/8.4/en/innodb-transaction-isolation-levels.html
            self._own = engine.execution_options(isolation_level="READ COMMITTED")

    def check_event_loop(self) -> None:
        """Raises ConfigurationError for an AsyncEngine on trio, where SQLAlchemy has none."""
        loop = anyio.lowlevel.current_token().native_token
        if isinstance(self.engine, AsyncEngine) and type(loop).__module__.startswith("trio"):
            raise ConfigurationError(
                "an AsyncEngine of SQLAlchemy works on asyncio only; on trio, pass an Engine, "
                "which is used in worker threads"
            )

    async def run(
        self,
        function: Callable[[Connection], T],
        seconds: float | None = None,
        *,
        repeatable: bool = False,
    ) -> T:
        """Runs a function, again if another transaction was in the way; returns its result.

        A function that was left at its deadline may still take effect later.

        Args:
            function: The function.
            seconds: Deadline of each run, 30 by default; SQLite has none, as it has no network.
            repeatable: Whether it is run again after a lost connection, too: it may have taken
                effect then. The server closes idle ones, and all when it is restarted.

        Raises:
            ConfigurationError: An AsyncEngine, which SQLAlchemy has for asyncio only, on trio.
            TimeoutError: The database did not respond in time.
            sqlalchemy.exc.SQLAlchemyError: The database failed.
        """
        attempt = 1
        while True:
            # SQLAlchemy doesn't close a connection whose opening was cancelled.
            await anyio.lowlevel.checkpoint_if_cancelled()
            try:
                return await self._run_once(function, _TIMEOUT if seconds is None else seconds)
            except DBAPIError as err:
                lost = repeatable and err.connection_invalidated
                if attempt == _ATTEMPTS or not (lost or _is_conflict(err)):
                    raise
            await anyio.sleep(0.01 * 2**attempt)
            attempt += 1

    async def _run_once(self, function: Callable[[Connection], T], seconds: float) -> T:
        used = CallConnection()

        def work(connection: Connection) -> T:
            used.opened(connection)
            return function(connection)

        if isinstance(self._own, Engine):
            engine = self._own

            def work_in_thread() -> T:
                with engine.connect() if self._autocommit else engine.begin() as connection:
                    return work(connection)

            if self.dialect == "sqlite":
                return await run_in_thread(work_in_thread)
            return await run_thread_within(seconds, work_in_thread, used.abort)
        self.check_event_loop()
        own = self._own

        async def work_in_loop() -> T:
            async with own.connect() if self._autocommit else own.begin() as connection:
                return await connection.run_sync(work)

        if self.dialect == "sqlite":
            return await work_in_loop()
        return await run_within(seconds, work_in_loop, used.abort)


def _is_conflict(error: DBAPIError) -> bool:
    original = error.orig
    code = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    arguments: tuple[object, ...] = getattr(original, "args", ())
    return (
        code in _CONFLICTS
        or (bool(arguments) and str(arguments[0]) in _CONFLICTS)
        or getattr(original, "sqlite_errorcode", 0) & 0xFF == _SQLITE_BUSY
    )
