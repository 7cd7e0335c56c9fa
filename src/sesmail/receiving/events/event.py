"""All event classes, and their union."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from ...arguments import check_instance
from ...values import FrozenDict, value
from .base import BaseEvent, SnsOrigin, TrackingEvent, utc_text
from .feedback import Bounced, Complained
from .received import OtherAction, Received, S3Action, SnsAction, Verdicts
from .serialise import read_event
from .stored import MailStored
from .tracking import (
    Clicked,
    Delayed,
    Delivered,
    Opened,
    Rejected,
    RenderingFailed,
    Sent,
    SubscriptionChanged,
    TopicPreferences,
)

__all__ = [
    "BaseEvent",
    "Bounced",
    "Clicked",
    "Complained",
    "Delayed",
    "Delivered",
    "Event",
    "MailStored",
    "Opened",
    "OtherAction",
    "Received",
    "Rejected",
    "RenderingFailed",
    "S3Action",
    "Sent",
    "SnsAction",
    "SnsOrigin",
    "SubscriptionChanged",
    "SubscriptionConfirmation",
    "TopicPreferences",
    "TrackingEvent",
    "UnknownEvent",
    "UnsubscribeConfirmation",
    "Verdicts",
    "event_from_json",
]


@value(kw_only=True)
class UnknownEvent(BaseEvent):
    """An event of a type without a class of its own, for instance of a later type.

    EventBridge also delivers events of SES that aren't about a message: the sending status of an
    account or a tenant, recommendations of the advisor, and API calls that CloudTrail recorded.
    They say by ``resources`` which tenant or identity they are about.

    Attributes:
        event_type: Type of the event: SES's, or EventBridge's detail type if the event isn't about
            a message, such as ``Sending Status Disabled``.
        message_id: Id that SES issued for the message; None if the event isn't about one.
        timestamp: Time when the message was sent, with a time zone; EventBridge's time of the
            event if it isn't about a message; None if not reported.
        resources: ARNs that the event is about; empty if it is about a message.
        account: Id of the AWS account; None if the event is about a message.
        region: AWS region; None if the event is about a message.
        event_id: Id that EventBridge gave the event; None if it is about a message.
        raw: The event as SES wrote it, without what EventBridge puts around it; compared.

    https://docs.aws.amazon.com/ses/latest/dg/tenants.html
    https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-ses.html
    """

    kind: Literal["UnknownEvent"] = field(default="UnknownEvent", repr=False)
    event_type: str
    message_id: str | None = None
    timestamp: datetime | None = None
    resources: tuple[str, ...] = ()
    account: str | None = None
    region: str | None = None
    event_id: str | None = None
    raw: Mapping[str, Any] = field(default_factory=FrozenDict[str, Any], repr=False, hash=False)

    def _identity(self) -> tuple[str | None, ...]:
        time = None if self.timestamp is None else utc_text(self.timestamp)
        # The key of the type differs between event publishing and notifications.
        content = {
            key: value
            for key, value in self.raw.items()
            if key not in ("eventType", "notificationType")
        }
        import json

        text = json.dumps(content, sort_keys=True, default=str)
        origin = self.account, self.region, self.event_id
        return self.event_type, self.message_id, time, text, *origin, *self.resources


@value(kw_only=True)
class _Confirmation(BaseEvent):
    """Base class of the messages of SNS about a subscription."""

    topic_arn: str
    token: str = field(repr=False)
    message_id: str
    timestamp: datetime | None = None
    subscribe_url: str | None = field(default=None, repr=False)

    def _identity(self) -> tuple[str | None, ...]:
        return (self.message_id,)


@value(kw_only=True)
class SubscriptionConfirmation(_Confirmation):
    """SNS asks the webhook to confirm its subscription to a topic.

    ``Receiver.receive`` confirms the subscription of a verified topic before it returns this event.
    Keep the token and the URL out of logs: the repr doesn't show them.

    Attributes:
        topic_arn: ARN of the topic.
        token: Token of ``sns:ConfirmSubscription``: whoever has it can confirm. It expires after
            two days.
        message_id: Id of the SNS message.
        timestamp: Time of publication, with a time zone; None if it can't be parsed.
        subscribe_url: URL that confirms the subscription. Don't open it unless the message is
            verified: anybody can write one. None only in an event created by hand.

    https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html
    """

    kind: Literal["SubscriptionConfirmation"] = field(
        default="SubscriptionConfirmation", repr=False
    )


@value(kw_only=True)
class UnsubscribeConfirmation(_Confirmation):
    """A subscription of the webhook to a topic ended; it is never renewed automatically.

    Attributes:
        topic_arn: ARN of the topic.
        token: Token that would subscribe again, with ``sns:ConfirmSubscription``.
        message_id: Id of the SNS message.
        timestamp: Time of publication, with a time zone; None if it can't be parsed.
        subscribe_url: URL that would subscribe again. None only in an event created by hand.

    https://docs.aws.amazon.com/sns/latest/dg/http-unsubscribe-confirmation-json.html
    """

    kind: Literal["UnsubscribeConfirmation"] = field(default="UnsubscribeConfirmation", repr=False)


Event: TypeAlias = (
    Sent
    | Delivered
    | Delayed
    | Bounced
    | Complained
    | Rejected
    | Opened
    | Clicked
    | RenderingFailed
    | SubscriptionChanged
    | Received
    | MailStored
    | UnknownEvent
    | SubscriptionConfirmation
    | UnsubscribeConfirmation
)
"""Union of all event classes, for type annotations and ``match``."""


def event_from_json(text: str | bytes) -> Event:
    """Reads an event from the JSON of its ``to_json``.

    Returns:
        An event of the same class, equal to the original.

    Raises:
        pydantic.ValidationError: The text isn't the JSON of an event. The error shows no input.
        ConfigurationError: ``text`` has another type.
    """
    check_instance("text", text, (str, bytes, bytearray), "text or bytes")
    event: Event = read_event(Event, text)
    return event
