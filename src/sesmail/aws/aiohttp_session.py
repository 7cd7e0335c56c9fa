"""aiobotocore's aiohttp session with protections for sends; imported when a client connects."""

from __future__ import annotations

import selectors
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Self
from weakref import WeakSet

import anyio.lowlevel
from aiobotocore.httpsession import AIOHTTPSession
from aiohttp import ClientResponse, Payload, TCPConnector
from aiohttp.abc import AbstractStreamWriter
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http_writer import StreamWriter
from yarl import URL

from ..private_names import AIOHTTP, check_private_names
from .bounded_read import read_bounded
from .request_body import Body

__all__ = ["FastAiohttpSession"]

_CHUNK = 256 * 1024
# Preferred, as each epoll or kqueue selector opens a file.
_Selector: type[selectors.BaseSelector] = getattr(
    selectors, "PollSelector", selectors.SelectSelector
)


class FastAiohttpSession(AIOHTTPSession):
    """Session that follows no redirect and aborts partial requests.

    It reuses no connection with unread data. aiobotocore's own session would repeat the body and
    the credentials at the target of a 307:
    https://www.rfc-editor.org/rfc/rfc9110#section-15.4.8
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._targets: dict[str, tuple[URL, str | None, Any]] = {}

    async def __aenter__(self) -> Self:
        check_private_names(AIOHTTP, self._private_names)
        await super().__aenter__()
        return self

    def _private_names(self) -> dict[str, Any]:
        """Returns the objects that have the names in ``AIOHTTP``."""
        return {
            "AIOHTTPSession": AIOHTTPSession,
            "ClientResponse": ClientResponse,
            "Connection": Connection,
            "ResponseHandler": ResponseHandler,
            "StreamWriter": StreamWriter,
            "TCPConnector": TCPConnector,
            "session": self,
        }

    async def post(
        self, url: str, headers: Mapping[str, str], body: Body
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Post a signed request.

        Returns:
            The status, the header fields, and the body of the response.
        """
        target, proxy, proxy_headers = self._target(url)
        session: Any = await self._get_session(proxy)
        response = await session.request(
            "POST", url=target, headers=headers, data=body, proxy=proxy, proxy_headers=proxy_headers
        )
        return response.status, response.headers, await response.read()

    def _target(self, url: str) -> tuple[URL, str | None, Any]:
        """Returns a URL as aiohttp takes it, with the URL and the headers of its proxy."""
        if url not in self._targets:
            proxies: Any = getattr(self, "_proxy_config")  # noqa: B009
            self._targets[url] = (
                URL(url, encoded=True),
                proxies.proxy_url_for(url),
                proxies.proxy_headers_for(url),
            )
        return self._targets[url]

    async def _get_session(self, proxy_url: str | None) -> _ClientSession:
        get_session: Any = getattr(super(), "_get_session")  # noqa: B009  # the stubs don't have it
        return _ClientSession(await get_session(proxy_url))

    async def _create_connector(self, proxy_url: str | None) -> Any:
        create_connector: Any = getattr(super(), "_create_connector")  # noqa: B009
        connector = await create_connector(proxy_url)
        connector.connect = partial(_connect, connector.connect, WeakSet())
        return connector


async def _connect(connect: Any, used: WeakSet[Any], *args: Any, **options: Any) -> Any:
    """Returns a connection without unread data, which aiohttp would take for the next response."""
    while True:
        connection = await connect(*args, **options)
        protocol = connection.protocol
        if protocol not in used or not (
            protocol.should_close or _is_readable(connection.transport)
        ):
            used.add(protocol)
            return connection
        connection.close()


def _is_readable(transport: Any) -> bool:
    """Returns whether the socket has received data that the event loop hasn't read yet."""
    with _Selector() as selector:
        selector.register(transport.get_extra_info("socket"), selectors.EVENT_READ)
        return bool(selector.select(0))


class _ClientSession:
    """The one method of an aiohttp session that aiobotocore calls."""

    def __init__(self, session: Any) -> None:
        self._session = session

    async def request(self, method: str, *, data: Any, **options: Any) -> Any:
        body = _Payload(data) if isinstance(data, (bytes, Body)) else None
        try:
            response = await self._session.request(
                method, data=data if body is None else body, allow_redirects=False, **options
            )
        except BaseException:
            if body is not None:
                body.abort()
            raise
        if response.status == 101:  # after which the connection carries another protocol
            response._protocol.force_close()
        response.content = _Content(response.content)
        return response


class _Content:
    """Content of a response, which is read completely only up to a size limit."""

    def __init__(self, content: Any) -> None:
        self._content = content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)

    async def read(self, size: int = -1) -> bytes:
        """Returns all of it, or the next chunk."""
        chunk: bytes = await (
            self._content.read(size) if size >= 0 else read_bounded(self._content.iter_any())
        )
        return chunk


class _Payload(Payload):
    """Request body that is written in chunks, between which other tasks run, and can be aborted."""

    def __init__(self, body: bytes | Body) -> None:
        super().__init__(body)
        self._body = body
        self._size = body.size if isinstance(body, Body) else len(body)
        self._transport: Any = None

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Returns the body as text, as aiohttp requires of every payload."""
        return b"".join(self._chunks()).decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all of it."""
        self._transport = getattr(writer, "transport", None)
        for number, chunk in enumerate(self._chunks()):
            if number:
                await anyio.lowlevel.checkpoint()
            await writer.write(chunk)

    def _chunks(self) -> Iterator[bytes | memoryview]:
        return iter(self._body) if isinstance(self._body, Body) else _cut(self._body)

    def abort(self) -> None:
        """Discard unwritten data, which closing would still write, however slow the server is."""
        if self._transport is not None:
            self._transport.abort()


def _cut(body: bytes) -> Iterator[memoryview]:
    view = memoryview(body)
    yield from (view[start : start + _CHUNK] for start in range(0, len(view), _CHUNK))
