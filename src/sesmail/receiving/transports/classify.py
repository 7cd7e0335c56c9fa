"""Classification of JSON documents by their keys: events, and what AWS services put around them."""

from __future__ import annotations

from typing import Literal, TypeAlias

from .json_body import Document, is_object

__all__ = ["SNS_TYPES", "DocumentType", "classify", "is_setup_notification", "is_validation_text"]

SNS_TYPES: tuple[str, ...] = (
    "Notification",
    "SubscriptionConfirmation",
    "UnsubscribeConfirmation",
)
"""Types of SNS messages."""

DocumentType: TypeAlias = Literal["event", "sns", "records", "eventbridge"]


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
    return "eventbridge" if "detail-type" in document and "detail" in document else "event"


# SES publishes this text, which isn't JSON, when a topic becomes an event destination.
_VALIDATION = "Successfully validated SNS topic for Amazon SES event publishing."
_VALIDATION_BYTES = _VALIDATION.encode()
_SETUP_MESSAGE_ID = "AMAZON_SES_SETUP_NOTIFICATION"
_SETUP_TYPE = "AmazonSnsSubscriptionSucceeded"


def is_validation_text(text: bytes | str) -> bool:
    """Returns True if a text is the one that SES publishes to a new event destination."""
    return text.strip() == (_VALIDATION if isinstance(text, str) else _VALIDATION_BYTES)


def is_setup_notification(document: Document) -> bool:
    """Returns True if an event is one that SES publishes when a topic is set up.

    It is that of a receipt rule, or that of the notifications of an identity.
    """
    if document.get("notificationType") == _SETUP_TYPE and document.get("eventType") is None:
        return True
    mail = document.get("mail")
    return is_object(mail) and mail.get("messageId") == _SETUP_MESSAGE_ID
