"""Selects the HTTP session for the running event loop, and classifies its connection errors."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import suppress
from typing import Any

from ..errors import ConfigurationError
from ..patterns import lazy_pattern
from .error_texts import causes, describe_error, hide_password
from .transport_settings import PASSWORD_HINT

__all__ = [
    "choose_session",
    "describe_connection_error",
    "is_connection_error",
    "is_permanent",
    "is_refused",
    "is_transport_error",
    "is_unknown_host",
]

_STATUS = lazy_pattern(r"[1-5][0-9][0-9]\b")
_TEMPORARY_STATUSES = {408, 429}


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

    from .aiohttp_protocol import UnsolicitedDataError

    kinds: list[type[BaseException]] = [
        UnsolicitedDataError,
        aiohttp.ClientConnectorError,
        aiohttp.ClientHttpProxyError,  # the proxy rejected the tunnel, as in httpx's ProxyError
        aiohttp.ConnectionTimeoutError,
    ]
    httpx = sys.modules.get("httpx2")
    if httpx is not None:
        kinds += [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError]
    return isinstance(error, tuple(kinds))


def is_transport_error(error: object) -> bool:
    """Returns whether the exception is one of a connection, or of what a peer sent on it.

    It proves nothing about the request; where none was sent, connecting again may succeed.
    """
    import aiohttp

    is_one = isinstance(error, (OSError, aiohttp.ClientError)) or _is_httpx(error, "TransportError")
    return is_one and not is_refused(error)


def is_refused(error: object) -> bool:
    """Returns whether an HTTP library refused to send a request, as always with these settings."""
    import aiohttp

    if isinstance(error, OSError):  # some errors of TLS are a ValueError, too
        return False
    refusals = (TypeError, ValueError, aiohttp.NonHttpUrlClientError)
    return isinstance(error, refusals) or _is_httpx(
        error, "InvalidURL", "LocalProtocolError", "UnsupportedProtocol"
    )


def is_permanent(error: Any) -> bool:
    """Returns whether connecting again would fail, too.

    That is so if the certificate of the server isn't trusted, and if a proxy rejects the tunnel,
    for instance with 407, which asks for credentials.
    """
    import ssl

    if any(isinstance(each, ssl.SSLCertVerificationError) for each in causes(error)):
        return True
    status = _proxy_status(error)
    return status is not None and 400 <= status < 500 and status not in _TEMPORARY_STATUSES


def is_unknown_host(error: Any) -> bool:
    """Returns whether a host name has no address, as DNS says."""
    import socket

    no_address = {getattr(socket, name, None) for name in ("EAI_NONAME", "EAI_NODATA")}
    original = getattr(error, "kwargs", {}).get("error", error)
    return any(
        isinstance(each, socket.gaierror) and each.errno in no_address for each in causes(original)
    )


def _proxy_status(error: Any) -> int | None:
    """Returns the HTTP status with which a proxy rejected a tunnel; None for other errors."""
    import aiohttp

    if isinstance(error, aiohttp.ClientHttpProxyError):
        return error.status
    httpx = sys.modules.get("httpx2")
    found = None
    if httpx is not None and isinstance(error, httpx.ProxyError):
        found = _STATUS.match(str(error))  # the only place where it is
    return None if found is None else int(found[0])


def describe_connection_error(error: Any, proxy: str | None = None) -> str:
    """Returns a text for such an exception; its own may contain a password, or what a peer sent.

    Args:
        error: The exception of the HTTP library.
        proxy: URL of the proxy; None without one.
    """
    import ssl

    import aiohttp

    from .aiohttp_protocol import UnsolicitedDataError

    peer = f"the proxy {hide_password(proxy)}" if proxy else "the server"
    if (status := _proxy_status(error)) is not None:
        return f"{peer} responded with {status}{PASSWORD_HINT if status == 407 else ''}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{error.host}:{error.port}: {_reason(error.__cause__ or error)}"
    if _is_httpx(error, "ConnectError", "ConnectTimeout"):
        with suppress(RuntimeError):  # httpx's text has no host
            url = error.request.url
            through = f" through {peer}" if proxy else ""
            return f"{url.host}:{url.port or url.scheme}{through}: {_reason(error)}"
    own_texts = (
        aiohttp.ClientConnectionError,
        aiohttp.ConnectionTimeoutError,
        UnsolicitedDataError,
    )
    if isinstance(error, ssl.SSLError) or type(error) in own_texts:
        return _reason(error)
    if isinstance(error, aiohttp.ClientResponseError) or _is_httpx(error, "RemoteProtocolError"):
        return f"{peer} sent no valid response"
    if isinstance(error, TimeoutError) or _is_httpx(error, "TimeoutException"):
        return f"{peer} did not respond in time"
    if isinstance(error, OSError) and not isinstance(error, (ConnectionError, aiohttp.ClientError)):
        return describe_error(error)
    return f"{peer} closed the connection"


def _reason(error: Any) -> str:
    """Returns the text of an operating system's error, of TLS, or of sesmail's own code."""
    for each in causes(error):
        if text := str(each):
            return hide_password(text)
        if isinstance(each, TimeoutError) or _is_httpx(each, "TimeoutException"):
            return "timed out"
    return "the connection was closed"


def _is_httpx(error: object, *names: str) -> bool:
    """Returns whether an exception is of one of httpx's classes, without importing httpx."""
    return any(
        each.__name__ in names and each.__module__.startswith("httpx2")
        for each in type(error).__mro__
    )
