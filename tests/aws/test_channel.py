"""Connections of the httpx session: addresses, TLS, and their ends."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import anyio
import pytest

from sesmail.aws import channel
from sesmail.aws.channel import TcpChannel, TlsChannel, connect
from sesmail.aws.resolver import resolve

pytestmark = pytest.mark.anyio

V4, V6 = socket.AF_INET, socket.AF_INET6


@pytest.fixture
def sockets() -> Iterator[ExitStack]:
    """Close sockets at the end."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def port(sockets: ExitStack) -> int:
    """Listen on 127.0.0.1."""
    server = sockets.enter_context(socket.create_server(("127.0.0.1", 0)))
    found: int = server.getsockname()[1]
    return found


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> None:
    """Let every name have these IPv4 addresses."""

    async def resolve(*_: object) -> list[channel.Address]:
        return [(V4, address) for address in addresses]

    monkeypatch.setattr(channel, "resolve", resolve)


async def test_next_address_is_tried_when_one_refuses(
    monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    resolve_to(monkeypatch, ("127.0.0.1", 1), ("127.0.0.1", port))
    found = await connect("ses.example", 443)
    assert found.socket.getpeername() == ("127.0.0.1", port)


def fill(sockets: ExitStack) -> int:
    """Return a port that doesn't respond, as its queue is full."""
    server = sockets.enter_context(socket.socket())
    server.bind(("127.0.0.1", 0))
    server.listen(0)
    for _ in range(4):
        client = sockets.enter_context(socket.socket())
        client.setblocking(False)
        with suppress(BlockingIOError):
            client.connect(server.getsockname())
    found: int = server.getsockname()[1]
    return found


async def test_next_address_is_tried_while_one_does_not_respond(
    monkeypatch: pytest.MonkeyPatch, sockets: ExitStack, port: int
) -> None:
    resolve_to(monkeypatch, ("127.0.0.1", fill(sockets)), ("127.0.0.1", port))
    with anyio.fail_after(10):
        found = await connect("ses.example", 443)
    assert found.socket.getpeername() == ("127.0.0.1", port)


async def test_first_error_is_raised_if_every_address_refuses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve_to(monkeypatch, ("127.0.0.1", 1), ("127.0.0.1", 2))
    with pytest.raises(ConnectionRefusedError):
        await connect("ses.example", 443)


async def test_all_but_one_of_two_connections_are_closed(
    monkeypatch: pytest.MonkeyPatch, sockets: ExitStack
) -> None:
    opened: list[socket.socket] = []
    both = anyio.Event()

    async def connect_both(_: object) -> socket.socket:
        opened.append(sockets.enter_context(socket.socket()))
        if len(opened) == 2:
            both.set()
        with anyio.CancelScope(shield=True):
            await both.wait()
        return opened[-1] if len(opened) == 2 and opened[-1].fileno() >= 0 else opened[0]

    resolve_to(monkeypatch, ("192.0.2.1", 1), ("192.0.2.2", 1))
    monkeypatch.setattr(channel, "_connect", connect_both)
    monkeypatch.setattr(channel, "_ATTEMPT_DELAY", 0.01)
    found = await connect("ses.example", 443)
    assert found.socket in opened


async def test_connection_is_closed_when_the_caller_is_cancelled_at_once(
    monkeypatch: pytest.MonkeyPatch, sockets: ExitStack
) -> None:
    sock = sockets.enter_context(socket.socket())
    resolve_to(monkeypatch, ("192.0.2.1", 1))

    async def connect_and_cancel(_: object) -> socket.socket:
        scope.cancel()
        return sock

    monkeypatch.setattr(channel, "_connect", connect_and_cancel)
    with anyio.CancelScope() as scope:
        await connect("ses.example", 443)
        await anyio.lowlevel.checkpoint()
    assert scope.cancelled_caught
    assert sock.fileno() < 0


def test_addresses_of_both_families_alternate() -> None:
    def names(*families: int) -> list[Any]:
        return [(family, (number,)) for number, family in enumerate(families)]

    found = channel._interleave(names(V6, V6, V6, V4))
    assert [family for family, _ in found] == [V6, V4, V6, V6]
    found = channel._interleave(names(V4, V6, V6))
    assert [number for _, (number,) in found] == [0, 1, 2]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "fe80::1%lo"])
async def test_ip_address_needs_no_thread(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    from sesmail.aws import resolver

    monkeypatch.setattr(resolver, "run_lookup", None)
    with suppress(OSError):  # an interface that doesn't exist
        assert host.partition("%")[0] in {address[0] for _, address in await resolve(host, 80)}


async def test_name_with_nul_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises((OSError, ValueError)):
        await resolve("a\0b", 80)


class Renegotiating:
    """A TLS object that wants to read before it can write, as TLS 1.2 allows."""

    def __init__(self) -> None:
        self.written = b""
        self.reads = 1

    def write(self, data: memoryview) -> int:
        if self.reads:
            self.reads -= 1
            raise ssl.SSLWantReadError
        self.written += bytes(data)
        return len(data)


async def test_tls_reads_while_it_writes(sockets: ExitStack) -> None:
    ours, theirs = socket.socketpair()
    sockets.enter_context(theirs).sendall(b"record")
    ours.setblocking(False)
    tls: Any = TlsChannel(TcpChannel(ours), ssl.create_default_context(), "localhost")
    tls.ssl_object = Renegotiating()
    await tls.send(b"request")
    assert tls.ssl_object.written == b"request"
    assert tls._incoming.read() == b"record"
