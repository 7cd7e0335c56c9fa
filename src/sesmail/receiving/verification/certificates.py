"""Fetching and caching of the signing certificates of SNS."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias, TypeVar
from weakref import WeakValueDictionary

from ...arguments import check_function, check_instance, check_text, refuse
from ...errors import ConfigurationError, SignatureError, TemporaryError
from .signing_certificate import WrongCertificateError, load_certificate

if TYPE_CHECKING:
    import ssl

__all__ = [
    "TIMED_OUT",
    "TIMEOUT",
    "CertificateCache",
    "Clock",
    "VerifiedCertificates",
    "fetch_by",
    "fetch_certificate",
    "require_certificate",
    "temporary_errors",
    "utc_now",
    "verify_fetched",
]

T = TypeVar("T")

Clock: TypeAlias = Callable[[], datetime]

TIMEOUT = 5.0
"""Maximum duration of a fetch in seconds; SNS waits 15 for the response."""
TIMED_OUT = f"the signing certificate could not be fetched in {TIMEOUT:g} s"
_MAX_SIZE = 16 * 1024  # bytes
_MAX_CERTIFICATES = 128  # some for each region of all partitions
_MAX_AGE = timedelta(hours=24)


class CertificateCache:
    """Fetches the signing certificates of SNS, and caches those that have verified a message.

    It serves as the argument ``certificate`` of ``verify``. Create one for the lifetime of a
    program. It may be called from several threads, of which one at a time fetches a certificate.
    At most 128 certificates are cached, each for 24 hours.

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
        self._cached = VerifiedCertificates(utc_now if clock is None else clock)
        self._locks = WeakValueDictionary[str, threading.Lock]()
        self._new_lock = threading.Lock()

    def __call__(self, url: str) -> bytes:
        """Returns the certificate at a URL, which must have been checked before.

        A certificate that wasn't cached is fetched, and not cached: only ``use`` does that.

        Raises:
            TemporaryError: It could not be fetched.
            ConfigurationError: ``url`` isn't text.
        """
        check_text("url", url)
        certificate = self._cached.get(url)
        return fetch_by(self._fetch, url) if certificate is None else certificate

    def use(self, url: str, verify: Callable[[bytes], T]) -> T:
        """Calls a function with the certificate at a URL, which must have been checked before.

        The certificate is cached once the function has returned.

        Returns:
            The result of the function.

        Raises:
            TemporaryError: It could not be fetched, another thread fetched it for 5 seconds, or
                it is not valid now or for another host.
            ConfigurationError: ``url`` isn't text, or ``verify`` can't be called.
        """
        check_text("url", url)
        check_function("verify", verify)
        certificate = self._cached.get(url)
        if certificate is not None:
            return verify(certificate)
        with self._new_lock:
            lock = self._locks.setdefault(url, threading.Lock())
        if not lock.acquire(timeout=TIMEOUT):
            raise TemporaryError(TIMED_OUT)
        try:
            certificate = self._cached.get(url)
            if certificate is not None:
                return verify(certificate)
            return self._cached.add_if_verified(url, fetch_by(self._fetch, url), verify)
        finally:
            lock.release()


def fetch_by(fetch: Callable[[str], bytes], url: str) -> bytes:
    """Returns the certificate that a function of the application fetches.

    Raises:
        TemporaryError: The function raised an exception, or returned something else.
        ConfigurationError: The function raised it, or didn't return bytes.
    """
    with temporary_errors():
        return require_certificate(fetch(url))


def verify_fetched(certificate: bytes, verify: Callable[[bytes], T]) -> T:
    """Calls a function with a certificate that was fetched.

    Raises:
        TemporaryError: The certificate isn't valid now, or is for another host. That says nothing
            about the message: the next delivery may fetch the right one.
    """
    try:
        return verify(certificate)
    except WrongCertificateError as err:
        raise TemporaryError(f"the fetched file is not the signing certificate: {err}") from err


@contextmanager
def temporary_errors() -> Generator[None]:
    """Raises exceptions of a fetching function as TemporaryError."""
    try:
        yield
    except (ConfigurationError, TemporaryError):
        raise
    except Exception as err:
        raise TemporaryError(f"the signing certificate could not be fetched: {err!r}") from err


class VerifiedCertificates:
    """Certificates by URL that have verified a message: at most 128, each for a day."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries = OrderedDict[str, tuple[bytes, datetime]]()  # the last used at the end

    def get(self, url: str) -> bytes | None:
        """Returns the certificate of a URL; None if it isn't cached, or no longer valid."""
        certificate, added = self._entries.get(url, (None, None))
        if certificate is None or added is None:
            return None
        now = self._clock()
        signer = load_certificate(certificate)
        # The absolute difference, since a clock may be set back.
        if abs(now - added) > _MAX_AGE or not signer.not_before <= now <= signer.not_after:
            return None
        with suppress(KeyError):  # another thread may have removed it
            self._entries.move_to_end(url)
        return certificate

    def add_if_verified(self, url: str, certificate: bytes, verify: Callable[[bytes], T]) -> T:
        """Calls a function with a fetched certificate, and caches it once that has returned."""
        result = verify_fetched(certificate, verify)
        self._entries[url] = certificate, self._clock()
        self._entries.move_to_end(url)
        while len(self._entries) > _MAX_CERTIFICATES:
            self._entries.popitem(last=False)
        return result


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
        return require_certificate(get(url, limit=_MAX_SIZE, timeout=TIMEOUT, context=context))
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


def utc_now() -> datetime:
    """Returns the current time."""
    return datetime.now(UTC)
