"""aiobotocore's httpx session with protections for sends; imported when a client connects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any

import anyio
from aiobotocore.httpxsession import HttpxSession
from httpx2 import AsyncClient, ConnectError

from ..private_names import HTTPX, check_private_names
from .bounded_read import read_bounded
from .request_body import Body

__all__ = ["FastHttpxSession"]


class FastHttpxSession(HttpxSession):
    """Session that reuses no connection with unread data, and closes all connections.

    It follows no redirect, as httpx by default, and limits the size of responses. A closed session
    doesn't connect: aiobotocore would open another one, and httpx complete connections that nothing
    closes.
    """

    closed: bool = False

    async def __aenter__(self) -> Any:
        check_private_names(HTTPX, _private_names)
        return await super().__aenter__()

    async def __aexit__(self, *args: Any) -> Any:
        self.closed = True
        return await super().__aexit__(*args)

    def check_open(self) -> None:
        """Raise the error of a failed connection if the session is closed."""
        if self.closed:
            raise ConnectError("the client was closed")

    async def post(
        self, url: str, headers: Mapping[str, str], body: Body
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Post a signed request.

        Returns:
            The status, the header fields, and the body of the response.
        """
        get_session: Any = getattr(self, "_get_session")  # noqa: B009
        client = await get_session(url)
        # Bytes, as httpx encodes text as ASCII.
        fields = {name: value.encode() for name, value in headers.items()}
        fields["Content-Length"] = str(body.size).encode()
        response = await client.send(
            client.build_request("POST", url, headers=fields, content=_chunks(body)), stream=True
        )
        return response.status_code, response.headers, await response.aread()

    def _make_async_client(self) -> Any:
        self.check_open()
        make_client: Any = getattr(super(), "_make_async_client")  # noqa: B009  # not in the stubs
        client = make_client()
        client.headers["Accept-Encoding"] = "identity"
        client.event_hooks = {"response": [_limit]}
        for transport in (client._transport, *client._mounts.values()):
            pool = transport._pool
            pool.create_connection = partial(_create, pool.create_connection)
            pool._network_backend = _NetworkBackend(pool._network_backend, self)
        return client


def _private_names() -> dict[str, Any]:
    """Returns objects that have the names in ``HTTPX``, none of which connects."""
    import httpcore2

    origin = httpcore2.Origin(b"https", b"localhost", 443)
    no_stream: Any = None
    return {
        "HttpxSession": HttpxSession,
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


class _Proxy:
    """Base of classes that change one method of an object of httpx."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Connection(_Proxy):
    """A connection of the pool, which expires when it has unread data."""

    def has_expired(self) -> bool:
        expired: bool = self._inner.has_expired()
        return expired or _has_unread_data(self._inner)


def _has_unread_data(connection: Any) -> bool:
    """Returns whether bytes follow the last response, which h11 would take for the next one."""
    while connection is not None and not hasattr(connection, "_h11_state"):
        connection = getattr(connection, "_connection", None)
    return connection is not None and bool(connection._h11_state.trailing_data[0])


class _NetworkBackend(_Proxy):
    """The network backend of a pool, which doesn't connect for a closed session."""

    def __init__(self, inner: Any, session: FastHttpxSession) -> None:
        super().__init__(inner)
        self._session = session

    async def connect_tcp(self, *args: Any, **options: Any) -> _Stream:
        stream = await self._inner.connect_tcp(*args, **options)
        if self._session.closed:
            await _close(stream)
        self._session.check_open()
        return _Stream(stream, self._session)


class _Stream(_Proxy):
    """A connection before TLS, which httpx leaves open if the handshake is cancelled."""

    def __init__(self, inner: Any, session: FastHttpxSession) -> None:
        super().__init__(inner)
        self._session = session

    async def start_tls(self, *args: Any, **options: Any) -> Any:
        try:
            stream = await self._inner.start_tls(*args, **options)
            self._session.check_open()
        except BaseException:
            await _close(self._inner)
            raise
        return stream


async def _close(stream: Any) -> None:
    with anyio.CancelScope(shield=True):
        await stream.aclose()
