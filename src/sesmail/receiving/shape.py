"""What a JSON object is, told by what it has: an event, SNS's envelope, Lambda's records, EventBridge's wrapping."""

from __future__ import annotations

from typing import Literal, TypeAlias

from .decode import Document

__all__ = ["TYPES", "Shape", "shape_of"]

TYPES: tuple[str, ...] = ("Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation")
"""The types of SNS's messages."""

Shape: TypeAlias = Literal["event", "envelope", "records", "bridge"]


def shape_of(document: Document) -> Shape:
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
