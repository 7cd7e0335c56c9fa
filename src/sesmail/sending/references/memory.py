"""Limit on the bytes that messages with references have in memory."""

from __future__ import annotations

from collections import deque

import anyio

__all__ = ["MemoryLimit"]


class MemoryLimit:
    """Bytes that holders share; whoever waits gets them in order, and holds nothing meanwhile.

    Args:
        size: Number of bytes.
    """

    def __init__(self, size: int) -> None:
        self._free = size
        self._waiting: deque[tuple[int, anyio.Event]] = deque()

    def try_acquire(self, size: int) -> bool:
        """Takes bytes if they are free and nobody waits; returns whether it did."""
        if self._waiting or size > self._free:
            return False
        self._free -= size
        return True

    async def acquire(self, size: int) -> None:
        """Takes bytes, and waits until they are free."""
        if self.try_acquire(size):
            return
        turn = (size, anyio.Event())
        self._waiting.append(turn)
        try:
            await turn[1].wait()
        except BaseException:
            if turn[1].is_set():
                self.release(size)
            else:
                self._waiting.remove(turn)
                self.release(0)
            raise

    def release(self, size: int) -> None:
        """Gives bytes back."""
        self._free += size
        while self._waiting and self._waiting[0][0] <= self._free:
            taken, event = self._waiting.popleft()
            self._free -= taken
            event.set()
