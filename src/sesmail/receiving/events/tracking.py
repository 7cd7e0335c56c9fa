"""What became of a mail that you sent: one frozen class a kind.

Enumerations are open: SES may add to the words that the fields' descriptions list.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ...values import FrozenDict, FrozenMappings, Value
from .base import TrackingEvent

__all__ = [
    "Bounced",
    "Clicked",
    "Complained",
    "Delayed",
    "Delivered",
    "Opened",
    "Rejected",
    "RenderingFailed",
    "Sent",
    "SubscriptionChanged",
    "TopicPreferences",
]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Sent(TrackingEvent):
    """SES took the message and will try to deliver it."""

    kind: Literal["Sent"] = field(default="Sent", repr=False)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Delivered(TrackingEvent):
    """The recipient's mail server took the message.

    Attributes:
        processing_millis: How long that took SES.
        smtp_response: The server's answer.
        reporting_mta: SES's server.
        remote_mta_ip: The recipient's server.
    """

    kind: Literal["Delivered"] = field(default="Delivered", repr=False)
    processing_millis: int | None = None
    smtp_response: str | None = None
    reporting_mta: str | None = None
    remote_mta_ip: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Delayed(TrackingEvent):
    """The message could not be delivered yet; SES goes on trying.

    Attributes:
        delay_type: InternalFailure, General, MailboxFull, SpamDetected, RecipientServerError, IPFailure,
            TransientCommunicationFailure, BYOIPHostNameLookupUnavailable, Undetermined, SendingDeferral.
        status: The SMTP status code.
        diagnostic_code: The server's words.
        expires_at: When SES stops trying.
        reporting_mta: SES's server.
    """

    kind: Literal["Delayed"] = field(default="Delayed", repr=False)
    delay_type: str | None = None
    status: str | None = None
    diagnostic_code: str | None = None
    expires_at: datetime | None = None
    reporting_mta: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Bounced(TrackingEvent):
    """The recipient's mail server sent the message back, for good or for now, or SES didn't try.

    Attributes:
        bounce_type: Permanent, Transient, Undetermined.
        bounce_subtype: General, NoEmail, Suppressed, OnAccountSuppressionList, MailboxFull, MessageTooLarge,
            ContentRejected, AttachmentRejected, Undetermined.
        action: ``failed``, as a rule.
        status: The SMTP status code.
        diagnostic_code: The server's words.
        feedback_id: SES's id of the bounce.
        remote_mta_ip: The recipient's server.
        reporting_mta: SES's server.
    """

    kind: Literal["Bounced"] = field(default="Bounced", repr=False)
    bounce_type: str
    bounce_subtype: str | None = None
    action: str | None = None
    status: str | None = None
    diagnostic_code: str | None = None
    feedback_id: str | None = None
    remote_mta_ip: str | None = None
    reporting_mta: str | None = None

    @property
    def permanent(self) -> bool:
        """Whether to never send to this recipient again."""
        return self.bounce_type == "Permanent"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Complained(TrackingEvent):
    """Somebody marked the message as spam.

    SES often knows the provider alone: then there is an event for each of the message's recipients there.

    Attributes:
        feedback_type: abuse, auth-failure, fraud, not-spam, other, virus; None where the provider doesn't say.
        complaint_subtype: OnAccountSuppressionList, or None.
        feedback_id: SES's id of the complaint.
        user_agent: The program that reported it.
        arrived_at: When the message had arrived.
    """

    kind: Literal["Complained"] = field(default="Complained", repr=False)
    feedback_type: str | None = None
    complaint_subtype: str | None = None
    feedback_id: str | None = None
    user_agent: str | None = None
    arrived_at: datetime | None = None

    @property
    def is_spam(self) -> bool:
        """False when the recipient took the message out of the spam: then suppress nobody."""
        return self.feedback_type is None or self.feedback_type.lower() != "not-spam"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Rejected(TrackingEvent):
    """SES took the message, found a virus in it and didn't send it.

    Attributes:
        reason: ``Bad content``, as a rule.
    """

    kind: Literal["Rejected"] = field(default="Rejected", repr=False)
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Opened(TrackingEvent):
    """Somebody, or a program, opened the message.

    Attributes:
        ip_address: From where.
        user_agent: With what.
    """

    kind: Literal["Opened"] = field(default="Opened", repr=False)
    ip_address: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Clicked(TrackingEvent):
    """Somebody, or a program, followed a link of the message.

    Attributes:
        link: The link's URL.
        link_tags: The link's tags, from its ``ses:tags`` attribute.
        ip_address: From where.
        user_agent: With what.
    """

    kind: Literal["Clicked"] = field(default="Clicked", repr=False)
    link: str
    link_tags: Mapping[str, tuple[str, ...]] = field(
        default_factory=FrozenDict[str, tuple[str, ...]], hash=False
    )
    ip_address: str | None = None
    user_agent: str | None = None

    def _identity(self) -> tuple[str | None, ...]:
        return *super()._identity(), self.link


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RenderingFailed(TrackingEvent):
    """The template didn't fit its data, and nothing was sent.

    Attributes:
        template: The template's name.
        error_message: SES's words.
    """

    kind: Literal["RenderingFailed"] = field(default="RenderingFailed", repr=False)
    template: str | None = None
    error_message: str | None = None


@dataclass(frozen=True, eq=False, repr=False)
class TopicPreferences(FrozenMappings, Value):
    """What a contact wants of a contact list.

    Attributes:
        unsubscribe_all: Nothing at all.
        topics: OptIn or OptOut for each topic.
    """

    unsubscribe_all: bool | None = None
    topics: Mapping[str, str] = field(default_factory=FrozenDict[str, str], hash=False)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SubscriptionChanged(TrackingEvent):
    """The recipient changed what they want of a contact list.

    Attributes:
        contact_list: The list's name.
        changed_by: By what means, for instance UnsubscribeHeader.
        new_preferences: What they want now.
        old_preferences: What they wanted before.
    """

    kind: Literal["SubscriptionChanged"] = field(default="SubscriptionChanged", repr=False)
    contact_list: str | None = None
    changed_by: str | None = None
    new_preferences: TopicPreferences | None = None
    old_preferences: TopicPreferences | None = None
