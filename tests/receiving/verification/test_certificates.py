"""Fetching and caching of signing certificates."""

import ssl
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import anyio
import pytest

from sesmail.errors import ConfigurationError, SesmailError, TemporaryError
from sesmail.receiving.verification import certificates, signing_certificate
from sesmail.receiving.verification.certificates import (
    AsyncCertificateCache,
    CertificateCache,
    fetch_certificate,
)
from support.signing import NOW, URL, certificate, good_certificate, pem, rsa_key
from support.tls import Act, TlsServer, bytes_of, respond, silence, trickle

GOOD = good_certificate()
LARGE = GOOD + b" " * (16 * 1024 - len(GOOD))


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
        await cache.get(url)
    assert caught.value.status == 503
    return caught.value


@pytest.mark.anyio
async def test_certificate_is_fetched_once_a_day() -> None:
    fetch, clock = Fetch(GOOD), Clock()
    cache = AsyncCertificateCache(fetch, clock)
    for hours in (0, 1, 12, 24):
        clock.now = NOW + timedelta(hours=hours)
        assert await cache.get(URL) == GOOD
    assert len(fetch.urls) == 1
    clock.now += timedelta(seconds=1)
    await cache.get(URL)
    assert len(fetch.urls) == 2
    clock.now -= timedelta(hours=24, seconds=1)  # the clock is set back
    await cache.get(URL)
    assert len(fetch.urls) == 3


@pytest.mark.anyio
async def test_concurrent_calls_fetch_once() -> None:
    fetch = Fetch(GOOD)
    cache = AsyncCertificateCache(fetch, Clock())
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(cache.get, URL)
    assert fetch.urls == [URL]


@pytest.mark.anyio
async def test_fetches_one_certificate_at_a_time() -> None:
    fetch = Fetch(GOOD)
    cache = AsyncCertificateCache(fetch, Clock())
    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(cache.get, f"{URL}{number}")
    assert len(fetch.urls) == 20
    assert fetch.most == 1


@pytest.mark.anyio
async def test_caches_at_most_32_certificates() -> None:
    fetch = Fetch(GOOD)
    cache = AsyncCertificateCache(fetch, Clock())
    for number in range(33):
        await cache.get(f"{URL}{number}")
    for number in range(1, 33):
        await cache.get(f"{URL}{number}")
    assert len(fetch.urls) == 33
    await cache.get(f"{URL}0")
    assert len(fetch.urls) == 34
    assert len(cache._cached._entries) == 32


def test_blocking_cache_fetches_once_a_day() -> None:
    asked: list[str] = []
    clock = Clock()

    def fetch(url: str) -> bytes:
        asked.append(url)
        return b"no certificate" if len(asked) == 1 else GOOD

    cache = CertificateCache(fetch, clock)
    with pytest.raises(TemporaryError, match="no certificate"):
        cache(URL)
    for hours in (0, 24):
        clock.now = NOW + timedelta(hours=hours)
        assert cache(URL) == GOOD
    assert len(asked) == 2
    clock.now += timedelta(seconds=1)
    cache(URL)
    assert len(asked) == 3


def test_cached_certificate_needs_no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "_TIMEOUT", 0.01)
    cache = CertificateCache(lambda _: GOOD, lambda: NOW)
    cache(URL)
    with cache._lock:  # as during a slow fetch of another thread
        assert cache(URL) == GOOD
        with pytest.raises(TemporaryError, match="could not be fetched"):
            cache(f"{URL}2")
    assert cache(f"{URL}2") == GOOD


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
    second = threading.Thread(target=cache, args=[URL])
    second.start()
    assert cache(URL) == GOOD
    second.join()
    assert asked == [URL]


def test_accepts_certificate_in_a_bytearray() -> None:
    cache = CertificateCache(lambda _: bytearray(GOOD), lambda: NOW)  # type: ignore[arg-type,return-value]
    assert cache(URL) == GOOD


def test_blocking_cache_fetches_over_https_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "fetch_certificate", lambda _: GOOD)
    assert CertificateCache()(URL) == GOOD


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
    assert await cache.get(URL) == GOOD
    assert await cache.get(URL) == GOOD
    assert len(fetch.urls) == 3


@pytest.mark.anyio
async def test_accepts_certificate_of_maximum_size() -> None:
    assert await AsyncCertificateCache(Fetch(LARGE), Clock()).get(URL) == LARGE


@pytest.mark.anyio
async def test_expired_cache_entry_is_not_used_after_a_failure() -> None:
    fetch, clock = Fetch(GOOD, OSError("no network"), GOOD), Clock()
    cache = AsyncCertificateCache(fetch, clock)
    await cache.get(URL)
    clock.now += timedelta(hours=25)
    await refusal(cache)
    assert await cache.get(URL) == GOOD


@pytest.mark.anyio
async def test_fetch_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "_TIMEOUT", 0.1)
    fetch = Fetch(GOOD)
    fetch.before = anyio.sleep_forever
    cache = AsyncCertificateCache(fetch, Clock())
    async with anyio.create_task_group() as tasks:
        for number in range(3):
            tasks.start_soon(refusal, cache, f"{URL}{number}")
    assert fetch.most == 1
    assert fetch.running == 0
    fetch.before = anyio.lowlevel.checkpoint
    assert await cache.get(URL) == GOOD


@pytest.mark.anyio
async def test_cancelled_fetch_releases_the_lock() -> None:
    fetch = Fetch(GOOD)
    fetch.before = anyio.sleep_forever
    cache = AsyncCertificateCache(fetch, Clock())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cache.get, URL)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    fetch.before = anyio.lowlevel.checkpoint
    assert await cache.get(URL) == GOOD


@pytest.mark.anyio
async def test_names_the_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_certificate, "find_spec", lambda name: None)
    signing_certificate.load_certificate.cache_clear()
    with pytest.raises(ConfigurationError, match="signatures"):
        await AsyncCertificateCache(Fetch(GOOD), Clock()).get(URL)


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
        cache = AsyncCertificateCache()
        await refusal(cache, server.url)
        assert server.requests == []
        trusted(server)
        assert await cache.get(server.url) == GOOD
        assert await cache.get(server.url) == GOOD
        assert len(server.requests) == 1


@pytest.mark.anyio
async def test_cancellation_abandons_the_thread(trusted: Callable[[TlsServer], None]) -> None:
    with TlsServer(silence) as server:
        trusted(server)
        cache = AsyncCertificateCache()
        with anyio.move_on_after(0.2) as scope:
            await cache.get(server.url)
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
    monkeypatch.setattr(certificates, "_TIMEOUT", 0.5)
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
