"""Base classes of all events."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any

from ...values import FrozenDict, FrozenMappings, Value, value
from .reported import ReportedSending
from .serialise import write_event

__all__ = ["BaseEvent", "SnsOrigin", "TrackingEvent", "utc_text"]


@value()
class SnsOrigin(Value):
    """The SNS message that contained an event.

    Attributes:
        message_id: Id of the SNS message, which is the same in every delivery of it.
        topic_arn: ARN of the topic.
        timestamp: Time of publication, with a time zone; None if it can't be parsed.
        subject: Subject of the SNS message; None without.
    """

    message_id: str
    topic_arn: str
    timestamp: datetime | None = None
    subject: str | None = None


@value(kw_only=True)
class BaseEvent(FrozenMappings, Value, ABC):
    """Base class of all events: frozen, comparable and hashable.

    Events of different transports compare equal: ``sns`` isn't compared, nor is ``raw``, except in
    an ``UnknownEvent``. Mappings are read-only. Objects inside of ``raw`` and ``metadata`` are
    shared by all events of one body.

    Attributes:
        kind: Name of the class, which distinguishes the classes in JSON.
        sns: The SNS message that contained the event; None if there was none, as in a raw
            delivery, an EventBridge event or a record of AWS Lambda from SES.
        defects: Optional fields that are present and can't be parsed, as ``path: reason``; at most
            20. Such a field is None or empty, or has a substitute that the reason names.
    """

    kind: str = field(repr=False)
    sns: SnsOrigin | None = field(default=None, compare=False)
    defects: tuple[str, ...] = ()

    @property
    def dedup_key(self) -> str:
        """Key for deduplication: 64 hexadecimal digits.

        It is the same in every report of one occurrence: in repeated deliveries, over any
        transport, and by event publishing as well as by notification. Store it in a unique column.
        """
        import json  # lazily, like OpenSSL: few programs need both
        from hashlib import sha256

        return sha256(json.dumps([self.kind, *self._identity()]).encode()).hexdigest()

    @abstractmethod
    def _identity(self) -> tuple[str | None, ...]:
        """Returns the fields that identify an occurrence among those of its class."""

    def to_json(self) -> str:
        """Returns the event as JSON, for ``event_from_json``."""
        return write_event(self)


@value(kw_only=True)
class TrackingEvent(ReportedSending, BaseEvent):
    """Base class of the events of a sent message; each is about one recipient.

    SES doesn't report whose open or click it was: for those, and for ``Sent``, ``Rejected`` and
    ``RenderingFailed``, there is one event for each recipient of the message, including cc and
    bcc.

    Attributes:
        recipient: The recipient's address.
        message_id: Id that SES issued for the message, as in ``SendResult``.
        timestamp: Time of the event, with a time zone; the time of sending for ``Sent``,
            ``Rejected`` and ``RenderingFailed``, and if the event's time can't be parsed.
        sent_at: Time when the message was sent, with a time zone; None if it can't be parsed.
        source: Address that the message was sent from, perhaps with a name; None if SES doesn't
            report it.
        tags: Tags of the message, from its headers. Empty without headers: a notification has
            them only if "include original headers" is enabled for its feedback type.
        metadata: Metadata of the message, from its headers, as the tags; empty without.
        send_id: Send id of the message, from its headers or from its SES message tags; None
            without.
        message_tags: SES message tags, each with its values, including the ``ses:...`` tags of
            SES itself; None in notifications, which don't have them.
        headers_truncated: Whether SES omitted headers, as it does beyond 10 KB: tags, metadata
            and send id may be missing.
        raw: The event as SES wrote it; not compared. ``subject``, ``from_``, ``to``,
            ``rfc5322_message_id``, ``source_arn``, ``sending_account``, ``caller_identity`` and
            ``source_ip`` are read from it.

    https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
    https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
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
        return self.message_id, self.recipient, utc_text(self.timestamp)


def utc_text(time: datetime) -> str:
    """Returns a time as ISO 8601 text in UTC, which is the same for equal times."""
    return time.astimezone(UTC).isoformat()
