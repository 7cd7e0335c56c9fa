"""Where SES's JSON has what each kind of event of sent mail tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ...values import FrozenDict, build_frozen
from ..events.base import TrackingEvent
from ..events.tracking import (
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
from .reader import JsonReader

__all__ = ["EVENT_SPECS", "EventSpec", "Reader", "read_preferences"]


Reader: TypeAlias = Callable[[JsonReader, str], Any]
"""How to read a field, from its object and by its key."""


def read_preferences(part: JsonReader, key: str) -> TopicPreferences | None:
    """What a contact wants of a contact list."""
    wanted = part.fields(key)
    if not wanted.document:
        return None
    topics: dict[str, str] = {}
    for status in wanted.objects("topicSubscriptionStatus"):
        topic, choice = status.text("topicName"), status.text("subscriptionStatus")
        if topic is not None and choice is not None:
            topics[topic] = choice
    fields = {"unsubscribe_all": wanted.flag("unsubscribeAll"), "topics": FrozenDict(topics)}
    return build_frozen(TopicPreferences, fields)


@dataclass(frozen=True, eq=False, repr=False)
class EventSpec:
    """How to read a kind of event.

    Attributes:
        event: What becomes of it.
        key: Where SES has what is special about it.
        texts: The texts there, by the names of the event's fields.
        more: What else is there, by the names of the event's fields: how to read it, and its key.
        named: Where SES names whom it is about; empty where it is about every recipient of the message.
        each: The texts beside each of those, by the names of the event's fields.
        timed: Whether it happens at a time of its own, after the message was sent.
        bare: Whether there may be nothing special about it.
    """

    event: type[TrackingEvent]
    key: str
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    more: Mapping[str, tuple[Reader, str]] = field(default_factory=dict[str, tuple[Reader, str]])
    named: str = ""
    each: Mapping[str, str] = field(default_factory=dict[str, str])
    timed: bool = True
    bare: bool = False


_READER = {"ip_address": "ipAddress", "user_agent": "userAgent"}
_SMTP = {"status": "status", "diagnostic_code": "diagnosticCode"}

EVENT_SPECS: Mapping[str, EventSpec] = {
    "Send": EventSpec(Sent, "send", timed=False, bare=True),
    "Delivery": EventSpec(
        Delivered,
        "delivery",
        {
            "smtp_response": "smtpResponse",
            "reporting_mta": "reportingMTA",
            "remote_mta_ip": "remoteMtaIp",
        },
        {"processing_millis": (JsonReader.number, "processingTimeMillis")},
        named="recipients",
    ),
    "DeliveryDelay": EventSpec(
        Delayed,
        "deliveryDelay",
        {"delay_type": "delayType", "reporting_mta": "reportingMTA"},
        {"expires_at": (JsonReader.time, "expirationTime")},
        named="delayedRecipients",
        each=_SMTP,
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
        {"bounce_type": (JsonReader.need_text, "bounceType")},
        named="bouncedRecipients",
        each={"action": "action", **_SMTP},
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
        named="complainedRecipients",
    ),
    "Reject": EventSpec(Rejected, "reject", {"reason": "reason"}, timed=False, bare=True),
    "Open": EventSpec(Opened, "open", _READER),
    "Click": EventSpec(
        Clicked,
        "click",
        _READER,
        {
            "link": (JsonReader.need_text, "link"),
            "link_tags": (JsonReader.lists_of_texts, "linkTags"),
        },
    ),
    "Rendering Failure": EventSpec(
        RenderingFailed,
        "failure",
        {"template": "templateName", "error_message": "errorMessage"},
        timed=False,
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
