"""Event of a received mail.

https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields
from datetime import datetime
from typing import Any, Literal

from ...values import FrozenDict, FrozenMappings, Value, build_frozen, value
from .base import BaseEvent, utc_text
from .reported import ReportedHeaders

__all__ = ["NO_VERDICTS", "OtherAction", "Received", "S3Action", "SnsAction", "Verdicts"]


@value()
class Verdicts(Value):
    """Results of the checks of SES on a received mail.

    Each is PASS, FAIL, GRAY, PROCESSING_FAILED, DISABLED, or another text; None if not reported.

    Attributes:
        spam: Spam scan: FAIL for spam. DISABLED unless the receipt rule enables scanning.
        virus: Virus scan: FAIL for a virus. DISABLED unless the receipt rule enables scanning.
        spf: Sender Policy Framework (RFC 7208).
        dkim: DomainKeys Identified Mail (RFC 6376).
        dmarc: DMARC (RFC 7489), the only check of the domain in the From header.
        dmarc_policy: Policy of the sender's domain for mail that fails DMARC: none, quarantine or
            reject; None unless DMARC failed.
    """

    spam: str | None = None
    virus: str | None = None
    spf: str | None = None
    dkim: str | None = None
    dmarc: str | None = None
    dmarc_policy: str | None = None


NO_VERDICTS = build_frozen(Verdicts, dict.fromkeys(each.name for each in fields(Verdicts)))
"""The verdicts of a mail that SES didn't check."""


@value(kw_only=True)
class S3Action(Value):
    """Action of a receipt rule that stored the mail in S3, unchanged.

    Mail of more than 40 MB bounces. The object remains until it is deleted, for instance by
    ``Receiver.delete_object``.

    Attributes:
        type: ``"S3"``.
        bucket: Name of the bucket.
        key: Key of the object, including the prefix.
        topic_arn: ARN of the topic that is notified; None if not reported.

    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-s3.html
    """

    type: Literal["S3"] = field(default="S3", repr=False)
    bucket: str
    key: str
    topic_arn: str | None = None


@value(kw_only=True)
class SnsAction(Value):
    """Action of a receipt rule that published the mail in the notification.

    Mail of more than 150 KB bounces. The encoding UTF8 damages mail in other character sets.

    Attributes:
        type: ``"SNS"``.
        encoding: Encoding of ``Received.content``: BASE64 or UTF8; None means UTF8.
        topic_arn: ARN of the topic; None if not reported.

    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-sns.html
    """

    type: Literal["SNS"] = field(default="SNS", repr=False)
    encoding: str | None = None
    topic_arn: str | None = None


@value(kw_only=True)
class OtherAction(FrozenMappings, Value):
    """Action of a receipt rule that doesn't store the mail.

    Attributes:
        type: Lambda, Bounce, Stop, WorkMail, or another text.
        topic_arn: ARN of the topic that is notified; None if not reported.
        details: The action as SES wrote it.
    """

    type: str
    topic_arn: str | None = None
    details: Mapping[str, Any] = field(default_factory=FrozenDict[str, Any], repr=False, hash=False)


@value(kw_only=True)
class Received(ReportedHeaders, BaseEvent):
    """SES received a mail; ``Receiver.fetch`` returns its content.

    There is one event for all recipients.

    Attributes:
        message_id: Id that SES gave the mail.
        timestamp: Time when the receipt rule was applied, with a time zone; the time when SES
            received the mail if that can't be parsed.
        recipients: Addresses that the receipt rule matched, including bcc.
        source: Envelope sender (MAIL FROM): empty for bounces; None if not reported.
        verdicts: Results of the checks of SES.
        action: Action of the receipt rule that notified; None if it can't be parsed.
        content: The mail in the encoding of the action if that is an ``SnsAction``; None otherwise.
        processing_millis: Milliseconds that SES took to process the mail; None if not reported.
        raw: The notification as SES wrote it; not compared. ``subject``, ``from_``, ``to`` and
            ``rfc5322_message_id`` are read from it, without fetching the mail.
    """

    kind: Literal["Received"] = field(default="Received", repr=False)
    message_id: str
    timestamp: datetime
    recipients: tuple[str, ...]
    source: str | None = None
    verdicts: Verdicts = NO_VERDICTS
    action: S3Action | SnsAction | OtherAction | None = None
    content: str | None = field(default=None, repr=False)
    processing_millis: int | None = None
    raw: Mapping[str, Any] = field(default_factory=FrozenDict[str, Any], repr=False, compare=False)

    def _identity(self) -> tuple[str | None, ...]:
        return self.message_id, *self.recipients, utc_text(self.timestamp)
