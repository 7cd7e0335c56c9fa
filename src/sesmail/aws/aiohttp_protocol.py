"""aiohttp's protocol with a check that each response follows its request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import anyio.lowlevel
from aiohttp import ClientConnectionError
from aiohttp.client_proto import ResponseHandler

from .unread import has_unacknowledged_data, readable_query

__all__ = [
    "EarlyResponseError",
    "UnsolicitedDataError",
    "connect_silent",
    "is_silent",
    "watch_protocols",
]

_MAX_READS = 20  # of the event loop, until a new connection has to be silent
# Shows whether the parser is between two responses: then it parses this as one.
_PROBE = b"HTTP/1.1 204 Probe\r\n\r\n"


class UnsolicitedDataError(ClientConnectionError):
    """A connection was closed, or carried data, before a request was sent."""

    def __init__(self) -> None:
        super().__init__("the server closed the connection, or sent data first")


class EarlyResponseError(ClientConnectionError):
    """A response began before the whole request was sent."""


class _Protocol(ResponseHandler):
    """Protocol that reuses no connection with data after a response.

    Bytes that arrive before a request are no response to it, and those that arrive before all of it
    was sent are no proof that the server has it.
    """

    def __init__(self, loop: Any) -> None:
        super().__init__(loop)
        self._is_expecting = False
        self._final: Any = None  # the body of the response, once its head was parsed
        self._is_readable: Callable[[], Sequence[object]] | None = None
        self.is_new = True
        self.request: Any = None  # the body of the request, with is_begun and is_written

    def set_response_params(self, **params: Any) -> None:
        """Expect a response, as aiohttp calls this before each request."""
        super().set_response_params(**params)
        self._is_expecting, self._final = True, None

    def data_received(self, data: bytes) -> None:
        """Parse data, unless no response is expected."""
        if not data or self._upgraded:
            super().data_received(data)
        elif not self._is_expecting or not self._is_request_begun():
            self._should_close = True
        elif self._final is None and not self._is_request_sent():
            self._is_expecting = False
            self.set_exception(EarlyResponseError("the response began before the request was sent"))
        else:
            super().data_received(data)
            if self._final is not None and self._final.is_eof():
                self._is_expecting = False
                self._should_close = self._should_close or not self._is_between_responses()

    def is_readable(self) -> bool:
        """Returns whether the open connection has bytes that the event loop hasn't read."""
        if self._is_readable is None:
            transport: Any = self.transport
            self._is_readable = readable_query(transport.get_extra_info("socket"))
        return bool(self._is_readable())

    def feed_data(self, data: Any, size: int = 0) -> None:
        """Pass a parsed response on to its reader."""
        if self._final is not None:
            self._should_close = True  # the response after the last one
            return
        if data[0].code >= 200:
            self._final = data[1]
        super().feed_data(data, size)

    def _is_request_begun(self) -> bool:
        return self.request is None or self.request.is_begun

    def _is_request_sent(self) -> bool:
        return (self.request is None or self.request.is_written) and not _has_unsent_data(
            self.transport
        )

    def _is_between_responses(self) -> bool:
        parser: Any = self._parser
        try:
            messages, _, _ = parser.feed_data(_PROBE)
        except Exception:
            return False
        return len(messages) == 1 and messages[0][0].reason == "Probe"


def watch_protocols(connector: Any) -> None:
    """Let a connector of aiohttp create connections with the checks of this module."""
    connector._factory = partial(_Protocol, connector._loop)


async def connect_silent(connect: Any, request: Any, *args: Any, **options: Any) -> Any:
    """Returns a connection without unread data, which aiohttp would take for the next response.

    Args:
        connect: The method of aiohttp's connector.
        request: aiohttp's request.
        *args: Other arguments of the method.
        **options: Other arguments of the method.

    Raises:
        UnsolicitedDataError: A new connection was closed, or carried data.
    """
    while True:
        connection = await connect(request, *args, **options)
        protocol = connection.protocol
        try:
            if await is_silent(protocol):
                return connection
        except BaseException:
            connection.close()
            raise
        connection.close()
        if protocol.is_new:
            raise UnsolicitedDataError


async def is_silent(protocol: Any) -> bool:
    """Returns whether an open connection has received no data since the last response.

    TLS sends data of its own after the handshake, which the event loop reads:
    https://www.rfc-editor.org/rfc/rfc8446#section-4.6.1
    """
    for _ in range(_MAX_READS):
        if protocol.should_close or not protocol.is_connected():
            return False
        if not protocol.is_readable():
            return True
        await anyio.lowlevel.checkpoint()
    return False


def _has_unsent_data(transport: Any) -> bool:
    """Returns whether bytes wait in a buffer of asyncio, or for the peer to acknowledge them."""
    sock = None
    while transport is not None:
        if transport.get_write_buffer_size():
            return True
        sock = transport.get_extra_info("socket")
        # The transport below TLS, which uvloop doesn't show.
        transport = getattr(getattr(transport, "_ssl_protocol", None), "_transport", None)
    return sock is not None and has_unacknowledged_data(sock)
