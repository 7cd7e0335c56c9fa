"""Reads the account's sending rate: seldom, for SES allows one request a second."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import anyio

from ...errors import ConfigurationError, SesmailError
from .limiter import RateLimiter

__all__ = ["AccountRate"]

_log = logging.getLogger("sesmail.sending")

_FRESH = 300.0  # seconds that a rate is believed; Amazon raises rates by itself
_AGAIN = 60.0  # seconds after which a reading that failed is made again


class AccountRate:
    """Tells a limiter the account's rate; where it can't be read, the limiter learns it.

    Args:
        limiter: The limiter.
        read: Reads the rate, whatever the answer has in its place.
    """

    def __init__(self, limiter: RateLimiter, read: Callable[[], Awaitable[object]]) -> None:
        self._limiter = limiter
        self._read = read
        self._due = -float("inf")
        self._reading = anyio.Lock()

    async def refresh(self) -> None:
        """Read the rate, if it wasn't read lately; somebody who reads it already is waited for."""
        async with self._reading:
            if anyio.current_time() < self._due:
                return
            learnt = await self._learn()
            self._due = anyio.current_time() + (_FRESH if learnt else _AGAIN)

    async def keep_fresh(self) -> None:
        """Read it again and again, until this is cancelled."""
        while True:
            await anyio.sleep(max(_AGAIN, self._due - anyio.current_time()))
            await self.refresh()

    async def _learn(self) -> bool:
        try:
            rate = await self._read()
            if not isinstance(rate, (int, float)):
                raise ConfigurationError(f"it is {rate!r}")
            self._limiter.learn(rate)
        except SesmailError as err:
            _log.info("the account's sending rate can't be read, so it is learnt: %s", err)
            return False
        return True
