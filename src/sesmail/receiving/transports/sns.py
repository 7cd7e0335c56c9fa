"""The envelope that SNS puts around a message, read and not yet believed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from pydantic_core import SchemaValidator, core_schema

from ...errors import MalformedBodyError
from ...values import Value, build_frozen
from ..events.base import SnsOrigin
from .classify import TYPES, classify, is_set_up_text
from .json_body import MAX_EVENT, Body, Document, body_text, decode, excerpt, read_time

__all__ = ["SnsMessage", "read_notification", "read_sns_message", "sns_message_from"]

_NOTIFICATION = {
    "type": "Type",
    "message_id": "MessageId",
    "topic_arn": "TopicArn",
    "message": "Message",
    "timestamp": "Timestamp",
}
_CONFIRMATION = {**_NOTIFICATION, "token": "Token", "subscribe_url": "SubscribeURL"}

# What each type of message must have, and what any may have, by the names of the fields of Envelope.
_NEEDED = {kind: _NOTIFICATION if kind == "Notification" else _CONFIRMATION for kind in TYPES}
_OPTIONAL = {
    "subject": "Subject",
    "signature_version": "SignatureVersion",
    "signature": "Signature",
    "signing_cert_url": "SigningCertURL",
}


@dataclass(frozen=True, eq=False, repr=False)
class SnsMessage(Value):
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
        return build_frozen(SnsOrigin, fields)


def read_sns_message(body: Body) -> SnsMessage | None:
    """The SNS envelope that a body is; None where it may be an event that SNS delivered raw.

    Raises:
        MalformedBodyError: It is neither.
    """
    text = body_text(body, MAX_EVENT)
    if is_set_up_text(text):
        return None
    document = decode(text)
    return sns_message_from(document) if classify(document) == "envelope" else None


def read_notification(body: bytes) -> tuple[str, SnsOrigin]:
    """The message in a notification as SNS posts it, and what events tell of it.

    Raises:
        ValueError: There is anything odd about it, or it is something else.
    """
    fields = _notification().validate_json(body)
    origin = {
        "message_id": fields["MessageId"],
        "topic_arn": fields["TopicArn"],
        "timestamp": fields["Timestamp"],
        "subject": fields.get("Subject"),
    }
    return fields["Message"], build_frozen(SnsOrigin, origin)


@cache
def _notification() -> SchemaValidator:
    text = core_schema.str_schema(strict=True)
    filled = core_schema.str_schema(strict=True, min_length=1)
    needed = {
        "Type": core_schema.literal_schema(["Notification"]),
        "MessageId": filled,
        "TopicArn": filled,
        "Message": text,
        "Timestamp": core_schema.no_info_after_validator_function(read_time, filled),
    }
    others = ("Subject", "SignatureVersion", "Signature", "SigningCertURL", "UnsubscribeURL")
    fields = {key: core_schema.typed_dict_field(schema) for key, schema in needed.items()}
    for key in others:
        fields[key] = core_schema.typed_dict_field(
            core_schema.nullable_schema(text), required=False
        )
    # Fields that SNS doesn't write may make it something else, or hold numbers that are none.
    return SchemaValidator(core_schema.typed_dict_schema(fields, extra_behavior="forbid"))


def sns_message_from(document: Document, prefix: str = "") -> SnsMessage:
    """An envelope from its JSON object, in either spelling of its URLs.

    Args:
        document: The object.
        prefix: The path to its fields.

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
        if type(value) is not str or not (
            value or key == "Message"
        ):  # which isn't shown, for it may be secret
            reason = (
                "it is missing"
                if value is None
                else "it is empty"
                if value == ""
                else "it isn't a text"
            )
            raise MalformedBodyError(reason, path=f"{prefix}{key}")
        fields[name] = value
    for name, key in _OPTIONAL.items():
        value = document.get(key)
        if value is not None and type(value) is not str:
            raise MalformedBodyError("it isn't a text", path=f"{prefix}{key}")
        fields[name] = value
    if "SigningCertUrl" in document or "UnsubscribeUrl" in document:
        fields["signing_cert_url"] = _other_spelling(document, prefix) or fields["signing_cert_url"]
    return build_frozen(SnsMessage, fields)


def _other_spelling(document: Document, prefix: str) -> str | None:
    """Where the certificate is, as Lambda spells it."""
    for key, other in (("UnsubscribeURL", "UnsubscribeUrl"), ("SigningCertURL", "SigningCertUrl")):
        url = document.get(other)
        if url is not None and type(url) is not str:
            raise MalformedBodyError("it isn't a text", path=f"{prefix}{other}")
        if url is not None and document.get(key) not in (None, url):
            raise MalformedBodyError(f"it differs from {key}", path=f"{prefix}{other}")
    return url
