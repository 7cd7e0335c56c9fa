"""One event loop in a background thread of the process, for code without an event loop."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Protocol, TypeVar

import anyio
import anyio.lowlevel
from anyio.from_thread import BlockingPortal

from .errors import ConfigurationError, NotSentError, UnknownOutcomeError

__all__ = [
    "BlockingPortal",
    "close_at_exit",
    "close_later",
    "is_running",
    "run_in_background",
    "running_portal",
]

T = TypeVar("T")

_EXIT_TIMEOUT = 5.0  # seconds for closing connections at exit


class Closable(Protocol):
    """An object with connections that belong to the background loop."""

    async def aclose(self) -> None: ...


_lock = threading.Lock()
_portal: BlockingPortal | None = None  # of this process, while its loop runs
_open: set[Closable] = set()  # to be closed at exit
_dropped: list[Closable] = []  # to be closed at the next call, or at exit
_inherited: list[object] = []  # of the parent of a forked process, whose connections they have
_exiting = False


def running_portal() -> BlockingPortal:
    """Returns the portal to the background loop, which starts at the first call of a process.

    A forked process has no thread but the forking one, so its first call starts a loop of its own.
    So does the first call after a SystemExit in the background thread.

    Raises:
        ConfigurationError: The calling thread runs an event loop, which the call would block; or
            the process is exiting.
    """
    global _portal
    if _in_event_loop():
        raise ConfigurationError(
            "BlockingClient would block the event loop of this thread: use Client in async code"
        )
    with _lock:
        if _exiting:
            raise ConfigurationError("the process is exiting, and its blocking clients are closed")
        if _portal is None:
            started: Future[BlockingPortal] = Future()
            # A daemon: other threads are joined before functions registered with atexit run.
            thread = threading.Thread(
                target=_run_loop, args=(started,), name="sesmail", daemon=True
            )
            thread.start()
            _portal = started.result()
            atexit.register(_stop, _portal, thread)
        return _portal


def is_running(portal: BlockingPortal) -> bool:
    """Returns True for the portal of this process, while its loop runs."""
    return portal is _portal


def run_in_background(portal: BlockingPortal, function: Callable[[], Awaitable[T]]) -> T:
    """Runs a coroutine function on the background loop and returns its result.

    An exception in the waiting thread, such as KeyboardInterrupt, cancels the coroutine.

    Raises:
        NotSentError: The loop has ended before.
        UnknownOutcomeError: The loop ended meanwhile.
    """
    try:
        while _dropped:
            portal.start_task_soon(_close, _dropped.pop())
        future = portal.start_task_soon(function)
    except RuntimeError as err:  # of the portal
        raise NotSentError("the background event loop has ended: send it again") from err
    try:
        return future.result()
    except CancelledError as err:
        raise UnknownOutcomeError("the background event loop ended during the call") from err
    except BaseException:
        future.cancel()
        raise


def close_at_exit(closable: Closable) -> None:
    """Registers an object to be closed when the process exits."""
    _open.add(closable)


def close_later(closable: Closable) -> None:
    """Registers an object to be closed at the next call; for finalizers, which run anywhere."""
    _dropped.append(closable)


def _run_loop(started: Future[BlockingPortal]) -> None:
    global _portal
    with suppress(SystemExit):
        anyio.run(_serve, started)
    with _lock:
        if _portal is started.result():  # pragma: no branch
            _portal = None
            _open.clear()


async def _serve(started: Future[BlockingPortal]) -> None:
    async with BlockingPortal() as portal:
        started.set_result(portal)
        await portal.sleep_until_stopped()


async def _close(closable: Closable) -> None:
    _open.discard(closable)
    await closable.aclose()


async def _close_all() -> None:
    with anyio.move_on_after(_EXIT_TIMEOUT):
        for closable in list(_open):
            await closable.aclose()


def _stop(portal: BlockingPortal, thread: threading.Thread) -> None:
    """Ends the calls of other threads, and the loop, when the process exits."""
    global _exiting
    with _lock:
        if portal is not _portal:  # of the parent of a forked process, or ended before
            return  # pragma: no cover
        _exiting = True
    portal.call(_close_all)
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
