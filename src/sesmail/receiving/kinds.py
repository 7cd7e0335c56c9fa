"""Where SES's JSON has what each kind of event of sent mail tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..frozen import FrozenDict, make
from .event import TrackingEvent
from .fields import Fields
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

__all__ = ["KINDS", "Kind"]


def _bounce(part: Fields) -> dict[str, Any]:
    return {"bounce_type": part.need_text("bounceType")}


def _click(part: Fields) -> dict[str, Any]:
    return {"link": part.need_text("link"), "link_tags": part.lists_of_texts("linkTags")}


def _complaint(part: Fields) -> dict[str, Any]:
    return {"arrived_at": part.time("arrivalDate")}


def _delay(part: Fields) -> dict[str, Any]:
    return {"expires_at": part.time("expirationTime")}


def _delivery(part: Fields) -> dict[str, Any]:
    return {"processing_millis": part.number("processingTimeMillis")}


def _subscription(part: Fields) -> dict[str, Any]:
    return {
        "new_preferences": _preferences(part, "newTopicPreferences"),
        "old_preferences": _preferences(part, "oldTopicPreferences"),
    }


def _preferences(part: Fields, key: str) -> TopicPreferences | None:
    wanted = part.fields(key)
    if not wanted.document:
        return None
    topics: dict[str, str] = {}
    for status in wanted.objects("topicSubscriptionStatus"):
        topic, choice = status.text("topicName"), status.text("subscriptionStatus")
        if topic is not None and choice is not None:
            topics[topic] = choice
    fields = {"unsubscribe_all": wanted.flag("unsubscribeAll"), "topics": FrozenDict(topics)}
    return make(TopicPreferences, fields)


@dataclass(frozen=True, eq=False, repr=False)
class Kind:
    """How to read a kind of event.

    Attributes:
        event: What becomes of it.
        key: Where SES has what is special about it.
        texts: The texts there, by the names of the event's fields.
        more: Reads what else is there, if there is more.
        named: Where SES names whom it is about; empty where it is about every recipient of the message.
        each: The texts beside each of those, by the names of the event's fields.
        timed: Whether it happens at a time of its own, after the message was sent.
        bare: Whether there may be nothing special about it.
    """

    event: type[TrackingEvent]
    key: str
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    more: Callable[[Fields], dict[str, Any]] | None = None
    named: str = ""
    each: Mapping[str, str] = field(default_factory=dict[str, str])
    timed: bool = True
    bare: bool = False


_READER = {"ip_address": "ipAddress", "user_agent": "userAgent"}
_SMTP = {"status": "status", "diagnostic_code": "diagnosticCode"}

KINDS: Mapping[str, Kind] = {
    "Send": Kind(Sent, "send", timed=False, bare=True),
    "Delivery": Kind(
        Delivered,
        "delivery",
        {"smtp_response": "smtpResponse", "reporting_mta": "reportingMTA", "remote_mta_ip": "remoteMtaIp"},
        _delivery,
        named="recipients",
    ),
    "DeliveryDelay": Kind(
        Delayed,
        "deliveryDelay",
        {"delay_type": "delayType", "reporting_mta": "reportingMTA"},
        _delay,
        named="delayedRecipients",
        each=_SMTP,
    ),
    "Bounce": Kind(
        Bounced,
        "bounce",
        {
            "bounce_subtype": "bounceSubType",
            "feedback_id": "feedbackId",
            "remote_mta_ip": "remoteMtaIp",
            "reporting_mta": "reportingMTA",
        },
        _bounce,
        named="bouncedRecipients",
        each={"action": "action", **_SMTP},
    ),
    "Complaint": Kind(
        Complained,
        "complaint",
        {
            "feedback_type": "complaintFeedbackType",
            "complaint_subtype": "complaintSubType",
            "feedback_id": "feedbackId",
            "user_agent": "userAgent",
        },
        _complaint,
        named="complainedRecipients",
    ),
    "Reject": Kind(Rejected, "reject", {"reason": "reason"}, timed=False, bare=True),
    "Open": Kind(Opened, "open", _READER),
    "Click": Kind(Clicked, "click", _READER, _click),
    "Rendering Failure": Kind(
        RenderingFailed, "failure", {"template": "templateName", "error_message": "errorMessage"}, timed=False
    ),
    "Subscription": Kind(
        SubscriptionChanged, "subscription", {"contact_list": "contactList", "changed_by": "source"}, _subscription
    ),
}
