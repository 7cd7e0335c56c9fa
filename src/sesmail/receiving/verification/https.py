"""One GET over HTTPS by the standard library's opener, bounded in size and in time."""

from __future__ import annotations

import io
import socket
import ssl
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from types import SimpleNamespace
from typing import Any
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, Request

from ...private_names import HTTP_CLIENT, check_private_names
from ...version import __version__

__all__ = ["HTTPException", "get"]


def get(url: str, *, limit: int, seconds: float, context: ssl.SSLContext | None = None) -> bytes:
    """The body of a good answer.

    TLS is verified, and no redirect followed. The environment's proxy (``HTTPS_PROXY``) is used, as Amazon's own
    libraries do: where there is one there often is no other way out, and it only passes on what TLS protects.

    Args:
        url: An HTTPS URL.
        limit: How many bytes the body may have.
        seconds: How long it may take in all, but for the resolver, which has a time of its own.
        context: TLS settings, if not the standard library's.

    Raises:
        OSError: No answer, or not a good one.
        http.client.HTTPException: An answer that isn't HTTP.
        ConfigurationError: This release of Python isn't supported.
    """
    check_private_names(HTTP_CLIENT, _private_names)
    # Without the handlers that follow redirects, or open files and other schemes.
    opener = OpenerDirector()
    opener.addheaders = [("User-Agent", f"sesmail/{__version__}")]
    opener.add_handler(ProxyHandler())
    opener.add_handler(_BoundedHandler(time.monotonic() + seconds, context))
    with opener.open(Request(url), timeout=seconds) or _refuse(url) as response:
        if response.status != 200:
            raise OSError(f"HTTP status {response.status}")
        body: bytes = response.read(limit + 1)
    if len(body) > limit:
        raise OSError(f"more than {limit} bytes")
    return body


def _private_names() -> dict[str, Any]:
    """Returns objects that have the names in ``HTTP_CLIENT``, none of which connects."""
    no_socket: Any = SimpleNamespace(makefile=_no_file)
    return {
        "HTTPSConnection": HTTPSConnection,
        "connection": HTTPConnection("localhost"),
        "response": HTTPResponse(no_socket),
    }


def _no_file(mode: str) -> io.BytesIO:
    return io.BytesIO()


def _refuse(url: str) -> Any:
    raise OSError(f"no HTTPS URL: {url}")


class _BoundedHandler(HTTPSHandler):
    """Opens HTTPS URLs; all answers together take until a deadline, which a timeout for each read doesn't ensure."""

    def __init__(self, deadline: float, context: ssl.SSLContext | None) -> None:
        super().__init__(context=context)
        self._deadline = deadline
        self._tls = context

    def https_open(self, req: Request) -> HTTPResponse:
        connection: Any = self._connection  # of which the stubs expect every parameter of the class
        return self.do_open(connection, req)

    def _connection(self, host: str, *, timeout: float) -> HTTPSConnection:
        connection: Any = HTTPSConnection(host, timeout=timeout, context=self._tls)
        connection.response_class = self._response
        connection._create_connection = self._connect
        opened: HTTPSConnection = connection
        return opened

    def _connect(self, address: tuple[str, int], *_: object) -> socket.socket:
        """A connection to any of a host's addresses, for which the standard library takes the whole time each."""
        failure = OSError("the host has no address")
        for family, kind, protocol, _name, place in socket.getaddrinfo(
            *address, type=socket.SOCK_STREAM
        ):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(_left(self._deadline))
                sock.connect(place)
            except OSError as err:
                sock.close()
                failure = err
            else:
                return sock
        raise failure

    def _response(self, sock: socket.socket, **options: Any) -> HTTPResponse:
        response = HTTPResponse(sock, **options)
        response.fp.close()
        response.fp = io.BufferedReader(_UntilDeadline(sock, self._deadline))
        return response


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("it took too long")
    return left


class _UntilDeadline(io.RawIOBase):
    """What a socket receives until a deadline."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_left(self._deadline))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
