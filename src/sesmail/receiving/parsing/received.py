"""Notifications of received mail, read from SES's JSON."""

from __future__ import annotations

from ...values import FrozenDict, build_frozen
from ..events.base import SnsOrigin
from ..events.received import OtherAction, Received, S3Action, SnsAction, Verdicts
from .reader import JsonReader
from .recipients import read_moment, read_recipients

__all__ = ["read_received"]

_VERDICTS = ("spam", "virus", "spf", "dkim", "dmarc")


def read_received(event: JsonReader, *, sns: SnsOrigin | None) -> Received:
    """The event in SES's JSON.

    Args:
        event: The JSON.
        sns: The SNS message that brought it.

    Raises:
        MalformedBodyError: Something is missing that the event can't do without.
    """
    mail = event.need_fields("mail")
    receipt = event.need_fields("receipt")
    timestamp = read_moment(mail, mail.time("timestamp"), receipt)
    spam, virus, spf, dkim, dmarc = (
        receipt.fields(f"{name}Verdict").text("status") for name in _VERDICTS
    )
    fields = {
        "kind": Received.kind,
        "message_id": mail.need_text("messageId"),
        "timestamp": timestamp,
        "recipients": tuple(read_recipients(receipt, "recipients", {})),
        "source": mail.text("source"),
        "verdicts": Verdicts(spam, virus, spf, dkim, dmarc, receipt.text("dmarcPolicy")),
        "action": _action(receipt),
        "content": event.text("content"),
        "processing_millis": receipt.number("processingTimeMillis"),
        "raw": FrozenDict(event.document),
        "sns": sns,
    }
    return build_frozen(Received, {**fields, "defects": tuple(event.defects)})


def _action(receipt: JsonReader) -> S3Action | SnsAction | OtherAction | None:
    """What the receipt rule did."""
    action = receipt.fields("action")
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
    receipt.note_defect("action", "it names no bucket and key")
    return None
