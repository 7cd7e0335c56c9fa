"""Classification of JSON documents by their keys: events, and what AWS services put around them."""

from __future__ import annotations

from typing import Literal, TypeAlias

from ...patterns import lazy_pattern
from .json_body import Document, is_object

__all__ = [
    "SETUP_MESSAGE_ID",
    "SNS_TYPES",
    "DocumentType",
    "classify",
    "is_setup_notification",
    "is_validation_text",
    "may_be_batch",
    "records_of",
]

SNS_TYPES: tuple[str, ...] = (
    "Notification",
    "SubscriptionConfirmation",
    "UnsubscribeConfirmation",
)
"""Types of SNS messages."""

DocumentType: TypeAlias = Literal["event", "sns", "records", "record", "eventbridge"]

# Keys of the records of AWS Lambda, of the API of SQS, and of Firehose.
_BATCHES = ("Records", "Messages", "records")
# Keys that only a record has: of AWS Lambda and EventBridge Pipes, and of the API of SQS.
_RECORD = ("eventSource", "EventSource", "ReceiptHandle")
_LIST = lazy_pattern(rb"[ \t\r\n]*\[[ \t\r\n]*\{")
# All that boto3 returns if a queue has no messages.
_EMPTY_RESPONSE = {"ResponseMetadata"}


def classify(document: Document) -> DocumentType:
    """Returns the type of a JSON object; the only such decision, for verifying and for parsing.

    SNS signs certain fields of its message and nothing beside them. If verifying and parsing
    decided separately, one part of a body could be verified and another be parsed. An event may
    have any further field, even one with the name of a field around events.
    """
    if document.get("eventType") is not None or document.get("notificationType") is not None:
        return "event"
    kind = document.get("Type")
    if kind is not None:
        if kind in SNS_TYPES or "Message" in document:
            return "sns"
    elif "Records" in document:
        return "records"
    if "detail-type" in document and "detail" in document:
        return "eventbridge"
    if kind is not None:
        return "event"
    if any(key in document for key in _BATCHES) or document.keys() == _EMPTY_RESPONSE:
        return "records"
    return "record" if any(key in document for key in _RECORD) else "event"


def records_of(document: Document) -> tuple[object, str]:
    """Returns the records of a batch, and their key."""
    for key in _BATCHES:
        if key in document:
            return document[key], key
    return [], ""


def may_be_batch(text: bytes) -> bool:
    """Returns True if a text may be a batch, by its keys, before it is decoded."""
    return _LIST.match(text) is not None or any(f'"{key}"'.encode() in text for key in _BATCHES)


# SES publishes this text, which isn't JSON, when a topic becomes an event destination.
_VALIDATION = "Successfully validated SNS topic for Amazon SES event publishing."
_VALIDATION_BYTES = _VALIDATION.encode()
SETUP_MESSAGE_ID = "AMAZON_SES_SETUP_NOTIFICATION"
"""Message id of the notice of a receipt rule, and object key of what it stores in S3."""
_SETUP_TYPE = "AmazonSnsSubscriptionSucceeded"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-enable-disable-notification-intro.html
_S3_TEST = "s3:TestEvent"


def is_validation_text(text: bytes | str) -> bool:
    """Returns True if a text is the one that SES publishes to a new event destination."""
    return text.strip() == (_VALIDATION if isinstance(text, str) else _VALIDATION_BYTES)


def is_setup_notification(document: Document) -> bool:
    """Returns True if an event is one that SES publishes when a topic is set up.

    It is that of a receipt rule, that of the notifications of an identity, or that of S3.
    """
    mail = document.get("mail")
    if document.get("Event") == _S3_TEST and document.get("Service") == "Amazon S3":
        return mail is None
    if document.get("notificationType") == _SETUP_TYPE and document.get("eventType") is None:
        return True
    return is_object(mail) and mail.get("messageId") == SETUP_MESSAGE_ID
