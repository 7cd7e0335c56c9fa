"""The wrappings: SNS, SQS, Lambda, EventBridge, Firehose."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import MalformedBodyError
from .decode import MAX_EVENT, Body, Document, body_text, decode, excerpt

__all__ = ["Envelope", "read_envelope"]

_TYPES = frozenset({"Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"})


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


def read_envelope(body: Body) -> Envelope | None:
    """The SNS envelope that a body is; None where it may be an event that SNS delivered raw.

    Raises:
        MalformedBodyError: It is neither.
    """
    text = body_text(body, MAX_EVENT)
    if is_setup(text):
        return None
    document = decode(text)
    return envelope(document) if "Type" in document else None


def is_setup(text: bytes) -> bool:
    return text.strip().startswith(b"Successfully validated SNS topic for Amazon SES")


def envelope(document: Document, path: str = "") -> Envelope:
    """Read an envelope from its JSON object, in either spelling of its URLs.

    Raises:
        MalformedBodyError: A value is missing, or isn't text.
    """
    kind = _text(document, "Type", path)
    if kind not in _TYPES:
        raise MalformedBodyError("SNS has no such type", path=f"{path}Type", input=excerpt(kind))
    needed = kind != "Notification"
    return Envelope(
        type=kind,
        message_id=_text(document, "MessageId", path),
        topic_arn=_text(document, "TopicArn", path),
        message=_text(document, "Message", path),
        timestamp=_text(document, "Timestamp", path),
        subject=_optional(document, "Subject", path),
        token=_text(document, "Token", path) if needed else None,
        subscribe_url=_text(document, "SubscribeURL", path) if needed else None,
        signature_version=_optional(document, "SignatureVersion", path),
        signature=_optional(document, "Signature", path),
        signing_cert_url=_url(document, path),
    )


def _url(document: Document, path: str) -> str | None:
    upper = _optional(document, "SigningCertURL", path)
    lower = _optional(document, "SigningCertUrl", path)
    if upper is not None and lower is not None and upper != lower:
        raise MalformedBodyError("SigningCertURL and SigningCertUrl differ", path=f"{path}SigningCertUrl")
    return lower if upper is None else upper


def _text(document: Document, key: str, path: str) -> str:
    value = document.get(key)
    if type(value) is not str:
        raise MalformedBodyError("it isn't a text" if key in document else "it is missing", path=f"{path}{key}")
    return value


def _optional(document: Document, key: str, path: str) -> str | None:
    return None if document.get(key) is None else _text(document, key, path)
