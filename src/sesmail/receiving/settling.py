"""Settlement of sends in the send log by their events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ..errors import Outcome, TemporaryError
from .events.base import BaseEvent, TrackingEvent

__all__ = ["SupportsSettle", "settle_sends"]


class SupportsSettle(Protocol):
    """The part of a ``SendLog`` that settles sends."""

    async def settle(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> bool:
        """Records the outcome of a send."""
        ...


async def settle_sends(log: SupportsSettle, events: Iterable[BaseEvent]) -> None:
    """Records in a send log that SES accepted the sends that the events are about.

    Raises:
        TemporaryError: The log could not be written.
    """
    # Every event type proves it: SES issues the message id before it scans for viruses (Reject)
    # and renders the template (Rendering Failure).
    # https://docs.aws.amazon.com/ses/latest/dg/monitor-using-event-publishing.html
    sends = {
        event.send_id: event.message_id
        for event in events
        if isinstance(event, TrackingEvent) and event.send_id
    }
    for send_id, message_id in sends.items():
        try:
            await log.settle(send_id, "accepted", message_id)
        except Exception as err:
            raise TemporaryError(f"the send log can't be written now: {err!r}") from err
