"""Where SNS's signing certificates come from: fetched over TLS, once, and kept for a day."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import anyio

from ...concurrency import run_in_thread
from ...errors import ConfigurationError, SignatureError, TemporaryError
from .signature import check_certificate

if TYPE_CHECKING:
    import ssl

__all__ = [
    "CertificateCache",
    "CertificateSource",
    "Clock",
    "FetchCertificate",
    "fetch_certificate",
    "fetched",
]

FetchCertificate: TypeAlias = Callable[[str], Awaitable[bytes]]
Clock: TypeAlias = Callable[[], datetime]

_SECONDS = 5.0
_LATE = f"the signing certificate could not be fetched in {_SECONDS:g} s"
_LIMIT = 16 * 1024
_KEPT = 32  # one a region, while it changes two
_AGE = timedelta(hours=24)


class CertificateSource:
    """Fetches certificates, one at a time, and keeps those that it got.

    Args:
        fetch: How to fetch one, if not by `fetch_certificate` in a thread; bounded in time as that is.
        clock: The time, aware of its zone.
    """

    def __init__(self, fetch: FetchCertificate | None = None, clock: Clock | None = None) -> None:
        self._fetch = fetch or _fetch_in_thread
        self._kept = _Kept(clock or _now)
        self._fetching = anyio.Lock()

    async def get(self, url: str) -> bytes:
        """The certificate at a URL that was checked before.

        Raises:
            TemporaryError: It could not be had in 5 seconds, waiting for others included.
        """
        certificate = self._kept.recall(url)
        if certificate is not None:
            return certificate
        with anyio.move_on_after(_SECONDS):
            async with self._fetching:
                certificate = self._kept.recall(url)
                if certificate is None:
                    certificate = await self._fetch_checked(url)
                    self._kept.keep(url, certificate)
                return certificate
        raise TemporaryError(_LATE)

    async def _fetch_checked(self, url: str) -> bytes:
        try:
            return fetched(await self._fetch(url))
        except (ConfigurationError, TemporaryError):
            raise
        except Exception as err:
            raise TemporaryError(f"the signing certificate could not be fetched: {err!r}") from err


class CertificateCache:
    """The ``certificate`` of `verify`: fetches certificates, one at a time, and keeps those that it got for a day.

    Args:
        fetch: How to fetch one, if not by `fetch_certificate`.
        clock: The time, aware of its zone.
    """

    def __init__(
        self, fetch: Callable[[str], bytes] | None = None, clock: Clock | None = None
    ) -> None:
        self._fetch = fetch or fetch_certificate
        self._kept = _Kept(clock or _now)
        self._fetching = threading.Lock()

    def __call__(self, url: str) -> bytes:
        """The certificate at a URL that was checked before.

        Raises:
            TemporaryError: It could not be had, or others were fetched for 5 seconds.
        """
        certificate = self._kept.recall(url)
        if certificate is not None:
            return certificate
        if not self._fetching.acquire(timeout=_SECONDS):
            raise TemporaryError(_LATE)
        try:
            certificate = self._kept.recall(url)
            if certificate is None:
                certificate = fetched(self._fetch(url))
                self._kept.keep(url, certificate)
            return certificate
        finally:
            self._fetching.release()


class _Kept:
    """Certificates by their URLs, a few, for a day."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._found: dict[str, tuple[bytes, datetime]] = {}

    def recall(self, url: str) -> bytes | None:
        certificate, since = self._found.get(url, (None, None))
        if (
            since is None or abs(self._clock() - since) > _AGE
        ):  # either way: a clock may be set back
            return None
        return certificate

    def keep(self, url: str, certificate: bytes) -> None:
        self._found.pop(url, None)
        if len(self._found) >= _KEPT:
            del self._found[next(iter(self._found))]
        self._found[url] = certificate, self._clock()


def fetch_certificate(url: str, *, context: ssl.SSLContext | None = None) -> bytes:
    """Fetch a certificate, blocking for some seconds at most; for programs without an event loop.

    Args:
        url: Its URL, which must have been checked before.
        context: TLS settings, if not the standard library's.

    Raises:
        TemporaryError: It could not be had, or what was had is no certificate.
    """
    from .https import HTTPException, get  # here, for it loads much of the standard library

    try:
        return fetched(get(url, limit=_LIMIT, seconds=_SECONDS, context=context))
    except (OSError, HTTPException) as err:
        raise TemporaryError(f"the signing certificate could not be fetched: {err}") from err


def fetched(certificate: bytes) -> bytes:
    """What was fetched, if it is a certificate: something else says nothing about the message.

    Raises:
        TemporaryError: It isn't.
    """
    certificate = bytes(certificate)
    try:
        if len(certificate) > _LIMIT:
            raise SignatureError(f"it has more than {_LIMIT} bytes")
        check_certificate(certificate)
    except SignatureError as err:
        raise TemporaryError(f"what was fetched is no certificate: {err}") from err
    return certificate


async def _fetch_in_thread(url: str) -> bytes:
    # Abandoned at the deadline: the thread's own bounds end it soon.
    return await run_in_thread(partial(fetch_certificate, url), abandon=True)


def _now() -> datetime:
    return datetime.now(UTC)
