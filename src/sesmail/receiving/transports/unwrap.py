"""What AWS puts around events on their way: SNS's envelopes, Lambda's records, EventBridge's, Firehose's lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ...errors import MalformedBodyError
from ..events.base import SnsOrigin
from .classify import DocumentType, classify, is_set_up_text
from .json_body import (
    MAX_BATCH,
    MAX_EVENT,
    Body,
    Document,
    body_text,
    check_size,
    decode,
    excerpt,
    is_list,
    is_object,
)
from .sns import SnsMessage, sns_message_from

__all__ = ["RawEvent", "RawEvents", "read_raw", "unwrap", "unwrap_sns_message"]

_MAX_EVENTS_PER_BODY = 10_000  # as many as Lambda takes from SQS at once
_SPACE = b" \t\r\n"  # JSON's

# https://docs.aws.amazon.com/ses/latest/dg/monitoring-eventbridge.html
_BRIDGE_WORDS = {
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
    """What was in the wrappings.

    Attributes:
        document: The event as SES wrote it.
        path: Where it was.
        sns: The SNS message that brought it, if one did.
        word: The kind of event, as the wrapping tells it, for documents that don't.
    """

    document: Document
    path: str = ""
    sns: SnsOrigin | None = None
    word: str | None = None


RawEvents: TypeAlias = Iterable[RawEvent | SnsMessage]
"""Events, and the envelopes of confirmations; several are unwrapped one by one."""


def read_raw(body: Body) -> RawEvents:
    """The event that a body is, without anything around it; nothing if it says that the topic was set up.

    Raises:
        MalformedBodyError: It is no JSON object.
    """
    text = body_text(body, MAX_EVENT)
    return () if is_set_up_text(text) else (RawEvent(decode(text)),)


def unwrap(body: Body) -> RawEvents:
    """Everything that is in a body.

    Raises:
        MalformedBodyError: It is in none of the wrappings.
    """
    text = body_text(body, MAX_BATCH)
    if is_set_up_text(text):
        return ()
    if b"\n" in text and _has_lines(text):
        return _lines(text)
    is_large = len(text) > MAX_EVENT
    if is_large and b'"Records"' not in text:
        check_size(text, MAX_EVENT)
    document = decode(text)
    document_type = classify(document)
    if document_type == "records":
        return _records(document["Records"])
    if is_large:
        check_size(text, MAX_EVENT)
    return _single(document, document_type, "")


def unwrap_sns_message(sns_message: SnsMessage, path: str = "Message") -> RawEvents:
    """What is in an envelope, where no further one is looked for: who signed this one has not signed that.

    Raises:
        MalformedBodyError: The message is no JSON object.
    """
    if sns_message.type != "Notification":
        return (sns_message,)
    message = sns_message.message
    if is_set_up_text(message):
        return ()
    check_size(message, MAX_EVENT, path)
    document = decode(message, path)
    return (_bare(document, classify(document), path, sns_message.origin()),)


def _has_lines(text: bytes) -> bool:
    """Whether there is an object on each line.

    In a single one, what follows on a line that ends in ``}`` is ``,`` or the end of something.
    """
    first, _, others = text.lstrip(_SPACE).partition(b"\n")
    return first.rstrip(_SPACE).endswith(b"}") and others.lstrip(_SPACE)[:1] not in (
        b"",
        b",",
        b"}",
        b"]",
    )


def _lines(text: bytes) -> Iterator[RawEvent | SnsMessage]:
    """The lines of a Firehose."""
    _refuse_many(text.count(b"\n"), "")
    for number, line in enumerate(text.split(b"\n"), 1):
        if line.strip(_SPACE):
            path = f"line {number}"
            yield from _decoded(line, path)


def _records(records: object) -> Iterator[RawEvent | SnsMessage]:
    """The records of a call of Lambda."""
    if not is_list(records):
        raise MalformedBodyError("it isn't a list", path="Records", input=excerpt(records))
    _refuse_many(len(records), "Records")
    for number, record in enumerate(records):
        yield from _record(record, f"Records[{number}]")


def _record(record: object, path: str) -> RawEvents:
    """One record of SNS, SES or SQS."""
    holds: Document = record if is_object(record) else {}
    sns_message, receipt, text = holds.get("Sns"), holds.get("ses"), holds.get("body")
    if is_object(sns_message):
        return unwrap_sns_message(
            sns_message_from(sns_message, f"{path}.Sns."), f"{path}.Sns.Message"
        )
    if is_object(receipt):
        return (RawEvent(receipt, f"{path}.ses", word="Received"),)
    if not isinstance(text, str):
        raise MalformedBodyError("it is no record of SNS, SQS or SES", path=path)
    path = f"{path}.body"
    return () if is_set_up_text(text) else _decoded(text, path)


def _decoded(text: bytes | str, path: str) -> RawEvents:
    """What is in one of several texts."""
    check_size(text, MAX_EVENT, path)
    document = decode(text, path)
    return _single(document, classify(document), path)


def _single(document: Document, document_type: DocumentType, path: str) -> RawEvents:
    """An SNS envelope, or what can be in one."""
    if document_type != "envelope":
        return (_bare(document, document_type, path, None),)
    prefix = f"{path}." if path else ""
    return unwrap_sns_message(sns_message_from(document, prefix), f"{prefix}Message")


def _bare(
    document: Document, document_type: DocumentType, path: str, sns: SnsOrigin | None
) -> RawEvent:
    """An event, or what EventBridge wraps around one."""
    if document_type != "bridge":
        return RawEvent(document, path, sns)
    path = f"{path}." if path else ""
    word, source, detail = document["detail-type"], document.get("source"), document["detail"]
    if type(word) is not str:
        raise MalformedBodyError("it isn't a text", path=f"{path}detail-type", input=excerpt(word))
    if source != "aws.ses":
        raise MalformedBodyError("it isn't aws.ses", path=f"{path}source", input=excerpt(source))
    if not is_object(detail):
        raise MalformedBodyError("it isn't an object", path=f"{path}detail", input=excerpt(detail))
    return RawEvent(detail, f"{path}detail", sns, _BRIDGE_WORDS.get(word, word))


def _refuse_many(count: int, path: str) -> None:
    if count > _MAX_EVENTS_PER_BODY:
        raise MalformedBodyError(
            f"there are {count:,} in it, more than {_MAX_EVENTS_PER_BODY:,}", path=path
        )
