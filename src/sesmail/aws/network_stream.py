"""Network streams for httpx that match each response to its request.

https://www.encode.io/httpcore/network-backends/
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import anyio
import anyio.lowlevel
import httpcore2

from .channel import Channel, TcpChannel, TlsChannel, connect
from .unread import has_unacknowledged_data

__all__ = ["NetworkBackend", "NetworkStream"]

_CONNECT = b"CONNECT "  # begins the request for a tunnel, which goes to a proxy


class NetworkBackend(httpcore2.AsyncNetworkBackend):
    """Connects for a session.

    Attributes:
        channels: The connections that still exist.

    Args:
        check_open: Raises an exception if the session is closed.
        departing: Called before the first byte of each request.
    """

    def __init__(self, check_open: Callable[[], None], departing: Callable[[], None]) -> None:
        self._check_open = check_open
        self._departing = departing
        self.channels: WeakSet[TcpChannel] = WeakSet()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the interface of httpcore
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> NetworkStream:
        """Returns a connection to a host; httpx sets neither an address nor options."""
        with _errors(httpcore2.ConnectError, httpcore2.ConnectTimeout), anyio.fail_after(timeout):
            channel = await connect(host, port)
        self.channels.add(channel)
        self._check_open()
        return NetworkStream(channel, self._check_open, self._departing)


class NetworkStream(httpcore2.AsyncNetworkStream):
    """A connection that carries requests and responses in turn.

    Bytes that arrive before a request are no response to it, and those that arrive before all of it
    was sent are no proof that the server has it.

    Args:
        channel: The connection.
        check_open: Raises an exception if the session is closed.
        departing: Called before the first byte of each request.
    """

    def __init__(
        self, channel: Channel, check_open: Callable[[], None], departing: Callable[[], None]
    ) -> None:
        self._channel = channel
        self._check_open = check_open
        self._departing = departing
        self._received = b""
        self._is_used = self._is_writing = self._is_broken = False

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Send bytes of a request.

        Raises:
            ConnectionNotAvailable: The connection can't be used again; nothing was sent.
            ConnectError: The server sends bytes before the request; nothing was sent.
            WriteError: The request can't be sent, or a response arrived before all of it was.
        """
        if not buffer:  # for the end of a body with a known size
            return
        await anyio.lowlevel.checkpoint()
        if not self._is_writing:
            self._begin(buffer)
        elif self._has_data():
            self._is_broken = True
            raise httpcore2.WriteError("the response began before the request was sent")
        try:
            with _errors(httpcore2.WriteError, httpcore2.WriteTimeout), anyio.fail_after(timeout):
                await self._channel.send(buffer)
        except BaseException:
            self._is_broken = True  # a response that may follow is no proof
            raise

    def _begin(self, buffer: bytes) -> None:
        if self._has_data():
            if self._is_used:
                raise httpcore2.ConnectionNotAvailable
            raise httpcore2.ConnectError("the server closed the connection, or sent data first")
        if not buffer.startswith(_CONNECT):
            self._departing()
        self._is_writing = True

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """Returns bytes of a response; empty at its end.

        Raises:
            ReadError: They can't be received, or the request wasn't sent completely.
        """
        if self._is_broken:
            raise httpcore2.ReadError("the request was not sent completely")
        await anyio.lowlevel.checkpoint_if_cancelled()
        if not self._received:
            with _errors(httpcore2.ReadError, httpcore2.ReadTimeout), anyio.fail_after(timeout):
                self._received = await self._receive()
        if self._is_writing and has_unacknowledged_data(self._channel.socket):
            self._is_broken = True
            raise httpcore2.ReadError("the response began before the request was received")
        self._is_writing, self._is_used = False, True
        data, self._received = self._received[:max_bytes], self._received[max_bytes:]
        return data

    async def _receive(self) -> bytes:
        data = self._channel.receive_nowait()
        if data is not None:
            await anyio.lowlevel.checkpoint()
            return data
        while data is None:
            await anyio.wait_readable(self._channel.socket)
            data = self._channel.receive_nowait()
        return data

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # the interface of httpcore
    ) -> NetworkStream:
        """Returns the connection with TLS on it."""
        channel = TlsChannel(self._channel, ssl_context, server_hostname)
        try:
            with (
                _errors(httpcore2.ConnectError, httpcore2.ConnectTimeout),
                anyio.fail_after(timeout),
            ):
                await channel.handshake()
            self._check_open()
        except BaseException:
            self._close()
            raise
        return NetworkStream(channel, self._check_open, self._departing)

    async def aclose(self) -> None:
        """Close the connection; closing again does nothing."""
        self._close()
        await anyio.lowlevel.checkpoint()

    def _close(self) -> None:
        sock = self._channel.socket
        if sock.fileno() >= 0:
            anyio.notify_closing(sock)
            sock.close()

    def get_extra_info(self, info: str) -> Any:
        """Returns what httpcore asks for: the TLS object, or whether there are unread bytes."""
        if info == "is_readable":
            return self._has_data()
        return getattr(self._channel, info, None)

    def _has_data(self) -> bool:
        """Returns whether bytes, the end of the stream or an error were received and not read."""
        if not self._received:
            try:
                data = self._channel.receive_nowait()
            except OSError:
                return True
            if not data:
                return data is not None
            self._received = data
        return True


@contextmanager
def _errors(kind: type[Exception], timeout: type[Exception]) -> Generator[None]:
    """Raise the exceptions of httpcore for those of sockets."""
    try:
        yield
    except TimeoutError as err:
        raise timeout(str(err)) from err
    except (OSError, anyio.ClosedResourceError) as err:
        raise kind(str(err)) from err
