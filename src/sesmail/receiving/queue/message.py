"""Messages of SQS as ReceiveMessage returns them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from ...values import Value
from ..events.base import BaseEvent

__all__ = ["ATTRIBUTES", "QueueMessage", "ReceivedMessage", "read_message", "with_lag"]

ATTRIBUTES = ("ApproximateReceiveCount", "MessageGroupId", "SentTimestamp")
"""System attributes of a message that are requested."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_DIGITS = 14  # of a time in milliseconds before the year 5000


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class QueueMessage(Value):
    """A message of a queue without its body, which has personal data.

    Attributes:
        message_id: Id that SQS gave the message; the same in every delivery of it.
        receive_count: Number of times that it was received, this one included. SQS calls it
            approximate. 1 if SQS doesn't report it.
        received_at: Time of this receipt by the clock of this computer, in UTC.
        sent_at: Time when it was sent to the queue, in UTC; None if SQS doesn't report it.
        group: Message group of a FIFO queue or a fair queue; None without.
        lag: Seconds from the earliest event in the message to the receipt: how far the program is
            behind. None for a message that has no event with a time, or can't be read.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
    """

    message_id: str
    receive_count: int
    received_at: datetime
    sent_at: datetime | None = None
    group: str | None = None
    lag: float | None = None

    @property
    def age(self) -> float | None:
        """Seconds that the message was in the queue, at least 0; None without ``sent_at``."""
        if self.sent_at is None:
            return None
        return max(0.0, (self.received_at - self.sent_at).total_seconds())


@dataclass(frozen=True, slots=True, eq=False)
class ReceivedMessage:
    """A message with what identifies this receipt of it.

    Attributes:
        info: The message without its body.
        handle: Receipt handle.
        body: The body.
    """

    info: QueueMessage
    handle: str
    body: str


def read_message(message: Mapping[str, Any], received_at: datetime) -> ReceivedMessage | None:
    """Returns a message of a response; None if it has no receipt handle, which SQS always gives.

    botocore doesn't check the types in responses, and emulators omit attributes.
    """
    handle, body = message.get("ReceiptHandle"), message.get("Body")
    message_id: object = message.get("MessageId")
    if not isinstance(handle, str) or not handle:
        return None
    attributes: object = message.get("Attributes")
    values = cast("dict[str, object]", attributes if isinstance(attributes, dict) else {})
    count, group, sent = (values.get(name) for name in ATTRIBUTES)
    milliseconds = _number(sent)
    info = QueueMessage(
        message_id if isinstance(message_id, str) else "",
        max(1, _number(count) or 1),
        received_at,
        None if milliseconds is None else _EPOCH + timedelta(milliseconds=milliseconds),
        group if isinstance(group, str) else None,
    )
    return ReceivedMessage(info, handle, body if isinstance(body, str) else "")


def with_lag(info: QueueMessage, events: Iterable[BaseEvent]) -> QueueMessage:
    """Returns a message with the lag of its earliest event."""
    times = [getattr(event, "timestamp", None) for event in events]
    known = [time for time in times if isinstance(time, datetime)]
    if not known:
        return info
    return replace(info, lag=max(0.0, (info.received_at - min(known)).total_seconds()))


def _number(text: object) -> int | None:
    if not isinstance(text, str) or not text.isascii() or not text.isdigit():
        return None
    return int(text) if len(text) <= _MAX_DIGITS else None
