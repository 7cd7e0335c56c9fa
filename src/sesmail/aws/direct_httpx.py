"""aiobotocore's httpx session, made safe for sends; imported only when a client connects."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial
from typing import Any

from aiobotocore.httpxsession import HttpxSession

from .whole import whole

__all__ = ["DirectHttpxSession"]


class DirectHttpxSession(HttpxSession):
    """Takes no answer for another's, and none that is endless, or compressed unasked. It follows no redirect anyway."""

    def _make_async_client(self) -> Any:
        make_client: Any = getattr(super(), "_make_async_client")  # noqa: B009  # the stubs don't have it
        client = make_client()
        client.headers["Accept-Encoding"] = "identity"
        client.event_hooks = {"response": [_limit]}
        for transport in (client._transport, *client._mounts.values()):
            pool = transport._pool
            pool.create_connection = partial(_create, pool.create_connection)
        return client


async def _limit(response: Any) -> None:
    response.aread = partial(_read, response)


async def _read(response: Any) -> bytes:
    """The answer as it came: httpx would unpack a few kilobytes into gigabytes."""
    async with aclosing(response.aiter_raw()) as pieces:
        return await whole(pieces)


def _create(create: Any, origin: Any) -> _Connection:
    return _Connection(create(origin))


class _Connection:
    """A connection of httpx's pool, which is not used again when something came unasked."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def has_expired(self) -> bool:
        """Whether it must be closed."""
        expired: bool = self._connection.has_expired()
        return expired or _has_leftovers(self._connection)


def _has_leftovers(connection: Any) -> bool:
    """Whether more was read than the answer: h11 would take it for the answer to the next request."""
    while connection is not None:
        if (state := getattr(connection, "_h11_state", None)) is not None:
            return bool(state.trailing_data[0])
        connection = getattr(connection, "_connection", None)
    return False
