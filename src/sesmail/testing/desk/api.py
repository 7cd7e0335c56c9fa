"""The JSON API of the desk, for its page and for tests of other programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ...receiving.transports.json_body import is_object
from ..emitted import Emitted
from ..fake import FakeSES
from .actions import make_event
from .frame import frame_document
from .guard import frame_policy
from .item import Item, Items
from .listing import Listing, read_seconds
from .previews import PreviewError, Previews
from .receiving import composed, receive
from .stream import Stream
from .views import details, event_view, summary

__all__ = ["Api"]

T = TypeVar("T")

_MAX_JSON = 1024 * 1024  # bytes
_MAX_MAIL = 40 * 1024 * 1024
_MAX_SHOWN = 512 * 1024  # bytes of a source that the page shows


class Api:
    """The handlers of requests.

    Args:
        fake: The fake.
        previews: The previews of an application; None without.
    """

    def __init__(self, fake: FakeSES, previews: Previews | None) -> None:
        self._fake = fake
        self._items = Items(fake.state)
        self._previews = previews
        self._stream = Stream(fake.state.feed, previews)

    def routes(self) -> Sequence[Route]:
        """Returns the routes, below ``/api``."""
        mail = "/api/mails/{id}"
        return [
            Route("/api/status", self.status),
            Route("/api/changes", self.changes),
            Route("/api/previews", self.previews),
            Route("/api/received", self.receive, methods=["POST"]),
            Route("/api/mails", self.mails),
            Route("/api/mails", self.delete, methods=["DELETE"]),
            Route("/api/mails/latest", self.latest),
            Route(mail, self.mail),
            Route(mail, self.delete, methods=["DELETE"]),
            Route(f"{mail}/html", self.html),
            Route(f"{mail}/source", self.source),
            Route(f"{mail}/files/{{index:int}}", self.file),
            Route(f"{mail}/events", self.event, methods=["POST"]),
        ]

    async def status(self, request: Request) -> Response:
        """Returns where clients send to, and what is subscribed."""
        subscriptions = self._fake.service.sns.subscriptions
        return JSONResponse(
            {
                "endpoint": f"{request.url.scheme}://{request.url.netloc}{request.scope['root_path']}",
                "region": self._fake.region,
                "topic": self._fake.topic_arn,
                "webhooks": [
                    {"endpoint": each.endpoint.name, "confirmed": each.is_confirmed}
                    for each in subscriptions
                ],
                "previews": None if self._previews is None else self._previews.name,
            }
        )

    async def changes(self, _: Request) -> Response:
        """Streams the changes."""
        if self._stream.is_full:
            raise HTTPException(503, "too many streams are open")
        return StreamingResponse(self._stream.events(), media_type="text/event-stream")

    async def previews(self, _: Request) -> Response:
        """Lists the previews."""
        names = [] if self._previews is None else await self._run(self._previews.names)
        return JSONResponse(
            {"previews": [{"id": f"preview:{each}", "name": each} for each in names]}
        )

    async def mails(self, request: Request) -> Response:
        """Lists mails, after it has waited for the first one."""
        found = await self._found(_listing(request))
        return JSONResponse({"mails": await self._run(lambda: [summary(each) for each in found])})

    async def latest(self, request: Request) -> Response:
        """Returns the newest mail that meets the conditions, after it has waited for one."""
        found = await self._found(_listing(request))
        if not found:
            raise HTTPException(404, "no such mail")
        return JSONResponse(await self._run(lambda: details(found[0])))

    async def mail(self, request: Request) -> Response:
        """Returns a mail with its contents, events and problems."""
        item = await self._item(request)
        return JSONResponse(await self._run(lambda: details(item)))

    async def html(self, request: Request) -> Response:
        """Returns the HTML of a mail, for a frame."""
        item = await self._item(request)
        document = await self._run(lambda: frame_document(item))
        policy = frame_policy(remote=request.query_params.get("remote") == "1")
        return Response(
            document.encode("utf-8", "replace"),
            headers={"Content-Security-Policy": policy},
            media_type="text/html",
        )

    async def source(self, request: Request) -> Response:
        """Returns a mail as MIME: as a download, or the start of it to be shown."""
        item = await self._item(request)
        if "download" in request.query_params:
            return _download(item.raw, f"{item.id.replace(':', '-')}.eml")
        text = item.raw[:_MAX_SHOWN].decode("utf-8", "replace")
        return Response(text, media_type="text/plain")

    async def file(self, request: Request) -> Response:
        """Returns an attachment, as a download."""
        item = await self._item(request)
        index: int = request.path_params["index"]
        if index >= len(item.parsed.attachments):
            raise HTTPException(404, "no such attachment")
        file = item.parsed.attachments[index]
        return _download(await self._run(lambda: file.content), file.file_name)

    async def event(self, request: Request) -> Response:
        """Makes an event of a sent mail happen, and waits for the responses to it."""
        item = await self._item(request)
        if item.kind != "sent" or item.sent is None:
            raise HTTPException(409, "only sent mails have events")
        options = await _json(request)
        emitted = await self._run(partial(make_event, self._fake, item.sent, options))
        return await self._emitted(request, emitted)

    async def receive(self, request: Request) -> Response:
        """Receives a mail: MIME, or the fields of one as JSON."""
        query = request.query_params
        if request.headers.get("Content-Type", "").startswith("message/rfc822"):
            raw = await _body(request, _MAX_MAIL)
        else:
            raw = composed(await _json(request))
        recipients = query.getlist("to")
        emitted = await self._run(partial(receive, self._fake, raw, query.get("from"), recipients))
        return await self._emitted(request, emitted)

    async def delete(self, request: Request) -> Response:
        """Deletes a mail, or all."""
        item_id = request.path_params.get("id")
        count = await self._run(partial(self._items.delete, item_id))
        if item_id is not None and count == 0:
            raise HTTPException(404, "no such mail")
        return JSONResponse({"deleted": count})

    async def _emitted(self, request: Request, emitted: Emitted) -> Response:
        record = emitted.record

        def done() -> bool | None:
            return all(each.state != "pending" for each in record.deliveries) or None

        await self._fake.state.feed.wait(done, read_seconds(request.query_params))
        document: dict[str, Any] = record.document["mail"]
        return JSONResponse({"id": document["messageId"], "event": event_view(record)})

    async def _found(self, listing: Listing) -> list[Item]:
        if not listing.wait:
            return await self._run(partial(listing.find, self._items))
        found = await self._fake.state.feed.wait(
            lambda: listing.find(self._items) or None, listing.wait
        )
        return found or []

    async def _item(self, request: Request) -> Item:
        item_id: str = request.path_params["id"]
        item = await self._run(partial(self._items.find, item_id))
        if item is None and self._previews is not None:
            item = await self._run(partial(self._previews.item, item_id))
        if item is None:
            raise HTTPException(404, "no such mail")
        return item

    async def _run(self, function: Callable[[], T]) -> T:
        """Calls a function in a worker thread; its errors become responses."""
        try:
            return await anyio.to_thread.run_sync(function)
        except PreviewError as err:
            raise HTTPException(422, str(err)) from err


def _listing(request: Request) -> Listing:
    return Listing.read(request.query_params)


async def _json(request: Request) -> dict[str, Any]:
    """Returns the JSON object in a request.

    Raises:
        ValueError: It isn't one.
    """
    value = json.loads(await _body(request, _MAX_JSON) or b"{}")
    if not is_object(value):
        raise ValueError("the body must be a JSON object")
    return dict(value)


async def _body(request: Request, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise HTTPException(413, f"the body is larger than {limit:,} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def _download(content: bytes, name: str) -> Response:
    """Returns a response that browsers save, and never display.

    https://www.rfc-editor.org/rfc/rfc6266#section-4.3
    """
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace("%", "_")
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return Response(
        content,
        headers={"Content-Disposition": disposition},
        media_type="application/octet-stream",
    )
