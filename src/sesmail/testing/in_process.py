"""ASGI and WSGI applications in this process, as endpoints of SNS."""

from __future__ import annotations

import io
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from contextlib import ExitStack
from typing import Any, TypeAlias
from urllib.parse import unquote

import anyio
import anyio.from_thread
import anyio.lowlevel

from .endpoints import MAX_RESPONSE, TIMEOUT, EndpointError, Reply

__all__ = ["AsgiApp", "AsgiEndpoint", "WsgiApp", "WsgiEndpoint"]

AsgiApp: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
WsgiApp: TypeAlias = Callable[[dict[str, Any], Any], Iterable[bytes]]


class AsgiEndpoint:
    """An ASGI application, called on the event loop that created the endpoint.

    Without a running event loop, it is called on one of its own, in a thread.
    """

    def __init__(self, app: AsgiApp, path: str) -> None:
        self.name: str = f"asgi:{path}"
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
        return Reply(status, b"".join(chunks)[:MAX_RESPONSE])


class WsgiEndpoint:
    """A WSGI application, called in the thread of its subscription."""

    def __init__(self, app: WsgiApp, path: str) -> None:
        self.name: str = f"wsgi:{path}"
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
        return Reply(int(status.split(" ")[0]), b"".join(chunks)[:MAX_RESPONSE])

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


def _with_host(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    return {"Host": "127.0.0.1", "Content-Length": str(len(body)), **headers}
