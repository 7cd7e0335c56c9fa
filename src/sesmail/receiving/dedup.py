"""Which SNS messages were handled lately, in this process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from .events.base import BaseEvent

__all__ = ["SeenMessages"]


class SeenMessages:
    """Remembers the SNS messages that a single process handled, as ``seen`` of a Receiver.

    Add a message's events once they are handled, not before: SNS delivers again what failed, with the same id, and
    what is remembered too early would be lost.

    Args:
        size: How many messages are remembered.
    """

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._ids: OrderedDict[str, None] = OrderedDict()

    async def __call__(self, message_id: str) -> bool:
        """Whether a message was handled."""
        return message_id in self._ids

    def add(self, events: Iterable[BaseEvent]) -> None:
        """Remember that the events of a message were handled."""
        for event in events:
            if event.sns is not None:
                self._ids[event.sns.message_id] = None
        while len(self._ids) > self._size:
            self._ids.popitem(last=False)
