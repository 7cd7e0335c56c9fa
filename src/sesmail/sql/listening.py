"""Notifications of PostgreSQL that mails were queued, by the drivers that deliver them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import anyio
from sqlalchemy import Connection, Engine, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ..concurrency import run_in_thread
from .deadlines import CallConnection, run_thread_within

__all__ = ["can_listen", "listen"]

_log = logging.getLogger("sesmail.sql")

_DRIVERS = ("asyncpg", "psycopg")
_RETRY = 5.0  # seconds
_WAIT = 1.0  # seconds of a thread that waits, which can't be cancelled
# A connection whose network failed says nothing, like one of an outbox without new mails.
_CHECK_INTERVAL = 30.0  # seconds
_TIMEOUT = 10.0  # seconds of a statement


def can_listen(engine: Engine | AsyncEngine) -> bool:
    """Returns whether an engine's driver delivers notifications."""
    return engine.dialect.name == "postgresql" and engine.dialect.driver in _DRIVERS


async def listen(engine: Engine | AsyncEngine, channel: str, notify: Callable[[], None]) -> None:
    """Calls a function at each notification of a channel, until this is cancelled.

    It uses a connection of the pool. Without one it tries again; workers poll meanwhile.

    https://www.postgresql.org/docs/current/sql-listen.html
    """
    while True:
        try:
            if isinstance(engine, Engine):
                await _listen_in_thread(engine, channel, notify)
            else:
                await _listen_in_loop(engine, channel, notify)
        except Exception as err:
            _log.info("The outbox polls, as it can't listen: %s", type(err).__name__)
        await anyio.sleep(_RETRY)


def _listen_statement(engine: Engine | AsyncEngine, channel: str) -> Any:
    quoted = engine.dialect.identifier_preparer.quote_identifier(channel)
    return text(f"LISTEN {quoted}")


async def _listen_in_loop(engine: AsyncEngine, channel: str, notify: Callable[[], None]) -> None:
    options: Any = {"isolation_level": "AUTOCOMMIT"}
    async with engine.connect() as connection:
        connection = await connection.execution_options(**options)
        try:
            await _execute(connection, _listen_statement(engine, channel))
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            if engine.dialect.driver == "psycopg":
                await _receive_from_psycopg(connection, driver, notify)
            else:
                await _receive_from_asyncpg(connection, driver, channel, notify)
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(_WAIT):
                await _invalidate(connection)


async def _receive_from_psycopg(
    connection: AsyncConnection, driver: Any, notify: Callable[[], None]
) -> None:
    while True:
        async for _ in driver.notifies(timeout=_CHECK_INTERVAL):
            notify()
        await _execute(connection, text("SELECT 1"))


async def _receive_from_asyncpg(
    connection: AsyncConnection, driver: Any, channel: str, notify: Callable[[], None]
) -> None:
    ended = anyio.Event()

    def received(*_: object) -> None:
        notify()

    def terminated(*_: object) -> None:
        ended.set()

    driver.add_termination_listener(terminated)
    await driver.add_listener(channel, received)
    while True:  # until the statement fails
        with anyio.move_on_after(_CHECK_INTERVAL):
            await ended.wait()
        await _execute(connection, text("SELECT 1"))


async def _execute(connection: AsyncConnection, statement: Any) -> None:
    with anyio.fail_after(_TIMEOUT):
        await connection.execute(statement)


async def _invalidate(connection: AsyncConnection) -> None:
    """Closes a connection that listens, instead of returning it to the pool."""
    await connection.invalidate()


async def _listen_in_thread(engine: Engine, channel: str, notify: Callable[[], None]) -> None:
    used = CallConnection()

    def connect() -> Connection:
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            used.opened(connection)
            connection.execute(_listen_statement(engine, channel))
        except BaseException:
            connection.invalidate()
            raise
        return connection

    def wait() -> bool:
        driver: Any = connection.connection.driver_connection
        return any(True for _ in driver.notifies(timeout=_WAIT, stop_after=1))

    def check() -> None:
        connection.execute(text("SELECT 1"))

    connection = await run_thread_within(_TIMEOUT, connect, used.abort)
    try:
        checked = anyio.current_time()
        while True:
            if await run_in_thread(wait):
                notify()
            if anyio.current_time() > checked + _CHECK_INTERVAL:
                await run_thread_within(_TIMEOUT, check, used.abort)
                checked = anyio.current_time()
    finally:
        with anyio.CancelScope(shield=True):
            await run_in_thread(connection.invalidate)
