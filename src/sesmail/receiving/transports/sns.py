"""SNS messages: the JSON object that SNS puts around an event."""

from __future__ import annotations

from dataclasses import field

from pydantic_core import SchemaValidator

from ...errors import MalformedBodyError
from ...values import Value, build_frozen, value
from ..events.base import SnsOrigin
from .classify import SNS_TYPES, classify, is_validation_text
from .json_body import MAX_EVENT, Body, Document, body_bytes, decode, excerpt, read_time

__all__ = [
    "SnsMessage",
    "read_notification",
    "read_sns_message",
    "require_sns_message",
    "sns_message_from",
]

_NOTIFICATION = {
    "type": "Type",
    "message_id": "MessageId",
    "topic_arn": "TopicArn",
    "message": "Message",
    "timestamp": "Timestamp",
}
_CONFIRMATION = {**_NOTIFICATION, "token": "Token", "subscribe_url": "SubscribeURL"}

# Required JSON keys of each type, and optional ones of all types, by attribute of SnsMessage.
_REQUIRED = {kind: _NOTIFICATION if kind == "Notification" else _CONFIRMATION for kind in SNS_TYPES}
_OPTIONAL = {
    "subject": "Subject",
    "signature_version": "SignatureVersion",
    "signature": "Signature",
    "signing_cert_url": "SigningCertURL",
}
_KEYS = frozenset({*_NOTIFICATION.values(), *_OPTIONAL.values(), "UnsubscribeURL"})
_TEXTS = SchemaValidator(
    {
        "type": "dict",
        "keys_schema": {"type": "str", "strict": True},
        "values_schema": {"type": "str", "strict": True},
    }
)


@value()
class SnsMessage(Value):
    """An SNS message, each value as it is written in the JSON.

    ``verify`` and ``check_signature`` return one, and ``parse`` reads the events in it. Its repr
    shows no message, token, URL that confirms, or signature.

    Attributes:
        type: ``Notification``, ``SubscriptionConfirmation`` or ``UnsubscribeConfirmation``.
        message_id: Id of the message, which is the same in every delivery of it.
        topic_arn: ARN of the topic.
        message: The event as JSON text, or a sentence in a confirmation.
        timestamp: Time of publication, in ISO 8601.
        subject: Subject of a notification; None without.
        token: Token that confirms the subscription; None in a notification.
        subscribe_url: URL that confirms the subscription; None in a notification.
        signature_version: ``1`` (SHA-1) or ``2`` (SHA-256); None if the message isn't signed.
        signature: Signature in base64; None if the message isn't signed.
        signing_cert_url: URL of the signing certificate; None if the message isn't signed.

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
        """Returns the ``sns`` of the message's events."""
        fields = {
            "message_id": self.message_id,
            "topic_arn": self.topic_arn,
            "timestamp": read_time(self.timestamp),
            "subject": self.subject,
        }
        return build_frozen(SnsOrigin, fields)


def read_sns_message(body: Body) -> SnsMessage | None:
    """Reads the SNS message in a body; returns None if the body may be a raw delivery.

    Raises:
        MalformedBodyError: The body isn't a JSON object, or a field is missing or isn't a string.
    """
    text = body_bytes(body, MAX_EVENT)
    if is_validation_text(text):
        return None
    document = decode(text)
    return sns_message_from(document) if classify(document) == "sns" else None


def require_sns_message(body: Body) -> SnsMessage:
    """Reads the SNS message in a body, which must not be a raw delivery.

    Raises:
        MalformedBodyError: There is none.
    """
    sns_message = read_sns_message(body)
    if sns_message is None:
        raise MalformedBodyError(
            "the body isn't an SNS message, so it has no signature and no topic; if raw message "
            "delivery is enabled for the subscription, disable it, or create a Receiver with "
            "allow_raw=True"
        )
    return sns_message


def read_notification(body: bytes) -> tuple[str, SnsOrigin]:
    """Reads a notification in the form in which SNS posts it.

    Returns:
        The message's text, and the ``sns`` of its events.

    Raises:
        KeyError, ValueError: The body differs from that form, so it may be something else.
    """
    fields = _TEXTS.validate_json(body)
    # A field that SNS doesn't write may decide that the body is classified as something else.
    if not _KEYS.issuperset(fields) or "" in fields.values() or fields["Type"] != "Notification":
        raise ValueError("not a notification in the form of SNS")
    origin = {
        "message_id": fields["MessageId"],
        "topic_arn": fields["TopicArn"],
        "timestamp": read_time(fields["Timestamp"]),
        "subject": fields.get("Subject"),
    }
    return fields["Message"], build_frozen(SnsOrigin, origin)


def sns_message_from(document: Document, prefix: str = "") -> SnsMessage:
    """Reads an SNS message from its JSON object, with the URL keys of SNS or of AWS Lambda.

    Args:
        document: The object.
        prefix: Path to its fields, for errors.

    Raises:
        MalformedBodyError: A field is missing or isn't a string.
    """
    kind = document.get("Type")
    required = _REQUIRED.get(kind) if type(kind) is str else None
    if required is None:
        raise MalformedBodyError(
            f"not one of {', '.join(SNS_TYPES)}", path=f"{prefix}Type", input=excerpt(kind)
        )
    fields: dict[str, str | None] = {"token": None, "subscribe_url": None}
    for name, key in required.items():
        value = document.get(key)
        if type(value) is not str or not (value or key == "Message"):
            # Without the value, which may be a token.
            raise MalformedBodyError(_missing_reason(value), path=f"{prefix}{key}")
        fields[name] = value
    for name, key in _OPTIONAL.items():
        value = document.get(key)
        if value is not None and type(value) is not str:
            raise MalformedBodyError("it isn't a string", path=f"{prefix}{key}")
        fields[name] = value
    if "SigningCertUrl" in document or "UnsubscribeUrl" in document:
        fields["signing_cert_url"] = (
            _lambda_certificate_url(document, prefix) or fields["signing_cert_url"]
        )
    return build_frozen(SnsMessage, fields)


def _missing_reason(value: object) -> str:
    if value is None:
        return "it is missing"
    return "it is empty" if value == "" else "it isn't a string"


def _lambda_certificate_url(document: Document, prefix: str) -> str | None:
    """Returns SigningCertUrl: AWS Lambda writes ``Url`` where SNS writes ``URL``.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    """
    url: str | None = None
    for sns_key, key in (
        ("UnsubscribeURL", "UnsubscribeUrl"),
        ("SigningCertURL", "SigningCertUrl"),
    ):
        url = document.get(key)
        if url is not None and type(url) is not str:
            raise MalformedBodyError("it isn't a string", path=f"{prefix}{key}")
        if url is not None and document.get(sns_key) not in (None, url):
            raise MalformedBodyError(f"it differs from {sns_key}", path=f"{prefix}{key}")
    return url
