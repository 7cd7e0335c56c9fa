"""Counts the requests of a call that may have reached AWS, whatever the call raises."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

__all__ = ["Departure", "count_before_send", "count_request"]


class Departure:
    """Number of requests of a call that may have reached AWS, each counted before its first byte.

    Args:
        limit: How many requests are allowed; 1 for a call that may not be repeated.
    """

    __slots__ = ("_limit", "_requests")

    def __init__(self, limit: int = 1) -> None:
        self._requests = 0
        self._limit = limit

    @property
    def may_have_left(self) -> bool:
        """Whether AWS may have received a request of the call."""
        return self._requests > 0

    def count(self) -> None:
        """Count a request that is about to be sent.

        Raises:
            RuntimeError: The limit is reached.
        """
        # aiobotocore's search for the region of an S3 bucket has no limit of its own:
        # https://github.com/aio-libs/aiobotocore/blob/3.10.0/aiobotocore/utils.py#L492
        if self._requests == self._limit:
            raise RuntimeError(f"more than {self._limit} requests for one call")
        self._requests += 1


count_request: ContextVar[Callable[[], None]] = ContextVar("sesmail_count_request")
"""Counts a request of the call that aiobotocore makes in this context."""


def count_before_send(**_: object) -> None:
    """Handles aiobotocore's event ``before-send``, the last before the request is sent."""
    count_request.get()()
