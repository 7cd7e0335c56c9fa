"""Parsing of bodies into events, without verification."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...errors import MalformedBodyError
from ...values import build_frozen
from ..events.event import Event, SubscriptionConfirmation, UnsubscribeConfirmation
from ..transports.classify import is_setup_notification
from ..transports.json_body import Batch, Body, read_time
from ..transports.sns import SnsMessage, read_notification
from ..transports.unwrap import RawEvent, RawEvents, read_raw, unwrap, unwrap_sns_message
from .kinds import EVENT_SPECS
from .reader import JsonReader
from .received import read_received
from .stored import read_s3_event
from .tracking import read_by_fields, read_by_schema
from .unknown import read_service_event, read_unknown

__all__ = ["parse", "parse_raw"]

_MAX_EVENTS = 50_000
_MAX_SCHEMA_SIZE = 1 << 14  # bytes or characters; larger bodies are rarely tracking events

_CONFIRMATIONS: Mapping[str, type[SubscriptionConfirmation | UnsubscribeConfirmation]] = {
    "SubscriptionConfirmation": SubscriptionConfirmation,
    "UnsubscribeConfirmation": UnsubscribeConfirmation,
}


def parse(body: Batch | SnsMessage) -> tuple[Event, ...]:
    """Parses the events in a body, of any transport, without verifying it.

    Supported are requests of SNS, raw deliveries, EventBridge events, and what contains any of
    these: bodies and messages of SQS as boto3 returns them; events of AWS Lambda from SNS, SQS,
    SES, Kinesis and Firehose; lists of records of EventBridge Pipes; requests of Firehose to an
    HTTP endpoint; JSON objects on a line each or run together, as in the files of Firehose. The
    event notifications of S3 are supported by each of these ways, too, and by AWS Lambda.

    Anybody who can reach a webhook can post a body to it: there, use ``Receiver``, or parse the
    message that ``verify`` returns. Behind a queue or a Lambda function IAM decides who may write.

    Args:
        body: Bytes, text, a mapping or a list of records decoded from JSON, or an SNS message
            that ``verify`` or ``check_signature`` returned.

    Returns:
        The events in the order of the body: a tracking event for each recipient, or one event of a
        received mail, of another type, or of a confirmation. None for the notice that SES
        publishes when a topic is set up.

    Raises:
        MalformedBodyError: The body isn't in a supported format, is larger than 1 MiB (6 MiB for a
            batch), contains more than 10,000 records or 50,000 events, or a required field of an
            event is missing or invalid. It applies to the whole body, even if other records of a
            batch are valid; to accept those, parse the ``body`` of each SQS record separately.
    """
    return _parse_by_schema(body) or _events(
        unwrap_sns_message(body) if isinstance(body, SnsMessage) else unwrap(body)
    )


def parse_raw(body: Body) -> tuple[Event, ...]:
    """Parses a raw delivery: an event that isn't wrapped.

    Raises:
        MalformedBodyError: The body isn't such an event.
    """
    return _events(read_raw(body))


def _parse_by_schema(body: Batch | SnsMessage) -> tuple[Event, ...] | None:
    """Parses a tracking event in the form that SNS posts; None if the body differs from it."""
    try:
        if type(body) is bytes and len(body) <= _MAX_SCHEMA_SIZE:
            return read_by_schema(*read_notification(body))
        if (
            isinstance(body, SnsMessage)
            and body.type == "Notification"
            and len(body.message) <= _MAX_SCHEMA_SIZE
        ):
            return read_by_schema(body.message, body.origin())
    except (KeyError, ValueError):
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
            raise MalformedBodyError(f"it has more than {_MAX_EVENTS:,} events")
    return tuple(events)


def _confirmation(sns_message: SnsMessage) -> Event:
    cls = _CONFIRMATIONS.get(sns_message.type)
    if cls is None or sns_message.token is None:  # created by hand
        raise MalformedBodyError(
            "it isn't a type of SNS message, or the message has no token", path="Type"
        )
    fields = {
        "kind": cls.kind,
        "topic_arn": sns_message.topic_arn,
        "token": sns_message.token,
        "message_id": sns_message.message_id,
        "timestamp": read_time(sns_message.timestamp),
        "subscribe_url": sns_message.subscribe_url,
        "sns": sns_message.origin(),
        "defects": (),
    }
    return build_frozen(cls, fields)


def _read(raw_event: RawEvent) -> Iterable[Event]:
    document = raw_event.document
    if is_setup_notification(document):
        return ()
    if raw_event.is_s3:
        return read_s3_event(raw_event)
    if raw_event.eventbridge is not None and _is_about_no_message(raw_event):
        return (read_service_event(raw_event, raw_event.eventbridge),)
    event = JsonReader(document, "", [])
    is_published = document.get("eventType") is not None
    if is_published:
        event_type = event.required_text("eventType")
    elif document.get("notificationType") is not None or raw_event.event_type is None:
        event_type = event.required_text("notificationType")
    else:
        is_published, event_type = True, raw_event.event_type
    spec = EVENT_SPECS.get(event_type)
    if spec is not None:
        return read_by_fields(spec, event, is_published=is_published, sns=raw_event.sns)
    if event_type == "Received":
        return (read_received(event, sns=raw_event.sns),)
    return (read_unknown(event_type, event, sns=raw_event.sns),)


def _is_about_no_message(raw_event: RawEvent) -> bool:
    """Returns True if an event of EventBridge is neither about a message nor of a known type.

    CloudTrail's events have an ``eventType``, too, which is that of CloudTrail.
    """
    event_type = raw_event.document.get("eventType")
    return (
        raw_event.document.get("mail") is None
        and raw_event.event_type not in EVENT_SPECS
        and not (type(event_type) is str and event_type in EVENT_SPECS)
    )
