"""The HTTP sessions that requests may leave by: none of them follows a redirect."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import suppress
from typing import Any

from ..errors import ConfigurationError

__all__ = ["choose_session", "never_connected", "why_not_connected"]


def choose_session(chosen: type[Any] | None) -> tuple[type[Any], dict[str, Any]]:
    """The session class for the event loop that runs, and its settings: httpx on trio, aiohttp on asyncio.

    Args:
        chosen: The class that the caller's settings name.

    Raises:
        ConfigurationError: httpx is needed and missing, or the chosen class isn't aiobotocore's own.
    """
    from aiobotocore.httpsession import AIOHTTPSession
    from aiobotocore.httpxsession import HttpxSession

    from .aiohttp_session import FastAiohttpSession

    if chosen not in (None, AIOHTTPSession, HttpxSession):
        raise ConfigurationError(
            "http_session_cls is one of aiobotocore's: another might follow redirects"
        )
    if chosen is HttpxSession or _on_trio():
        if importlib.util.find_spec("httpx2") is None:
            raise ConfigurationError(
                "httpx2 is missing, which trio needs: pip install 'sesmail[trio]'"
            )
        from .httpx_session import FastHttpxSession

        # The deadline covers these; httpx's own 5 seconds would cut off a large mail on a slow line.
        return FastHttpxSession, {"write_timeout": None, "pool_timeout": None}
    return FastAiohttpSession, {}


def _on_trio() -> bool:
    trio = sys.modules.get("trio")
    return trio is not None and bool(trio.lowlevel.in_trio_run())


def never_connected(error: object) -> bool:
    """Whether the original exception of an HTTP session proves that no connection was made, so no byte can have left.

    botocore's own classes prove nothing: ``EndpointConnectionError`` also covers a reset after the whole request, and
    ``ConnectTimeoutError`` a write that timed out.
    """
    import aiohttp

    kinds: list[type[BaseException]] = [
        aiohttp.ClientConnectorError,
        aiohttp.ClientHttpProxyError,  # the proxy refused the tunnel, as with httpx's ProxyError
        aiohttp.ConnectionTimeoutError,
    ]
    httpx = sys.modules.get("httpx2")
    if httpx is not None:
        kinds += [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError]
    return isinstance(error, tuple(kinds))


def why_not_connected(error: Any) -> str:
    """What such an exception tells, in words of our own: the library's may have the proxy's password in them."""
    import aiohttp

    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy answered {error.status}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{error.host}:{error.port}: {error.__cause__}"
    with suppress(AttributeError, RuntimeError):  # httpx's words have no host
        url = error.request.url
        return f"{url.host}:{url.port or url.scheme}: {error}"
    return str(error)
