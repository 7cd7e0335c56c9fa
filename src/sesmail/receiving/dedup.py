"""Deduplication of SNS messages within one process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from ..arguments import check_instance, check_integer, check_iterable, check_text
from .events.base import BaseEvent

__all__ = ["SeenMessages"]


class SeenMessages:
    """The ids of the SNS messages that this process handled, as ``seen`` of a ``Receiver``.

    Add a message's events after they are handled: SNS repeats a failed delivery with the same id,
    and a message that was added before would be lost. Several processes need a shared store
    instead, for instance a database: any async function from message id to bool.

    Args:
        size: Maximum number of ids, at least 1; the oldest are discarded.

    Raises:
        ConfigurationError: ``size`` is invalid.
    """

    def __init__(self, size: int = 10_000) -> None:
        check_integer("size", size, 1)
        self._size = size
        self._ids: OrderedDict[str, None] = OrderedDict()

    async def __call__(self, message_id: str) -> bool:
        """Returns True if the message of this id was added."""
        check_text("message_id", message_id)
        return message_id in self._ids

    def add(self, events: Iterable[BaseEvent]) -> None:
        """Adds the message of these events; events without ``sns`` are ignored."""
        check_iterable("events", events, "a collection of events", "pass what parse returned")
        events = tuple(events)
        for event in events:
            check_instance("events", event, BaseEvent, "a collection of events")
        for event in events:
            if event.sns is not None:
                self.add_id(event.sns.message_id)

    def add_id(self, message_id: str) -> None:
        """Adds a message by the id that ``seen`` was asked for."""
        check_text("message_id", message_id)
        self._ids[message_id] = None
        while len(self._ids) > self._size:
            self._ids.popitem(last=False)
