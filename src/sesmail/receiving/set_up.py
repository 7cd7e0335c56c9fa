"""What SES posts once when it is told of a topic: no event, and no error."""

from __future__ import annotations

from .decode import Document, is_object

__all__ = ["is_set_up_notice", "is_set_up_text"]

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
