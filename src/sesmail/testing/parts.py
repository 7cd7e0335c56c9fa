"""The objects that each type of event has, with values as SES reports them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from .documents import expiry, timestamp

__all__ = [
    "bounce_part",
    "click_part",
    "complaint_part",
    "delay_part",
    "delivery_part",
    "open_part",
    "subscription_part",
]

_MTA = "a8-70.smtp-out.amazonses.com"
_REMOTE = "192.0.2.25"
_READER = {
    "ipAddress": "198.51.100.1",
    "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
}
# Status and diagnostic text of each bounce type and subtype, as mail servers respond:
# https://www.rfc-editor.org/rfc/rfc3463
_REPLIES = {
    "General": ("5.1.1", "smtp; 550 5.1.1 user unknown"),
    "NoEmail": ("5.1.1", "smtp; 550 5.1.1 no such mailbox"),
    "Suppressed": (
        "5.1.1",
        "Amazon SES has suppressed sending to this address because it has a recent history of "
        "bouncing as an invalid address.",
    ),
    "OnAccountSuppressionList": (
        "5.1.1",
        "Amazon SES did not send the message to this address because it is on the suppression "
        "list for your account.",
    ),
    "OnTenantSuppressionList": (
        "5.1.1",
        "Amazon SES did not send the message to this address because it is on the suppression "
        "list for your tenant.",
    ),
    "UnsubscribedRecipient": (
        "5.1.1",
        "Amazon SES did not send the message to this address because it has unsubscribed.",
    ),
    "MailboxFull": ("4.2.2", "smtp; 452 4.2.2 mailbox full"),
    "MessageTooLarge": ("5.3.4", "smtp; 552 5.3.4 message too large"),
    "ContentRejected": ("5.6.0", "smtp; 554 5.6.0 content rejected"),
    "AttachmentRejected": ("5.7.1", "smtp; 552 5.7.1 attachment rejected"),
}
_NOT_TRIED = (
    "Suppressed",
    "OnAccountSuppressionList",
    "OnTenantSuppressionList",
    "UnsubscribedRecipient",
)


def _feedback_id() -> str:
    return f"0102{secrets.token_hex(6)}-{secrets.token_hex(4)}-000000"


def delivery_part(at: datetime, recipients: Sequence[str], sent_at: datetime) -> dict[str, Any]:
    """Returns the ``delivery`` of recipients."""
    return {
        "timestamp": timestamp(at),
        "processingTimeMillis": max(1, int((at - sent_at).total_seconds() * 1000)),
        "recipients": list(recipients),
        "smtpResponse": "250 2.6.0 Message received",
        "remoteMtaIp": _REMOTE,
        "reportingMTA": _MTA,
    }


def bounce_part(
    at: datetime,
    recipients: Sequence[str],
    bounce_type: str,
    subtype: str,
    diagnostic: str | None = None,
) -> dict[str, Any]:
    """Returns the ``bounce`` of recipients."""
    status, text = _REPLIES.get(subtype, _REPLIES["General"])
    if bounce_type == "Transient" and subtype == "General":
        status, text = "4.4.7", "smtp; 421 4.4.7 the mailbox is temporarily unavailable"
    part = {
        "bounceType": bounce_type,
        "bounceSubType": subtype,
        "bouncedRecipients": [
            {
                "emailAddress": each,
                "action": "failed",
                "status": status,
                "diagnosticCode": diagnostic or text,
            }
            for each in recipients
        ],
        "timestamp": timestamp(at),
        "feedbackId": _feedback_id(),
        "reportingMTA": f"dns; {_MTA}",
    }
    return part if subtype in _NOT_TRIED else {**part, "remoteMtaIp": _REMOTE}


def complaint_part(
    at: datetime, recipients: Sequence[str], feedback_type: str | None, subtype: str | None
) -> dict[str, Any]:
    """Returns the ``complaint`` of recipients."""
    return {
        "complainedRecipients": [{"emailAddress": each} for each in recipients],
        "timestamp": timestamp(at),
        "feedbackId": _feedback_id(),
        "complaintSubType": subtype,
        "userAgent": "Amazon SES Mailbox Simulator",
        "complaintFeedbackType": feedback_type,
        "arrivalDate": timestamp(at),
    }


def delay_part(
    at: datetime, recipients: Sequence[str], delay_type: str, sent_at: datetime
) -> dict[str, Any]:
    """Returns the ``deliveryDelay`` of recipients."""
    return {
        "timestamp": timestamp(at),
        "delayType": delay_type,
        "expirationTime": expiry(sent_at),
        "reportingMTA": _MTA,
        "delayedRecipients": [
            {
                "emailAddress": each,
                "status": "4.4.1",
                "diagnosticCode": "smtp; 421 4.4.1 unable to connect to remote host",
            }
            for each in recipients
        ],
    }


def open_part(at: datetime, bot: bool | None) -> dict[str, Any]:
    """Returns the ``open`` of a mail."""
    return {"timestamp": timestamp(at), **_READER, **_bot(bot)}


def click_part(
    at: datetime, link: str, link_tags: Mapping[str, Sequence[str]] | None, bot: bool | None
) -> dict[str, Any]:
    """Returns the ``click`` on a link."""
    tags = {name: list(values) for name, values in (link_tags or {}).items()} or None
    return {"timestamp": timestamp(at), **_READER, "link": link, "linkTags": tags, **_bot(bot)}


def _bot(bot: bool | None) -> dict[str, str]:
    """Returns whether a program did it, by the judgement of SES.

    https://aws.amazon.com/about-aws/whats-new/2026/08/amazon-ses-automated-email-interactions/
    """
    return {} if bot is None else {"isBotEvent": "Likely" if bot else "Unlikely"}


def subscription_part(
    at: datetime,
    contact_list: str,
    source: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
) -> dict[str, Any]:
    """Returns the ``subscription`` of a contact whose preferences changed."""
    return {
        "contactList": contact_list,
        "timestamp": timestamp(at),
        "source": source,
        "newTopicPreferences": dict(new),
        "oldTopicPreferences": dict(old),
    }
