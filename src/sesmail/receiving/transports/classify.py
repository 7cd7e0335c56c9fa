"""Classifies JSON documents by their keys: envelope, records, EventBridge, event, set-up notice."""

from __future__ import annotations

from typing import Literal, TypeAlias

from .json_body import Document, is_object

__all__ = ["TYPES", "DocumentType", "classify", "is_set_up_notice", "is_set_up_text"]

TYPES: tuple[str, ...] = ("Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation")
"""The types of SNS's messages."""

DocumentType: TypeAlias = Literal["event", "envelope", "records", "bridge"]


def classify(document: Document) -> DocumentType:
    """What an object is, in the one order that all doors share.

    Amazon signs an envelope's own fields and nothing beside them. Were there two opinions of what is an envelope, one
    could be proven and another be believed. And an event may have any further field, even one named like a wrapping's.
    """
    if document.get("eventType") is not None or document.get("notificationType") is not None:
        return "event"
    kind = document.get("Type")
    if kind is not None:
        if kind in TYPES or "Message" in document:
            return "envelope"
    elif "Records" in document:
        return "records"
    return "bridge" if "detail-type" in document and "detail" in document else "event"


_TEXT = "Successfully validated SNS topic for Amazon SES event publishing."
_BYTES = _TEXT.encode()
_MESSAGE_ID = "AMAZON_SES_SETUP_NOTIFICATION"


def is_set_up_text(text: bytes | str) -> bool:
    """Whether it is what event publishing posts, which is no JSON."""
    return text.strip() == (_TEXT if isinstance(text, str) else _BYTES)


def is_set_up_notice(document: Document) -> bool:
    """Whether it is what a receipt rule for inbound mail posts."""
    mail = document.get("mail")
    return is_object(mail) and mail.get("messageId") == _MESSAGE_ID
