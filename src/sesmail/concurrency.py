"""Check that an object is used on one event loop only, and worker threads."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread
from anyio.lowlevel import RunVar

from .arguments import described
from .errors import ConfigurationError

__all__ = ["EventLoopGuard", "await_result", "current_time", "run_in_thread", "run_lookup"]


def _current_loop() -> Any:
    """Returns the event loop that is running.

    anyio asks sniffio first, which takes most of the time. Without trio there is nothing to ask.
    """
    if "trio" in sys.modules or "asyncio" not in sys.modules:
        return anyio.lowlevel.current_token().native_token
    return sys.modules["asyncio"].get_running_loop()


def current_time() -> float:
    """Returns ``anyio.current_time()`` in less time."""
    if "trio" in sys.modules:
        return anyio.current_time()
    time: float = _current_loop().time()
    return time


class EventLoopGuard:
    """Event loop that uses an object first, to which its locks and connections are bound.

    Args:
        owner: Name of the public class of the object.
        blocking: Name of what serves code without an event loop instead.
    """

    __slots__ = ("_blocking", "_loop", "_owner")

    def __init__(self, owner: str, blocking: str = "sesmail.BlockingClient") -> None:
        self._owner = owner
        self._blocking = blocking
        self._loop: object = None

    def check(self) -> None:
        """Check that the running event loop is the first one.

        Raises:
            ConfigurationError: It is another one.
        """
        loop = _current_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise ConfigurationError(
                f"this {self._owner} is bound to the event loop that used it first; create one per "
                f"event loop, or use {self._blocking} in code without an event loop"
            )


T = TypeVar("T")

_MAX_THREADS = 8
_MAX_LOOKUPS = 8

# Not anyio's default limiter: web frameworks run synchronous handlers under it, and all of them may
# wait for one of these threads.
_limiter: RunVar[anyio.CapacityLimiter] = RunVar("sesmail_threads")
# Of lookups only, as a DNS server that doesn't respond blocks each of them for many seconds.
_lookup_limiter: RunVar[anyio.CapacityLimiter] = RunVar("sesmail_lookups")


async def run_in_thread(work: Callable[[], T], *, abandon: bool = False) -> T:
    """Run a function in a worker thread and return its result.

    Args:
        work: The function.
        abandon: Whether a cancellation returns at once, while the function continues; otherwise the
            cancellation waits for it.
    """
    return await _run(work, _limiter, _MAX_THREADS, abandon)


async def run_lookup(work: Callable[[], T]) -> T:
    """Run a function that resolves a host name; a cancellation returns at once."""
    return await _run(work, _lookup_limiter, _MAX_LOOKUPS, abandon=True)


async def _run(
    work: Callable[[], T], variable: RunVar[anyio.CapacityLimiter], threads: int, abandon: bool
) -> T:
    limiter = variable.get(None)
    if limiter is None:
        limiter = anyio.CapacityLimiter(threads)
        variable.set(limiter)
    return await anyio.to_thread.run_sync(work, limiter=limiter, abandon_on_cancel=abandon)


async def await_result(name: str, result: Any) -> Any:
    """Await what a coroutine function of the application returned.

    Raises:
        ConfigurationError: It can't be awaited.
    """
    if not inspect.isawaitable(result):
        raise ConfigurationError(
            f"{name} must be a coroutine function; it returned {described(result)}, which can't be "
            "awaited"
        )
    return await result
