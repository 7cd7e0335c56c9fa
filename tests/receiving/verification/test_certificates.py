"""Fetching and caching of signing certificates."""

import ssl
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import anyio
import pytest

from sesmail.errors import ConfigurationError, SesmailError, SignatureError, TemporaryError
from sesmail.receiving.verification import (
    async_certificates,
    certificates,
    signing_certificate,
)
from sesmail.receiving.verification.async_certificates import AsyncCertificateCache
from sesmail.receiving.verification.certificates import CertificateCache, fetch_certificate
from sesmail.receiving.verification.signing_certificate import WrongCertificateError
from support.signing import NOW, URL, certificate, good_certificate, pem, rsa_key
from support.tls import Act, TlsServer, bytes_of, respond, silence, trickle

GOOD = good_certificate()
LARGE = GOOD + b" " * (16 * 1024 - len(GOOD))


def same(certificate: bytes) -> bytes:
    return certificate


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Fetch:
    """Returns or raises the items of `script`, the last one repeatedly; counts concurrent calls."""

    def __init__(self, *script: bytes | BaseException) -> None:
        self.script = list(script)
        self.urls: list[str] = []
        self.running = self.most = 0
        self.before: Callable[[], Any] = anyio.lowlevel.checkpoint

    async def __call__(self, url: str) -> bytes:
        self.urls.append(url)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.before()
        finally:
            self.running -= 1
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, BaseException):
            raise step
        return step


async def refusal(cache: AsyncCertificateCache, url: str = URL) -> TemporaryError:
    with pytest.raises(TemporaryError) as caught:
        await cache.use(url, same)
    assert caught.value.status == 503
    return caught.value


@pytest.mark.anyio
async def test_certificate_is_fetched_once_a_day() -> None:
    fetch, clock = Fetch(GOOD), Clock()
    cache = AsyncCertificateCache(fetch, clock)
    for hours in (0, 1, 12, 24):
        clock.now = NOW + timedelta(hours=hours)
        assert await cache.use(URL, same) == GOOD
    assert len(fetch.urls) == 1
    clock.now += timedelta(seconds=1)
    await cache.use(URL, same)
    assert len(fetch.urls) == 2
    clock.now -= timedelta(hours=24, seconds=1)  # the clock is set back
    await cache.use(URL, same)
    assert len(fetch.urls) == 3


@pytest.mark.anyio
async def test_concurrent_calls_fetch_once() -> None:
    fetch = Fetch(GOOD)
    cache = AsyncCertificateCache(fetch, Clock())
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(cache.use, URL, same)
    assert fetch.urls == [URL]


@pytest.mark.anyio
async def test_fetches_at_most_four_certificates_at_a_time() -> None:
    fetch = Fetch(GOOD)
    cache = AsyncCertificateCache(fetch, Clock())
    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(cache.use, f"{URL}{number}", same)
    assert len(fetch.urls) == 20
    assert fetch.most == 4


@pytest.mark.anyio
async def test_slow_fetch_delays_no_other_certificate() -> None:
    fetch = Fetch(GOOD)
    fetch.before = anyio.sleep_forever
    cache = AsyncCertificateCache(fetch, Clock())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cache.use, f"{URL}2", same)
        await anyio.wait_all_tasks_blocked()
        fetch.before = anyio.lowlevel.checkpoint
        assert await cache.use(URL, same) == GOOD
        tasks.cancel_scope.cancel()
    assert len(cache._locks) == 0


@pytest.mark.anyio
async def test_caches_the_128_certificates_used_last() -> None:
    fetch = Fetch(GOOD)
    cache = AsyncCertificateCache(fetch, Clock())
    for number in range(128):
        await cache.use(f"{URL}{number}", same)
    await cache.use(f"{URL}0", same)
    await cache.use(f"{URL}128", same)
    assert len(fetch.urls) == 129
    for number in (0, *range(2, 129)):
        await cache.use(f"{URL}{number}", same)
    assert len(fetch.urls) == 129
    await cache.use(f"{URL}1", same)
    assert len(fetch.urls) == 130
    assert len(cache._cached._entries) == 128


def refuse(pem: bytes) -> bytes:
    raise SignatureError("the signature doesn't match the message")


def wrong(pem: bytes) -> bytes:
    raise WrongCertificateError("the signing certificate isn't for sns.amazonaws.com")


@pytest.mark.anyio
async def test_certificate_that_verified_no_message_is_not_cached() -> None:
    fetch = Fetch(GOOD)
    cache = AsyncCertificateCache(fetch, Clock())
    blocking = CertificateCache(lambda url: GOOD, lambda: NOW)
    with pytest.raises(SignatureError, match="doesn't match"):
        await cache.use(URL, refuse)
    with pytest.raises(SignatureError, match="doesn't match"):
        blocking.use(URL, refuse)
    assert blocking(URL) == GOOD
    assert not cache._cached._entries
    assert not blocking._cached._entries
    await cache.use(URL, same)
    assert len(fetch.urls) == 2
    with pytest.raises(SignatureError, match="doesn't match"):
        await cache.use(URL, refuse)
    await cache.use(URL, same)
    assert len(fetch.urls) == 2


@pytest.mark.anyio
async def test_wrong_certificate_is_temporary_error_until_the_right_one_is_fetched() -> None:
    fetch = Fetch(GOOD)
    cache = AsyncCertificateCache(fetch, Clock())
    with pytest.raises(TemporaryError, match=r"not the signing certificate: .* isn't for"):
        await cache.use(URL, wrong)
    assert await cache.use(URL, same) == GOOD
    with pytest.raises(TemporaryError, match="not the signing certificate"):
        CertificateCache(lambda url: GOOD).use(URL, wrong)


@pytest.mark.anyio
async def test_expired_certificate_is_fetched_again() -> None:
    end = NOW + timedelta(hours=2)
    fetch, clock = Fetch(pem(certificate(end=end)), GOOD), Clock()
    cache = AsyncCertificateCache(fetch, clock)
    await cache.use(URL, same)
    clock.now = end + timedelta(seconds=1)
    assert await cache.use(URL, same) == GOOD


@pytest.mark.parametrize("failure", [OSError("no network"), StopIteration("x"), KeyError("x")])
def test_exception_of_the_fetching_function_is_temporary_error(failure: Exception) -> None:
    def fetch(url: str) -> bytes:
        raise failure

    for call in (CertificateCache(fetch), lambda url: CertificateCache(fetch).use(url, same)):
        with pytest.raises(TemporaryError) as caught:
            call(URL)
        assert caught.value.__cause__ is failure


def test_blocking_cache_fetches_once_a_day() -> None:
    asked: list[str] = []
    clock = Clock()

    def fetch(url: str) -> bytes:
        asked.append(url)
        return b"no certificate" if len(asked) == 1 else GOOD

    cache = CertificateCache(fetch, clock)
    with pytest.raises(TemporaryError, match="no certificate"):
        cache.use(URL, same)
    for hours in (0, 24):
        clock.now = NOW + timedelta(hours=hours)
        assert cache.use(URL, same) == GOOD
    assert len(asked) == 2
    clock.now += timedelta(seconds=1)
    cache.use(URL, same)
    assert len(asked) == 3


def test_cached_certificate_needs_no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "TIMEOUT", 0.01)
    cache = CertificateCache(lambda _: GOOD, lambda: NOW)
    cache.use(URL, same)
    lock, other = threading.Lock(), threading.Lock()
    cache._locks.update({URL: lock, f"{URL}2": other})
    with lock, other:  # as during slow fetches of other threads
        assert cache.use(URL, same) == GOOD
        with pytest.raises(TemporaryError, match="could not be fetched"):
            cache.use(f"{URL}2", same)
    assert cache.use(f"{URL}2", same) == GOOD


def test_two_threads_fetch_one_certificate_once() -> None:
    asked: list[str] = []
    both = threading.Barrier(2)

    def fetch(url: str) -> bytes:
        asked.append(url)
        both.wait(10)
        return GOOD

    cache = CertificateCache(fetch, lambda: NOW)
    recall = cache._cached.get

    def slow(url: str) -> bytes | None:
        found = recall(url)
        if threading.current_thread() is second and not asked_twice.is_set():
            asked_twice.set()
            both.wait(10)
        return found

    asked_twice = threading.Event()
    cache._cached.get = slow  # type: ignore[method-assign]
    second = threading.Thread(target=cache.use, args=[URL, same])
    second.start()
    assert cache.use(URL, same) == GOOD
    second.join()
    assert asked == [URL]


def test_accepts_certificate_in_a_bytearray() -> None:
    cache = CertificateCache(lambda _: bytearray(GOOD), lambda: NOW)  # type: ignore[arg-type,return-value]
    assert cache.use(URL, same) == GOOD


def test_blocking_cache_fetches_over_https_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "fetch_certificate", lambda _: GOOD)
    assert CertificateCache(clock=lambda: NOW).use(URL, same) == GOOD


FAILURES = [
    OSError("no network"),
    TimeoutError(),
    ValueError("x"),
    KeyError("x"),
    RuntimeError("x"),
    TemporaryError("busy"),
    b"",
    b"<html><body>Please log in.</body></html>",
    GOOD + GOOD,
    GOOD[:-40],
    LARGE + b" ",
    pem(certificate(key=rsa_key(1024))),
]


@pytest.mark.anyio
@pytest.mark.parametrize("failure", FAILURES, ids=[str(number) for number in range(len(FAILURES))])
async def test_failures_are_temporary_and_not_cached(failure: bytes | Exception) -> None:
    fetch = Fetch(failure, failure, GOOD)
    cache = AsyncCertificateCache(fetch, Clock())
    await refusal(cache)
    error = await refusal(cache)
    assert len(fetch.urls) == 2
    if isinstance(failure, Exception) and not isinstance(failure, SesmailError):
        assert error.__cause__ is failure
    assert await cache.use(URL, same) == GOOD
    assert await cache.use(URL, same) == GOOD
    assert len(fetch.urls) == 3


@pytest.mark.anyio
async def test_accepts_certificate_of_maximum_size() -> None:
    assert await AsyncCertificateCache(Fetch(LARGE), Clock()).use(URL, same) == LARGE


@pytest.mark.anyio
async def test_expired_cache_entry_is_not_used_after_a_failure() -> None:
    fetch, clock = Fetch(GOOD, OSError("no network"), GOOD), Clock()
    cache = AsyncCertificateCache(fetch, clock)
    await cache.use(URL, same)
    clock.now += timedelta(hours=25)
    await refusal(cache)
    assert await cache.use(URL, same) == GOOD


@pytest.mark.anyio
async def test_fetch_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(async_certificates, "TIMEOUT", 0.1)
    fetch = Fetch(GOOD)
    fetch.before = anyio.sleep_forever
    cache = AsyncCertificateCache(fetch, Clock())
    async with anyio.create_task_group() as tasks:
        for number in range(3):
            tasks.start_soon(refusal, cache, f"{URL}{number}")
    assert fetch.most == 3
    assert fetch.running == 0
    fetch.before = anyio.lowlevel.checkpoint
    assert await cache.use(URL, same) == GOOD


@pytest.mark.anyio
async def test_cancelled_fetch_releases_the_lock() -> None:
    fetch = Fetch(GOOD)
    fetch.before = anyio.sleep_forever
    cache = AsyncCertificateCache(fetch, Clock())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cache.use, URL, same)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    fetch.before = anyio.lowlevel.checkpoint
    assert await cache.use(URL, same) == GOOD


@pytest.mark.anyio
async def test_names_the_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_certificate, "find_spec", lambda name: None)
    signing_certificate.load_certificate.cache_clear()
    with pytest.raises(ConfigurationError, match="signatures"):
        await AsyncCertificateCache(Fetch(GOOD), Clock()).use(URL, same)


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> Callable[[TlsServer], None]:
    """Returns a function that adds a server to the trusted ones."""

    def trust(server: TlsServer) -> None:
        def default() -> ssl.SSLContext:
            return server.client

        monkeypatch.setattr(ssl, "_create_default_https_context", default)

    return trust


@pytest.mark.anyio
async def test_fetches_over_tls_by_default(
    trusted: Callable[[TlsServer], None],
) -> None:
    with TlsServer(respond(GOOD)) as server:
        cache = AsyncCertificateCache(clock=Clock())
        await refusal(cache, server.url)
        assert server.requests == []
        trusted(server)
        assert await cache.use(server.url, same) == GOOD
        assert await cache.use(server.url, same) == GOOD
        assert len(server.requests) == 1


@pytest.mark.anyio
async def test_cancellation_abandons_the_thread(trusted: Callable[[TlsServer], None]) -> None:
    with TlsServer(silence) as server:
        trusted(server)
        cache = AsyncCertificateCache(clock=Clock())
        with anyio.move_on_after(0.2) as scope:
            await cache.use(server.url, same)
        assert scope.cancelled_caught


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (respond(GOOD, "302 Found", "Location: https://localhost/"), "302"),
        (respond(b"<Error/>", "403 Forbidden"), "403"),
        (respond(b"", "503 Slow Down"), "503"),
        (respond(LARGE + b" "), "more than 16384 bytes"),
        (bytes_of(b"nonsense\r\n\r\n"), "nonsense"),
    ],
    ids=["redirect", "denied", "busy", "large", "no HTTP"],
)
def test_other_response_is_temporary_error(act: Act, words: str) -> None:
    with TlsServer(act) as server, pytest.raises(TemporaryError, match=words) as caught:
        fetch_certificate(server.url, context=server.client)
    assert caught.value.__cause__ is not None
    assert len(server.requests) == 1


def test_slow_response_is_temporary_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "TIMEOUT", 0.5)
    slow = trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n", GOOD, 0.05)
    for act in (slow, silence):
        with TlsServer(act) as server, pytest.raises(TemporaryError, match=r"tim|long"):
            fetch_certificate(server.url, context=server.client)


def test_failed_connection_is_temporary_error() -> None:
    for url in (
        "https://localhost:1/",
        "https://nowhere.invalid/",
        "file:///etc/hostname",
        "https://a b/",
        "https:///",
    ):
        with pytest.raises(TemporaryError):
            fetch_certificate(url)


def test_fetches_certificate_of_maximum_size() -> None:
    with TlsServer(respond(LARGE)) as server:
        assert fetch_certificate(server.url, context=server.client) == LARGE
