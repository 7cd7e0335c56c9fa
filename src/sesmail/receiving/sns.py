"""The wrappings in which events come: SNS, SQS, Lambda, EventBridge, Firehose."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from ..errors import MalformedBodyError
from ..frozen import make
from .decode import MAX_BATCH, MAX_EVENT, Body, Document, body_text, decode, excerpt, is_list, is_object, refuse_size
from .event import SnsOrigin
from .fields import read_time

__all__ = ["Envelope", "Parcel", "read_envelope", "read_raw", "unwrap", "unwrap_envelope"]

_MAX_PARCELS = 10_000  # as many as Lambda takes from SQS at once

_NOTIFICATION = {
    "type": "Type",
    "message_id": "MessageId",
    "topic_arn": "TopicArn",
    "message": "Message",
    "timestamp": "Timestamp",
}
_CONFIRMATION = {**_NOTIFICATION, "token": "Token", "subscribe_url": "SubscribeURL"}

# What each type of message must have, and what any may have, by the names of the fields of Envelope.
_NEEDED = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
_OPTIONAL = {
    "subject": "Subject",
    "signature_version": "SignatureVersion",
    "signature": "Signature",
    "signing_cert_url": "SigningCertURL",
}
_SET_UP = "Successfully validated SNS topic for Amazon SES event publishing."

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


@dataclass(frozen=True)
class Envelope:
    """What SNS wraps around a message, each value as it stands in the JSON.

    https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
    """

    type: str
    message_id: str
    topic_arn: str
    message: str = field(repr=False)
    timestamp: str
    subject: str | None = None
    token: str | None = field(default=None, repr=False)
    subscribe_url: str | None = field(default=None, repr=False)
    signature_version: str | None = None
    signature: str | None = field(default=None, repr=False)
    signing_cert_url: str | None = None

    def origin(self) -> SnsOrigin:
        """What events tell of it."""
        fields = {
            "message_id": self.message_id,
            "topic_arn": self.topic_arn,
            "timestamp": read_time(self.timestamp),
            "subject": self.subject,
        }
        return make(SnsOrigin, fields)


class Parcel(NamedTuple):
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


Parcels: TypeAlias = "list[Parcel | Envelope]"
"""Events, and the envelopes of confirmations."""


def read_envelope(body: Body) -> Envelope | None:
    """The SNS envelope that a body is; None where it may be an event that SNS delivered raw.

    Raises:
        MalformedBodyError: It is neither.
    """
    text = body_text(body, MAX_EVENT)
    if _is_set_up(text):
        return None
    document = decode(text)
    return _envelope(document, "") if "Type" in document else None


def read_raw(body: Body) -> Parcels:
    """The event that a body is, without anything around it; nothing if it says that the topic was set up.

    Raises:
        MalformedBodyError: It is no JSON object.
    """
    text = body_text(body, MAX_EVENT)
    return [] if _is_set_up(text) else [Parcel(decode(text))]


def unwrap(body: Body) -> Parcels:
    """Everything that is in a body.

    Raises:
        MalformedBodyError: It is in none of the wrappings.
    """
    text = body_text(body, MAX_BATCH)
    if _is_set_up(text):
        return []
    try:
        document = decode(text)
    except MalformedBodyError as err:
        return _lines(text, err)
    if "Records" in document:
        return _records(document["Records"])
    refuse_size(len(text), MAX_EVENT)
    return _single(document, "")


def unwrap_envelope(envelope: Envelope, path: str = "Message") -> Parcels:
    """What is in an envelope, where no further one is looked for: who signed this one has not signed that.

    Raises:
        MalformedBodyError: The message is no JSON object.
    """
    if envelope.type != "Notification":
        return [envelope]
    if _is_set_up(envelope.message):
        return []
    refuse_size(len(envelope.message), MAX_EVENT, path)
    return [_bare(decode(envelope.message, path), path, envelope.origin())]


def _lines(text: bytes, error: MalformedBodyError) -> Parcels:
    """The lines of a Firehose; the error is for what isn't lines of JSON at all."""
    first, _, others = text.lstrip().partition(b"\n")
    if not others.strip():
        raise error
    try:
        decode(first)
    except MalformedBodyError:
        raise error from None
    _refuse_many(text.count(b"\n"), "")
    found: Parcels = []
    for number, line in enumerate(text.split(b"\n"), 1):
        if line.strip():
            refuse_size(len(line), MAX_EVENT, f"line {number}")
            found += _single(decode(line, f"line {number}"), f"line {number}")
    return found


def _records(records: object) -> Parcels:
    """The records of a call of Lambda."""
    if not is_list(records):
        raise MalformedBodyError("it isn't a list", path="Records", input=excerpt(records))
    _refuse_many(len(records), "Records")
    return [parcel for number, record in enumerate(records) for parcel in _record(record, f"Records[{number}]")]


def _record(record: object, path: str) -> Parcels:
    """One record of SNS, SES or SQS."""
    holds: Document = record if is_object(record) else {}
    envelope, receipt, text = holds.get("Sns"), holds.get("ses"), holds.get("body")
    if is_object(envelope):
        return unwrap_envelope(_envelope(envelope, f"{path}.Sns."), f"{path}.Sns.Message")
    if is_object(receipt):
        return [Parcel(receipt, f"{path}.ses", word="Received")]
    if not isinstance(text, str):
        raise MalformedBodyError("it is no record of SNS, SQS or SES", path=path)
    path = f"{path}.body"
    refuse_size(len(text), MAX_EVENT, path)
    return [] if _is_set_up(text) else _single(decode(text, path), path)


def _single(document: Document, path: str) -> Parcels:
    """An SNS envelope, or what can be in one."""
    if "Type" not in document:
        return [_bare(document, path, None)]
    prefix = f"{path}." if path else ""
    return unwrap_envelope(_envelope(document, prefix), f"{prefix}Message")


def _bare(document: Document, path: str, sns: SnsOrigin | None) -> Parcel:
    """An event, or what EventBridge wraps around one."""
    if "detail-type" not in document:
        return Parcel(document, path, sns)
    path = f"{path}." if path else ""
    word, source, detail = document["detail-type"], document.get("source"), document.get("detail")
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


def _is_set_up(text: bytes | str) -> bool:
    """Whether this is what SES posts once when a topic is set up, and no JSON."""
    return text.strip() == (_SET_UP if isinstance(text, str) else _SET_UP.encode())


def _envelope(document: Document, prefix: str) -> Envelope:
    """An envelope from its JSON object, in either spelling of its URLs.

    Raises:
        MalformedBodyError: A value is missing, or isn't text.
    """
    kind = document.get("Type")
    needed = _NEEDED.get(kind) if type(kind) is str else None
    if needed is None:
        raise MalformedBodyError("SNS has no such type", path=f"{prefix}Type", input=excerpt(kind))
    fields: dict[str, str | None] = {"token": None, "subscribe_url": None}
    for name, key in needed.items():
        value = document.get(key)
        if type(value) is not str:
            raise MalformedBodyError("it is missing" if value is None else "it isn't a text", path=f"{prefix}{key}")
        fields[name] = value
    for name, key in _OPTIONAL.items():
        value = document.get(key)
        if value is not None and type(value) is not str:
            raise MalformedBodyError("it isn't a text", path=f"{prefix}{key}")
        fields[name] = value
    if document.get("SigningCertUrl") is not None:  # as Lambda spells it
        fields["signing_cert_url"] = _other_spelling(document, prefix)
    return make(Envelope, fields)


def _other_spelling(document: Document, prefix: str) -> str:
    url = document["SigningCertUrl"]
    if type(url) is not str:
        raise MalformedBodyError("it isn't a text", path=f"{prefix}SigningCertUrl")
    if document.get("SigningCertURL") not in (None, url):
        raise MalformedBodyError("it differs from SigningCertURL", path=f"{prefix}SigningCertUrl")
    return url
