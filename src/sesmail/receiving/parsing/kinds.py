"""Event types of tracking events, with the keys of their fields in the JSON of SES.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ...values import FrozenDict, build_frozen
from ..events.base import TrackingEvent
from ..events.feedback import Bounced, Complained
from ..events.tracking import (
    Bot,
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
from .reader import JsonReader

__all__ = [
    "EVENT_SPECS",
    "EventSpec",
    "Reader",
    "bot_of",
    "read_bot",
    "read_bounce_type",
    "read_link",
    "read_preferences",
]


Reader: TypeAlias = Callable[[JsonReader, str], Any]
"""Reads a field, given the reader of its object and its key."""


def read_bounce_type(part: JsonReader, key: str) -> str:
    """Reads the type of a bounce; a bounce without one is undetermined."""
    return part.text_or(key, "Undetermined")


def read_link(part: JsonReader, key: str) -> str:
    """Reads the link of a click; a click without one has an empty link."""
    return part.text_or(key, "")


def read_bot(part: JsonReader, key: str) -> Bot:
    """Reads whether a program caused an open or a click."""
    return bot_of(part.text(key))


def bot_of(word: str | None) -> Bot:
    """Returns the value of ``bot`` of SES's word; None if SES doesn't report one."""
    return _BOTS.get(word.lower(), "unknown") if word else "unknown"


_BOTS: Mapping[str, Bot] = {"likely": "likely", "unlikely": "unlikely"}


def read_preferences(part: JsonReader, key: str) -> TopicPreferences | None:
    """Reads the preferences of a contact on a contact list."""
    preferences = part.object(key)
    if not preferences.document:
        return None
    topics: dict[str, str] = {}
    for status in preferences.objects("topicSubscriptionStatus"):
        topic, choice = status.text("topicName"), status.text("subscriptionStatus")
        if topic is not None and choice is not None:
            topics[topic] = choice
    unsubscribe_all = preferences.boolean("unsubscribeAll")
    fields = {"unsubscribe_all": unsubscribe_all, "topics": FrozenDict(topics)}
    return build_frozen(TopicPreferences, fields)


@dataclass(eq=False, repr=False)  # not frozen, which takes longer to import
class EventSpec:
    """Event class and JSON keys of an event type.

    Attributes:
        event_class: The class of its events.
        key: Key of the object with the fields of this type.
        texts: Keys of its strings, by field of the class.
        others: Readers and keys of its other values, by field of the class.
        recipients_key: Key of its own list of recipients; empty if the type is about every
            recipient of the message.
        details: Keys of the strings beside each of these recipients, by field of the class.
        has_time: Whether it has a time of its own, after the message was sent.
        may_be_empty: Whether the object may be absent.
    """

    event_class: type[TrackingEvent]
    key: str
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    others: Mapping[str, tuple[Reader, str]] = field(default_factory=dict[str, tuple[Reader, str]])
    recipients_key: str = ""
    details: Mapping[str, str] = field(default_factory=dict[str, str])
    has_time: bool = True
    may_be_empty: bool = False


_CLIENT = {"ip_address": "ipAddress", "user_agent": "userAgent"}
_SMTP = {"status": "status", "diagnostic_code": "diagnosticCode"}

EVENT_SPECS: Mapping[str, EventSpec] = {
    "Send": EventSpec(Sent, "send", has_time=False, may_be_empty=True),
    "Delivery": EventSpec(
        Delivered,
        "delivery",
        {
            "smtp_response": "smtpResponse",
            "reporting_mta": "reportingMTA",
            "remote_mta_ip": "remoteMtaIp",
        },
        {"processing_millis": (JsonReader.integer, "processingTimeMillis")},
        recipients_key="recipients",
    ),
    "DeliveryDelay": EventSpec(
        Delayed,
        "deliveryDelay",
        {"delay_type": "delayType", "reporting_mta": "reportingMTA"},
        {"expires_at": (JsonReader.time, "expirationTime")},
        recipients_key="delayedRecipients",
        details=_SMTP,
    ),
    "Bounce": EventSpec(
        Bounced,
        "bounce",
        {
            "bounce_subtype": "bounceSubType",
            "feedback_id": "feedbackId",
            "remote_mta_ip": "remoteMtaIp",
            "reporting_mta": "reportingMTA",
        },
        {"bounce_type": (read_bounce_type, "bounceType")},
        recipients_key="bouncedRecipients",
        details={"action": "action", **_SMTP},
    ),
    "Complaint": EventSpec(
        Complained,
        "complaint",
        {
            "feedback_type": "complaintFeedbackType",
            "complaint_subtype": "complaintSubType",
            "feedback_id": "feedbackId",
            "user_agent": "userAgent",
        },
        {"arrived_at": (JsonReader.time, "arrivalDate")},
        recipients_key="complainedRecipients",
    ),
    "Reject": EventSpec(
        Rejected, "reject", {"reason": "reason"}, has_time=False, may_be_empty=True
    ),
    "Open": EventSpec(Opened, "open", _CLIENT, {"bot": (read_bot, "isBotEvent")}),
    "Click": EventSpec(
        Clicked,
        "click",
        _CLIENT,
        {
            "link": (read_link, "link"),
            "bot": (read_bot, "isBotEvent"),
            "link_tags": (JsonReader.lists_of_texts, "linkTags"),
        },
    ),
    "Rendering Failure": EventSpec(
        RenderingFailed,
        "failure",
        {"template": "templateName", "error_message": "errorMessage"},
        has_time=False,
    ),
    "Subscription": EventSpec(
        SubscriptionChanged,
        "subscription",
        {"contact_list": "contactList", "changed_by": "source"},
        {
            "new_preferences": (read_preferences, "newTopicPreferences"),
            "old_preferences": (read_preferences, "oldTopicPreferences"),
        },
    ),
}
