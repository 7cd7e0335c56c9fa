"""Threads of sesmail's own, for work that would hold the event loop up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

__all__ = ["in_thread"]

T = TypeVar("T")

_THREADS = 8  # at once

# Not those that anyio lends everybody: web frameworks run plain functions in them, and all may be waiting for us.
_limiter: RunVar[anyio.CapacityLimiter] = RunVar("sesmail_threads")


async def in_thread(work: Callable[[], T], *, abandon: bool = False) -> T:
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
