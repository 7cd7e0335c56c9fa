"""Body in, events out: it proves nothing about who sent the body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...errors import MalformedBodyError
from ...values import FrozenDict, build_frozen
from ..events.event import (
    Event,
    SnsOrigin,
    SubscriptionConfirmation,
    UnknownEvent,
    UnsubscribeConfirmation,
)
from ..transports.classify import is_setup_notification
from ..transports.json_body import Body, read_time
from ..transports.sns import SnsMessage, read_notification
from ..transports.unwrap import RawEvent, RawEvents, read_raw, unwrap, unwrap_sns_message
from .kinds import EVENT_SPECS
from .reader import JsonReader
from .received import read_received
from .tracking import read_by_schema, read_tracking

__all__ = ["parse", "parse_raw"]

_MAX_EVENTS = 50_000
_SMALL = 1 << 14  # bytes, or characters; what is larger is seldom about a mail that was sent

_CONFIRMATIONS: Mapping[str, type[SubscriptionConfirmation | UnsubscribeConfirmation]] = {
    "SubscriptionConfirmation": SubscriptionConfirmation,
    "UnsubscribeConfirmation": UnsubscribeConfirmation,
}


def parse(body: Body | SnsMessage) -> tuple[Event, ...]:
    """The events in a body: one for each recipient whom SES tells something about.

    It takes what SNS posts or hands on raw, what SQS holds of either, what AWS Lambda is called with by SNS, SQS and
    SES, EventBridge's events, and Firehose's lines. It proves nothing: whoever can reach a webhook can write a body.
    There, parse what ``verify`` gives, which holds nothing but what is proven.

    Args:
        body: The body as it came, or as a framework decoded it already; or what ``verify`` or ``check_signature`` gave.

    Raises:
        MalformedBodyError: It is something else.
    """
    return _parse_by_schema(body) or _events(
        unwrap_sns_message(body) if isinstance(body, SnsMessage) else unwrap(body)
    )


def parse_raw(body: Body) -> tuple[Event, ...]:
    """The events in what SNS posted raw: there must be nothing around the event.

    Raises:
        MalformedBodyError: It is something else.
    """
    return _events(read_raw(body))


def _parse_by_schema(body: Body | SnsMessage) -> tuple[Event, ...] | None:
    """The events in what SNS posts, where there is nothing odd about it; None for everything else."""
    try:
        if type(body) is bytes and len(body) <= _SMALL:
            return read_by_schema(*read_notification(body))
        if (
            isinstance(body, SnsMessage)
            and body.type == "Notification"
            and len(body.message) <= _SMALL
        ):
            return read_by_schema(body.message, body.origin())
    except ValueError:
        pass
    return None


def _events(raw_events: RawEvents) -> tuple[Event, ...]:
    events: list[Event] = []
    for raw_event in raw_events:
        if isinstance(raw_event, SnsMessage):
            events.append(_confirmation(raw_event))
            continue
        try:
            events += _read(raw_event)
        except MalformedBodyError as err:
            path = ".".join(filter(None, (raw_event.path, err.path)))
            raise MalformedBodyError(err.reason, path=path, input=err.input) from None
        if len(events) > _MAX_EVENTS:
            raise MalformedBodyError(f"there are more than {_MAX_EVENTS:,} events in it")
    return tuple(events)


def _confirmation(sns_message: SnsMessage) -> Event:
    kind = _CONFIRMATIONS.get(sns_message.type)
    if kind is None or sns_message.token is None:  # made by hand
        raise MalformedBodyError("SNS has no such message", path="Type")
    fields = {
        "kind": kind.kind,
        "topic_arn": sns_message.topic_arn,
        "token": sns_message.token,
        "message_id": sns_message.message_id,
        "timestamp": read_time(sns_message.timestamp),
        "subscribe_url": sns_message.subscribe_url,
        "sns": sns_message.origin(),
        "defects": (),
    }
    return build_frozen(kind, fields)


def _read(raw_event: RawEvent) -> Iterable[Event]:
    document = raw_event.document
    if is_setup_notification(document):
        return ()
    event = JsonReader(document, "", [])
    published = document.get("eventType") is not None
    if published:
        word = event.need_text("eventType")
    elif document.get("notificationType") is not None or raw_event.event_type is None:
        word = event.need_text("notificationType")
    else:
        published, word = True, raw_event.event_type
    kind = EVENT_SPECS.get(word)
    if kind is not None:
        return read_tracking(kind, event, published=published, sns=raw_event.sns)
    if word == "Received":
        return (read_received(event, sns=raw_event.sns),)
    return (_unknown(word, event, raw_event.sns),)


def _unknown(word: str, event: JsonReader, sns: SnsOrigin | None) -> UnknownEvent:
    mail = event.fields("mail")
    fields = {
        "kind": UnknownEvent.kind,
        "event_type": word,
        "message_id": mail.text("messageId"),
        "timestamp": mail.time("timestamp"),
        "raw": FrozenDict(event.document),
        "sns": sns,
    }
    return build_frozen(UnknownEvent, {**fields, "defects": tuple(event.defects)})
