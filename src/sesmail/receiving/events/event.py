"""Everything that SES tells you: one frozen class a kind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Discriminator

from ...values import FrozenDict
from .base import BaseEvent, SnsOrigin, TrackingEvent, moment
from .received import OtherAction, Received, S3Action, SnsAction, Verdicts
from .serialise import read_event
from .tracking import (
    Bounced,
    Clicked,
    Complained,
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


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class UnknownEvent(BaseEvent):
    """A kind of event that this version doesn't know.

    Attributes:
        event_type: SES's word for it.
        message_id: The id that SES issued for the message, if it is about one.
        timestamp: When the message was sent, if it is about one.
        raw: The event as SES wrote it.
    """

    kind: Literal["UnknownEvent"] = field(default="UnknownEvent", repr=False)
    event_type: str
    message_id: str | None = None
    timestamp: datetime | None = None
    raw: Mapping[str, Any] = field(default_factory=FrozenDict[str, Any], repr=False, hash=False)

    def _identity(self) -> tuple[str | None, ...]:
        time = None if self.timestamp is None else moment(self.timestamp)
        # The keys that tell the kind differ between event publishing and notifications.
        told = {
            key: value
            for key, value in self.raw.items()
            if key not in ("eventType", "notificationType")
        }
        return self.event_type, self.message_id, time, json.dumps(told, sort_keys=True, default=str)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class _Confirmation(BaseEvent):
    topic_arn: str
    token: str = field(repr=False)
    message_id: str
    timestamp: datetime | None = None
    subscribe_url: str | None = field(default=None, repr=False)

    def _identity(self) -> tuple[str | None, ...]:
        return (self.message_id,)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SubscriptionConfirmation(_Confirmation):
    """A topic wants to post here.

    Attributes:
        topic_arn: The topic.
        token: What sns:ConfirmSubscription needs: whoever has it can confirm.
        message_id: The SNS message's id.
        timestamp: When it was published; None if that can't be read.
        subscribe_url: The page that confirms, too; never open it for a stranger.
    """

    kind: Literal["SubscriptionConfirmation"] = field(
        default="SubscriptionConfirmation", repr=False
    )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class UnsubscribeConfirmation(_Confirmation):
    """A topic won't post here any more.

    Attributes:
        topic_arn: The topic.
        token: What would subscribe again.
        message_id: The SNS message's id.
        timestamp: When it was published; None if that can't be read.
        subscribe_url: The page that would subscribe again.
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
    | UnknownEvent
    | SubscriptionConfirmation
    | UnsubscribeConfirmation
)
"""Any event."""

_TAGGED = Annotated[Event, Discriminator("kind")]


def event_from_json(text: str | bytes) -> Event:
    """An event from the JSON of its ``to_json``.

    Raises:
        pydantic.ValidationError: It isn't such JSON.
    """
    event: Event = read_event(_TAGGED, text)
    return event
