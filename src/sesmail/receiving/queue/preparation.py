"""Steps before the events of a message are handled: reading, deduplication, the send log."""

from __future__ import annotations

import logging

from ...concurrency import await_result
from ...errors import ConfigurationError, WebhookError
from ..options import Seen
from ..settling import SupportsSettle, settle_sends
from .delivery import Delivery, give_back
from .leases import Lease, Leases
from .listener import notify
from .message import with_lag
from .reading import UnreadableMessages, read_events
from .settings import QueueSettings

__all__ = ["Preparation"]

_log = logging.getLogger("sesmail.queue")


class Preparation:
    """Prepares the messages of one block for their handlers.

    Args:
        settings: Settings of the queue.
        leases: The messages of the block.
        unreadable: Reports messages that can't be read.
        seen: Reports whether a message was handled before; None without.
        send_log: The send log in which sends are settled; None without.
    """

    def __init__(
        self,
        settings: QueueSettings,
        leases: Leases,
        unreadable: UnreadableMessages,
        *,
        seen: Seen | None,
        send_log: SupportsSettle | None,
    ) -> None:
        self._settings = settings
        self._leases = leases
        self._unreadable = unreadable
        self._seen = seen
        self._send_log = send_log

    async def prepare(self, lease: Lease) -> Delivery | None:
        """Returns the delivery of a message; None for one that is not to be handled.

        That is a message which can't be read, which is left; one without events or that was seen,
        which is deleted; one that can't be prepared now, or was given back meanwhile.

        Raises:
            ConfigurationError: ``seen`` isn't a coroutine function.
        """
        try:
            events = read_events(lease.received.body, self._settings.topics)
        except WebhookError as err:
            self._unreadable.report(lease.info, err)
            self._leases.leave(lease)
            return None
        lease.info = with_lag(lease.info, events)
        notify(self._settings.listener.received, lease.info, len(events))
        delivery = Delivery(events, lease, self._leases, self._settings, self._seen)
        try:
            is_handled = not events or await self._was_seen(delivery)
            if not is_handled and self._send_log is not None:
                await settle_sends(self._send_log, events)
        except ConfigurationError:
            raise
        except Exception as err:
            _log.warning("message %s is given back: %r", lease.info.message_id, err)
            if lease.state == "held":
                give_back(self._leases, lease, self._settings, None, err)
            return None
        if is_handled and lease.state == "held":
            self._leases.delete(lease)
        return delivery if lease.state == "held" else None

    async def _was_seen(self, delivery: Delivery) -> bool:
        if self._seen is None:
            return False
        was_seen = bool(await await_result("seen", self._seen(delivery.dedup_id)))
        if was_seen:
            notify(self._settings.listener.duplicate, delivery.message)
        return was_seen
