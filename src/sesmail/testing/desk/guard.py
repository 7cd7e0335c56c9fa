"""Security of the desk: who may call it, and what a browser may do with its responses."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HEADER", "Guard", "frame_policy"]

HEADER = "X-Sesmail-Desk"
"""Header of each request that changes something; other sites can't send it without CORS."""

# For responses that have no policy of their own: they are data, or downloads.
_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def frame_policy(*, remote: bool) -> str:
    """Returns the policy of the HTML of a mail, which is shown in a frame without an origin.

    Args:
        remote: Whether remote images are loaded.
    """
    images = "img-src data: https: http:" if remote else "img-src data:"
    return (
        f"default-src 'none'; {images}; style-src 'unsafe-inline'; font-src data:; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'self'; "
        "sandbox allow-popups allow-popups-to-escape-sandbox"
    )


class Guard:
    """Refuses requests of other web sites, and adds the headers of security.

    A request that changes something needs the header ``X-Sesmail-Desk``, which a form of another
    site can't send, and which a script of one sends only after a CORS preflight, which fails.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Calls the application, or responds with 403."""
        headers = Headers(scope=scope)
        problem = _problem(scope["method"], headers)
        app = self._app if problem is None else PlainTextResponse(f"{problem}\n", 403)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    found.setdefault(name, value)
                found.setdefault("Content-Security-Policy", _POLICY)
            await send(message)

        await app(scope, receive, send_guarded)


def _problem(method: str, headers: Headers) -> str | None:
    """Returns why a request is refused; None if it isn't."""
    if method in ("GET", "HEAD"):
        return None
    origin = headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("Host"):
        return "requests of other origins are refused"
    if headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return "requests of other sites are refused"
    if HEADER not in headers:
        return f"a request that changes something needs the header {HEADER}: 1"
    return None
