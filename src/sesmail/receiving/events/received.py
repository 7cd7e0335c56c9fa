"""A mail that came in.

https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ...values import FrozenDict, FrozenMappings, Value
from .base import BaseEvent, moment

__all__ = ["OtherAction", "Received", "S3Action", "SnsAction", "Verdicts"]


@dataclass(frozen=True, eq=False, repr=False)
class Verdicts(Value):
    """What SES found out about a received mail: PASS, FAIL, GRAY, PROCESSING_FAILED, DISABLED; None if not told.

    Attributes:
        spam: Whether it is free of spam.
        virus: Whether it is free of viruses.
        spf: Sender Policy Framework.
        dkim: DomainKeys Identified Mail.
        dmarc: Domain-based Message Authentication, Reporting & Conformance.
        dmarc_policy: What the sender's domain asks for when DMARC fails: none, quarantine, reject.
    """

    spam: str | None = None
    virus: str | None = None
    spf: str | None = None
    dkim: str | None = None
    dmarc: str | None = None
    dmarc_policy: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class S3Action(Value):
    """The mail was stored in S3.

    Attributes:
        bucket: The bucket's name.
        key: The object's key, prefix included.
        topic_arn: The topic that was told.
    """

    type: Literal["S3"] = field(default="S3", repr=False)
    bucket: str
    key: str
    topic_arn: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SnsAction(Value):
    """The mail came with the notification.

    Attributes:
        encoding: BASE64, or UTF8, which is also meant by None.
        topic_arn: The topic.
    """

    type: Literal["SNS"] = field(default="SNS", repr=False)
    encoding: str | None = None
    topic_arn: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OtherAction(FrozenMappings, Value):
    """Something that doesn't leave the mail where it can be had.

    Attributes:
        type: Lambda, Bounce, Stop, WorkMail.
        topic_arn: The topic that was told.
        details: The action as SES wrote it.
    """

    type: str
    topic_arn: str | None = None
    details: Mapping[str, Any] = field(default_factory=FrozenDict[str, Any], repr=False, hash=False)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Received(BaseEvent):
    """A mail came in for you.

    Attributes:
        message_id: The id that SES gave it.
        timestamp: When SES was told to process it.
        recipients: The addresses that the receipt rule took it for.
        source: The envelope's sender; may be empty or None, as bounces have none.
        verdicts: What SES found out about it.
        action: What the receipt rule did with it; None if that can't be read.
        content: The mail, where the action is SNS, as the action's encoding says.
        processing_millis: How long SES took.
        raw: The notification as SES wrote it, which no comparison looks at.
    """

    kind: Literal["Received"] = field(default="Received", repr=False)
    message_id: str
    timestamp: datetime
    recipients: tuple[str, ...]
    source: str | None = None
    verdicts: Verdicts = Verdicts()
    action: S3Action | SnsAction | OtherAction | None = None
    content: str | None = field(default=None, repr=False)
    processing_millis: int | None = None
    raw: Mapping[str, Any] = field(default_factory=FrozenDict[str, Any], repr=False, compare=False)

    def _identity(self) -> tuple[str | None, ...]:
        return self.message_id, *self.recipients, moment(self.timestamp)
