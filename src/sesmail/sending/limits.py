"""Limits of SES on what is sent, and the checks that enforce them before a call.

https://docs.aws.amazon.com/ses/latest/dg/quotas.html
"""

from __future__ import annotations

from ..errors import InvalidMessageError

__all__ = [
    "MAX_PARTS",
    "MAX_RECIPIENTS",
    "MAX_TEMPLATE_DATA",
    "check_mail_size",
    "check_part_count",
    "check_recipient_count",
]

MAX_RECIPIENTS = 50  # a call, over to, cc and bcc
MAX_PARTS = 500  # a mail
MAX_TEMPLATE_DATA = 262_144  # characters of JSON


def check_recipient_count(count: int, field: str, instead: str) -> None:
    """Refuse more recipients than SES takes in one call."""
    if count > MAX_RECIPIENTS:
        raise InvalidMessageError(
            f"one call has at most {MAX_RECIPIENTS} recipients over to, cc and bcc, this one has {count}; {instead}",
            field=field,
            limit=MAX_RECIPIENTS,
            actual=count,
        )


def check_part_count(count: int) -> None:
    """Refuse a mail of more parts than SES takes."""
    if count > MAX_PARTS:
        raise InvalidMessageError(
            f"a mail has at most {MAX_PARTS} parts, this one has {count}; send fewer attachments",
            field="attachments",
            limit=MAX_PARTS,
            actual=count,
        )


def check_mail_size(size: int, limit: int, api: str, instead: str) -> None:
    """Refuse a mail that is larger than the API takes."""
    if size > limit:
        raise InvalidMessageError(
            f"the encoded mail has {size:,} bytes, and SES API {api} takes {limit:,}; {instead}",
            field="message",
            limit=limit,
            actual=size,
        )
