"""Caching of the signing certificates of SNS on an event loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias, TypeVar
from weakref import WeakValueDictionary

import anyio

from ...concurrency import await_result, run_in_thread
from ...errors import TemporaryError
from .certificates import (
    TIMED_OUT,
    TIMEOUT,
    Clock,
    VerifiedCertificates,
    fetch_certificate,
    require_certificate,
    temporary_errors,
    utc_now,
)

__all__ = ["AsyncCertificateCache", "FetchCertificate"]

T = TypeVar("T")
FetchCertificate: TypeAlias = Callable[[str], Awaitable[bytes]]

_MAX_FETCHES = 4  # at the same time


class AsyncCertificateCache:
    """Fetches certificates, and caches for a day those that have verified a message.

    Each URL has a lock of its own, so that a slow download delays no other certificate.

    Args:
        fetch: Fetches a certificate from its URL; by default `fetch_certificate` in a thread.
        clock: Returns the time, with a time zone.
    """

    def __init__(self, fetch: FetchCertificate | None = None, clock: Clock | None = None) -> None:
        self._fetch = _fetch_in_thread if fetch is None else fetch
        self._cached = VerifiedCertificates(utc_now if clock is None else clock)
        self._locks = WeakValueDictionary[str, anyio.Lock]()
        self._slots = anyio.Semaphore(_MAX_FETCHES)

    async def use(self, url: str, verify: Callable[[bytes], T]) -> T:
        """Calls a function with the certificate at a URL, which must have been checked before.

        The certificate is cached once the function has returned.

        Raises:
            TemporaryError: It could not be fetched in 5 seconds, including the wait for others, or
                is not valid now or for another host.
        """
        certificate = self._cached.get(url)
        if certificate is not None:
            return verify(certificate)
        with anyio.move_on_after(TIMEOUT):
            async with self._locks.setdefault(url, anyio.Lock()):
                certificate = self._cached.get(url)
                if certificate is not None:
                    return verify(certificate)
                async with self._slots:
                    fetched = await self._fetch_checked(url)
                return self._cached.add_if_verified(url, fetched, verify)
        raise TemporaryError(TIMED_OUT)

    async def _fetch_checked(self, url: str) -> bytes:
        with temporary_errors():
            return require_certificate(await await_result("fetch_certificate", self._fetch(url)))


async def _fetch_in_thread(url: str) -> bytes:
    # Abandoned at the deadline: the thread's own timeouts end it soon.
    return await run_in_thread(partial(fetch_certificate, url), abandon=True)
