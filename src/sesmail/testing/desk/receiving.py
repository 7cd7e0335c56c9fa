"""Mails that a request to the desk brings in."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from email.utils import format_datetime
from typing import Any

from pydantic import ValidationError

from ...sending.message.message import Message
from ..emitted import Emitted
from ..fake import FakeSES
from ..inbound import InboundAction
from ..state import now

__all__ = ["composed", "receive"]

_MAX_SNS_MAIL = 150 * 1024  # bytes; larger ones come through S3

_MAILBOX = re.compile(r'(?:[^",]|"[^"]*"?)+')  # up to a comma that isn't quoted


def composed(fields: Mapping[str, Any]) -> bytes:
    """Returns a mail as MIME.

    Args:
        fields: ``from``, ``to``, ``subject``, ``text``, ``html``, as texts; ``to`` may be a list.

    Raises:
        ValueError: A field is missing or invalid.
    """
    known = {"from": "from_email", "to": "to", "subject": "subject", "text": "text", "html": "html"}
    unknown = fields.keys() - known.keys()
    if unknown:
        raise ValueError(f"fields must be among {', '.join(known)}, not {sorted(unknown)}")
    given: dict[str, Any] = {"text": ""} if "html" not in fields else {}
    given |= {known[name]: value for name, value in fields.items() if value not in (None, "")}
    to = given.get("to")
    if isinstance(to, str):
        given["to"] = [each.strip() for each in _MAILBOX.findall(to) if each.strip()]
    if not given.get("to"):
        raise ValueError("to: give at least one recipient")
    try:
        raw = Message(**given).to_bytes()
    except ValidationError as err:
        first = err.errors(include_url=False)[0]
        raise ValueError(f"{first['loc'][0] if first['loc'] else 'mail'}: {first['msg']}") from err
    date = format_datetime(now())
    return f"Date: {date}\r\nMessage-ID: <{uuid.uuid4()}@desk.example>\r\n".encode() + raw


def receive(fake: FakeSES, raw: bytes, sender: str | None, recipients: Sequence[str]) -> Emitted:
    """Receives a mail, through S3 if it is too large for the SNS action.

    Raises:
        ValueError: The mail has no recipient.
    """
    action: InboundAction = "SNS" if len(raw) <= _MAX_SNS_MAIL else "S3"
    return fake.receive(raw, sender=sender, recipients=recipients, action=action)
