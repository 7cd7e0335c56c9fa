"""The desk as an ASGI application: the page, its API, and the fake itself."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ..app import LocalHostOnly, create_app
from ..fake import FakeSES
from ..signing import CERTIFICATE_FILE
from .api import Api
from .guard import Guard
from .previews import Previews

__all__ = ["Desk"]

_INLINE = re.compile(rb"<(script|style)>(.*?)</\1>", re.DOTALL)


class Desk:
    """An ASGI application with the web page of a fake; it serves the fake to AWS clients, too.

    Requests that are signed for AWS go to the fake, all others to the page. Only requests whose
    Host header is this machine are answered.

    Attributes:
        fake: The fake.

    Args:
        fake: The fake; by default a new one that accepts mail from all senders. It need not run.
        previews: Name of a module, such as ``shop.mails``. Its public functions without required
            parameters that return a message are shown, and run again when a file has changed.
    """

    def __init__(self, fake: FakeSES | None = None, *, previews: str | None = None) -> None:
        self.fake: FakeSES = FakeSES(lenient=True) if fake is None else fake
        state = self.fake.state
        api = Api(self.fake, None if previews is None else Previews(previews, state))
        self._aws = create_app(self.fake.service)
        self._page = Starlette(
            routes=[Route("/", _page), *api.routes()],
            exception_handlers={HTTPException: _http_error, ValueError: _value_error},
        )
        self._app = LocalHostOnly(self._route)
        self._guard = Guard(self._page)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Responds to a request."""
        await self._app(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        app: ASGIApp = self._page
        if scope["type"] == "http":
            app = self._aws if _is_for_aws(scope) else self._guard
        await app(scope, receive, send)


def _is_for_aws(scope: Scope) -> bool:
    """Returns whether a request is one to AWS, or follows a link of the fake."""
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    authorization = Headers(scope=scope).get("Authorization", "")
    return (
        authorization.startswith("AWS4-")
        or path == f"/{CERTIFICATE_FILE}"
        or path.startswith("/unsubscribe/")
    )


@cache
def _document() -> tuple[bytes, str]:
    """Returns the page, and its policy: no script and style but its own, nothing remote."""
    content = files("sesmail.testing.desk").joinpath("page.html").read_bytes()
    allowed: dict[bytes, list[str]] = {b"script": [], b"style": []}
    for kind, text in _INLINE.findall(content):
        allowed[kind].append(f"'sha256-{b64encode(sha256(text).digest()).decode()}'")
    policy = (
        f"default-src 'none'; script-src {' '.join(allowed[b'script'])}; "
        f"style-src {' '.join(allowed[b'style'])}; connect-src 'self'; frame-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    )
    return content, policy


async def _page(_: Request) -> Response:
    content, policy = _document()
    return Response(content, headers={"Content-Security-Policy": policy}, media_type="text/html")


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def _value_error(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)
