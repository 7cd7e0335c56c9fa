"""One event loop in a background thread of the process, for code without an event loop."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

import anyio
import anyio.lowlevel
from anyio.from_thread import BlockingPortal

from .errors import ConfigurationError

__all__ = ["close_at_exit", "close_later", "run_in_background", "running_portal"]

T = TypeVar("T")

_EXIT_TIMEOUT = 5.0  # seconds for closing connections at exit


class Closable(Protocol):
    """An object with connections that belong to the background loop."""

    async def aclose(self) -> None: ...


_lock = threading.Lock()
_portal: BlockingPortal | None = None  # of this process
_open: set[Closable] = set()  # to be closed at exit
_dropped: list[Closable] = []  # to be closed at the next call, or at exit
_inherited: list[object] = []  # of the parent of a forked process, whose connections they have


def running_portal() -> BlockingPortal:
    """Returns the portal to the background loop, which starts at the first call of a process.

    A forked process has no thread but the forking one, so its first call starts a loop of its own.

    Raises:
        ConfigurationError: The calling thread runs an event loop, which the call would block.
    """
    global _portal
    if _in_event_loop():
        raise ConfigurationError(
            "BlockingClient would block the event loop of this thread: use Client in async code"
        )
    with _lock:
        if _portal is None:
            started: Future[BlockingPortal] = Future()
            # A daemon: other threads are joined before functions registered with atexit run.
            thread = threading.Thread(
                target=anyio.run, args=(_serve, started), name="sesmail", daemon=True
            )
            thread.start()
            _portal = started.result()
            atexit.register(_stop, _portal, thread, os.getpid())
        return _portal


def run_in_background(portal: BlockingPortal, function: Callable[[], Awaitable[T]]) -> T:
    """Runs a coroutine function on the background loop and returns its result.

    An exception in the waiting thread, such as KeyboardInterrupt, cancels the coroutine.
    """
    while _dropped:
        portal.start_task_soon(_close, _dropped.pop())
    future = portal.start_task_soon(function)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


def close_at_exit(closable: Closable) -> None:
    """Registers an object to be closed when the process exits."""
    _open.add(closable)


def close_later(closable: Closable) -> None:
    """Registers an object to be closed at the next call; for finalizers, which run anywhere."""
    _dropped.append(closable)


async def _serve(started: Future[BlockingPortal]) -> None:
    async with BlockingPortal() as portal:
        started.set_result(portal)
        await portal.sleep_until_stopped()
    with anyio.move_on_after(_EXIT_TIMEOUT):
        for closable in list(_open):  # pragma: no branch  # runs at exit
            await closable.aclose()


async def _close(closable: Closable) -> None:
    _open.discard(closable)
    await closable.aclose()


def _stop(portal: BlockingPortal, thread: threading.Thread, pid: int) -> None:
    # A forked process has inherited the registration, and not the thread.
    if pid == os.getpid():  # pragma: no branch
        portal.call(portal.stop, True)
        thread.join(_EXIT_TIMEOUT)


def _in_event_loop() -> bool:
    try:
        anyio.lowlevel.current_token()
    except RuntimeError:  # anyio.NoEventLoopError, or sniffio's error before anyio 4.12
        return False
    return True


def _forget() -> None:  # pragma: no cover  # runs in forked processes, which tests start
    global _portal, _lock
    _portal, _lock = None, threading.Lock()
    _inherited.append([*_open])
    _open.clear()


if hasattr(os, "register_at_fork"):  # pragma: no branch
    os.register_at_fork(after_in_child=_forget)
