"""Endpoints that SNS posts to: URLs and functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, NamedTuple, Protocol, TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit

import anyio
import anyio.from_thread
import anyio.lowlevel

__all__ = [
    "MAX_RESPONSE",
    "TIMEOUT",
    "Endpoint",
    "EndpointError",
    "FunctionEndpoint",
    "HttpEndpoint",
    "PostFunction",
    "Reply",
]

PostFunction: TypeAlias = Callable[[bytes, dict[str, str]], Any]
"""Function of body and headers that returns a status, or a response with ``status_code``."""

TIMEOUT = 15.0  # seconds that SNS waits for a response
MAX_RESPONSE = 64 * 1024  # bytes


class EndpointError(Exception):
    """The endpoint didn't respond."""


class Reply(NamedTuple):
    """Response of an endpoint."""

    status: int
    body: bytes = b""


class Endpoint(Protocol):
    """A place that SNS posts to.

    Attributes:
        name: Name of it in records, without credentials.
    """

    name: str

    def post(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Makes one request from a worker thread.

        Raises:
            EndpointError: There is no response.
        """
        ...

    def close(self) -> None:
        """Ends what the endpoint started."""


class HttpEndpoint:
    """A URL.

    Args:
        url: The URL; credentials in it become ``secret``.

    Raises:
        ValueError: It isn't an http or https URL.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url must be an http or https URL, not {parts.geturl()!r}")
        self.secret: str | None = (
            None
            if parts.username is None
            else f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        )
        self._parts: SplitResult = parts
        self.name: str = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    def post(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Posts to the URL; redirects aren't followed."""
        parts = self._parts
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", target, body, dict(headers))
            response = connection.getresponse()
            return Reply(response.status, response.read(MAX_RESPONSE))
        except (OSError, HTTPException) as err:
            raise EndpointError(f"{type(err).__name__}: {err}") from err
        finally:
            connection.close()

    def close(self) -> None:
        """Does nothing: each request has a connection of its own."""


class FunctionEndpoint:
    """A function, for instance one that calls the test client of a web framework.

    A coroutine function runs on the event loop that created the endpoint, which must be running.
    """

    def __init__(self, function: PostFunction) -> None:
        self.name: str = f"function:{getattr(function, '__name__', 'post')}"
        self._function = function
        self._token: anyio.lowlevel.EventLoopToken | None = None
        if inspect.iscoroutinefunction(function):
            self._token = anyio.lowlevel.current_token()

    def post(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Calls the function."""
        try:
            if self._token is None:
                return _reply_of(self._function(body, dict(headers)))
            return _reply_of(
                anyio.from_thread.run(self._function, body, dict(headers), token=self._token)
            )
        except BaseException as err:  # trio.Cancelled, if its event loop ends
            raise EndpointError(f"{type(err).__name__}: {err}") from err

    def close(self) -> None:
        """Does nothing."""


def _reply_of(result: Any) -> Reply:
    if isinstance(result, int):
        return Reply(result)
    status: int = getattr(result, "status_code", 200)
    content = getattr(result, "content", b"")
    return Reply(status, content if isinstance(content, bytes) else b"")
