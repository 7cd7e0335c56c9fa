"""Posts one request to an ASGI application, between its startup and its shutdown."""

import asyncio
from collections.abc import Mapping
from typing import Any


async def post(app: Any, path: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Return the status of the response to a POST request.

    https://asgi.readthedocs.io/en/latest/specs/main.html
    """
    to_app, from_app = asyncio.Queue[dict[str, Any]](), asyncio.Queue[dict[str, Any]]()
    state: dict[str, Any] = {}
    lifespan = asyncio.create_task(
        app(
            {"type": "lifespan", "asgi": {"version": "3.0"}, "state": state},
            to_app.get,
            from_app.put,
        )
    )
    to_app.put_nowait({"type": "lifespan.startup"})
    assert await from_app.get() == {"type": "lifespan.startup.complete"}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("example.com", 443),
        "state": dict(state),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    to_app.put_nowait({"type": "lifespan.shutdown"})
    assert await from_app.get() == {"type": "lifespan.shutdown.complete"}
    await lifespan
    status: int = sent[0]["status"]
    return status
