"""Events of sent mail, read from SES's JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..frozen import FrozenDict, make
from ..labels import METADATA_HEADER, SEND_ID_HEADER, SEND_ID_TAG, TAG_HEADER, read_metadata, read_send_id, read_tag
from .event import SnsOrigin, TrackingEvent
from .fields import Fields
from .occurrence import read_moment, read_recipients
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

__all__ = ["KINDS", "Kind", "read_tracking"]

_MAX_LABELS = 1 << 16  # SES cuts headers off after 10 kB
_TAG = TAG_HEADER.lower()
_SEND_ID = SEND_ID_HEADER.lower()
_LABELS = frozenset({_TAG, _SEND_ID, METADATA_HEADER.lower()})
_NOTHING: FrozenDict[str, Any] = FrozenDict()


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


class Kind(NamedTuple):
    """How to read a kind of event.

    Attributes:
        event: What becomes of it.
        key: Where SES has what is special about it.
        texts: The texts there, by the names of the event's fields.
        more: Reads what else is there.
        named: Where SES names whom it is about; empty where it is about every recipient of the message.
        each: The texts beside each of those, by the names of the event's fields.
        timed: Whether it happens at a time of its own, after the message was sent.
        bare: Whether there may be nothing special about it.
    """

    event: type[TrackingEvent]
    key: str
    texts: Mapping[str, str] = _NOTHING
    more: Callable[[Fields], dict[str, Any]] = lambda _: {}
    named: str = ""
    each: Mapping[str, str] = _NOTHING
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


def read_tracking(kind: Kind, event: Fields, *, published: bool, sns: SnsOrigin | None) -> list[Any]:
    """The events in SES's JSON, one for each recipient whom it is about.

    Args:
        kind: How to read it.
        event: The JSON.
        published: Whether it comes from event publishing, and not from an identity's notifications.
        sns: The SNS message that brought it.

    Raises:
        MalformedBodyError: Something is missing that an event can't do without.
    """
    mail = event.need_fields("mail")
    part = event.fields(kind.key) if kind.bare else event.need_fields(kind.key)
    recipients = _recipients(kind, part, mail)
    sent_at = mail.time("timestamp")
    labels = _labels(mail)
    message_tags = mail.lists_of_texts("tags") if published else None
    fields = {
        "kind": kind.event.kind,
        "message_id": mail.need_text("messageId"),
        "timestamp": read_moment(mail, sent_at, part if kind.timed else None),
        "sent_at": sent_at,
        "source": mail.text("source"),
        "tags": labels.tags,
        "metadata": labels.metadata,
        "send_id": _send_id(mail, labels.send_id, message_tags),
        "message_tags": message_tags,
        "headers_truncated": mail.flag("headersTruncated") or False,
        "raw": FrozenDict(event.document),
        "sns": sns,
        **part.texts(kind.texts),
        **kind.more(part),
    }
    fields["notes"] = tuple(event.notes)
    return [make(kind.event, {**fields, "recipient": address, **told}) for address, told in recipients.items()]


def _recipients(kind: Kind, part: Fields, mail: Fields) -> dict[str, dict[str, Any]]:
    """Whom an event is about, each once, with what is told of each."""
    place, key = mail, "destination"
    if kind.named and part.items(kind.named):
        place, key = part, kind.named
    elif kind.named:
        part.note(kind.named, "it is empty, and every recipient of the message stands in for it")
    found = read_recipients(place, key)
    unknown = dict.fromkeys(kind.each)
    return {address: unknown if one is None else one.texts(kind.each) for address, one in found.items()}


class _Labels(NamedTuple):
    tags: tuple[str, ...]
    metadata: Mapping[str, Any]
    send_id: str | None


def _labels(mail: Fields) -> _Labels:
    """The tags, the metadata and the send id that stand in the headers, the last as it stands there."""
    tags: list[str] = []
    metadata: str | None = None
    send_id: str | None = None
    room = _MAX_LABELS
    for name, value in mail.headers("headers", _LABELS):
        room -= len(value)
        if room < 0:
            mail.note("headers", f"tags, metadata and send id beyond {_MAX_LABELS:,} characters are left out")
            break
        if name == _TAG:
            tags.append(read_tag(value))
        elif name == _SEND_ID:
            send_id = value
        else:
            metadata = value
    return _Labels(tuple(tags), _NOTHING if metadata is None else _metadata(mail, metadata), send_id)


def _metadata(mail: Fields, value: str) -> Mapping[str, Any]:
    try:
        return FrozenDict(read_metadata(value))
    except ValueError:
        mail.note("headers", f"{METADATA_HEADER} isn't a JSON object")
        return _NOTHING


def _send_id(mail: Fields, header: str | None, message_tags: Mapping[str, tuple[str, ...]] | None) -> str | None:
    """The send id in the header, or else in the message tag."""
    if header is not None:
        if send_id := read_send_id(header):
            return send_id
        mail.note("headers", f"{SEND_ID_HEADER} isn't a send id")
    values = () if message_tags is None else message_tags.get(SEND_ID_TAG, ())
    if not values:
        return None
    send_id = read_send_id(values[0]) if len(values) == 1 else None
    if send_id is None:
        mail.note("tags", f"{SEND_ID_TAG} isn't a send id")
    return send_id
