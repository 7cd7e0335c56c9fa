"""Selects the HTTP session for the running event loop, and classifies its connection errors."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import suppress
from typing import Any

from ..errors import ConfigurationError

__all__ = ["choose_session", "describe_connection_error", "is_connection_error"]


def choose_session(chosen: type[Any] | None) -> tuple[type[Any], dict[str, Any]]:
    """Returns the session class for the running event loop, and its settings.

    The class is one for httpx on trio, and one for aiohttp on asyncio.

    Args:
        chosen: The class in the caller's settings; None without one.

    Raises:
        ConfigurationError: httpx2 is missing, or the chosen class isn't one of aiobotocore's.
    """
    from aiobotocore.httpsession import AIOHTTPSession
    from aiobotocore.httpxsession import HttpxSession

    from .aiohttp_session import FastAiohttpSession

    if chosen not in (None, AIOHTTPSession, HttpxSession):
        raise ConfigurationError(
            "http_session_cls has to be AIOHTTPSession or HttpxSession of aiobotocore: "
            "others may follow redirects"
        )
    if chosen is HttpxSession or _on_trio():
        if importlib.util.find_spec("httpx2") is None:
            raise ConfigurationError(
                "httpx2, which trio requires, is missing: pip install 'sesmail[trio]'"
            )
        from .httpx_session import FastHttpxSession

        # The deadline covers these. httpx's default of 5 s is too short for large mails:
        # https://www.python-httpx.org/advanced/timeouts/
        return FastHttpxSession, {"write_timeout": None, "pool_timeout": None}
    return FastAiohttpSession, {}


def _on_trio() -> bool:
    trio = sys.modules.get("trio")
    return trio is not None and bool(trio.lowlevel.in_trio_run())


def is_connection_error(error: object) -> bool:
    """Returns whether the exception of an HTTP library proves that no byte of the request was sent.

    botocore's own classes are no proof: aiobotocore raises ``EndpointConnectionError`` also for a
    reset after the whole request, and ``ConnectTimeoutError`` for a write that timed out.
    """
    import aiohttp

    kinds: list[type[BaseException]] = [
        aiohttp.ClientConnectorError,
        aiohttp.ClientHttpProxyError,  # the proxy rejected the tunnel, as in httpx's ProxyError
        aiohttp.ConnectionTimeoutError,
    ]
    httpx = sys.modules.get("httpx2")
    if httpx is not None:
        kinds += [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError]
    return isinstance(error, tuple(kinds))


def describe_connection_error(error: Any) -> str:
    """Returns a text for such an exception; its own may contain the password of a proxy."""
    import aiohttp

    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy responded with {error.status}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{error.host}:{error.port}: {error.__cause__}"
    with suppress(AttributeError, RuntimeError):  # httpx's text has no host
        url = error.request.url
        return f"{url.host}:{url.port or url.scheme}: {error}"
    return str(error)
