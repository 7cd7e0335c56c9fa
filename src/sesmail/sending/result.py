"""Results of sends: of one mail, and of one recipient."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Attempt, Outcome, SendError
from ..values import Value

__all__ = ["RecipientResult", "SendResult"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RecipientResult(Value):
    """Result of one recipient's mail when its call ended; bounces are reported later, by events.

    Attributes:
        recipient: Email address without a display name.
        outcome: ``accepted``, ``rejected``, ``not_sent`` or ``unknown``.
        message_id: Message id that SES issued; None unless accepted, and where a replayed send was
            settled without one.
        rfc5322_message_id: Message-ID header that SES writes into the mail, with angle brackets;
            None unless accepted, and where its region isn't known, as for ``SendResult``.
        status: Status of the bulk entry as SES returned it, for instance ``MESSAGE_REJECTED``;
            None for a single send, and where SES returned none.
        error: Error that ``send`` would have raised; None if accepted.
        attempts: Attempts of a bulk send, oldest first; empty in the recipients of a SendResult,
            which has them itself.
        send_id: Send id of a bulk send's mail, which its events carry; None without one.
        replayed: Whether the send log had the send as accepted, so that nothing was sent now.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_BulkEmailEntryResult.html
    """

    recipient: str
    outcome: Outcome
    message_id: str | None = None
    rfc5322_message_id: str | None = None
    status: str | None = None
    error: SendError | None = None
    attempts: tuple[Attempt, ...] = ()
    send_id: str | None = None
    replayed: bool = False


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SendResult(Value):
    """Result of one mail that SES accepted; accepted doesn't mean delivered.

    Attributes:
        message_id: Message id that SES issued, which every event of the mail carries. Empty where
            a replayed send was settled without one.
        rfc5322_message_id: Message-ID header that SES writes into the mail, with angle brackets,
            which replies quote in In-Reply-To. Keep it to match replies with mails. It names the
            region that sent the mail: None with an ``endpoint_id``, which sends from several
            regions, and for a replayed send, whose region the log doesn't record.
        recipients: A result for every recipient, in the order to, cc, bcc.
        request_id: Amazon's request id, which AWS Support asks for; None if the response had none.
        attempts: Attempts, oldest first; the last one was accepted, unless the send is replayed.
        send_id: Send id of the mail; None without one.
        replayed: Whether the send log had the send as accepted, so that nothing was sent now.

    https://docs.aws.amazon.com/ses/latest/dg/header-fields.html
    """

    message_id: str
    rfc5322_message_id: str | None
    recipients: tuple[RecipientResult, ...]
    request_id: str | None = None
    attempts: tuple[Attempt, ...] = ()
    send_id: str | None = None
    replayed: bool = False
