"""The HTTP sessions that requests may leave by: none of them follows a redirect."""

from __future__ import annotations

import importlib.util
import sys

from ..errors import ConfigurationError

__all__ = ["never_connected", "session_class"]


def session_class(chosen: type | None) -> type:
    """The session class for the event loop that runs: httpx on trio, aiohttp on asyncio.

    Args:
        chosen: The class that the caller's settings name.

    Raises:
        ConfigurationError: httpx is needed and missing, or the chosen class may follow redirects.
    """
    from aiobotocore.httpsession import AIOHTTPSession
    from aiobotocore.httpxsession import HttpxSession

    from .direct import DirectSession

    if _on_trio() or (chosen is not None and issubclass(chosen, HttpxSession)):
        if importlib.util.find_spec("httpx2") is None:
            raise ConfigurationError("httpx2 is missing, which trio needs: pip install 'sesmail[trio]'")
        return chosen if chosen is not None and issubclass(chosen, HttpxSession) else HttpxSession
    if chosen is not None and chosen is not AIOHTTPSession:
        raise ConfigurationError("sesmail brings its own http_session_cls, which follows no redirect; leave it out")

    return DirectSession


def _on_trio() -> bool:
    trio = sys.modules.get("trio")
    return trio is not None and bool(trio.lowlevel.in_trio_run())


def never_connected(error: object) -> bool:
    """Whether the original exception of an HTTP session proves that no connection was made, so no byte can have left.

    botocore's own classes prove nothing: ``EndpointConnectionError`` also covers a reset after the whole request, and
    ``ConnectTimeoutError`` a write that timed out.
    """
    import aiohttp

    kinds: list[type[BaseException]] = [aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError]
    httpx = sys.modules.get("httpx2")
    if httpx is not None:
        kinds += [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout]
    return isinstance(error, tuple(kinds))
