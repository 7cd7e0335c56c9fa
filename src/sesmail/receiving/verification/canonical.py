"""Canonical text of an SNS message: the text that SNS signs."""

from __future__ import annotations

import re
from collections.abc import Callable

from ...errors import SignatureError
from ..transports.sns import SnsMessage
from .topic import read_topic

__all__ = ["canonical_text"]

# Fields that are signed, with their attribute of SnsMessage and their grammar. The text has no
# quoting: with a line break in a value, another message could have the same text and signature.
# So no value but Message may have one, and then the text can be split in one way only.
_FIELDS: dict[str, tuple[str, Callable[[str], object]]] = {
    "Message": ("message", lambda _: True),
    "MessageId": (
        "message_id",
        re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}").fullmatch,
    ),
    "Subject": ("subject", re.compile(r"[^\x00-\x1f\x7f-\x9f]*").fullmatch),
    "SubscribeURL": ("subscribe_url", re.compile(r"https://[!-~]{1,4096}").fullmatch),
    "Timestamp": (
        "timestamp",
        re.compile(
            r"[0-9]{4}(?:-[0-9]{2}){2}T[0-9]{2}(?::[0-9]{2}){2}(?:\.[0-9]{1,9})?Z"
        ).fullmatch,
    ),
    "Token": ("token", re.compile(r"[0-9A-Za-z_-]{1,1024}").fullmatch),
    "TopicArn": ("topic_arn", read_topic),
    "Type": ("type", lambda _: True),  # a key of _SIGNED
}
# Signed fields of each type of message, in this order.
# https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED = {
    kind: [(key, *_FIELDS[key]) for key in keys]
    for kind, keys in {
        "Notification": _NOTIFICATION,
        "SubscriptionConfirmation": _CONFIRMATION,
        "UnsubscribeConfirmation": _CONFIRMATION,
    }.items()
}


def canonical_text(message: SnsMessage) -> bytes:
    """Returns the text that SNS signs.

    Raises:
        SignatureError: A field is missing, or isn't written as SNS writes it.
    """
    fields = _SIGNED.get(str(message.type))
    if fields is None:
        raise SignatureError(f"Type isn't one of {', '.join(_SIGNED)}")
    lines: list[str] = []
    for key, name, is_valid in fields:
        value: object = getattr(message, name)
        if isinstance(value, str):
            if not is_valid(value):
                raise SignatureError(f"{key} isn't in the form that SNS writes")
            lines += key, value
        elif value is not None or key != "Subject":
            raise SignatureError(f"{key} isn't a string")
    lines.append("")
    # SNS signs UTF-8: a text with a lone surrogate has bytes that match no signature.
    return "\n".join(lines).encode(errors="surrogatepass")
