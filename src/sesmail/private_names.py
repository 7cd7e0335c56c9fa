"""Names of other packages that sesmail depends on although their documentation doesn't cover them.

Another release may rename them. They are checked before their first use, so that a renamed one is a
ConfigurationError instead of a protection that has no effect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import unwrap
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from .errors import ConfigurationError

__all__ = [
    "AIOBOTOCORE",
    "AIOHTTP",
    "HTTPX",
    "HTTP_CLIENT",
    "PrivateName",
    "check_private_names",
]


@dataclass(frozen=True, slots=True)
class PrivateName:
    """A name that another package may rename in any release.

    Attributes:
        package: The package on PyPI, or ``python`` for the standard library.
        path: The path to it from one of the objects that ``check_private_names`` is given.
        url: The line of the source that defines it.
        kind: The type of its value.
        assigned: The attribute that the function at ``path`` assigns; empty if there is none.
    """

    package: str
    path: str
    url: str
    kind: Any = Callable
    assigned: str = ""


_AIOBOTOCORE = "https://github.com/aio-libs/aiobotocore/blob/3.10.0/aiobotocore"
_AIOHTTP = "https://github.com/aio-libs/aiohttp/blob/v3.14.5/aiohttp"
_BOTOCORE = "https://github.com/boto/botocore/blob/1.43.117/botocore"
_CPYTHON = "https://github.com/python/cpython/blob/v3.11.7/Lib"
_H11 = "https://github.com/python-hyper/h11/blob/v0.16.0/h11"
_HTTPX = "https://github.com/pydantic/httpx2/blob/main/src"

# Of an open client: for the fast path, and to detect code that hooks into calls.
AIOBOTOCORE = (
    PrivateName("aiobotocore", "client._make_api_call", f"{_AIOBOTOCORE}/client.py#L354"),
    PrivateName("aiobotocore", "client._endpoint._send", f"{_AIOBOTOCORE}/endpoint.py#L307"),
    PrivateName(
        "aiobotocore", "client._endpoint._send_request", f"{_AIOBOTOCORE}/endpoint.py#L114"
    ),
    PrivateName(
        "aiobotocore", "client._endpoint.create_request", f"{_AIOBOTOCORE}/endpoint.py#L95"
    ),
    PrivateName("botocore", "client._endpoint.make_request", f"{_BOTOCORE}/endpoint.py#L113"),
    PrivateName("botocore", "client._endpoint.prepare_request", f"{_BOTOCORE}/endpoint.py#L146"),
    PrivateName("botocore", "client._endpoint.http_session.send", f"{_BOTOCORE}/endpoint.py#L103"),
    PrivateName(
        "botocore", "client._request_signer.get_auth_instance", f"{_BOTOCORE}/client.py#L939"
    ),
    PrivateName(
        "botocore",
        "client.meta.events._emitter._handlers.prefix_search",
        f"{_BOTOCORE}/hooks.py#L556",
    ),
    PrivateName(
        "botocore", "client.meta.events._emitter._lookup_cache", f"{_BOTOCORE}/hooks.py#L199", dict
    ),
)

# Of the aiohttp session: to follow no redirect, and to reuse no connection with unread data.
AIOHTTP = (
    PrivateName(
        "aiobotocore",
        "AIOHTTPSession._create_connector",
        f"{_AIOBOTOCORE}/httpsession.py#L213",
    ),
    PrivateName(
        "aiobotocore", "AIOHTTPSession._get_session", f"{_AIOBOTOCORE}/httpsession.py#L231"
    ),
    PrivateName(
        "botocore", "session._proxy_config.proxy_url_for", f"{_BOTOCORE}/httpsession.py#L244"
    ),
    PrivateName(
        "botocore", "session._proxy_config.proxy_headers_for", f"{_BOTOCORE}/httpsession.py#L252"
    ),
    PrivateName(
        "aiohttp",
        "ClientResponse.start",
        f"{_AIOHTTP}/client_reqrep.py#L737",
        assigned="_protocol",
    ),
    PrivateName("aiohttp", "TCPConnector.connect", f"{_AIOHTTP}/connector.py#L631"),
    PrivateName("aiohttp", "Connection.protocol", f"{_AIOHTTP}/connector.py#L185", property),
    PrivateName("aiohttp", "Connection.transport", f"{_AIOHTTP}/connector.py#L179", property),
    PrivateName("aiohttp", "ResponseHandler.force_close", f"{_AIOHTTP}/client_proto.py#L87"),
    PrivateName(
        "aiohttp", "ResponseHandler.should_close", f"{_AIOHTTP}/client_proto.py#L76", property
    ),
    PrivateName("aiohttp", "StreamWriter.transport", f"{_AIOHTTP}/http_writer.py#L82", property),
)

# Of the httpx session: to close connections that are half open, and to reuse none with unread data.
HTTPX = (
    PrivateName("aiobotocore", "HttpxSession._get_session", f"{_AIOBOTOCORE}/httpxsession.py#L383"),
    PrivateName(
        "aiobotocore", "HttpxSession._make_async_client", f"{_AIOBOTOCORE}/httpxsession.py#L350"
    ),
    PrivateName("httpx2", "client._mounts", f"{_HTTPX}/httpx2/httpx2/_client.py", dict),
    PrivateName(
        "httpx2",
        "client._transport._pool.create_connection",
        f"{_HTTPX}/httpx2/httpx2/_transports/default.py",
    ),
    PrivateName(
        "httpcore2",
        "client._transport._pool._network_backend.connect_tcp",
        f"{_HTTPX}/httpcore2/httpcore2/_async/connection_pool.py",
    ),
    PrivateName(
        "httpcore2",
        "connection._connection",
        f"{_HTTPX}/httpcore2/httpcore2/_async/connection.py",
        object,
    ),
    PrivateName(
        "httpcore2",
        "connection.has_expired",
        f"{_HTTPX}/httpcore2/httpcore2/_async/connection.py",
    ),
    PrivateName(
        "httpcore2",
        "http11._h11_state",
        f"{_HTTPX}/httpcore2/httpcore2/_async/http11.py",
        object,
    ),
    PrivateName("h11", "http11._h11_state.trailing_data", f"{_H11}/_connection.py#L354", tuple),
)

# Of the standard library's HTTP client: to end the fetch of a certificate at a deadline.
HTTP_CLIENT = (
    PrivateName(
        "python", "HTTPSConnection.response_class", f"{_CPYTHON}/http/client.py#L802", type
    ),
    PrivateName("python", "connection._create_connection", f"{_CPYTHON}/http/client.py#L865"),
    PrivateName("python", "response.fp", f"{_CPYTHON}/http/client.py#L263", object),
)

_checked: set[tuple[PrivateName, ...]] = set()


def check_private_names(
    names: tuple[PrivateName, ...], objects: Callable[[], Mapping[str, Any]]
) -> None:
    """Check that names exist and have values of the expected kind, once per process.

    Args:
        names: One of the tables above.
        objects: Returns the objects at which the paths of the names begin.

    Raises:
        ConfigurationError: A name is missing or has another kind.
    """
    if names in _checked:
        return
    scope = SimpleNamespace(**objects())
    for name in names:
        if not _is_as_expected(name, scope):
            attribute = name.assigned or name.path
            raise ConfigurationError(
                f"{name.package} {_version(name.package)} isn't supported: {attribute} is missing "
                f"or has changed; upgrade sesmail, or install an earlier {name.package}"
            )
    _checked.add(names)


def _is_as_expected(name: PrivateName, scope: object) -> bool:
    try:
        value: Any = attrgetter(name.path)(scope)
    except AttributeError:
        return False
    if name.assigned:
        return name.assigned in unwrap(value).__code__.co_names
    return isinstance(value, name.kind)


def _version(package: str) -> str:
    import platform
    from importlib.metadata import version

    return platform.python_version() if package == "python" else version(package)
