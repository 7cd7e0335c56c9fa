"""Connections of the aiohttp session: silence before a request, and bytes that wait to be sent."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
import pytest
from aiohttp import TCPConnector

from sesmail import ConfigurationError, NotSentError
from sesmail.aws import aiohttp_protocol
from sesmail.aws.aiohttp_protocol import _Protocol
from support.clients import ORDER, new_client
from support.faults import StartFaultServer
from support.invariants import no_leaks
from support.responses import ok

AIOHTTP = ["asyncio-aiohttp-fast", "asyncio-aiohttp-generic"]
pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("transport", AIOHTTP, indirect=True)]


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


async def test_connection_with_bytes_that_are_never_read_is_not_used(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = fault_server(ok())
    server.greetings = [b"H"]
    pause_connections(monkeypatch, lambda: server.wait_until_greeted(1))
    async with no_leaks(server), new_client(server.url, session) as client:
        with pytest.raises(NotSentError, match="sent data first"):
            await client.send(ORDER)
    assert server.requests == []


async def test_send_that_is_cancelled_during_the_check_closes_the_connection(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = fault_server(ok())
    server.greetings = [b"H"]

    def cancel() -> None:
        assert server.wait_until_greeted(1)
        scope.cancel()

    pause_connections(monkeypatch, cancel)
    async with no_leaks(server), new_client(server.url, session) as client:
        with anyio.CancelScope() as scope:
            await client.send(ORDER)
        assert scope.cancelled_caught
        assert await anyio.to_thread.run_sync(server.wait_until_closed)
    assert server.requests == []


async def test_request_of_a_client_that_was_closed_meanwhile_is_not_written(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call without a body, and one with a body."""
    server = fault_server(ok())
    for operation, params in [("GetAccount", {}), ("SendEmail", {"Content": {}})]:
        async with no_leaks(server), new_client(server.url, session) as client:
            await client.open()
            lifetime = client._aws._lifetime

            def close(self: Any, **params: Any) -> None:
                prepare(self, **params)
                lifetime.is_closed = True  # noqa: B023

            async def check_and_close(*args: Any) -> bool:
                lifetime.is_closed = True  # noqa: B023
                return await is_silent(*args)

            prepare, is_silent = _Protocol.set_response_params, aiohttp_protocol.is_silent
            with monkeypatch.context() as patch:
                patch.setattr(_Protocol, "set_response_params", close)
                patch.setattr(aiohttp_protocol, "is_silent", check_and_close)
                with pytest.raises(ConfigurationError, match="closed"):
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
