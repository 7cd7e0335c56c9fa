"""Events of sent messages: one frozen class for each event type.

Fields of enumerated text may have values that SES adds later, so their type is `str`.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Literal, TypeAlias

from ...values import FrozenDict, FrozenMappings, Value, value
from .base import TrackingEvent

__all__ = [
    "Bot",
    "Clicked",
    "Delayed",
    "Delivered",
    "Opened",
    "Rejected",
    "RenderingFailed",
    "Sent",
    "SubscriptionChanged",
    "TopicPreferences",
]


Bot: TypeAlias = Literal["likely", "unlikely", "unknown"]
"""Judgement of SES about an open or a click: whether a program caused it."""


@value(kw_only=True)
class Sent(TrackingEvent):
    """SES accepted the message and will attempt to deliver it.

    There is one event for each recipient of the message.
    """

    kind: Literal["Sent"] = field(default="Sent", repr=False)


@value(kw_only=True)
class Delivered(TrackingEvent):
    """The recipient's mail server accepted the message; a bounce may still follow.

    Attributes:
        processing_millis: Milliseconds from the request to SES until the delivery; None if not
            reported.
        smtp_response: Response of the recipient's server; None if not reported.
        reporting_mta: Host name of the server of SES; None if not reported.
        remote_mta_ip: IP address of the recipient's server; None if not reported.
    """

    kind: Literal["Delivered"] = field(default="Delivered", repr=False)
    processing_millis: int | None = None
    smtp_response: str | None = None
    reporting_mta: str | None = None
    remote_mta_ip: str | None = None


@value(kw_only=True)
class Delayed(TrackingEvent):
    """The message could not be delivered yet; SES continues to retry.

    Attributes:
        delay_type: InternalFailure, General, MailboxFull, SpamDetected, RecipientServerError,
            IPFailure, TransientCommunicationFailure, BYOIPHostNameLookupUnavailable, Undetermined,
            SendingDeferral, or another text; None if not reported.
        status: SMTP enhanced status code (RFC 3463), such as ``4.4.1``; None if not reported.
        diagnostic_code: Response of the recipient's server; None if not reported.
        expires_at: Time when SES stops retrying, with a time zone; None if not reported.
        reporting_mta: Host name of the server of SES; None if not reported.
    """

    kind: Literal["Delayed"] = field(default="Delayed", repr=False)
    delay_type: str | None = None
    status: str | None = None
    diagnostic_code: str | None = None
    expires_at: datetime | None = None
    reporting_mta: str | None = None


@value(kw_only=True)
class Rejected(TrackingEvent):
    """SES accepted the message, found a virus in it, and didn't send it.

    There is one event for each recipient of the message.

    Attributes:
        reason: ``Bad content``, usually; None if not reported.
    """

    kind: Literal["Rejected"] = field(default="Rejected", repr=False)
    reason: str | None = None


@value(kw_only=True)
class Opened(TrackingEvent):
    """A person or a program loaded the image that tracks opens.

    There is one event for each recipient of the message: SES doesn't report who opened it. Mail
    programs load images in advance, or not at all, so an event, or its absence, proves nothing.

    Attributes:
        ip_address: IP address of the request; None if not reported.
        user_agent: User agent of the request; None if not reported.
        bot: Whether a program caused the event, by the judgement of SES: ``likely``,
            ``unlikely``, or ``unknown`` if it isn't reported, as before August 2026.

    https://docs.aws.amazon.com/ses/latest/dg/faqs-metrics.html
    https://aws.amazon.com/about-aws/whats-new/2026/08/amazon-ses-automated-email-interactions/
    """

    kind: Literal["Opened"] = field(default="Opened", repr=False)
    ip_address: str | None = None
    user_agent: str | None = None
    bot: Bot = "unknown"


@value(kw_only=True)
class Clicked(TrackingEvent):
    """A person or a program, for instance a virus scanner, followed a link of the message.

    There is one event for each recipient of the message: SES doesn't report who followed it.

    Attributes:
        link: URL of the link; empty, with a defect, if not reported.
        link_tags: Tags of the link's ``ses:tags`` attribute, each with its values; empty without.
        ip_address: IP address of the request; None if not reported.
        user_agent: User agent of the request; None if not reported.
        bot: Whether a program caused the event, as in ``Opened``.

    https://docs.aws.amazon.com/ses/latest/dg/faqs-metrics.html
    https://aws.amazon.com/about-aws/whats-new/2026/08/amazon-ses-automated-email-interactions/
    """

    kind: Literal["Clicked"] = field(default="Clicked", repr=False)
    link: str
    link_tags: Mapping[str, tuple[str, ...]] = field(
        default_factory=FrozenDict[str, tuple[str, ...]], hash=False
    )
    ip_address: str | None = None
    user_agent: str | None = None
    bot: Bot = "unknown"

    def _identity(self) -> tuple[str | None, ...]:
        return *super()._identity(), self.link


@value(kw_only=True)
class RenderingFailed(TrackingEvent):
    """SES could not render the template with its data, and sent nothing.

    There is one event for each recipient of the message.

    Attributes:
        template: Name of the template; None if not reported.
        error_message: Reason that SES gives; None if not reported.
    """

    kind: Literal["RenderingFailed"] = field(default="RenderingFailed", repr=False)
    template: str | None = None
    error_message: str | None = None


@value()
class TopicPreferences(FrozenMappings, Value):
    """Preferences of a contact on a contact list.

    Attributes:
        unsubscribe_all: Whether the contact unsubscribed from all topics; None if not reported.
        topics: OptIn or OptOut, by name of the topic of the contact list.
    """

    unsubscribe_all: bool | None = None
    topics: Mapping[str, str] = field(default_factory=FrozenDict[str, str], hash=False)


@value(kw_only=True)
class SubscriptionChanged(TrackingEvent):
    """A recipient changed their preferences on a contact list.

    Attributes:
        contact_list: Name of the contact list; None if not reported.
        changed_by: Means of the change, for instance UnsubscribeHeader; None if not reported.
        new_preferences: Preferences since the change; None if not reported.
        old_preferences: Preferences before the change; None if not reported.

    https://docs.aws.amazon.com/ses/latest/dg/sending-email-list-management.html
    """

    kind: Literal["SubscriptionChanged"] = field(default="SubscriptionChanged", repr=False)
    contact_list: str | None = None
    changed_by: str | None = None
    new_preferences: TopicPreferences | None = None
    old_preferences: TopicPreferences | None = None
