"""Parsing of events of other types: later ones, and those of EventBridge about no message."""

from __future__ import annotations

from ...values import FrozenDict, build_frozen
from ..events.base import SnsOrigin
from ..events.event import UnknownEvent
from ..transports.json_body import Document
from ..transports.unwrap import RawEvent
from .reader import JsonReader

__all__ = ["read_service_event", "read_unknown"]


def read_unknown(event_type: str, event: JsonReader, *, sns: SnsOrigin | None) -> UnknownEvent:
    """Parses an event whose type isn't known, which may be about a message."""
    mail = event.object("mail")
    fields = {
        "kind": UnknownEvent.kind,
        "event_type": event_type,
        "message_id": mail.text("messageId"),
        "timestamp": mail.time("timestamp"),
        "resources": (),
        "account": None,
        "region": None,
        "event_id": None,
        "raw": FrozenDict(event.document),
        "sns": sns,
    }
    return build_frozen(UnknownEvent, {**fields, "defects": tuple(event.defects)})


def read_service_event(raw_event: RawEvent, eventbridge: Document) -> UnknownEvent:
    """Parses an event of EventBridge that isn't about a message.

    https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html

    Args:
        raw_event: The event.
        eventbridge: The object that EventBridge put around it.
    """
    outer = JsonReader(eventbridge, "", [])
    fields = {
        "kind": UnknownEvent.kind,
        "event_type": raw_event.event_type,
        "message_id": None,
        "timestamp": outer.time("time"),
        "resources": outer.list_of_texts("resources"),
        "account": outer.text("account"),
        "region": outer.text("region"),
        "event_id": outer.text("id"),
        "raw": FrozenDict(raw_event.document),
        "sns": raw_event.sns,
    }
    return build_frozen(UnknownEvent, {**fields, "defects": tuple(outer.defects)})
