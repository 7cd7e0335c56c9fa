"""aiobotocore's aiohttp session, made safe for sends; imported only when a client connects."""

from __future__ import annotations

import selectors
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from weakref import WeakSet

import anyio.lowlevel
from aiobotocore.httpsession import AIOHTTPSession
from aiohttp import Payload
from aiohttp.abc import AbstractStreamWriter
from yarl import URL

from .bounded_read import read_bounded
from .request_body import Body

__all__ = ["FastAiohttpSession"]

_CHUNK = 256 * 1024
_Selector: type[selectors.BaseSelector] = getattr(
    selectors, "PollSelector", selectors.SelectSelector
)  # no file each


class FastAiohttpSession(AIOHTTPSession):
    """Posts to the endpoint and nowhere else, takes no answer for another's, and leaves no half-written request behind.

    aiobotocore's own would post body and credentials again wherever a 307 points.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._targets: dict[str, tuple[URL, str | None, Any]] = {}

    async def post(
        self, url: str, headers: Mapping[str, str], body: Body
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Post a request that is signed.

        Returns:
            The status, the header fields, and the body.
        """
        target, proxy, proxy_headers = self._target(url)
        session: Any = await self._get_session(proxy)
        response = await session.request(
            "POST", url=target, headers=headers, data=body, proxy=proxy, proxy_headers=proxy_headers
        )
        return response.status, response.headers, await response.read()

    def _target(self, url: str) -> tuple[URL, str | None, Any]:
        if url not in self._targets:
            proxies: Any = getattr(self, "_proxy_config")  # noqa: B009
            self._targets[url] = (
                URL(url, encoded=True),
                proxies.proxy_url_for(url),
                proxies.proxy_headers_for(url),
            )
        return self._targets[url]

    async def _get_session(self, proxy_url: str | None) -> _Requests:
        get_session: Any = getattr(super(), "_get_session")  # noqa: B009  # the stubs don't have it
        return _Requests(await get_session(proxy_url))

    async def _create_connector(self, proxy_url: str | None) -> Any:
        create_connector: Any = getattr(super(), "_create_connector")  # noqa: B009
        connector = await create_connector(proxy_url)
        connector.connect = partial(_connect, connector.connect, WeakSet())
        return connector


async def _connect(connect: Any, used: WeakSet[Any], *args: Any, **options: Any) -> Any:
    """A connection on which nothing came unasked: aiohttp would take it for the answer to the next request."""
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
    """Whether something has arrived that the event loop hasn't read yet."""
    with _Selector() as selector:
        selector.register(transport.get_extra_info("socket"), selectors.EVENT_READ)
        return bool(selector.select(0))


class _Requests:
    """Of an aiohttp session the one method that aiobotocore calls."""

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
        if response.status == 101:  # what comes on this connection from here is no HTTP
            response._protocol.force_close()
        response.content = _Content(response.content)
        return response


class _Content:
    """The content of an answer, which is read whole up to a limit only."""

    def __init__(self, content: Any) -> None:
        self._content = content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)

    async def read(self, size: int = -1) -> bytes:
        """All of it, or the next piece."""
        pieces: bytes = await (
            self._content.read(size) if size >= 0 else read_bounded(self._content.iter_any())
        )
        return pieces


class _Payload(Payload):
    """A body that is written in pieces, between which other tasks run, and whose rest can be called back."""

    def __init__(self, body: bytes | Body) -> None:
        super().__init__(body)
        self._size = body.size if isinstance(body, Body) else len(body)
        self._transport: Any = None

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The body as text, which aiohttp wants of every payload."""
        return b"".join(self._pieces()).decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all of it."""
        self._transport = getattr(writer, "transport", None)
        for number, piece in enumerate(self._pieces()):
            if number:
                await anyio.lowlevel.checkpoint()
            await writer.write(piece)

    def _pieces(self) -> Iterator[bytes | memoryview]:
        return iter(self._value) if isinstance(self._value, Body) else _cut(self._value)

    def abort(self) -> None:
        """Drop what hasn't left: closing would go on writing it, for as long as the server lets it wait."""
        if self._transport is not None:
            self._transport.abort()


def _cut(body: bytes) -> Iterator[memoryview]:
    view = memoryview(body)
    yield from (view[start : start + _CHUNK] for start in range(0, len(view), _CHUNK))
