"""Request bodies of aiohttp that know how much of their request may have been sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import anyio.lowlevel
from aiohttp import ClientConnectionError, Payload
from aiohttp.abc import AbstractStreamWriter

from .aiohttp_protocol import UnsolicitedDataError, is_silent
from .request_body import Body

__all__ = ["RequestPayload"]

_CHUNK = 256 * 1024


class RequestPayload(Payload):
    """Request body that is written in chunks, between which other tasks run, and can be aborted.

    aiohttp sends the head of a request together with the first chunk.

    Args:
        body: The body.
        departing: Called before the first byte of the request.

    Attributes:
        is_begun: Whether a byte of the request may have been sent.
        is_written: Whether all of it was passed to the transport.
    """

    def __init__(self, body: bytes | Body, departing: Callable[[], None]) -> None:
        super().__init__(body)
        self._body = body
        self._size = body.size if isinstance(body, Body) else len(body)
        self._departing = departing
        self._protocol: Any = None
        self._transport: Any = None
        self._refusal: Exception | None = None
        self.is_begun: bool = False
        self.is_written: bool = False

    def attach(self, protocol: Any) -> None:
        """Set the protocol of the connection on which the request is sent."""
        self._protocol, self._transport = protocol, protocol.transport
        protocol.request = self

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Returns the body as text, as aiohttp requires of every payload."""
        return b"".join(self._chunks()).decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all of it.

        Raises:
            UnsolicitedDataError: The connection can't be used; nothing was sent.
        """
        if not await is_silent(self._protocol):
            raise UnsolicitedDataError
        self._begin()
        for number, chunk in enumerate(self._chunks()):
            if number:
                await anyio.lowlevel.checkpoint()
            await writer.write(chunk)
        self.is_written = True

    def _begin(self) -> None:
        try:
            self._departing()
        except Exception as err:
            self._refusal = err
            raise
        self.is_begun = True
        self._protocol.is_new = False

    def _chunks(self) -> Iterator[bytes | memoryview]:
        return iter(self._body) if isinstance(self._body, Body) else _cut(self._body)

    def abort(self) -> None:
        """Discard unwritten data, which closing would still write, however slow the server is."""
        if self._transport is not None:
            self._transport.abort()

    def is_unsent(self, error: BaseException) -> bool:
        """Returns whether the request can be sent on another connection: no byte of it was sent.

        Args:
            error: The exception that ended the request.

        Raises:
            UnsolicitedDataError: The connection was a new one; nothing was sent.
            Exception: The reason for which the request may not be sent.
        """
        if self._refusal is not None:
            raise self._refusal
        if self.is_begun or self._protocol is None or not isinstance(error, ClientConnectionError):
            return False
        if self._protocol.is_new:
            raise UnsolicitedDataError
        return True


def _cut(body: bytes) -> Iterator[memoryview]:
    view = memoryview(body)
    yield from (view[start : start + _CHUNK] for start in range(0, len(view), _CHUNK))
