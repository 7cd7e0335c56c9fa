"""Fetching and caching of the signing certificates of SNS."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import anyio

from ...arguments import check_function, check_instance, check_text, refuse
from ...concurrency import await_result, run_in_thread
from ...errors import ConfigurationError, SignatureError, TemporaryError
from .signing_certificate import load_certificate

if TYPE_CHECKING:
    import ssl

__all__ = [
    "AsyncCertificateCache",
    "CertificateCache",
    "Clock",
    "FetchCertificate",
    "fetch_certificate",
    "require_certificate",
]

FetchCertificate: TypeAlias = Callable[[str], Awaitable[bytes]]
Clock: TypeAlias = Callable[[], datetime]

_TIMEOUT = 5.0  # seconds; SNS waits 15 for the response
_TIMED_OUT = f"the signing certificate could not be fetched in {_TIMEOUT:g} s"
_MAX_SIZE = 16 * 1024  # bytes
_MAX_CERTIFICATES = 32  # one for each region; two while SNS replaces it
_MAX_AGE = timedelta(hours=24)


class AsyncCertificateCache:
    """Fetches certificates, one at a time, and caches them for a day.

    Args:
        fetch: Fetches a certificate from its URL; by default `fetch_certificate` in a thread.
        clock: Returns the time, with a time zone.
    """

    def __init__(self, fetch: FetchCertificate | None = None, clock: Clock | None = None) -> None:
        self._fetch = _fetch_in_thread if fetch is None else fetch
        self._cached = _Certificates(_now if clock is None else clock)
        self._lock = anyio.Lock()

    async def get(self, url: str) -> bytes:
        """Returns the certificate at a URL, which must have been checked before.

        Raises:
            TemporaryError: It could not be fetched in 5 seconds, including the wait for others.
        """
        certificate = self._cached.get(url)
        if certificate is not None:
            return certificate
        with anyio.move_on_after(_TIMEOUT):
            async with self._lock:
                certificate = self._cached.get(url)
                if certificate is None:
                    certificate = await self._fetch_checked(url)
                    self._cached.add(url, certificate)
                return certificate
        raise TemporaryError(_TIMED_OUT)

    async def _fetch_checked(self, url: str) -> bytes:
        try:
            return require_certificate(await await_result("fetch_certificate", self._fetch(url)))
        except (ConfigurationError, TemporaryError):
            raise
        except Exception as err:
            raise TemporaryError(f"the signing certificate could not be fetched: {err!r}") from err


class CertificateCache:
    """Fetches the signing certificates of SNS, and caches each for 24 hours.

    It serves as the argument ``certificate`` of ``verify``. Create one for the lifetime of a
    program. It may be called from several threads, of which one at a time fetches. At most 32
    certificates are cached.

    Args:
        fetch: Fetches a certificate, in PEM, from its URL; by default `fetch_certificate`.
        clock: Returns the time, with a time zone; by default the current time.

    Raises:
        ConfigurationError: An argument is invalid.
    """

    def __init__(
        self, fetch: Callable[[str], bytes] | None = None, clock: Clock | None = None
    ) -> None:
        if fetch is not None:
            check_function("fetch", fetch)
        if clock is not None:
            check_function("clock", clock)
        self._fetch = fetch_certificate if fetch is None else fetch
        self._cached = _Certificates(_now if clock is None else clock)
        self._lock = threading.Lock()

    def __call__(self, url: str) -> bytes:
        """Returns the certificate at a URL, which must have been checked before.

        Raises:
            TemporaryError: It could not be fetched, or another thread fetched for 5 seconds.
            ConfigurationError: ``url`` isn't text.
        """
        check_text("url", url)
        certificate = self._cached.get(url)
        if certificate is not None:
            return certificate
        if not self._lock.acquire(timeout=_TIMEOUT):
            raise TemporaryError(_TIMED_OUT)
        try:
            certificate = self._cached.get(url)
            if certificate is None:
                certificate = require_certificate(self._fetch(url))
                self._cached.add(url, certificate)
            return certificate
        finally:
            self._lock.release()


class _Certificates:
    """Certificates by URL: at most 32, each for a day."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[str, tuple[bytes, datetime]] = {}

    def get(self, url: str) -> bytes | None:
        certificate, added = self._entries.get(url, (None, None))
        # The absolute difference, since a clock may be set back.
        if added is None or abs(self._clock() - added) > _MAX_AGE:
            return None
        return certificate

    def add(self, url: str, certificate: bytes) -> None:
        self._entries.pop(url, None)
        if len(self._entries) >= _MAX_CERTIFICATES:
            del self._entries[next(iter(self._entries))]
        self._entries[url] = certificate, self._clock()


def fetch_certificate(url: str, *, context: ssl.SSLContext | None = None) -> bytes:
    """Fetches a signing certificate over HTTPS, for programs without an event loop.

    Blocks for at most 5 seconds, not counting the DNS resolver. The server's certificate is
    verified, redirects aren't followed, and the proxy in ``HTTPS_PROXY`` is used.

    Args:
        url: The URL. Whoever controls it controls what is trusted, so check it before:
            `verify` and ``Receiver`` only fetch from the URL of the topic's region.
        context: TLS settings; by default those of the standard library.

    Returns:
        The certificate in PEM, at most 16 KiB.

    Raises:
        TemporaryError: It could not be fetched, or the response isn't a certificate.
        ConfigurationError: An argument has a wrong type, or the extra ``signatures`` isn't
            installed.
    """
    check_text("url", url)
    if context is not None:
        import ssl

        check_instance("context", context, ssl.SSLContext, "an ssl.SSLContext")
    from .https import HTTPException, get  # lazily: it imports much of the standard library

    try:
        return require_certificate(get(url, limit=_MAX_SIZE, timeout=_TIMEOUT, context=context))
    except (OSError, HTTPException) as err:
        raise TemporaryError(f"the signing certificate could not be fetched: {err}") from err


def require_certificate(response: bytes) -> bytes:
    """Returns a fetched file that is a certificate.

    Another file, for instance a proxy's error page, proves nothing about the message: the next
    delivery may fetch the certificate.

    Raises:
        TemporaryError: The file isn't a certificate.
    """
    if not isinstance(response, (bytes, bytearray, memoryview)):  # pyright: ignore[reportUnnecessaryIsInstance]
        refuse("the fetched certificate", "bytes in PEM", response)
    certificate = bytes(response)
    try:
        if len(certificate) > _MAX_SIZE:
            raise SignatureError(f"it has more than {_MAX_SIZE} bytes")
        load_certificate(certificate)
    except SignatureError as err:
        raise TemporaryError(f"the fetched file is no certificate: {err}") from err
    return certificate


async def _fetch_in_thread(url: str) -> bytes:
    # Abandoned at the deadline: the thread's own timeouts end it soon.
    return await run_in_thread(partial(fetch_certificate, url), abandon=True)


def _now() -> datetime:
    return datetime.now(UTC)
