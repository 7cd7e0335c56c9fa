"""Runs functions that build calls, in a thread where the content is large."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..concurrency import run_in_thread
from ..errors import InvalidMessageError, NotSentError, SesmailError

__all__ = ["LARGE", "build", "build_part", "not_built"]

LARGE = 256 * 1024
"""Bytes; building more blocks the event loop for a millisecond and longer."""

T = TypeVar("T")


async def build(function: Callable[[], T], size: int) -> T:
    """Returns what a function builds from a message.

    Args:
        function: The function.
        size: Approximate number of bytes that it encodes.

    Raises:
        SesmailError: The function raised it, or another exception: see ``not_built``.
    """
    try:
        return await build_part(function, size)
    except SesmailError:
        raise
    except Exception as err:
        raise not_built(err) from err.with_traceback(None)


async def build_part(function: Callable[[], T], size: int) -> T:
    """Returns what a function builds, whose exceptions are left to the caller; see ``build``."""
    return function() if size < LARGE else await run_in_thread(function)


def not_built(error: Exception) -> SesmailError:
    """Returns the error for a message from which no call can be built; it shows no values."""
    if isinstance(error, MemoryError):
        return NotSentError("not enough memory to build the request")
    return InvalidMessageError(
        f"no request can be built from it ({type(error).__name__}); make it by its constructor "
        "or by replace, which validate it",
        field="message",
    )
