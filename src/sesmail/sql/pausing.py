"""Pauses of a worker: after failures of the account, and while there is nothing to do."""

from __future__ import annotations

import math

import anyio

__all__ = ["Pause", "Signal"]

_LONGEST = 300.0  # seconds


class Pause:
    """Growing pauses while the account can't send: no quota, sending paused, no permission.

    After each pause one mail is tried. Otherwise every mail of the queue would be.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._until = -math.inf

    @property
    def probing(self) -> bool:
        """True until a mail is accepted after a failure."""
        return self._failures > 0

    def failed(self, now: float) -> float:
        """Begins a pause; returns its seconds, or 0 if another call's failure has begun it."""
        if now < self._until:
            return 0.0
        self._failures += 1
        seconds = min(_LONGEST, 2.0 ** min(self._failures, 20))
        self._until = now + seconds
        return seconds

    def succeeded(self) -> None:
        """Ends the pauses."""
        self._failures, self._until = 0, -math.inf

    def seconds(self, now: float) -> float:
        """Returns the seconds until the pause ends; 0 without one."""
        return max(0.0, self._until - now)


class Signal:
    """Event that one task waits for, and that is reset by that."""

    def __init__(self) -> None:
        self._event: anyio.Event | None = None
        self._is_set = False

    def set(self) -> None:
        """Ends the wait, or the next one."""
        self._is_set = True
        if self._event is not None:
            self._event.set()

    async def wait(self, seconds: float) -> bool:
        """Waits for the signal, at most some seconds; returns whether it came."""
        if not self._is_set:
            self._event = anyio.Event()
            with anyio.move_on_after(seconds):
                await self._event.wait()
            self._event = None
        came, self._is_set = self._is_set, False
        return came
