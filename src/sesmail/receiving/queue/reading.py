"""Events in the bodies of messages, and the messages that are left for the redrive policy."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Collection

from ...errors import ForbiddenTopicError, WebhookError
from ..events.event import Event
from ..parsing.parser import parse
from .listener import QueueListener, notify
from .message import QueueMessage

__all__ = ["UnreadableMessages", "dedup_id", "read_events"]

_log = logging.getLogger("sesmail.queue")

_MAX_IDS = 10_000


def read_events(body: str, topics: Collection[str] | None) -> tuple[Event, ...]:
    """Returns the events in a body, in any wrapping that ``parse`` reads.

    Args:
        body: The body of a message.
        topics: ARNs of the topics whose messages are accepted; None for any. A body that SNS
            didn't wrap has no topic, and is accepted.

    Raises:
        MalformedBodyError: It has no events that can be read.
        ForbiddenTopicError: It is from another topic.
    """
    events = parse(body)
    for event in events:
        arn = None if event.sns is None else event.sns.topic_arn
        if topics is not None and arn is not None and arn not in topics:
            raise ForbiddenTopicError(
                f"the topic {arn[:300]!r} isn't one of topics; add it, or end its subscription",
                topic_arn=arn,
            )
    return events


def dedup_id(events: Collection[Event], info: QueueMessage) -> str:
    """Returns the id of a message for ``seen``: that of SNS, or of SQS without SNS."""
    return next((event.sns.message_id for event in events if event.sns), info.message_id)


class UnreadableMessages:
    """Reports each message that can't be read once, however often it is received."""

    def __init__(self, listener: QueueListener) -> None:
        self._listener = listener
        self._reported: OrderedDict[str, None] = OrderedDict()

    def report(self, info: QueueMessage, error: WebhookError) -> None:
        """Logs a message, and tells the listener, unless it was reported before."""
        if info.message_id in self._reported:
            return
        self._reported[info.message_id] = None
        if len(self._reported) > _MAX_IDS:
            self._reported.popitem(last=False)
        _log.warning(
            "message %s can't be read and is left for the redrive policy of the queue: %s",
            info.message_id,
            error,
        )
        notify(self._listener.unreadable, info, error)
