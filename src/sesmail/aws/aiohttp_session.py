"""aiobotocore's aiohttp session with protections for sends; imported when a client connects."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Self

from aiobotocore import httpsession
from aiobotocore.httpsession import AIOHTTPSession
from aiohttp import (
    BaseConnector,
    ClientResponse,
    ClientSession,
    DummyCookieJar,
    TCPConnector,
)
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http_writer import StreamWriter
from botocore.httpsession import ProxyConfiguration
from yarl import URL

from ..concurrency import run_in_thread
from ..private_names import check_private_names
from .aiohttp_payload import RequestPayload
from .aiohttp_protocol import connect_silent, watch_protocols
from .aiohttp_resolver import Resolver
from .bounded_read import check_bounded, read_bounded
from .header_values import check_headers
from .private_names import AIOHTTP
from .request_body import Body
from .transport_settings import check_proxy, check_response, check_status, load_tls

__all__ = ["FastAiohttpSession"]


class FastAiohttpSession(AIOHTTPSession):
    """Session that follows no redirect, keeps no cookies and aborts partial requests.

    Its connections match each response to its request. aiobotocore's own session would repeat the
    body and the credentials at the target of a 307:
    https://www.rfc-editor.org/rfc/rfc9110#section-15.4.8
    """

    departing: Callable[[], None] = staticmethod(lambda: None)
    starting: Callable[[], None] = staticmethod(lambda: None)
    proxy: str | None = None  # of the URL for which it was prepared

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._targets: dict[str, tuple[URL, str | None, Any]] = {}
        self._opened: dict[str | None, _ClientSession] = {}

    async def __aenter__(self) -> Self:
        check_private_names(AIOHTTP, self._private_names)
        await super().__aenter__()
        return self

    def _private_names(self) -> dict[str, Any]:
        """Returns the objects that have the names in ``AIOHTTP``."""
        sslproto = sys.modules["asyncio.sslproto"]
        return {
            "AIOHTTPSession": AIOHTTPSession,
            "BaseConnector": BaseConnector,
            "ClientResponse": ClientResponse,
            "ClientSession": ClientSession,
            "Connection": Connection,
            "ProxyConfiguration": ProxyConfiguration,
            "ResponseHandler": ResponseHandler,
            "StreamWriter": StreamWriter,
            "TCPConnector": TCPConnector,
            "httpsession": httpsession,
            "session": self,
            "SSLProtocol": getattr(sslproto, "SSLProtocol", None),
            "_SSLProtocolTransport": getattr(sslproto, "_SSLProtocolTransport", None),
        }

    async def prepare(self, url: str) -> None:
        """Load TLS files and create the HTTP client, ahead of the first request.

        Args:
            url: URL of the requests, whose scheme selects the proxy.

        Raises:
            ConfigurationError: A file, or the proxy, can't be used.
        """
        _, self.proxy, _ = self._target(url)
        if self.proxy is not None:
            check_proxy(self.proxy)
        await self._get_session(self.proxy)

    def abandon(self) -> None:
        """Close all connections at once, without a warning of aiohttp."""
        for each in self._opened.values():
            each.abandon()

    async def send(self, request: Any) -> Any:
        """Send a request of aiobotocore's generic code.

        Raises:
            ConfigurationError: A header is invalid; nothing was sent.
            NotSentError: The proxy asks for a password.
        """
        self.starting()
        check_headers(request.headers)
        return await check_response(await super().send(request), request.url, self.proxy)

    async def post(
        self, url: str, headers: Mapping[str, str], body: Body
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Post a signed request.

        Returns:
            The status, the header fields, and the body of the response.

        Raises:
            NotSentError: The proxy asks for a password.
        """
        target, proxy, proxy_headers = self._target(url)
        session = await self._get_session(proxy)
        response = await session.request(
            "POST", url=target, headers=headers, data=body, proxy=proxy, proxy_headers=proxy_headers
        )
        content = await response.read()
        check_status(response.status, url, proxy)
        return response.status, response.headers, content

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
        if proxy_url not in self._opened:
            get_session: Any = getattr(super(), "_get_session")  # noqa: B009
            session = await get_session(proxy_url)  # the stubs don't have it
            session._cookie_jar = DummyCookieJar()
            self._opened[proxy_url] = _ClientSession(session, lambda: self.departing())
        return self._opened[proxy_url]

    async def _create_connector(self, proxy_url: str | None) -> Any:
        # aiobotocore's own method loads the files in the default executor, which may be busy.
        untyped: Any = self  # the stubs don't have the names
        build = partial(untyped._build_ssl_contexts, proxy_url)
        context, proxy_context = await run_in_thread(partial(load_tls, self, build))
        connector: Any = getattr(httpsession, "_ProxySSLTCPConnector")(  # noqa: B009
            limit=untyped._max_pool_connections,
            ssl=context,
            proxy_ssl_context=proxy_context,
            **{"resolver": Resolver(), **untyped._connector_args},
        )
        watch_protocols(connector)
        connector.connect = partial(self._connect, connector.connect)
        return connector

    async def _connect(self, connect: Any, request: Any, *args: Any, **options: Any) -> Any:
        """Returns a connection on which the request is sent next."""
        if isinstance(request.body, RequestPayload):  # which checks the connection
            connection = await connect(request, *args, **options)
            request.body.attach(connection.protocol)
            return connection
        connection = await connect_silent(connect, request, *args, **options)
        try:
            self.departing()
        except BaseException:
            connection.close()
            raise
        connection.protocol.request, connection.protocol.is_new = None, False
        return connection


class _ClientSession:
    """The one method of an aiohttp session that aiobotocore calls."""

    def __init__(self, session: Any, departing: Callable[[], None]) -> None:
        self._session = session
        self._departing = departing

    def abandon(self) -> None:
        """Close all connections at once, without a warning of aiohttp."""
        connector: Any = self._session.connector
        self._session.detach()
        connector._close(abort_ssl=True)

    async def request(self, method: str, *, data: Any, **options: Any) -> Any:
        if isinstance(data, str):  # the form of an operation of SES API v1
            data = data.encode()
        response = None
        while response is None:
            is_body = isinstance(data, (bytes, Body))
            body = RequestPayload(data, self._departing) if is_body else None
            try:
                response = await self._session.request(
                    method, data=data if body is None else body, allow_redirects=False, **options
                )
            except BaseException as err:
                if body is None:
                    raise
                body.abort()
                if not body.is_unsent(err):
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
        if size < 0 and self._content.is_eof():  # all of it arrived with the header
            return check_bounded(self._content.read_nowait())
        chunk: bytes = await (
            self._content.read(size) if size >= 0 else read_bounded(self._content.iter_any())
        )
        return chunk
