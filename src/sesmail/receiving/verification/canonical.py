"""What Amazon signs of an SNS message, letter by letter."""

from __future__ import annotations

import re
from collections.abc import Callable

from ...errors import SignatureError
from ..transports.sns import SnsMessage
from .topic import read_topic

__all__ = ["signed_text"]

# The fields that may be signed, with their names in an Envelope and their grammars. The signed text can be cut again
# where a value has a line break: another message would have the same signature. So no value but Message may have one;
# then there is only one way to cut it, from its end.
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
    "Type": ("type", lambda _: True),  # one of three words, or we would not be here
}
# What is signed of each type, in this order.
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


def signed_text(message: SnsMessage) -> bytes:
    """The text that Amazon signs.

    Raises:
        SignatureError: Amazon wouldn't sign it, or it could be cut in another way.
    """
    fields = _SIGNED.get(str(message.type))
    if fields is None:
        raise SignatureError("Type is none of the three of SNS")
    lines: list[str] = []
    for key, name, fits in fields:
        value: object = getattr(message, name)
        if isinstance(value, str):
            if not fits(value):
                raise SignatureError(f"{key} isn't as SNS writes it")
            lines += key, value
        elif value is not None or key != "Subject":
            raise SignatureError(f"{key} isn't a text")
    lines.append("")
    # Amazon signs no lone surrogate, so a text with one matches no signature.
    return "\n".join(lines).encode(errors="surrogatepass")
