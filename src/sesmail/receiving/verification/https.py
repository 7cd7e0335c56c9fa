"""HTTPS GET request with the standard library, limited in size and time."""

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


def get(url: str, *, limit: int, timeout: float, context: ssl.SSLContext | None = None) -> bytes:
    """Returns the body of a response with status 200.

    The server's certificate is verified and redirects aren't followed. The proxy in
    ``HTTPS_PROXY`` is used, as in the AWS SDKs: it only forwards what TLS protects.

    Args:
        url: An HTTPS URL.
        limit: Maximum size of the body in bytes.
        timeout: Maximum duration in seconds, not counting the DNS resolver.
        context: TLS settings; by default those of the standard library.

    Raises:
        OSError: There is no response, or not one with status 200 within the limits.
        http.client.HTTPException: The response isn't HTTP.
        ConfigurationError: The release of Python isn't supported.
    """
    check_private_names(HTTP_CLIENT, _private_names)
    # An opener of its own has no handlers that follow redirects, open files or use plain HTTP.
    opener = OpenerDirector()
    opener.addheaders = [("User-Agent", f"sesmail/{__version__}")]
    opener.add_handler(ProxyHandler())
    opener.add_handler(_DeadlineHandler(time.monotonic() + timeout, context))
    with opener.open(Request(url), timeout=timeout) or _refuse(url) as response:
        if response.status != 200:
            raise OSError(f"HTTP status {response.status}")
        body: bytes = response.read(limit + 1)
    if len(body) > limit:
        raise OSError(f"the response has more than {limit} bytes")
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
    raise OSError(f"not an HTTPS URL: {url}")


class _DeadlineHandler(HTTPSHandler):
    """Opens HTTPS URLs with one deadline for everything.

    The standard library's timeout applies to each connection attempt and each read.
    """

    def __init__(self, deadline: float, context: ssl.SSLContext | None) -> None:
        super().__init__(context=context)
        self._deadline = deadline
        self._tls = context

    def https_open(self, req: Request) -> HTTPResponse:
        connection: Any = self._connection  # the stubs expect a class with all its parameters
        return self.do_open(connection, req)

    def _connection(self, host: str, *, timeout: float) -> HTTPSConnection:
        connection: Any = HTTPSConnection(host, timeout=timeout, context=self._tls)
        connection.response_class = self._response
        # https://github.com/python/cpython/blob/3.11/Lib/http/client.py (HTTPConnection.__init__)
        connection._create_connection = self._connect
        opened: HTTPSConnection = connection
        return opened

    def _connect(self, address: tuple[str, int], *_: object) -> socket.socket:
        """Connects to the first of a host's addresses that accepts, before the deadline."""
        failure = OSError("the host has no address")
        for family, kind, protocol, _name, place in socket.getaddrinfo(
            *address, type=socket.SOCK_STREAM
        ):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(_seconds_left(self._deadline))
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
        response.fp = io.BufferedReader(_DeadlineReader(sock, self._deadline))
        return response


def _seconds_left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the request timed out")
    return left


class _DeadlineReader(io.RawIOBase):
    """Reads from a socket until a deadline."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_seconds_left(self._deadline))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
