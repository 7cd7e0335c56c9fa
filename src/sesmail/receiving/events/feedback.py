"""Events that say whether an address may be sent to again: bounces and complaints.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Literal, TypeAlias

from ...patterns import lazy_pattern
from ...values import value
from .base import TrackingEvent

__all__ = ["BounceCause", "Bounced", "Complained"]

BounceCause: TypeAlias = Literal[
    "address", "suppressed", "unsubscribed", "content", "mailbox", "timeout", "unknown"
]
"""Cause of a bounce; see ``Bounced.cause``."""

# The subtypes that name a cause, in lower case. The four first mean that SES sent nothing.
# https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
_SUBTYPES: Mapping[str, BounceCause] = {
    "suppressed": "suppressed",
    "onaccountsuppressionlist": "suppressed",
    "ontenantsuppressionlist": "suppressed",
    "emailvalidationsuppressed": "suppressed",
    "unsubscribedrecipient": "unsubscribed",
    "mailboxfull": "mailbox",
    "messagetoolarge": "content",
    "contentrejected": "content",
    "attachmentrejected": "content",
    "customtimeoutexceeded": "timeout",
}

# Class, subject and detail of an enhanced status code; or the class of an SMTP reply code.
_STATUS = lazy_pattern(r"\s*([245])(?:\.([0-9]{1,3})(?:\.([0-9]{1,3}))?)?")

# A diagnostic code of SMTP: a reply code, an enhanced status code, or both.
# https://www.rfc-editor.org/rfc/rfc3464#section-2.3.6
_DIAGNOSTIC = lazy_pattern(
    r"\s*smtp;\s*([245][0-9]{2}(?![0-9.])[ -]*)?([245]\.[0-9]{1,3}\.[0-9]{1,3})?", re.IGNORECASE
)

# Codes that are about something other than the address: subject, or subject and detail.
# https://www.iana.org/assignments/smtp-enhanced-status-codes
_STATUS_CAUSES: Mapping[str, BounceCause] = {
    "1.7": "unknown",  # the address of the sender
    "1.8": "unknown",
    "2.2": "mailbox",  # full
    "2.3": "content",  # longer than the mailbox accepts
    "3.4": "content",  # larger than the system accepts
    "4.7": "timeout",
    "5.3": "content",  # too many recipients
    "6": "content",
    "7": "content",  # refused by a policy, for instance for a failed authentication
}

# The defect of a bounce that names no recipient.
_UNNAMED = "bounce.bouncedRecipients: "


@value(kw_only=True)
class Bounced(TrackingEvent):
    """The recipient's mail server rejected the message, or SES suppressed it.

    A bounce may arrive before a ``Delivered`` of the same message, and after it.

    Attributes:
        bounce_type: Permanent, Transient, Undetermined, or another text. Transient includes full
            mailboxes, messages that are too large, and automatic replies. Undetermined, with a
            defect, if not reported.
        bounce_subtype: General, NoEmail, Suppressed, OnAccountSuppressionList,
            OnTenantSuppressionList, EmailValidationSuppressed, UnsubscribedRecipient, MailboxFull,
            MessageTooLarge, ContentRejected, AttachmentRejected, CustomTimeoutExceeded,
            Undetermined, or another text; None if not reported.
        action: ``failed``, usually; None if not reported.
        status: SMTP enhanced status code (RFC 3463), such as ``5.1.1``; None if not reported.
        diagnostic_code: Response of the recipient's server; None if not reported.
        feedback_id: Id that SES gave the bounce; None if not reported.
        remote_mta_ip: IP address of the recipient's server; None if not reported.
        reporting_mta: Host name of the server that reported the bounce; None if not reported.

    https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html#bounce-types
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
    def cause(self) -> BounceCause:
        """Cause of the bounce, by SES's subtype and the recipient's own status code.

        Without a status, the code in ``diagnostic_code`` counts.

        * ``address``: The address doesn't exist, or its server refuses all mail to it: a Permanent
          bounce of the subtype General, NoEmail or none. The recipient's own status isn't of
          another class than 5 and, unless the subtype is NoEmail, not of a cause below.
        * ``suppressed``: SES sent nothing: the address is on the suppression list of the account,
          of a tenant or of all SES users, or SES predicts a bounce (EmailValidationSuppressed).
        * ``unsubscribed``: SES sent nothing: the recipient unsubscribed from the contact list or
          the topic (UnsubscribedRecipient).
        * ``content``: The server refused the message, not the address: it is too large, or refused
          for content, an attachment, or by a policy (status x.6.x, x.7.x).
        * ``mailbox``: The mailbox is full.
        * ``timeout``: The message wasn't delivered in time.
        * ``unknown``: None of these, for instance an automatic reply, a subtype that SES added
          later, or a bounce that doesn't name the recipient.
        """
        subtype = (self.bounce_subtype or "").lower()
        if found := _SUBTYPES.get(subtype):
            return found
        is_failure, by_status = _read_status(self.status or _status_in(self.diagnostic_code))
        if (
            self.bounce_type.lower() != "permanent"
            or subtype not in ("", "general", "noemail")
            or not is_failure
            or (self.action or "failed").lower() != "failed"
        ):
            return by_status or "unknown"
        if any(defect.startswith(_UNNAMED) for defect in self.defects):
            return "unknown"
        return "address" if subtype == "noemail" else by_status or "address"

    @property
    def permanent(self) -> bool:
        """True if the address is dead, so that nothing should be sent to it again.

        It is true exactly if ``cause`` is ``address``: not for suppression lists, predictions,
        people who unsubscribed, or recipients with a temporary status, even where
        ``bounce_type`` is Permanent.
        """
        return self.cause == "address"


def _status_in(diagnostic_code: str | None) -> str | None:
    """Returns the enhanced status code in a diagnostic code of SMTP, or else its reply code."""
    code = _DIAGNOSTIC.match(diagnostic_code) if diagnostic_code else None
    return None if code is None else code[2] or code[1]


def _read_status(status: str | None) -> tuple[bool, BounceCause | None]:
    """Returns whether a status may be a permanent failure, and the cause that it names."""
    code = _STATUS.match(status) if status else None
    if code is None:
        return True, None
    kind, subject, detail = code.groups()
    if kind == "2":
        return False, None
    return kind == "5", _STATUS_CAUSES.get(subject) or _STATUS_CAUSES.get(f"{subject}.{detail}")


@value(kw_only=True)
class Complained(TrackingEvent):
    """A recipient reported the message as spam, or as not spam.

    Often the provider doesn't disclose the recipient: then there is an event for each recipient of
    the message at that provider. Gmail doesn't report complaints to SES.

    Attributes:
        feedback_type: abuse, auth-failure, fraud, not-spam, other, virus, or another text (RFC
            5965, RFC 6591); None if the provider doesn't report it.
        complaint_subtype: OnAccountSuppressionList or OnTenantSuppressionList if SES sent nothing,
            because the address is on the suppression list of the account or the tenant after an
            earlier complaint; None otherwise.
        feedback_id: Id that SES gave the complaint; None if not reported.
        user_agent: Program that reported the complaint; None if not reported.
        arrived_at: Time when the message arrived, with a time zone; None if not reported.

    https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
    """

    kind: Literal["Complained"] = field(default="Complained", repr=False)
    feedback_type: str | None = None
    complaint_subtype: str | None = None
    feedback_id: str | None = None
    user_agent: str | None = None
    arrived_at: datetime | None = None

    @property
    def is_spam(self) -> bool:
        """True if the address must be suppressed, since its owner doesn't want the message.

        False for ``not-spam``, and for ``auth-failure``, by which a mail server reports that the
        message failed SPF, DKIM or DMARC.
        """
        return (self.feedback_type or "").strip().lower() not in ("not-spam", "auth-failure")
