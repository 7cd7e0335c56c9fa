"""Counts calls, to refuse those above a rate."""

from __future__ import annotations

from time import monotonic

from .api_errors import THROTTLED, ApiError

__all__ = ["CallRates"]


class CallRates:
    """Counts the calls of each operation in the last second."""

    def __init__(self) -> None:
        self._calls: dict[str, list[float]] = {}

    def clear(self) -> None:
        """Forgets all calls."""
        self._calls.clear()

    def check(self, operation: str, rate: int) -> None:
        """Refuses a call above the rate of its operation, and counts it otherwise.

        Args:
            operation: Name of the operation.
            rate: Maximum number of calls in a second.

        Raises:
            ApiError: It is too fast.
        """
        time = monotonic()
        recent = [each for each in self._calls.get(operation, ()) if each > time - 1]
        self._calls[operation] = recent
        if len(recent) >= rate:
            raise ApiError(THROTTLED, "Rate exceeded")
        recent.append(time)
