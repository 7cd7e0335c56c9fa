"""Streams of the httpx session: bytes that follow a response, and times without progress."""

import socket
from collections.abc import Iterator

import anyio
import pytest

pytest.importorskip("httpcore2", reason="pip install sesmail[trio]")

import httpcore2

from sesmail.aws.channel import TcpChannel
from sesmail.aws.network_stream import NetworkStream

HTTPX = ["asyncio-httpx-fast", "trio-httpx-fast"]
pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("transport", HTTPX, indirect=True)]

Pair = tuple[NetworkStream, socket.socket, list[str]]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Return a stream, its peer, and a list of the requests that were counted."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
    ours.setblocking(False)
    departed: list[str] = []
    with ours, theirs:
        yield (
            NetworkStream(TcpChannel(ours), lambda: None, lambda: departed.append("request")),
            theirs,
            departed,
        )


async def test_connection_with_bytes_after_a_response_can_not_be_used(pair: Pair) -> None:
    """Received together with the response, or after it."""
    stream, peer, departed = pair
    await stream.write(b"first")
    assert peer.recv(100) == b"first"
    peer.sendall(b"AB")
    assert await stream.read(1) == b"A"
    assert stream.get_extra_info("is_readable")
    with pytest.raises(httpcore2.ConnectionNotAvailable):
        await stream.write(b"second")
    assert await stream.read(1) == b"B"
    assert not stream.get_extra_info("is_readable")
    await stream.write(b"second")
    assert peer.recv(100) == b"second"
    assert departed == ["request", "request"]


async def test_request_after_a_response_that_arrives_late_is_refused(pair: Pair) -> None:
    stream, peer, departed = pair
    await stream.write(b"first")
    assert peer.recv(100) == b"first"
    peer.sendall(b"A")
    assert await stream.read(1) == b"A"
    peer.sendall(b"B")
    await anyio.wait_readable(stream._channel.socket)
    with pytest.raises(httpcore2.ConnectionNotAvailable):
        await stream.write(b"second")
    peer.setblocking(False)
    with pytest.raises(BlockingIOError):
        peer.recv(100)
    assert departed == ["request"]


async def test_read_and_write_without_progress_end(pair: Pair) -> None:
    stream, _, _ = pair
    await stream.write(b"first")
    with pytest.raises(httpcore2.ReadTimeout):
        await stream.read(1, 0)
    with pytest.raises(httpcore2.WriteTimeout):
        await stream.write(bytes(100_000_000), 0.01)
    with pytest.raises(httpcore2.ReadError, match="not sent completely"):
        await stream.read(1)


async def test_request_for_a_tunnel_is_not_counted(pair: Pair) -> None:
    stream, _, departed = pair
    await stream.write(b"CONNECT ses.invalid:443 HTTP/1.1\r\n\r\n")
    assert departed == []


async def test_stream_that_was_reset_has_unread_bytes(pair: Pair) -> None:
    """An error, which the next read would raise."""
    stream, _, _ = pair
    stream._channel.socket.close()
    assert stream.get_extra_info("is_readable")
    assert stream.get_extra_info("ssl_object") is None
