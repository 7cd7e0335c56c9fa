"""Deadlines of calls to a database that doesn't respond, although its connection is open."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import anyio
from sqlalchemy import Connection

from ..concurrency import run_in_thread
from ..private_names import PrivateName, check_private_names

__all__ = ["CallConnection", "check_driver", "run_thread_within", "run_within"]

T = TypeVar("T")

_GRACE = 0.5  # seconds after the deadline, or a cancellation, for what is about to end

_PYMYSQL = (
    PrivateName(
        "pymysql",
        "Connection.connect",
        "https://github.com/PyMySQL/PyMySQL/blob/v1.2.4/pymysql/connections.py#L705",
        assigned="_sock",
    ),
)


def check_driver(module: Any) -> None:
    """Check that the connections of a driver can be closed from outside.

    Those of aiomysql and asyncmy are closed by the cancellation of their call.

    Args:
        module: The module of the driver, or what SQLAlchemy has made of it.

    Raises:
        ConfigurationError: It is a PyMySQL whose connections have no ``_sock``.
    """
    if getattr(module, "__name__", None) == "pymysql":  # also as MySQLdb
        check_private_names(_PYMYSQL, lambda: {"Connection": module.connections.Connection})


class CallConnection:
    """Connection of one call, which is closed from outside if the database doesn't respond."""

    def __init__(self) -> None:
        self._driver: Any = None
        self._aborted = False

    def opened(self, connection: Connection) -> None:
        """Takes the connection of the call.

        Raises:
            TimeoutError: The call was given up before the connection was open.
        """
        self._driver = connection.connection.driver_connection
        if self._aborted:
            raise TimeoutError("the connection was opened too late")

    def abort(self) -> None:
        """Closes the connection's socket, so that its driver raises an error.

        SQLAlchemy closes the other connections of the pool then, which have failed, too:
        https://docs.sqlalchemy.org/en/20/core/pooling.html#disconnect-handling-pessimistic
        """
        self._aborted = True
        with suppress(Exception):  # it is closed already
            _shut_down(self._driver)


async def run_within(
    seconds: float,
    call: Callable[[], Awaitable[T]],
    abort: Callable[[], None],
    *,
    shield: bool = False,
) -> T:
    """Returns the result of a call; ends it by ``abort``, or leaves it, after some seconds.

    Args:
        seconds: The seconds.
        call: The call.
        abort: Makes the call raise an error, if possible.
        shield: Whether a cancellation waits a moment for the call.

    Raises:
        TimeoutError: The call was aborted or left.
    """
    results: list[T] = []
    errors: list[Exception] = []
    aborted = False
    ended = anyio.Event()
    calling = anyio.CancelScope(shield=shield)

    async def watch() -> None:
        nonlocal aborted
        try:
            with anyio.move_on_after(seconds):
                await ended.wait()
        finally:
            with anyio.CancelScope(shield=True):
                for end in (abort, calling.cancel):
                    with anyio.move_on_after(_GRACE):
                        await ended.wait()
                    if not ended.is_set():
                        aborted = True
                        end()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch)
        try:
            with calling:
                results.append(await call())
        except Exception as err:  # the task group would wrap it into an ExceptionGroup
            errors.append(err)
        finally:
            ended.set()
    error = errors[0] if errors else None
    if error is not None and not aborted:
        raise error
    if not results:
        raise TimeoutError(f"the database did not respond in {seconds:g} seconds") from error
    return results[0]


async def run_thread_within(seconds: float, work: Callable[[], T], abort: Callable[[], None]) -> T:
    """Does the same in a worker thread, which ends by itself once it was left."""
    return await run_within(seconds, lambda: run_in_thread(work, abandon=True), abort, shield=True)


def _shut_down(driver: Any) -> None:
    """Shuts down the socket of a driver's connection, from another thread or task.

    asyncpg has a method for it, psycopg's connections are files, and PyMySQL has nothing public.
    """
    if hasattr(driver, "terminate"):
        driver.terminate()
        return
    file = driver if hasattr(driver, "fileno") else driver._sock
    # A copy: the driver closes its own socket itself.
    with socket.fromfd(file.fileno(), socket.AF_INET, socket.SOCK_STREAM) as copy:
        copy.shutdown(socket.SHUT_RDWR)
