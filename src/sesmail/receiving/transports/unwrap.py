"""What AWS puts around events on their way: SNS's envelopes, Lambda's records, EventBridge's, Firehose's lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ...errors import MalformedBodyError
from ..events.base import SnsOrigin
from .classify import Shape, is_set_up_text, shape_of
from .json_body import MAX_BATCH, MAX_EVENT, Body, Document, body_text, decode, excerpt, is_list, is_object, refuse_size
from .sns import Envelope, envelope_of

__all__ = ["Parcel", "Parcels", "open_envelope", "read_raw", "unwrap"]

_MAX_PARCELS = 10_000  # as many as Lambda takes from SQS at once
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
class Parcel:
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


Parcels: TypeAlias = Iterable[Parcel | Envelope]
"""Events, and the envelopes of confirmations; several are unwrapped one by one."""


def read_raw(body: Body) -> Parcels:
    """The event that a body is, without anything around it; nothing if it says that the topic was set up.

    Raises:
        MalformedBodyError: It is no JSON object.
    """
    text = body_text(body, MAX_EVENT)
    return () if is_set_up_text(text) else (Parcel(decode(text)),)


def unwrap(body: Body) -> Parcels:
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
        refuse_size(text, MAX_EVENT)
    document = decode(text)
    shape = shape_of(document)
    if shape == "records":
        return _records(document["Records"])
    if is_large:
        refuse_size(text, MAX_EVENT)
    return _single(document, shape, "")


def open_envelope(envelope: Envelope, path: str = "Message") -> Parcels:
    """What is in an envelope, where no further one is looked for: who signed this one has not signed that.

    Raises:
        MalformedBodyError: The message is no JSON object.
    """
    if envelope.type != "Notification":
        return (envelope,)
    message = envelope.message
    if is_set_up_text(message):
        return ()
    refuse_size(message, MAX_EVENT, path)
    document = decode(message, path)
    return (_bare(document, shape_of(document), path, envelope.origin()),)


def _has_lines(text: bytes) -> bool:
    """Whether there is an object on each line.

    In a single one, what follows on a line that ends in ``}`` is ``,`` or the end of something.
    """
    first, _, others = text.lstrip(_SPACE).partition(b"\n")
    return first.rstrip(_SPACE).endswith(b"}") and others.lstrip(_SPACE)[:1] not in (b"", b",", b"}", b"]")


def _lines(text: bytes) -> Iterator[Parcel | Envelope]:
    """The lines of a Firehose."""
    _refuse_many(text.count(b"\n"), "")
    for number, line in enumerate(text.split(b"\n"), 1):
        if line.strip(_SPACE):
            path = f"line {number}"
            yield from _decoded(line, path)


def _records(records: object) -> Iterator[Parcel | Envelope]:
    """The records of a call of Lambda."""
    if not is_list(records):
        raise MalformedBodyError("it isn't a list", path="Records", input=excerpt(records))
    _refuse_many(len(records), "Records")
    for number, record in enumerate(records):
        yield from _record(record, f"Records[{number}]")


def _record(record: object, path: str) -> Parcels:
    """One record of SNS, SES or SQS."""
    holds: Document = record if is_object(record) else {}
    envelope, receipt, text = holds.get("Sns"), holds.get("ses"), holds.get("body")
    if is_object(envelope):
        return open_envelope(envelope_of(envelope, f"{path}.Sns."), f"{path}.Sns.Message")
    if is_object(receipt):
        return (Parcel(receipt, f"{path}.ses", word="Received"),)
    if not isinstance(text, str):
        raise MalformedBodyError("it is no record of SNS, SQS or SES", path=path)
    path = f"{path}.body"
    return () if is_set_up_text(text) else _decoded(text, path)


def _decoded(text: bytes | str, path: str) -> Parcels:
    """What is in one of several texts."""
    refuse_size(text, MAX_EVENT, path)
    document = decode(text, path)
    return _single(document, shape_of(document), path)


def _single(document: Document, shape: Shape, path: str) -> Parcels:
    """An SNS envelope, or what can be in one."""
    if shape != "envelope":
        return (_bare(document, shape, path, None),)
    prefix = f"{path}." if path else ""
    return open_envelope(envelope_of(document, prefix), f"{prefix}Message")


def _bare(document: Document, shape: Shape, path: str, sns: SnsOrigin | None) -> Parcel:
    """An event, or what EventBridge wraps around one."""
    if shape != "bridge":
        return Parcel(document, path, sns)
    path = f"{path}." if path else ""
    word, source, detail = document["detail-type"], document.get("source"), document["detail"]
    if type(word) is not str:
        raise MalformedBodyError("it isn't a text", path=f"{path}detail-type", input=excerpt(word))
    if source != "aws.ses":
        raise MalformedBodyError("it isn't aws.ses", path=f"{path}source", input=excerpt(source))
    if not is_object(detail):
        raise MalformedBodyError("it isn't an object", path=f"{path}detail", input=excerpt(detail))
    return Parcel(detail, f"{path}detail", sns, _BRIDGE_WORDS.get(word, word))


def _refuse_many(count: int, path: str) -> None:
    if count > _MAX_PARCELS:
        raise MalformedBodyError(f"there are {count:,} in it, more than {_MAX_PARCELS:,}", path=path)
