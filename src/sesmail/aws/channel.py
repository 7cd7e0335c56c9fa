"""TCP and TLS connections that buffer nothing behind the back of their user.

The streams of anyio and trio keep received bytes in buffers that can't be inspected. Here all that
was received is returned by ``receive_nowait``, so that a connection is known to be silent.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

import anyio

from .resolver import Address, resolve

__all__ = ["Channel", "TcpChannel", "TlsChannel", "connect"]

_CHUNK = 256 * 1024
_ATTEMPT_DELAY = 0.25  # seconds: https://www.rfc-editor.org/rfc/rfc8305#section-8


class Channel(Protocol):
    """A connection."""

    @property
    def socket(self) -> socket.socket:
        """Its socket."""
        ...

    def receive_nowait(self) -> bytes | None:
        """Returns received bytes; empty at the end of the stream, None if there are none yet."""
        ...

    async def send(self, data: bytes | memoryview) -> None:
        """Hand all bytes to the operating system."""
        ...


class TcpChannel:
    """A TCP connection.

    Args:
        sock: A connected socket that doesn't block.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock

    def __del__(self) -> None:
        self.socket.close()  # without Python's warning, as the client warns

    def receive_nowait(self) -> bytes | None:
        """Returns received bytes; empty at the end of the stream, None if there are none yet."""
        try:
            return self.socket.recv(_CHUNK)
        except BlockingIOError:
            return None

    async def send(self, data: bytes | memoryview) -> None:
        """Hand all bytes to the operating system."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self.socket.send(rest) :]
            except BlockingIOError:
                await anyio.wait_writable(self.socket)


class TlsChannel:
    """TLS on another connection, which may itself be TLS to a proxy.

    Args:
        channel: The other connection.
        context: Settings of TLS.
        server_name: Name of the server.
    """

    def __init__(self, channel: Channel, context: ssl.SSLContext, server_name: str | None) -> None:
        self._channel = channel
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.ssl_object: ssl.SSLObject = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=server_name
        )

    @property
    def socket(self) -> socket.socket:
        """The socket of the other connection."""
        return self._channel.socket

    async def handshake(self) -> None:
        """Make the TLS handshake.

        Raises:
            OSError: It failed; as an ``ssl.SSLError`` for a reason of TLS.
        """
        is_complete = False
        while not is_complete:
            # Nothing is awaited in an except clause: aiobotocore would take the SSLWantReadError in
            # the context of another exception for the reason.
            # https://github.com/aio-libs/aiobotocore/blob/3.10.0/aiobotocore/httpxsession.py#L88
            with suppress(ssl.SSLWantReadError):
                self.ssl_object.do_handshake()
                is_complete = True
            await self._flush()
            if not is_complete:
                await self._receive_more()

    def receive_nowait(self) -> bytes | None:
        """Returns decrypted bytes; empty at the end of the stream, None if there are none yet."""
        while True:
            try:
                return self.ssl_object.read(_CHUNK)
            except ssl.SSLWantReadError:
                data = self._channel.receive_nowait()
                if data is None:
                    return None
                self._feed(data)
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def send(self, data: bytes | memoryview) -> None:
        """Encrypt all bytes and hand them to the operating system."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self.ssl_object.write(rest[:_CHUNK]) :]
            except ssl.SSLWantReadError:  # the server renegotiates TLS 1.2
                await self._flush()
                await self._receive_more()
            else:
                await self._flush()

    async def _receive_more(self) -> None:
        while (data := self._channel.receive_nowait()) is None:
            await anyio.wait_readable(self.socket)
        self._feed(data)

    def _feed(self, data: bytes) -> None:
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._channel.send(self._outgoing.read())


async def connect(host: str, port: int) -> TcpChannel:
    """Connect to the first address of a host that responds.

    Addresses are tried one after the other, each also while earlier ones don't respond:
    https://www.rfc-editor.org/rfc/rfc8305

    Raises:
        OSError: The name can't be resolved, or no address accepts the connection.
    """
    addresses = _interleave(await resolve(host, port))
    errors: list[OSError] = []
    winners: list[socket.socket] = []

    async def attempt(address: Address, failed: anyio.Event) -> None:
        try:
            sock = await _connect(address)
        except OSError as err:
            errors.append(err)
            failed.set()
            return
        winners.append(sock)
        group.cancel_scope.cancel()

    try:
        async with anyio.create_task_group() as group:
            for address in addresses:
                failed = anyio.Event()
                group.start_soon(attempt, address, failed)
                with anyio.move_on_after(_ATTEMPT_DELAY):
                    await failed.wait()
    except BaseException:
        _close(winners)
        raise
    if not winners:
        raise errors[0]
    _close(winners[1:])  # two may have been connected at once
    return TcpChannel(winners[0])


def _interleave(addresses: Sequence[Address]) -> list[Address]:
    """Returns the addresses with those of the other family second, fourth and so on."""
    first = [each for each in addresses if each[0] == addresses[0][0]]
    other = [each for each in addresses if each[0] != addresses[0][0]]
    pairs = zip(first, other, strict=False)
    rest = first[len(other) :] + other[len(first) :]
    return [each for pair in pairs for each in pair] + rest


async def _connect(address: Address) -> socket.socket:
    family, target = address
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(BlockingIOError):
            sock.connect(target)
        await anyio.wait_writable(sock)
        if number := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(number, os.strerror(number))
    except BaseException:
        sock.close()
        raise
    return sock


def _close(sockets: Sequence[socket.socket]) -> None:
    for sock in sockets:
        sock.close()
