"""aiobotocore's httpx session with protections for sends; imported when a client connects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, aclosing
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import anyio
from aiobotocore.httpxsession import HttpxSession
from botocore.httpsession import ProxyConfiguration
from httpx2 import AsyncClient, ConnectError, Limits

from ..concurrency import run_in_thread
from ..private_names import check_private_names
from .bounded_read import read_bounded
from .header_values import check_headers
from .network_stream import NetworkBackend
from .private_names import HTTPX
from .request_body import Body
from .transport_settings import check_proxy, check_response, check_status, load_tls

__all__ = ["FastHttpxSession"]


class FastHttpxSession(HttpxSession):
    """Session whose connections match each response to its request, and which closes all of them.

    It follows no redirect, as httpx by default, keeps no cookies, and limits the size of responses.
    A closed session doesn't connect: aiobotocore would open another one, and httpx complete
    connections that nothing closes.
    """

    closed: bool = False
    departing: Callable[[], None] = staticmethod(lambda: None)
    starting: Callable[[], None] = staticmethod(lambda: None)
    proxy: str | None = None  # of the URL for which it was prepared

    async def __aenter__(self) -> Any:
        check_private_names(HTTPX, _private_names)
        # aiobotocore's own method loads TLS files in anyio's default threads, which may be busy.
        self._entered = True
        self._exit_stack = AsyncExitStack()
        self._session: Any = None
        self._session_lock = anyio.Lock()
        self._backend = NetworkBackend(self.check_open, lambda: self.departing())
        self._proxy_urls: dict[str, str] = {}
        self._proxy_ssl_contexts: dict[str, Any] = {}
        untyped: Any = self  # the stubs don't have the names
        self._limits = Limits(
            max_connections=untyped._max_pool_connections,
            keepalive_expiry=untyped._connector_args["keepalive_timeout"],
        )
        return self

    async def __aexit__(self, *args: Any) -> Any:
        self.closed = True
        return await super().__aexit__(*args)

    async def prepare(self, url: str) -> None:
        """Load TLS files and create the HTTP client, ahead of the first request.

        Args:
            url: URL of the requests, whose scheme selects the proxy.

        Raises:
            ConfigurationError: A file, or the proxy, can't be used.
        """
        untyped: Any = self  # the stubs don't have the names
        self.proxy = untyped._proxy_config.proxy_url_for(url)
        if self.proxy is not None:
            check_proxy(self.proxy)
            self._proxy_urls = {url.partition(":")[0]: self.proxy}
        build = partial(untyped._build_ssl_contexts, self._proxy_urls)
        self._verify, self._proxy_ssl_contexts = await run_in_thread(partial(load_tls, self, build))
        await self._open(url)

    def abandon(self) -> None:
        """Close all connections at once, without a warning."""
        for channel in self._backend.channels:
            channel.socket.close()

    async def _get_session(self, url: str) -> Any:
        if self._session is None:
            self.check_open()
            await self.prepare(url)
        return await self._open(url)

    async def _open(self, url: str) -> Any:
        get_session: Any = getattr(super(), "_get_session")  # noqa: B009
        return await get_session(url)

    def check_open(self) -> None:
        """Raise the error of a failed connection if the session is closed."""
        if self.closed:
            raise ConnectError("the client was closed")

    async def send(self, request: Any) -> Any:
        """Send a request of aiobotocore's generic code.

        Raises:
            ConfigurationError: A header is invalid; nothing was sent.
            NotSentError: The proxy asks for a password.
        """
        self.starting()
        check_headers(request.headers)
        for name, value in [*request.headers.items()]:  # httpx encodes text as ASCII
            if isinstance(value, str) and not value.isascii():
                del request.headers[name]
                request.headers[name] = value.encode()
        return await check_response(await super().send(request), request.url, self.proxy)

    async def post(
        self, url: str, headers: Mapping[str, str], body: Body
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Post a signed request.

        Returns:
            The status, the header fields, and the body of the response.

        Raises:
            ConfigurationError: A header is invalid; nothing was sent.
            NotSentError: The proxy asks for a password.
        """
        check_headers(headers)
        client = await self._get_session(url)
        # Bytes, as httpx encodes text as ASCII.
        fields = {name: value.encode() for name, value in headers.items()}
        fields["Content-Length"] = str(body.size).encode()
        response = await client.send(
            client.build_request("POST", url, headers=fields, content=_chunks(body)), stream=True
        )
        content = await response.aread()
        check_status(response.status_code, url, self.proxy)
        return response.status_code, response.headers, content

    def _make_async_client(self) -> Any:
        self.check_open()
        make_client: Any = getattr(super(), "_make_async_client")  # noqa: B009  # not in the stubs
        client = make_client()
        client.headers["Accept-Encoding"] = "identity"
        client.event_hooks = {"response": [_limit]}
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))  # takes none
        for transport in (client._transport, *client._mounts.values()):
            pool = transport._pool
            pool.create_connection = partial(_create, pool.create_connection)
            pool._network_backend = self._backend
        return client


def _private_names() -> dict[str, Any]:
    """Returns objects that have the names in ``HTTPX``, none of which connects."""
    import httpcore2

    origin = httpcore2.Origin(b"https", b"localhost", 443)
    no_stream: Any = None
    return {
        "HttpxSession": HttpxSession,
        "ProxyConfiguration": ProxyConfiguration,
        "client": AsyncClient(verify=False, trust_env=False),
        "connection": httpcore2.AsyncHTTPConnection(origin),
        "http11": httpcore2.AsyncHTTP11Connection(origin, no_stream),
    }


async def _chunks(body: Body) -> AsyncIterator[bytes]:
    for chunk in body:
        yield chunk


async def _limit(response: Any) -> None:
    response.aread = partial(_read, response)


async def _read(response: Any) -> bytes:
    """Returns the body without decompression, which could expand kilobytes to gigabytes."""
    async with aclosing(response.aiter_raw()) as chunks:
        return await read_bounded(chunks)


def _create(create: Any, origin: Any) -> _Connection:
    return _Connection(create(origin))


class _Connection:
    """A connection of the pool, which expires when it has unread data."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def has_expired(self) -> bool:
        expired: bool = self._inner.has_expired()
        return expired or _has_unread_data(self._inner)


def _has_unread_data(connection: Any) -> bool:
    """Returns whether bytes follow the last response, which h11 would take for the next one."""
    while connection is not None and not hasattr(connection, "_h11_state"):
        connection = getattr(connection, "_connection", None)
    return connection is not None and bool(connection._h11_state.trailing_data[0])
