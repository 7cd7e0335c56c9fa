"""What events prove of sends, told to a send log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ..errors import Outcome, TemporaryError
from .events.base import BaseEvent, TrackingEvent

__all__ = ["SupportsSettle", "settle_sends"]


class SupportsSettle(Protocol):
    """What is needed of a send log."""

    async def settle(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> bool:
        """Note what became of a send."""
        ...


async def settle_sends(log: SupportsSettle, events: Iterable[BaseEvent]) -> None:
    """Tell a send log of every send that events are about that SES accepted it.

    Raises:
        TemporaryError: The log could not take it.
    """
    # Every kind proves that: SES first issues the message id, then looks for viruses (Reject) and fills in the
    # template (Rendering Failure). https://docs.aws.amazon.com/ses/latest/dg/monitor-using-event-publishing.html
    sends = {
        event.send_id: event.message_id
        for event in events
        if isinstance(event, TrackingEvent) and event.send_id
    }
    for send_id, message_id in sends.items():
        try:
            await log.settle(send_id, "accepted", message_id)
        except Exception as err:
            raise TemporaryError(f"the send log can't be written just now: {err!r}") from err
