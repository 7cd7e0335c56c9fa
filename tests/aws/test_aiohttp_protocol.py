"""Connections of the aiohttp session: silence before a request, and bytes that wait to be sent."""

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
import pytest
from aiohttp import TCPConnector

from sesmail import NotSentError
from sesmail.aws import aiohttp_protocol, aiohttp_session
from sesmail.aws.aiohttp_protocol import _Protocol
from support.clients import new_client
from support.faults import Connection, Response, StartFaultServer
from support.invariants import no_leaks
from support.responses import JSON, json_200, ok

AIOHTTP = ["asyncio-aiohttp-fast", "asyncio-aiohttp-generic"]
pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("transport", AIOHTTP, indirect=True)]


OPERATIONS = pytest.mark.parametrize(
    ("operation", "params"),
    [("GetAccount", {}), ("SendEmail", {"Content": {}})],
    ids=["without_body", "with_body"],
)


def pause_connections(
    monkeypatch: pytest.MonkeyPatch, then: Callable[[], object] = lambda: None
) -> None:
    """Let the event loop read nothing from new connections."""
    create: Any = TCPConnector._create_connection  # type: ignore[attr-defined]

    async def create_paused(*args: Any, **options: Any) -> Any:
        protocol = await create(*args, **options)
        protocol.transport.pause_reading()
        then()
        return protocol

    monkeypatch.setattr(TCPConnector, "_create_connection", create_paused)


@OPERATIONS
async def test_connection_with_bytes_that_are_never_read_is_not_used(
    fault_server: StartFaultServer,
    session: str,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    params: Any,
) -> None:
    server = fault_server(ok())
    server.greetings = [b"H"]
    pause_connections(monkeypatch, lambda: server.wait_until_greeted(1))
    async with no_leaks(server), new_client(server.url, session) as client:
        with pytest.raises(NotSentError, match="sent data first"):
            await client.call(operation, params)
    assert server.requests == []


@OPERATIONS
async def test_bytes_that_follow_a_response_while_the_event_loop_is_busy_answer_no_call(
    fault_server: StartFaultServer, session: str, operation: str, params: Any
) -> None:
    sending = threading.Event()

    def act(connection: Connection, _: object) -> None:
        connection.respond(200, JSON, b"{}")
        sending.wait()
        connection.respond(200, JSON, b'{"MessageId": "0102-never-issued"}')
        connection.wait_until_delivered()

    server = fault_server(Response(act), json_200({"MessageId": "0102-issued"}))
    async with no_leaks(server), new_client(server.url, session) as client:
        await client.call(operation, params)
        sending.set()
        assert server.wait_until_sent()  # blocks the event loop
        response = await client.call(operation, params)
    assert response.get("MessageId") == ("0102-issued" if params else None)
    assert server.connections_opened == 2


@OPERATIONS
async def test_call_that_is_cancelled_during_the_check_closes_the_connection(
    fault_server: StartFaultServer,
    session: str,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    params: Any,
) -> None:
    server = fault_server(ok())
    server.greetings = [b"H"]

    def cancel() -> None:
        assert server.wait_until_greeted(1)
        scope.cancel()

    pause_connections(monkeypatch, cancel)
    async with no_leaks(server), new_client(server.url, session) as client:
        with anyio.CancelScope() as scope:
            await client.call(operation, params)
        assert scope.cancelled_caught
        assert await anyio.to_thread.run_sync(server.wait_until_closed)
    assert server.requests == []


@OPERATIONS
async def test_request_of_a_client_that_was_closed_meanwhile_is_not_written(
    fault_server: StartFaultServer,
    session: str,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    params: Any,
) -> None:
    server = fault_server(ok())
    step: tuple[Any, str] = (aiohttp_session, "connect_silent")
    if params:
        step = (_Protocol, "set_response_params")
    original = getattr(*step)
    async with no_leaks(server), new_client(server.url, session) as client:
        lifetime = client._aws._lifetime

        def close(*args: Any, **options: Any) -> Any:
            lifetime.is_closed = True
            return original(*args, **options)

        monkeypatch.setattr(*step, close)
        params = {"Content": {}} if operation == "SendEmail" else {}
        with pytest.raises(NotSentError, match="closed"):
            await client.call(operation, params)
        lifetime.is_closed = False
    assert server.requests == []


async def test_bytes_in_the_buffer_of_the_event_loop_are_unsent(
    fault_server: StartFaultServer,
) -> None:
    """Until the peer's TCP has acknowledged all of them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(asyncio.Protocol, *server.getsockname())
        peer, _ = server.accept()
        assert not aiohttp_protocol._has_unsent_data(transport)
        while not transport.get_write_buffer_size():
            transport.write(bytes(1_000_000))
        assert aiohttp_protocol._has_unsent_data(transport)
        with peer:
            while aiohttp_protocol._has_unsent_data(transport):
                await anyio.to_thread.run_sync(peer.recv, 1_000_000)
        transport.abort()
        await anyio.lowlevel.checkpoint()
