"""Changes of a fake as server-sent events.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import anyio.to_thread

from ..feed import Change, Feed
from ..mail import Delivery, EventRecord, SentMail
from .previews import Previews

__all__ = ["MAX_STREAMS", "Stream"]

MAX_STREAMS = 32  # open at a time
_SILENCE = 15.0  # seconds until a comment shows whether the connection is alive
_WATCH = 1.0  # seconds between looks at the files of previews


class Stream:
    """Streams of changes, of which a limited number may be open.

    Args:
        feed: The changes.
        previews: Modules whose files are watched; None without.
    """

    def __init__(self, feed: Feed, previews: Previews | None) -> None:
        self._feed = feed
        self._previews = previews
        self._open = 0

    @property
    def is_full(self) -> bool:
        """True if no further stream may be opened."""
        return self._open >= MAX_STREAMS

    async def events(self) -> AsyncIterator[str]:
        """Yields each change, until the client disconnects."""
        self._open += 1
        try:
            with self._feed.changes() as changes:
                yield "retry: 1000\n\n"
                while True:
                    change = await changes.get(_SILENCE if self._previews is None else _WATCH)
                    yield await self._text(change)
        finally:
            self._open -= 1

    async def _text(self, change: Change | None) -> str:
        """Returns a change, or what follows from none for a while."""
        if change is not None:
            return _event(change)
        if self._previews is None:
            return ": alive\n\n"
        is_changed = await anyio.to_thread.run_sync(self._previews.changed)
        return "event: previews\ndata: {}\n\n" if is_changed else ":\n\n"


def _event(change: Change) -> str:
    item = change.item
    event = item.event if isinstance(item, Delivery) else item
    mail = event.mail if isinstance(event, EventRecord) else event
    mail_id = mail.message_id if isinstance(mail, SentMail) else None
    if isinstance(event, EventRecord) and mail_id is None:
        mail_id = event.document["mail"]["messageId"]
    data = json.dumps({"number": change.number, "id": mail_id})
    return f"event: {change.kind}\ndata: {data}\n\n"
