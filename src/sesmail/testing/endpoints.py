"""Endpoints that SNS posts to: URLs, ASGI and WSGI applications in this process, functions."""

from __future__ import annotations

import inspect
import io
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, NamedTuple, Protocol, TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit

import anyio
import anyio.from_thread
import anyio.lowlevel

__all__ = [
    "AsgiApp",
    "AsgiEndpoint",
    "Endpoint",
    "EndpointError",
    "FunctionEndpoint",
    "HttpEndpoint",
    "PostFunction",
    "Reply",
    "WsgiApp",
    "WsgiEndpoint",
    "new_endpoint",
]

AsgiApp: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
WsgiApp: TypeAlias = Callable[[dict[str, Any], Any], Iterable[bytes]]
PostFunction: TypeAlias = Callable[[bytes, dict[str, str]], Any]
"""Function of body and headers that returns a status, or a response with ``status_code``."""

TIMEOUT = 15.0  # seconds that SNS waits for a response
_MAX_RESPONSE = 64 * 1024  # bytes


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
        self.secret = (
            None
            if parts.username is None
            else f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        )
        self._parts: SplitResult = parts
        self.name = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    def post(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Posts to the URL; redirects aren't followed."""
        parts = self._parts
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", target, body, dict(headers))
            response = connection.getresponse()
            return Reply(response.status, response.read(_MAX_RESPONSE))
        except (OSError, HTTPException) as err:
            raise EndpointError(f"{type(err).__name__}: {err}") from err
        finally:
            connection.close()

    def close(self) -> None:
        """Does nothing: each request has a connection of its own."""


class AsgiEndpoint:
    """An ASGI application, called on the event loop that created the endpoint.

    Without a running event loop, it is called on one of its own, in a thread.
    """

    def __init__(self, app: AsgiApp, path: str) -> None:
        self.name = f"asgi:{path}"
        self._app = app
        self._path = path
        self._own = ExitStack()
        try:
            self._token: anyio.lowlevel.EventLoopToken | None = anyio.lowlevel.current_token()
        except RuntimeError:
            self._token = None
            portal = self._own.enter_context(anyio.from_thread.start_blocking_portal())
            self._run: Callable[..., Reply] = portal.call
        else:
            self._run = self._call_in_loop

    def _call_in_loop(self, *args: Any) -> Reply:
        reply: Reply = anyio.from_thread.run(*args, token=self._token)
        return reply

    def post(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Calls the application."""
        try:
            return self._run(self._call, body, headers)
        except BaseException as err:  # trio.Cancelled, if its event loop ends
            raise EndpointError(f"{type(err).__name__}: {err}") from err

    def close(self) -> None:
        """Ends the event loop, if it has one of its own."""
        self._own.close()

    async def _call(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        path, _, query = self._path.partition("?")
        scope: MutableMapping[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [
                (name.lower().encode(), value.encode("latin-1"))
                for name, value in _with_host(headers, body).items()
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "state": {},
        }
        requests = [{"type": "http.request", "body": body, "more_body": False}]
        status = 500
        chunks: list[bytes] = []

        async def receive() -> dict[str, Any]:
            return requests.pop() if requests else {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)
            chunks.append(message.get("body", b""))

        with anyio.fail_after(TIMEOUT):
            await self._app(scope, receive, send)
        return Reply(status, b"".join(chunks)[:_MAX_RESPONSE])


class WsgiEndpoint:
    """A WSGI application, called in the thread of its subscription."""

    def __init__(self, app: WsgiApp, path: str) -> None:
        self.name = f"wsgi:{path}"
        self._app = app
        self._path = path

    def post(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Calls the application."""
        status = "500 No response"

        def start(line: str, _headers: object, exc_info: object = None) -> Callable[[bytes], None]:
            nonlocal status
            status = line
            return chunks.append

        chunks: list[bytes] = []
        try:
            for chunk in self._app(self._environ(body, headers), start):
                chunks.append(chunk)
        except BaseException as err:  # trio.Cancelled, if its event loop ends
            raise EndpointError(f"{type(err).__name__}: {err}") from err
        return Reply(int(status.split(" ")[0]), b"".join(chunks)[:_MAX_RESPONSE])

    def close(self) -> None:
        """Does nothing."""

    def _environ(self, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        path, _, query = self._path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path),
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in _with_host(headers, body).items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        return environ


class FunctionEndpoint:
    """A function, for instance one that calls the test client of a web framework.

    A coroutine function runs on the event loop that created the endpoint, which must be running.
    """

    def __init__(self, function: PostFunction) -> None:
        self.name = f"function:{getattr(function, '__name__', 'post')}"
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


def _with_host(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    return {"Host": "127.0.0.1", "Content-Length": str(len(body)), **headers}


def new_endpoint(
    url: str | None,
    asgi: AsgiApp | None,
    wsgi: WsgiApp | None,
    post: PostFunction | None,
    path: str,
) -> tuple[Endpoint, str | None]:
    """Returns an endpoint, and the credentials in its URL.

    Raises:
        ValueError: Not exactly one is given, or the URL is invalid.
    """
    if sum(each is not None for each in (url, asgi, wsgi, post)) != 1:
        raise ValueError("give exactly one of url, asgi, wsgi and post")
    if url is not None:
        http = HttpEndpoint(url)
        return http, http.secret
    if asgi is not None:
        return AsgiEndpoint(asgi, path), None
    if wsgi is not None:
        return WsgiEndpoint(wsgi, path), None
    assert post is not None
    return FunctionEndpoint(post), None
