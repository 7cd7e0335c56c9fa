"""The check that an object is used on one event loop, and worker threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread
from anyio.lowlevel import RunVar

from .errors import ConfigurationError

__all__ = ["EventLoopGuard", "run_in_thread"]


class EventLoopGuard:
    """The event loop that used something first, to which its locks and connections belong."""

    __slots__ = ("_token",)

    def __init__(self) -> None:
        self._token: anyio.lowlevel.EventLoopToken | None = None

    def check(self) -> None:
        """Refuse to be used on another one.

        Raises:
            ConfigurationError: It is.
        """
        token = anyio.lowlevel.current_token()
        if self._token is None:
            self._token = token
        elif self._token != token:
            raise ConfigurationError(
                "it belongs to the event loop that used it first: make another for this one"
            )


T = TypeVar("T")

_THREADS = 8  # at once

# Not those that anyio lends everybody: web frameworks run plain functions in them, and all may be waiting for us.
_limiter: RunVar[anyio.CapacityLimiter] = RunVar("sesmail_threads")


async def run_in_thread(work: Callable[[], T], *, abandon: bool = False) -> T:
    """Do something in a thread.

    Args:
        work: What to do.
        abandon: Whether a cancellation leaves it to itself; otherwise it is waited for.
    """
    limiter = _limiter.get(None)
    if limiter is None:
        limiter = anyio.CapacityLimiter(_THREADS)
        _limiter.set(limiter)
    return await anyio.to_thread.run_sync(work, limiter=limiter, abandon_on_cancel=abandon)
