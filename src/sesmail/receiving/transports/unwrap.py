"""Unwrapping of events from SNS messages, Lambda records, EventBridge events and Firehose lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ...errors import MalformedBodyError
from ..events.base import SnsOrigin
from .classify import DocumentType, classify, is_validation_text
from .json_body import (
    MAX_BATCH,
    MAX_EVENT,
    Body,
    Document,
    body_bytes,
    check_size,
    decode,
    excerpt,
    is_list,
    is_object,
)
from .sns import SnsMessage, sns_message_from

__all__ = ["RawEvent", "RawEvents", "read_raw", "unwrap", "unwrap_sns_message"]

# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html (BatchSize)
_MAX_RECORDS = 10_000
_JSON_WHITESPACE = b" \t\r\n"  # https://www.rfc-editor.org/rfc/rfc8259#section-2

# Event types by the detail type of EventBridge, whose details have none.
# https://docs.aws.amazon.com/ses/latest/dg/monitoring-eventbridge.html
_EVENTBRIDGE_TYPES = {
    "Email Bounced": "Bounce",
    "Email Clicked": "Click",
    "Email Complaint Received": "Complaint",
    "Email Delivered": "Delivery",
    "Email Delivery Delayed": "DeliveryDelay",
    "Email Opened": "Open",
    "Email Rejected": "Reject",
    "Email Rendering Failed": "Rendering Failure",
    "Email Sent": "Send",
    "Email Subscribed": "Subscription",
}


@dataclass(slots=True, eq=False, repr=False)
class RawEvent:
    """An unwrapped event.

    Attributes:
        document: The event as SES wrote it.
        path: Path to it in the body.
        sns: The SNS message that contained it; None without.
        event_type: Event type according to the outer object; None if only the event has it.
        eventbridge: What EventBridge put around the event; None without.
    """

    document: Document
    path: str = ""
    sns: SnsOrigin | None = None
    event_type: str | None = None
    eventbridge: Document | None = None


RawEvents: TypeAlias = Iterable[RawEvent | SnsMessage]
"""Events, and SNS messages that confirm a subscription or its end; a batch is unwrapped lazily."""


def read_raw(body: Body) -> RawEvents:
    """Reads an event that isn't wrapped; returns nothing for the notice of a new event destination.

    Raises:
        MalformedBodyError: The body isn't a JSON object.
    """
    text = body_bytes(body, MAX_EVENT)
    return () if is_validation_text(text) else (RawEvent(decode(text)),)


def unwrap(body: Body) -> RawEvents:
    """Unwraps all events of a body.

    Raises:
        MalformedBodyError: The body, or one of its records, isn't in a supported format.
    """
    text = body_bytes(body, MAX_BATCH)
    if is_validation_text(text):
        return ()
    if b"\n" in text and _is_json_lines(text):
        return _unwrap_lines(text)
    is_large = len(text) > MAX_EVENT
    if is_large and b'"Records"' not in text:
        check_size(text, MAX_EVENT)
    document = decode(text)
    document_type = classify(document)
    if document_type == "records":
        return _unwrap_records(document["Records"])
    if is_large:
        check_size(text, MAX_EVENT)
    return _unwrap_document(document, document_type, "")


def unwrap_sns_message(sns_message: SnsMessage, path: str = "Message") -> RawEvents:
    """Unwraps the event of an SNS message.

    An SNS message inside of it isn't unwrapped: the signature of the outer one doesn't verify it.

    Raises:
        MalformedBodyError: The message isn't a JSON object.
    """
    if sns_message.type != "Notification":
        return (sns_message,)
    message = sns_message.message
    if is_validation_text(message):
        return ()
    check_size(message, MAX_EVENT, path)
    document = decode(message, path)
    return (_raw_event(document, classify(document), path, sns_message.origin()),)


def _is_json_lines(text: bytes) -> bool:
    """Returns True if a text has one JSON object on each line, as Firehose delivers them.

    In a single object, a line that ends in ``}`` is followed by ``,`` or a closing bracket.
    """
    first, _, others = text.lstrip(_JSON_WHITESPACE).partition(b"\n")
    return first.rstrip(_JSON_WHITESPACE).endswith(b"}") and others.lstrip(_JSON_WHITESPACE)[
        :1
    ] not in (b"", b",", b"}", b"]")


def _unwrap_lines(text: bytes) -> Iterator[RawEvent | SnsMessage]:
    """Unwraps the lines of a Firehose delivery."""
    _check_count(text.count(b"\n"), "")
    for number, line in enumerate(text.split(b"\n"), 1):
        if line.strip(_JSON_WHITESPACE):
            yield from _unwrap_text(line, f"line {number}")


def _unwrap_records(records: object) -> Iterator[RawEvent | SnsMessage]:
    """Unwraps the records of a Lambda event."""
    if not is_list(records):
        raise MalformedBodyError("it isn't an array", path="Records", input=excerpt(records))
    _check_count(len(records), "Records")
    for number, record in enumerate(records):
        yield from _unwrap_record(record, f"Records[{number}]")


def _unwrap_record(record: object, path: str) -> RawEvents:
    """Unwraps a record of SNS, SES or SQS.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    https://docs.aws.amazon.com/lambda/latest/dg/services-ses.html
    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    fields: Document = record if is_object(record) else {}
    sns_message, receipt, text = fields.get("Sns"), fields.get("ses"), fields.get("body")
    if is_object(sns_message):
        return unwrap_sns_message(
            sns_message_from(sns_message, f"{path}.Sns."), f"{path}.Sns.Message"
        )
    if is_object(receipt):
        return (RawEvent(receipt, f"{path}.ses", event_type="Received"),)
    if not isinstance(text, str):
        raise MalformedBodyError("it isn't a record of SNS, SQS or SES", path=path)
    path = f"{path}.body"
    return () if is_validation_text(text) else _unwrap_text(text, path)


def _unwrap_text(text: bytes | str, path: str) -> RawEvents:
    """Unwraps one text of a batch."""
    check_size(text, MAX_EVENT, path)
    document = decode(text, path)
    return _unwrap_document(document, classify(document), path)


def _unwrap_document(document: Document, document_type: DocumentType, path: str) -> RawEvents:
    """Unwraps an SNS message, an EventBridge event or an event of SES."""
    if document_type != "sns":
        return (_raw_event(document, document_type, path, None),)
    prefix = f"{path}." if path else ""
    return unwrap_sns_message(sns_message_from(document, prefix), f"{prefix}Message")


def _raw_event(
    document: Document, document_type: DocumentType, path: str, sns: SnsOrigin | None
) -> RawEvent:
    """Unwraps an EventBridge event or an event of SES."""
    if document_type != "eventbridge":
        return RawEvent(document, path, sns)
    path = f"{path}." if path else ""
    detail_type, source, detail = (
        document["detail-type"],
        document.get("source"),
        document["detail"],
    )
    if type(detail_type) is not str:
        raise MalformedBodyError(
            "it isn't a string", path=f"{path}detail-type", input=excerpt(detail_type)
        )
    if source != "aws.ses":
        raise MalformedBodyError("it isn't aws.ses", path=f"{path}source", input=excerpt(source))
    if not is_object(detail):
        raise MalformedBodyError("it isn't an object", path=f"{path}detail", input=excerpt(detail))
    event_type = _EVENTBRIDGE_TYPES.get(detail_type, detail_type)
    return RawEvent(detail, f"{path}detail", sns, event_type, document)


def _check_count(count: int, path: str) -> None:
    if count > _MAX_RECORDS:
        raise MalformedBodyError(
            f"its {count:,} records are over the limit of {_MAX_RECORDS:,}", path=path
        )
