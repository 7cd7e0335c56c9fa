"""Parsing of notifications about received mail.

https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html
"""

from __future__ import annotations

from ...values import FrozenDict, build_frozen
from ..events.base import SnsOrigin
from ..events.received import OtherAction, Received, S3Action, SnsAction, Verdicts
from .reader import JsonReader
from .recipients import event_time, read_recipients

__all__ = ["read_received"]

_VERDICTS = ("spam", "virus", "spf", "dkim", "dmarc")


def read_received(event: JsonReader, *, sns: SnsOrigin | None) -> Received:
    """Parses a notification, and records the fields that it can't parse.

    Args:
        event: The notification.
        sns: The SNS message that contained it; None without.

    Raises:
        MalformedBodyError: A required field is missing or invalid.
    """
    mail = event.required_object("mail")
    receipt = event.required_object("receipt")
    timestamp = event_time(mail, mail.time("timestamp"), receipt)
    spam, virus, spf, dkim, dmarc = (
        receipt.object(f"{name}Verdict").text("status") for name in _VERDICTS
    )
    fields = {
        "kind": Received.kind,
        "message_id": mail.required_text("messageId"),
        "timestamp": timestamp,
        "recipients": tuple(read_recipients(receipt, "recipients", {})),
        "source": mail.text("source"),
        "verdicts": Verdicts(spam, virus, spf, dkim, dmarc, receipt.text("dmarcPolicy")),
        "action": _action(receipt),
        "content": event.text("content"),
        "processing_millis": receipt.integer("processingTimeMillis"),
        "raw": FrozenDict(event.document),
        "sns": sns,
    }
    return build_frozen(Received, {**fields, "defects": tuple(event.defects)})


def _action(receipt: JsonReader) -> S3Action | SnsAction | OtherAction | None:
    """Returns the action of the receipt rule; None if it can't be parsed."""
    action = receipt.object("action")
    kind = action.text("type")
    topic_arn = action.text("topicArn")
    if kind is None:
        return None
    if kind == "SNS":
        return SnsAction(encoding=action.text("encoding"), topic_arn=topic_arn)
    if kind != "S3":
        return OtherAction(type=kind, topic_arn=topic_arn, details=action.document)
    bucket, key = action.text("bucketName"), action.text("objectKey")
    if bucket and key:
        return S3Action(bucket=bucket, key=key, topic_arn=topic_arn)
    receipt.add_defect("action", "it names no bucket and key")
    return None
