"""Whether a call may have left: what is known of it whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

__all__ = ["Departure", "before_send", "leaving"]


class Departure:
    """How many requests of a call may have left: counted just before the connection is made.

    Args:
        most: How many may leave; a call that may not be repeated has one.
    """

    __slots__ = ("_left", "_most")

    def __init__(self, most: int = 1) -> None:
        self._left = 0
        self._most = most

    @property
    def may_have_left(self) -> bool:
        """Whether Amazon may have seen the call."""
        return self._left > 0

    def count(self) -> None:
        """One more; aiobotocore, which looks for the region of a bucket by itself, may go on for ever."""
        if self._left == self._most:
            raise RuntimeError(f"more than {self._most} requests for one call")
        self._left += 1


leaving: ContextVar[Callable[[], None]] = ContextVar("sesmail_leaving")
"""What is to be done just before the call leaves that aiobotocore makes."""


def before_send(**_: object) -> None:
    """Handle aiobotocore's ``before-send``."""
    leaving.get()()
