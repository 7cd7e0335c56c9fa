"""Mail that SES receives, with its notification.

https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypedDict

from ..receiving.inbound.mail import read_mail
from .documents import header_list, timestamp, truncated
from .mailboxes import mailbox_text
from .state import State, StoredObject, now
from .storage import encrypted

__all__ = ["InboundAction", "InboundFields", "InboundOptions", "receive"]

InboundAction: TypeAlias = Literal["SNS", "S3"]

_MAX_SNS_MAIL = 150 * 1024  # bytes; SES bounces larger ones
_ID_CHARS = "abcdefghijklmnopqrstuvwxyz0123456789"
_VERDICTS = ("spam", "virus", "spf", "dkim", "dmarc")


class InboundFields(TypedDict, total=False):
    """Fields of ``InboundOptions``, as keyword arguments."""

    sender: str | None
    recipients: Sequence[str]
    action: InboundAction
    encoding: Literal["BASE64", "UTF8"]
    bucket: str
    prefix: str
    kms_key: str | None
    verdicts: Mapping[str, str]
    truncate_headers: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundOptions:
    """Settings of a received mail; see ``FakeSES.receive``."""

    sender: str | None = None
    recipients: Sequence[str] = ()
    action: InboundAction = "SNS"
    encoding: Literal["BASE64", "UTF8"] = "BASE64"
    bucket: str = "inbox"
    prefix: str = ""
    kms_key: str | None = None
    verdicts: Mapping[str, str] = field(default_factory=dict[str, str])
    truncate_headers: bool = False


def receive(state: State, raw: bytes, topic: str, options: InboundOptions) -> dict[str, Any]:
    """Returns the notification of a mail, after the mail was stored if the action is S3.

    Raises:
        ValueError: The mail has no recipient, or is too large for the SNS action.
    """
    mail = read_mail(raw)
    recipients = list(options.recipients) or [
        each.email for each in (*mail.to, *mail.cc) if each.email
    ]
    if not recipients:
        raise ValueError("the mail has neither To nor Cc: give recipients=")
    sender = options.sender
    if sender is None:
        sender = mail.from_[0].email if mail.from_ else ""
    message_id = "".join(secrets.choice(_ID_CHARS) for _ in range(40))
    at = timestamp(now())
    headers = header_list(raw)
    kept = truncated(headers, 0) if options.truncate_headers else truncated(headers)
    common = {
        "returnPath": sender,
        "from": [mailbox_text(each) for each in mail.from_],
        "date": mail.headers.get("Date"),
        "to": [mailbox_text(each) for each in mail.to],
        "cc": [mailbox_text(each) for each in mail.cc],
        "messageId": mail.headers.get("Message-ID"),
        "subject": mail.subject,
    }
    document: dict[str, Any] = {
        "notificationType": "Received",
        "mail": {
            "timestamp": at,
            "source": sender,
            "messageId": message_id,
            "destination": recipients,
            "headersTruncated": len(kept) < len(headers),
            "headers": kept,
            "commonHeaders": {name: value for name, value in common.items() if value},
        },
        "receipt": {
            "timestamp": at,
            "processingTimeMillis": 425,
            "recipients": recipients,
            **_verdicts(options.verdicts),
        },
    }
    if options.action == "S3":
        document["receipt"]["action"] = _store(state, raw, message_id, topic, options)
    else:
        if len(raw) > _MAX_SNS_MAIL:
            raise ValueError(
                f"the mail has {len(raw):,} bytes, but the SNS action takes {_MAX_SNS_MAIL:,}; "
                'SES bounces it: use action="S3"'
            )
        document["receipt"]["action"] = {
            "type": "SNS",
            "topicArn": topic,
            "encoding": options.encoding,
        }
        is_text = options.encoding == "UTF8"
        document["content"] = raw.decode("utf-8", "replace") if is_text else b64encode(raw).decode()
    return document


def _verdicts(given: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Returns the verdicts, PASS unless given.

    Raises:
        ValueError: One of another name is given.
    """
    unknown = given.keys() - set(_VERDICTS)
    if unknown:
        raise ValueError(f"verdicts must be among {', '.join(_VERDICTS)}, not {sorted(unknown)}")
    return {f"{name}Verdict": {"status": given.get(name, "PASS")} for name in _VERDICTS}


def _store(
    state: State, raw: bytes, message_id: str, topic: str, options: InboundOptions
) -> dict[str, str]:
    key = f"{options.prefix}/{message_id}" if options.prefix else message_id
    stored = StoredObject(raw)
    if options.kms_key is not None:
        stored = encrypted(state, raw, message_id, options.kms_key)
    with state.lock:
        state.objects[options.bucket, key] = stored
    return {
        "type": "S3",
        "topicArn": topic,
        "bucketName": options.bucket,
        "objectKeyPrefix": options.prefix,
        "objectKey": key,
    }
