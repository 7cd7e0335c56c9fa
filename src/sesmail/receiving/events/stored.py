"""Event of a mail that SES stored in S3, as S3 reports it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, Literal

from ...values import FrozenDict, value
from .base import BaseEvent, utc_text

__all__ = ["MailStored"]


@value(kw_only=True)
class MailStored(BaseEvent):
    """S3 stored an object in a bucket of received mail; ``Receiver.fetch`` returns the mail.

    An event notification of S3 names the object only: it has no envelope and no verdicts, which
    ``Received`` has. Let the notification cover only what SES writes, by the prefix of the keys.

    Attributes:
        bucket: Name of the bucket.
        key: Key of the object, decoded: the prefix of the S3 action, and the id that SES gave the
            mail.
        timestamp: Time of storing, with a time zone; None if it can't be parsed. EventBridge
            reports whole seconds, so it isn't compared.
        size: Size of the object in bytes; None if not reported.
        etag: ETag of the object; None if not reported.
        version_id: Version of the object; None unless the bucket has versioning.
        sequencer: Hexadecimal number by which later events of one key are greater; None if not
            reported.
        region: AWS region of the bucket; None if not reported.
        raw: The record, or the detail of EventBridge, as S3 wrote it; not compared.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """

    kind: Literal["MailStored"] = field(default="MailStored", repr=False)
    bucket: str
    key: str
    timestamp: datetime | None = field(default=None, compare=False)
    size: int | None = None
    etag: str | None = None
    version_id: str | None = None
    sequencer: str | None = None
    region: str | None = None
    raw: Mapping[str, Any] = field(default_factory=FrozenDict[str, Any], repr=False, compare=False)

    def _identity(self) -> tuple[str | None, ...]:
        time = None
        if self.sequencer is None and self.timestamp is not None:
            time = utc_text(self.timestamp)
        return self.bucket, self.key, self.version_id, self.sequencer, time
