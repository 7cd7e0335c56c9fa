"""Writes events that were made by hand as SES would; ``sesmail.parse`` reads equal events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..receiving.events.base import TrackingEvent
from ..receiving.events.received import OtherAction, Received, S3Action, SnsAction
from ..receiving.events.tracking import TopicPreferences
from ..receiving.parsing.kinds import EVENT_SPECS, EventSpec
from ..sending.mime.header import text_value
from ..tagging import METADATA_HEADER, SEND_ID_HEADER, TAG_HEADER, metadata_text
from ..values import FrozenDict

__all__ = ["received_document", "tracking_document"]

_TYPES = {spec.event_class: (name, spec) for name, spec in EVENT_SPECS.items()}


def tracking_document(event: TrackingEvent) -> dict[str, Any]:
    """Returns a tracking event as event publishing, or as a notification without message tags."""
    event_type, spec = _TYPES[type(event)]
    sent_at = event.sent_at if spec.has_time else event.sent_at or event.timestamp
    mail: dict[str, Any] = {
        "timestamp": None if sent_at is None else sent_at.isoformat(),
        "source": event.source,
        "messageId": event.message_id,
        "destination": [event.recipient],
        "headersTruncated": event.headers_truncated,
        "headers": _headers(event),
        "tags": None if event.message_tags is None else _lists(event.message_tags),
    }
    key = "notificationType" if event.message_tags is None else "eventType"
    return {key: event_type, "mail": _given(mail), spec.key: _given(_part(event, spec))}


def _headers(event: TrackingEvent) -> list[dict[str, str]]:
    values = [(TAG_HEADER, text_value(TAG_HEADER, tag)) for tag in event.tags]
    if event.metadata:
        values.append((METADATA_HEADER, metadata_text(event.metadata)))
    if event.send_id is not None:
        values.append((SEND_ID_HEADER, event.send_id))
    return [{"name": name, "value": value} for name, value in values]


def _part(event: TrackingEvent, spec: EventSpec) -> dict[str, Any]:
    part: dict[str, Any] = {key: getattr(event, name) for name, key in spec.texts.items()}
    part |= {key: _written(getattr(event, name)) for name, (_, key) in spec.others.items()}
    bot = part.get("isBotEvent")
    if bot is not None:
        part["isBotEvent"] = {"likely": "Likely", "unlikely": "Unlikely"}.get(bot)
    if spec.has_time:
        part["timestamp"] = event.timestamp.isoformat()
    if spec.recipients_key == "recipients":
        part["recipients"] = [event.recipient]
    elif spec.recipients_key:
        details = {key: getattr(event, name) for name, key in spec.details.items()}
        part[spec.recipients_key] = [_given({"emailAddress": event.recipient, **details})]
    return part


def _written(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case TopicPreferences():
            statuses = [
                {"topicName": name, "subscriptionStatus": status}
                for name, status in value.topics.items()
            ]
            return _given(
                {
                    "unsubscribeAll": value.unsubscribe_all,
                    "topicSubscriptionStatus": statuses,
                }
            )
        case FrozenDict():
            return _lists(value)  # pyright: ignore[reportUnknownArgumentType]
        case _:
            return value


def _lists(values: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    return {name: list(each) for name, each in values.items()}


def received_document(event: Received) -> dict[str, Any]:
    """Returns the event of a received mail as a notification."""
    verdicts = event.verdicts
    names = ("spam", "virus", "spf", "dkim", "dmarc")
    found = {f"{name}Verdict": getattr(verdicts, name) for name in names}
    receipt = {
        "timestamp": event.timestamp.isoformat(),
        "processingTimeMillis": event.processing_millis,
        "recipients": list(event.recipients),
        **{name: {"status": status} for name, status in found.items() if status is not None},
        "dmarcPolicy": verdicts.dmarc_policy,
        "action": _action(event),
    }
    mail = {
        "timestamp": event.timestamp.isoformat(),
        "source": event.source,
        "messageId": event.message_id,
        "destination": list(event.recipients),
    }
    document = {
        "notificationType": "Received",
        "mail": _given(mail),
        "receipt": _given(receipt),
        "content": event.content,
    }
    return _given(document)


def _action(event: Received) -> dict[str, Any] | None:
    match event.action:
        case S3Action(bucket=bucket, key=key, topic_arn=topic):
            return _given({"type": "S3", "bucketName": bucket, "objectKey": key, "topicArn": topic})
        case SnsAction(encoding=encoding, topic_arn=topic):
            return _given({"type": "SNS", "encoding": encoding, "topicArn": topic})
        case OtherAction(type=kind, topic_arn=topic, details=details):
            return {**_given({"type": kind, "topicArn": topic}), **details}
        case _:
            return None


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
