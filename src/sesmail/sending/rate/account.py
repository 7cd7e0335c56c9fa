"""Reads the account's sending rate from SES, and keeps it up to date."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import anyio

from ...errors import ConfigurationError
from .limiter import RateLimiter

__all__ = ["AccountRate"]

_log = logging.getLogger("sesmail.sending")

# Amazon raises rates by itself. GetAccount and GetSendQuota allow one request per second:
# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html
_REFRESH_INTERVAL = 300.0  # seconds between two reads
_RETRY_INTERVAL = 60.0  # seconds from a failed read to the next


class AccountRate:
    """Account's sending rate, read for a limiter; where it can't be read, the limiter estimates it.

    Args:
        limiter: The limiter.
        read: Reads the rate field of the response, of whatever type it is.
    """

    def __init__(self, limiter: RateLimiter, read: Callable[[], Awaitable[object]]) -> None:
        self._limiter = limiter
        self._read = read
        self._due = -float("inf")
        self._reading = anyio.Lock()

    async def refresh(self) -> None:
        """Reads the rate if the last read is too old; concurrent calls share one request."""
        async with self._reading:
            if anyio.current_time() < self._due:
                return
            succeeded = await self._read_once()
            interval = _REFRESH_INTERVAL if succeeded else _RETRY_INTERVAL
            self._due = anyio.current_time() + interval

    async def keep_fresh(self) -> None:
        """Reads the rate periodically, until this is cancelled."""
        while True:
            await anyio.sleep(max(_RETRY_INTERVAL, self._due - anyio.current_time()))
            await self.refresh()

    async def _read_once(self) -> bool:
        try:
            rate = await self._read()
            if not isinstance(rate, (int, float)):
                raise ConfigurationError(f"the response has {rate!r} for the rate")
            self._limiter.learn(rate)
        except Exception as err:  # of any kind: a send must not depend on this call
            _log.info("The account's sending rate can't be read, so it is estimated: %s", err)
            return False
        return True
