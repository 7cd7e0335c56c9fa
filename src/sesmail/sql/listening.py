"""Notifications of PostgreSQL that mails were queued, by the drivers that deliver them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import anyio
from sqlalchemy import Connection, Engine, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ..concurrency import run_in_thread

__all__ = ["can_listen", "listen"]

_log = logging.getLogger("sesmail.sql")

_DRIVERS = ("asyncpg", "psycopg")
_RETRY = 5.0  # seconds
_CHECK = 1.0


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
        await connection.execute(_listen_statement(engine, channel))
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        try:
            await _receive(driver, engine.dialect.driver, channel, notify)
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(_CHECK):
                await _invalidate(connection)


async def _receive(driver: Any, name: str, channel: str, notify: Callable[[], None]) -> None:
    if name == "psycopg":
        async for _ in driver.notifies():
            notify()
        return
    ended = anyio.Event()

    def received(*_: object) -> None:
        notify()

    def terminated(*_: object) -> None:
        ended.set()

    driver.add_termination_listener(terminated)
    await driver.add_listener(channel, received)
    await ended.wait()


async def _invalidate(connection: AsyncConnection) -> None:
    """Closes a connection that listens, instead of returning it to the pool."""
    await connection.invalidate()


async def _listen_in_thread(engine: Engine, channel: str, notify: Callable[[], None]) -> None:
    def connect() -> Connection:
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(_listen_statement(engine, channel))
        return connection

    def wait(connection: Connection) -> bool:
        driver: Any = connection.connection.driver_connection
        return any(True for _ in driver.notifies(timeout=_CHECK, stop_after=1))

    connection = await run_in_thread(connect)
    try:
        while True:
            if await run_in_thread(lambda: wait(connection)):
                notify()
    finally:
        with anyio.CancelScope(shield=True):
            await run_in_thread(connection.invalidate)
