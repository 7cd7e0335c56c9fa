"""The fake as an ASGI application, which a server serves or another application mounts."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import anyio
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from .api_errors import ApiError
from .connections import Connections
from .dispatch import AwsRequest, Dispatcher
from .service import SesService
from .signing import CERTIFICATE_FILE, certificate

__all__ = ["LocalHostOnly", "create_app"]

MAX_BODY = 64 * 1024 * 1024  # bytes: 40 MB in base64, and the rest of the call
_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_ABSOLUTE = re.compile(r"https?://[^/]*/?")
_METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD"]


class LocalHostOnly:
    """Refuses requests whose Host header isn't this machine, as after DNS rebinding.

    It accepts targets in absolute form, too, which aiobotocore sends through httpx2:
    https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Calls the application, or responds with 421."""
        app = self._app
        if scope["type"] == "http":
            host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
            name = host if host.endswith("]") else host.rpartition(":")[0] or host
            if name not in _HOSTS:
                app = PlainTextResponse("only for this machine\n", 421)
            absolute = _ABSOLUTE.match(scope["path"])
            if absolute is not None:
                raw_path = scope["raw_path"].partition(b"//")[2].partition(b"/")[2]
                path = scope["path"][absolute.end() :]
                scope = {**scope, "path": f"/{path}", "raw_path": b"/" + raw_path}
        await app(scope, receive, send)


def create_app(service: SesService, connections: Connections | None = None) -> Starlette:
    """Returns the application.

    Args:
        service: The service.
        connections: The connections of its server, for faults that break them.
    """
    handler = _Handler(service, connections or Connections())
    topic = service.state.arn("sns", "certificate")
    pem = PlainTextResponse(certificate(topic))
    return Starlette(
        routes=[
            Route(f"/{CERTIFICATE_FILE}", _always(pem)),
            Route("/unsubscribe/{token}", handler.unsubscribe, methods=["GET", "POST"]),
            Route("/{path:path}", handler.aws, methods=_METHODS),
        ]
    )


def _always(response: Response) -> Callable[[Request], Awaitable[Response]]:
    async def respond(_: Request) -> Response:
        return response

    return respond


class _Handler:
    def __init__(self, service: SesService, connections: Connections) -> None:
        self._service = service
        self._connections = connections
        self._dispatcher = Dispatcher(service)

    async def unsubscribe(self, request: Request) -> Response:
        """Unsubscribes on POST (RFC 8058), and on GET by a person who follows the link."""
        source = "UnsubscribeHeader" if request.method == "POST" else "UnsubscribeLink"
        address = self._service.links.follow(request.path_params["token"], source)
        if address is None:
            return PlainTextResponse("this link is not valid\n", 404)
        return HTMLResponse("<!DOCTYPE html><title>Unsubscribed</title><p>You are unsubscribed.")

    async def aws(self, request: Request) -> Response:
        """Responds to a request of an AWS client, with the faults that were asked for."""
        try:
            body = await _read(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return PlainTextResponse("the request is too large\n", 413)
        raw_path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
        path = raw_path.partition(b"?")[0].decode("latin-1")
        root: str = request.scope.get("root_path", "")
        asked = AwsRequest(
            request.method,
            path.removeprefix(root) or "/",
            request.url.query,
            {name.lower(): value for name, value in request.headers.items()},
            body,
        )
        if not self._dispatcher.is_send(asked):
            return self._respond(asked)
        return await self._send(request, asked)

    def _respond(self, asked: AwsRequest) -> Response:
        response = self._dispatcher.respond(asked)
        return Response(response.body, response.status, dict(response.headers))

    async def _send(self, request: Request, asked: AwsRequest) -> Response:
        faults = self._service.faults
        fault = faults.take("error", "status", "reset_after")
        if fault is None:
            response = self._respond(asked)
        elif fault.kind == "reset_after":
            return await self._broken(request)
        elif fault.error is not None:
            response = self._refuse(asked, fault.error)
        else:
            response = HTMLResponse("<html><body>Service Unavailable</body></html>", fault.status)
        latency = faults.take("latency")
        if latency is not None:
            await anyio.sleep(latency.seconds)
        broken = None if fault is not None else faults.take("hang", "garbage", "lost_response")
        if broken is None:
            return response
        if broken.kind == "garbage":
            self._connections.write_garbage(request.scope.get("client"))
        if broken.kind == "lost_response":
            return await self._broken(request)
        return await _wait_for_disconnect(request)

    def _refuse(self, asked: AwsRequest, error: ApiError) -> Response:
        response = self._dispatcher.refuse(asked, error)
        return Response(response.body, response.status, dict(response.headers))

    async def _broken(self, request: Request) -> Response:
        self._connections.reset(request.scope.get("client"))
        return await _wait_for_disconnect(request)


async def _read(request: Request) -> bytes | None:
    """Returns the body; None if it is too large."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


async def _wait_for_disconnect(request: Request) -> Response:
    await request.receive()  # the body was read before: only the disconnection is left
    return Response(status_code=500)
