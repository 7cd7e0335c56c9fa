"""aiobotocore's httpx session, made safe for sends; imported only when a client connects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any

import anyio
from aiobotocore.httpxsession import HttpxSession
from httpx2 import ConnectError

from .bounded_read import read_bounded
from .request_body import Body

__all__ = ["FastHttpxSession"]


class FastHttpxSession(HttpxSession):
    """Takes no answer for another's, and none that is endless or compressed, and leaves no half-made connection behind.

    It follows no redirect anyway. Once it is closed it connects no more: aiobotocore would open another session, and
    httpx go on with connections that are half made, which nobody would close.
    """

    closed: bool = False

    async def __aexit__(self, *args: Any) -> Any:
        self.closed = True
        return await super().__aexit__(*args)

    def refuse_closed(self) -> None:
        """Fail like what never connected."""
        if self.closed:
            raise ConnectError("the client was closed")

    async def post(
        self, url: str, headers: Mapping[str, str], body: Body
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Post a request that is signed.

        Returns:
            The status, the header fields, and the body.
        """
        get_session: Any = getattr(self, "_get_session")  # noqa: B009
        client = await get_session(url)
        fields = {
            name: value.encode() for name, value in headers.items()
        }  # httpx takes text for ASCII
        fields["Content-Length"] = str(body.size).encode()
        response = await client.send(
            client.build_request("POST", url, headers=fields, content=_pieces(body)), stream=True
        )
        return response.status_code, response.headers, await response.aread()

    def _make_async_client(self) -> Any:
        self.refuse_closed()
        make_client: Any = getattr(super(), "_make_async_client")  # noqa: B009  # the stubs don't have it
        client = make_client()
        client.headers["Accept-Encoding"] = "identity"
        client.event_hooks = {"response": [_limit]}
        for transport in (client._transport, *client._mounts.values()):
            pool = transport._pool
            pool.create_connection = partial(_create, pool.create_connection)
            pool._network_backend = _Network(pool._network_backend, self)
        return client


async def _pieces(body: Body) -> AsyncIterator[bytes]:
    for piece in body:
        yield piece


async def _limit(response: Any) -> None:
    response.aread = partial(_read, response)


async def _read(response: Any) -> bytes:
    """The answer as it came: httpx would unpack a few kilobytes into gigabytes."""
    async with aclosing(response.aiter_raw()) as pieces:
        return await read_bounded(pieces)


def _create(create: Any, origin: Any) -> _Connection:
    return _Connection(create(origin))


class _Around:
    """Something of httpx's, changed in one thing."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Connection(_Around):
    """A connection of the pool, which is not used again when something came unasked."""

    def has_expired(self) -> bool:
        expired: bool = self._inner.has_expired()
        return expired or _has_leftovers(self._inner)


def _has_leftovers(connection: Any) -> bool:
    """Whether more was read than the answer: h11 would take it for the answer to the next request."""
    while connection is not None and not hasattr(connection, "_h11_state"):
        connection = getattr(connection, "_connection", None)
    return connection is not None and bool(connection._h11_state.trailing_data[0])


class _Network(_Around):
    """What the pool connects by."""

    def __init__(self, inner: Any, session: FastHttpxSession) -> None:
        super().__init__(inner)
        self._session = session

    async def connect_tcp(self, *args: Any, **options: Any) -> _Stream:
        stream = await self._inner.connect_tcp(*args, **options)
        if self._session.closed:
            await _abort(stream)
        self._session.refuse_closed()
        return _Stream(stream, self._session)


class _Stream(_Around):
    """A connection before TLS, which httpx would leave open if the handshake is cancelled."""

    def __init__(self, inner: Any, session: FastHttpxSession) -> None:
        super().__init__(inner)
        self._session = session

    async def start_tls(self, *args: Any, **options: Any) -> Any:
        try:
            stream = await self._inner.start_tls(*args, **options)
            self._session.refuse_closed()
        except BaseException:
            await _abort(self._inner)
            raise
        return stream


async def _abort(stream: Any) -> None:
    with anyio.CancelScope(shield=True):
        await stream.aclose()
