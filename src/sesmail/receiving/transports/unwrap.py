"""Unwrapping of events from SNS messages, EventBridge events, records and lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ...errors import MalformedBodyError
from ..events.base import SnsOrigin
from .classify import DocumentType, classify, is_validation_text, may_be_batch, records_of
from .documents import JSON_WHITESPACE, check_count, is_json_lines, split_documents
from .json_body import (
    MAX_BATCH,
    MAX_EVENT,
    Batch,
    Body,
    Document,
    body_bytes,
    check_size,
    decode,
    decode_batch,
    excerpt,
    is_list,
    is_object,
)
from .records import is_s3_record, read_record
from .sns import SnsMessage, sns_message_from

__all__ = ["EVENTBRIDGE_TYPES", "RawEvent", "RawEvents", "read_raw", "unwrap", "unwrap_sns_message"]

# Event types by the detail type of EventBridge, whose details have none.
# https://docs.aws.amazon.com/ses/latest/dg/monitoring-eventbridge.html
EVENTBRIDGE_TYPES = {
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
        is_s3: Whether it is an event of S3, and not of SES.
    """

    document: Document
    path: str = ""
    sns: SnsOrigin | None = None
    event_type: str | None = None
    eventbridge: Document | None = None
    is_s3: bool = False


RawEvents: TypeAlias = Iterable[RawEvent | SnsMessage]
"""Events, and SNS messages that confirm a subscription or its end; a batch is unwrapped lazily."""


def read_raw(body: Body) -> RawEvents:
    """Reads an event that isn't wrapped; returns nothing for the notice of a new event destination.

    Raises:
        MalformedBodyError: The body isn't a JSON object.
    """
    text = body_bytes(body, MAX_EVENT)
    return () if is_validation_text(text) else _raw_events(decode(text), "event", "", None)


def unwrap(body: Batch) -> RawEvents:
    """Unwraps all events of a body.

    Raises:
        MalformedBodyError: The body, or one of its records, isn't in a supported format.
    """
    text = body_bytes(body, MAX_BATCH)
    if is_validation_text(text):
        return ()
    if is_json_lines(text):
        return _unwrap_lines(text)
    if len(documents := split_documents(text)) > 1:
        return _unwrap_documents(documents, "")
    is_large = len(text) > MAX_EVENT
    if is_large and not may_be_batch(text):
        check_size(text, MAX_EVENT)
    document = decode_batch(text)
    if not is_object(document):
        return _unwrap_records(document, "")
    document_type = classify(document)
    if document_type == "records":
        return _unwrap_records(*records_of(document))
    if is_large:
        check_size(text, MAX_EVENT)
    if document_type == "record":
        return _unwrap_record(document, "")
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
    return _raw_events(document, classify(document), path, sns_message.origin())


def _unwrap_lines(text: bytes) -> Iterator[RawEvent | SnsMessage]:
    """Unwraps lines with a JSON object each."""
    check_count(text.count(b"\n"), "")
    for number, line in enumerate(text.split(b"\n"), 1):
        if line.strip(JSON_WHITESPACE):
            yield from _unwrap_data(line, f"line {number}")


def _unwrap_data(data: bytes, path: str) -> Iterator[RawEvent | SnsMessage]:
    """Unwraps one or several JSON objects of a stream."""
    documents = data.split(b"\n") if is_json_lines(data) else [data]
    check_count(len(documents), path)
    documents = [
        each
        for line in documents
        if line.strip(JSON_WHITESPACE)
        for each in split_documents(line, path)
    ]
    if len(documents) < 2:
        yield from _unwrap_text(documents[0] if documents else data, path)
    else:
        yield from _unwrap_documents(documents, f"{path}.")


def _unwrap_documents(documents: list[bytes], prefix: str) -> Iterator[RawEvent | SnsMessage]:
    """Unwraps JSON objects that follow each other."""
    for number, document in enumerate(documents, 1):
        yield from _unwrap_text(document, f"{prefix}document {number}")


def _unwrap_records(records: object, path: str) -> Iterator[RawEvent | SnsMessage]:
    """Unwraps the records of a batch."""
    if not is_list(records):
        raise MalformedBodyError("it isn't an array", path=path, input=excerpt(records))
    check_count(len(records), path)
    for number, record in enumerate(records):
        yield from _unwrap_record(record, f"{path}[{number}]")


def _unwrap_record(record: object, path: str) -> RawEvents:
    """Unwraps a record of a batch."""
    content = read_record(record, path)
    value, path = content.value, content.path
    if content.type == "sns":
        return unwrap_sns_message(sns_message_from(value, f"{path}."), f"{path}.Message")
    if content.type == "ses":
        return (RawEvent(value, path, event_type="Received"),)
    if content.type == "s3":
        return (RawEvent(value, path, is_s3=True),)
    if is_validation_text(value):
        return ()
    return _unwrap_data(value, path) if content.type == "data" else _unwrap_text(value, path)


def _unwrap_text(text: bytes | str, path: str) -> RawEvents:
    """Unwraps one text of a batch."""
    check_size(text, MAX_EVENT, path)
    document = decode(text, path)
    return _unwrap_document(document, classify(document), path)


def _unwrap_document(document: Document, document_type: DocumentType, path: str) -> RawEvents:
    """Unwraps an SNS message, an EventBridge event or an event of SES."""
    if document_type != "sns":
        return _raw_events(document, document_type, path, None)
    prefix = f"{path}." if path else ""
    return unwrap_sns_message(sns_message_from(document, prefix), f"{prefix}Message")


def _raw_events(
    document: Document, document_type: DocumentType, path: str, sns: SnsOrigin | None
) -> tuple[RawEvent, ...]:
    """Unwraps an event of EventBridge, a notification of S3, or an event of SES."""
    if document_type == "eventbridge":
        return (_detail(document, f"{path}." if path else "", sns),)
    records = document.get("Records")
    if is_list(records) and records and all(map(is_s3_record, records)):
        check_count(len(records), path)
        path = f"{path}.Records" if path else "Records"
        return tuple(
            RawEvent(each, f"{path}[{number}]", sns, is_s3=True)
            for number, each in enumerate(records)
        )
    return (RawEvent(document, path, sns),)


def _detail(document: Document, prefix: str, sns: SnsOrigin | None) -> RawEvent:
    """Unwraps an event of EventBridge."""
    detail_type, source, detail = (
        document["detail-type"],
        document.get("source"),
        document["detail"],
    )
    if type(detail_type) is not str:
        raise MalformedBodyError(
            "it isn't a string", path=f"{prefix}detail-type", input=excerpt(detail_type)
        )
    if source not in ("aws.ses", "aws.s3"):
        raise MalformedBodyError(
            "it isn't aws.ses or aws.s3", path=f"{prefix}source", input=excerpt(source)
        )
    if not is_object(detail):
        raise MalformedBodyError(
            "it isn't an object", path=f"{prefix}detail", input=excerpt(detail)
        )
    event_type = EVENTBRIDGE_TYPES.get(detail_type, detail_type)
    return RawEvent(detail, f"{prefix}detail", sns, event_type, document, source == "aws.s3")
