"""Handling of SIGTERM while a worker runs."""

from __future__ import annotations

import signal
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import anyio.abc

__all__ = ["run_until_signal"]

T = TypeVar("T")


async def run_until_signal(run: Callable[[], Awaitable[T]], stop: Callable[[], None]) -> T:
    """Runs a coroutine function, and calls ``stop`` at SIGTERM.

    Signals are handled in the main thread only, and not by the event loops of Windows.
    """
    if threading.current_thread() is not threading.main_thread():
        return await run()
    results: list[T] = []
    errors: list[Exception] = []
    async with anyio.create_task_group() as tasks:
        await tasks.start(_receive, stop)
        try:
            results.append(await run())
        except Exception as err:  # the task group would wrap it into an ExceptionGroup
            errors.append(err)
        tasks.cancel_scope.cancel()
    for error in errors:
        raise error
    return results[0]


async def _receive(stop: Callable[[], None], *, task_status: anyio.abc.TaskStatus[None]) -> None:
    try:
        with anyio.open_signal_receiver(signal.SIGTERM) as signals:
            task_status.started()
            async for _ in signals:
                stop()
    except NotImplementedError:  # pragma: no cover  # of asyncio on Windows
        task_status.started()
