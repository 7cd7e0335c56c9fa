"""Contact lists whose subscriptions SES manages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .fields import Name
from .model import Model

__all__ = ["ListManagement"]


class ListManagement(Model, frozen=True):
    """Contact list, and topic of it, whose subscriptions SES manages; API v2 only, not in bulk.

    SES writes the unsubscribe links, and doesn't send to recipients who have unsubscribed. A mail
    with several recipients, or without the placeholder ``{{amazonSESUnsubscribeUrl}}`` in text or
    html, gets no link, and so is refused.

    Args:
        contact_list: Name of the contact list, required: at least one character, no control
            characters.
        topic: Name of one topic of the list. None, the default, stands for all topics.

    Raises:
        pydantic.ValidationError: A field is invalid.

    https://docs.aws.amazon.com/ses/latest/dg/sending-email-subscription-management.html
    """

    contact_list: Name
    topic: Name | None = None

    if TYPE_CHECKING:

        def replace(self, *, contact_list: str = ..., topic: str | None = ...) -> Self:
            """Returns a copy with other values of some fields, validated like a new instance."""
            ...
