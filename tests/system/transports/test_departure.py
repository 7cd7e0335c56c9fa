"""Sends that end before a connection exists are not sent, whoever ends them."""

import functools
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from botocore import handlers

from sesmail import MemorySendLog, NotSentError
from support.clients import ORDER, new_client
from support.faults import StartFaultServer
from support.invariants import no_leaks
from support.responses import no_response, ok

pytestmark = pytest.mark.anyio

MAIL = ORDER.model_copy(update={"send_id": "invoice-1"})


@pytest.fixture
def silent() -> Iterator[int]:
    """Listen on a port whose connections are never accepted."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield server.getsockname()[1]


@pytest.fixture
def black_hole() -> Iterator[int]:
    """Listen on a port with a full queue, so that new connections aren't answered."""
    with ExitStack() as sockets:
        server = sockets.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            client = sockets.enter_context(socket.socket())
            client.setblocking(False)
            with suppress(BlockingIOError):
                client.connect(server.getsockname())
        yield server.getsockname()[1]


def settings_of(step: str, silent: int, black_hole: int) -> dict[str, Any]:
    """Return the settings of a client that waits at a step of connecting."""
    proxies = {"proxies": {"https": f"http://127.0.0.1:{silent}"}}
    return {
        "tcp": {"url": f"http://127.0.0.1:{black_hole}"},
        "tls": {"url": f"https://127.0.0.1:{silent}"},
        "proxy": {
            "url": "https://ses.invalid",
            "config": {"proxies": {"https": f"http://127.0.0.1:{black_hole}"}},
        },
        "connect": {"url": "https://ses.invalid", "config": proxies},
        "tls_proxy": {
            "url": "https://ses.invalid",
            "config": {"proxies": {"https": f"https://127.0.0.1:{silent}"}},
        },
    }[step]


STEPS = ["tcp", "tls", "proxy", "connect", "tls_proxy"]


def ignore(**_: object) -> None:
    """Handle an event without effect, as a tracer does."""


async def ignore_later(**_: object) -> None:
    """Handle an event without effect, as an asynchronous tracer does."""
    await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("ends", ["deadline", "caller"])
@pytest.mark.parametrize(
    "handler",
    [None, *(pytest.param(each, marks=pytest.mark.once) for each in (ignore, ignore_later))],
)
async def test_send_that_ends_while_connecting_is_not_sent(
    session: str,
    silent: int,
    black_hole: int,
    step: str,
    ends: str,
    handler: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also while another package handles the event before each request."""
    if handler is not None:
        builtin = [*handlers.BUILTIN_HANDLERS, ("before-send", handler)]
        monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", builtin)
    settings = settings_of(step, silent, black_hole)
    log = MemorySendLog()
    timeout = 0.2 if ends == "deadline" else 30
    async with (
        no_leaks(),
        new_client(
            settings.pop("url"), session, send_log=log, timeout=timeout, **settings
        ) as client,
    ):
        with anyio.move_on_after(30 if ends == "deadline" else 0.2) as scope:
            with pytest.raises(NotSentError):
                await client.send(MAIL)
    assert scope.cancelled_caught is (ends == "caller")
    record = await log.get("invoice-1")
    assert record is not None
    assert record.outcome == "not_sent"


@pytest.mark.parametrize("step", STEPS)
async def test_send_of_a_client_that_is_closed_while_it_connects_ends_at_once(
    session: str, silent: int, black_hole: int, step: str
) -> None:
    settings = settings_of(step, silent, black_hole)
    log = MemorySendLog()
    client = new_client(settings.pop("url"), session, send_log=log, **settings, attempts=3)
    errors: list[NotSentError] = []

    async def send() -> None:
        with pytest.raises(NotSentError, match="the client was closed before") as caught:
            await client.send(MAIL)
        errors.append(caught.value)

    async with no_leaks():
        await client.open()
        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:
                group.start_soon(send)
                await anyio.sleep(0.1)
                await client.aclose()
    assert [len(error.attempts) for error in errors] == [1]
    assert [error.retryable for error in errors] == [False]
    record = await log.get("invoice-1")
    assert record is not None
    assert record.outcome == "not_sent"


async def test_lookup_without_response_is_not_sent(
    session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: done.wait())
    async with new_client("http://ses.invalid", session, timeout=0.2) as client:
        with pytest.raises(NotSentError):
            await client.send(ORDER)
    done.set()


@pytest.mark.parametrize("step", ["tcp", "tls"])
async def test_connect_timeout_is_not_sent(
    session: str, silent: int, black_hole: int, step: str
) -> None:
    settings = settings_of(step, silent, black_hole)
    config = {"connect_timeout": 0.1}
    async with new_client(settings["url"], session, timeout=30, config=config) as client:
        with pytest.raises(NotSentError) as caught:
            await client.send(ORDER)
    assert caught.value.retryable


@asynccontextmanager
async def busy_threads(event_loop: str) -> AsyncIterator[None]:
    """Occupy all threads in which the application's own work runs."""
    done, work = threading.Event(), []
    async with anyio.create_task_group() as group:
        limiter = anyio.to_thread.current_default_thread_limiter()
        for _ in range(int(limiter.total_tokens)):
            group.start_soon(functools.partial(anyio.to_thread.run_sync, done.wait))
        if event_loop == "asyncio":
            import asyncio

            loop = asyncio.get_running_loop()
            work = [loop.run_in_executor(None, done.wait) for _ in range(64)]
        try:
            yield
        finally:
            done.set()
            with anyio.CancelScope(shield=True):
                for each in work:
                    await each


async def test_busy_threads_of_the_application_delay_nothing(
    fault_server: StartFaultServer, session: str, anyio_backend: str
) -> None:
    """Neither the opening nor the lookup of a host name."""
    server = fault_server(ok())
    with anyio.fail_after(30):
        async with busy_threads(anyio_backend), new_client(named(server.url), session) as client:
            result = await client.send(ORDER)
    assert result.message_id in server.requests[0].issued


@pytest.mark.parametrize("step", ["tls", "connect"])
async def test_send_that_ends_while_connecting_and_threads_are_busy_is_not_sent(
    session: str, silent: int, black_hole: int, step: str, anyio_backend: str
) -> None:
    settings = settings_of(step, silent, black_hole)
    url = named(settings.pop("url"))
    async with (
        busy_threads(anyio_backend),
        new_client(url, session, timeout=0.5, **settings) as client,
    ):
        with pytest.raises(NotSentError):
            await client.send(ORDER)


async def test_request_that_left_while_threads_are_busy_is_unknown(
    fault_server: StartFaultServer, session: str, anyio_backend: str
) -> None:
    """As its connection doesn't wait for them."""
    server, log = fault_server(no_response()), MemorySendLog()
    own = anyio.CapacityLimiter(1)
    async with (
        busy_threads(anyio_backend),
        new_client(named(server.url), session, send_log=log) as client,
        anyio.create_task_group() as group,
    ):
        group.start_soon(client.send, MAIL)
        assert await anyio.to_thread.run_sync(server.wait_for_requests, 1, limiter=own)
        group.cancel_scope.cancel()
    record = await log.get("invoice-1")
    assert record is not None
    assert record.outcome == "unknown"
    assert server.requests[0].complete


def named(url: str) -> str:
    """Return the URL with a host name, which has to be looked up."""
    return url.replace("127.0.0.1", "localhost")
