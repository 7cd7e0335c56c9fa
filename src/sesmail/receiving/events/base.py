"""What all events have."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from ...values import FrozenDict, FrozenMappings, Value
from .serialise import write_event

__all__ = ["BaseEvent", "SnsOrigin", "TrackingEvent", "moment"]


@dataclass(frozen=True, eq=False, repr=False)
class SnsOrigin(Value):
    """The SNS message that brought an event.

    Attributes:
        message_id: Its id, which stays when SNS delivers it again.
        topic_arn: The topic.
        timestamp: When it was published; None if that can't be read.
        subject: Its subject; None if it has none.
    """

    message_id: str
    topic_arn: str
    timestamp: datetime | None = None
    subject: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BaseEvent(FrozenMappings, Value, ABC):
    """What all events have.

    Its mappings can't be changed. What is nested in ``raw`` and ``metadata`` is shared by all events of one body.

    Attributes:
        kind: The name of the class, which tells the kinds apart in JSON.
        sns: The SNS message that brought it, which no comparison looks at; None where the wrapping has none.
        notes: What stands in the event and could not be read, as ``path: reason``.
    """

    kind: str = field(repr=False)
    sns: SnsOrigin | None = field(default=None, compare=False)
    defects: tuple[str, ...] = ()

    @property
    def dedup_key(self) -> str:
        """Equal for an occurrence that is reported twice, however it came; 64 hexadecimal digits."""
        return sha256(json.dumps([self.kind, *self._identity()]).encode()).hexdigest()

    @abstractmethod
    def _identity(self) -> tuple[str | None, ...]:
        """What tells one occurrence of this kind from another."""

    def to_json(self) -> str:
        """The event as JSON, for ``event_from_json``."""
        return write_event(self)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TrackingEvent(BaseEvent):
    """What all events of sent mail have; each is about one recipient.

    An open or a click doesn't tell whose it was: there is an event for every recipient of the message.

    Attributes:
        recipient: The address.
        message_id: The id that SES issued for the message.
        timestamp: When it happened.
        sent_at: When the message was sent; None if that can't be read.
        source: The address that the message was sent from.
        tags: The message's tags, from its headers.
        metadata: The message's metadata, from its headers.
        send_id: The message's send id, from its headers or else its message tags; None if it has none.
        message_tags: The SES message tags, SES's own among them; None in notifications, which have none.
        headers_truncated: Whether SES left headers out, so that tags, metadata and send id may be missing.
        raw: The event as SES wrote it, which no comparison looks at.
    """

    recipient: str
    message_id: str
    timestamp: datetime
    sent_at: datetime | None = None
    source: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=FrozenDict[str, Any], hash=False)
    send_id: str | None = None
    message_tags: Mapping[str, tuple[str, ...]] | None = field(default=None, hash=False)
    headers_truncated: bool = False
    raw: Mapping[str, Any] = field(default_factory=FrozenDict[str, Any], repr=False, compare=False)

    def _identity(self) -> tuple[str | None, ...]:
        return self.message_id, self.recipient, moment(self.timestamp)


def moment(time: datetime) -> str:
    """A time as text that is the same in every zone."""
    return time.astimezone(UTC).isoformat()
