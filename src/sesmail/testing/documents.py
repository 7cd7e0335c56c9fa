"""SES's JSON documents of events about sent mail.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from .mail import SentMail
from .mailboxes import mailbox_text
from .state import State

__all__ = [
    "EVENT_KEYS",
    "common_headers",
    "event_document",
    "header_list",
    "new_message_id",
    "notification_document",
    "timestamp",
    "truncated",
]

EVENT_KEYS = {
    "Send": "send",
    "Delivery": "delivery",
    "DeliveryDelay": "deliveryDelay",
    "Bounce": "bounce",
    "Complaint": "complaint",
    "Reject": "reject",
    "Open": "open",
    "Click": "click",
    "Rendering Failure": "failure",
    "Subscription": "subscription",
}
"""Key of the object of each event type."""

_MAX_HEADERS = 10 * 1024  # bytes; SES truncates the rest
_HEADER_END = re.compile(rb"\r?\n\r?\n")
# Only at the start of a line: otherwise the time would grow with the square of its length.
_FIELD = re.compile(r"^([!-9;-~]+):[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE)


def timestamp(time: datetime) -> str:
    """Returns a time as SES writes it, for instance ``2026-03-06T19:55:37.123Z``."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_message_id() -> str:
    """Returns a message id in the form of SES."""
    digits = secrets.token_hex(24)
    parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32])
    return f"0102{digits[32:44]}-{'-'.join(parts)}-000000"


def event_document(
    state: State,
    mail: SentMail,
    kind: str,
    part: Mapping[str, Any],
    *,
    truncate: bool = False,
) -> dict[str, Any]:
    """Returns an event of event publishing.

    Args:
        state: Names the account and its region.
        mail: The mail.
        kind: The ``eventType``.
        part: The object of this type.
        truncate: Whether the headers are truncated, however short they are.
    """
    described = _mail(state, mail, **_headers(mail, truncate=truncate))
    described["tags"] = _tags(mail)
    return {"eventType": kind, "mail": described, EVENT_KEYS[kind]: dict(part)}


def notification_document(
    state: State,
    mail: SentMail,
    kind: str,
    part: Mapping[str, Any],
    *,
    with_headers: bool,
    truncate: bool = False,
) -> dict[str, Any]:
    """Returns an event as the notification of an identity, perhaps with the original headers."""
    headers = _headers(mail, truncate=truncate) if with_headers else {}
    described = _mail(state, mail, sourceIp="127.0.0.1", callerIdentity="fake", **headers)
    return {"notificationType": kind, "mail": described, EVENT_KEYS[kind]: dict(part)}


def header_list(raw: bytes) -> list[dict[str, str]]:
    """Returns the header fields of a mail, unfolded, with encoded-words as they are."""
    end = _HEADER_END.search(raw)
    head = raw[: end.start() if end else None].decode("utf-8", "replace").replace("\r\n", "\n")
    return [
        {"name": match[1], "value": re.sub(r"\n[ \t]+", " ", match[2]).strip()}
        for match in _FIELD.finditer(head)
    ]


def truncated(headers: Iterable[dict[str, str]], limit: int = _MAX_HEADERS) -> list[dict[str, str]]:
    """Returns as many header fields as fit into so many bytes."""
    kept: list[dict[str, str]] = []
    for field in headers:
        limit -= len(field["name"]) + len(field["value"].encode())
        if limit < 0:
            break
        kept.append(field)
    return kept


def common_headers(mail: SentMail) -> dict[str, Any]:
    """Returns ``commonHeaders``: those that SES reports decoded."""
    parsed = mail.parsed
    fields: dict[str, Any] = {
        "from": [mailbox_text(each) for each in parsed.from_] or [mail.from_email],
        "replyTo": [mailbox_text(each) for each in parsed.reply_to],
        "to": [mailbox_text(each) for each in parsed.to],
        "cc": [mailbox_text(each) for each in parsed.cc],
        "messageId": mail.message_id,
        "subject": mail.subject,
    }
    return {name: value for name, value in fields.items() if value}


def _headers(mail: SentMail, *, truncate: bool) -> dict[str, Any]:
    headers = header_list(mail.raw)
    kept = truncated(headers, 0) if truncate else truncated(headers)
    return {
        "headersTruncated": truncate or len(kept) < len(headers),
        "headers": kept,
        "commonHeaders": common_headers(mail),
    }


def _mail(state: State, mail: SentMail, **more: Any) -> dict[str, Any]:
    domain = mail.from_email.rpartition("@")[2].strip("> ")
    return {
        "timestamp": timestamp(mail.sent_at),
        "source": mail.from_email,
        "sourceArn": state.arn("ses", f"identity/{domain}"),
        "sendingAccountId": state.account_id,
        "messageId": mail.message_id,
        "destination": list(mail.recipients),
        **more,
    }


def _tags(mail: SentMail) -> dict[str, list[str]]:
    tags = {name: [value] for name, value in mail.message_tags.items()}
    return {
        "ses:operation": [mail.operation],
        "ses:configuration-set": [mail.configuration_set or ""],
        "ses:source-ip": ["127.0.0.1"],
        "ses:from-domain": [mail.from_email.rpartition("@")[2].strip("> ")],
        "ses:caller-identity": ["fake"],
        **tags,
    }


def expiry(time: datetime) -> str:
    """Returns when SES gives up to deliver a mail that was sent at a time."""
    return timestamp(time + timedelta(hours=14))
