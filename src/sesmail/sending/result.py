"""What SES answered, or did not."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Attempt, BulkSendError, Outcome, SendError
from ..values import Value

__all__ = ["BulkResult", "RecipientResult", "SendResult", "rfc5322_message_id"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RecipientResult(Value):
    """What became of one recipient's mail when the call ended; bounces are told later, by events.

    Attributes:
        recipient: The bare address.
        outcome: ``accepted``, ``rejected``, ``not_sent`` or ``unknown``.
        message_id: The id that SES issued; None unless accepted.
        rfc5322_message_id: The Message-ID header that SES writes into the mail; None unless accepted.
        status: SES's own word for it in bulk, as it came; None where it gave none.
        error: Why it wasn't accepted, with SES's reason; None if it was.
        attempts: Every time that a call was made for it, the last one last.
        send_id: The id that travels with the mail, so that events can tell what became of it; None without.
    """

    recipient: str
    outcome: Outcome
    message_id: str | None = None
    rfc5322_message_id: str | None = None
    status: str | None = None
    error: SendError | None = None
    attempts: tuple[Attempt, ...] = ()
    send_id: str | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SendResult(Value):
    """One mail that SES accepted.

    Attributes:
        message_id: The id that SES issued, which every event about this mail carries.
        rfc5322_message_id: The Message-ID header that SES writes into the mail, with its angle brackets; what an answer
            to it names in In-Reply-To.
        recipients: A result for every recipient, in the order to, cc, bcc.
        request_id: Amazon's request id, to quote to their support.
        attempts: Every time that the call was made, the last one last.
        send_id: The id that travels with the mail; None without.
    """

    message_id: str
    rfc5322_message_id: str
    recipients: tuple[RecipientResult, ...]
    request_id: str | None = None
    attempts: tuple[Attempt, ...] = ()
    send_id: str | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BulkResult(Value):
    """A result for every recipient of a bulk message, in the message's order.

    Attributes:
        recipients: The results; cc and bcc share the fate of the recipient that they belong to.
    """

    recipients: tuple[RecipientResult, ...]

    @property
    def accepted(self) -> tuple[RecipientResult, ...]:
        """Those whose mail SES accepted."""
        return tuple(result for result in self.recipients if result.outcome == "accepted")

    @property
    def failed(self) -> tuple[RecipientResult, ...]:
        """Those whose mail SES did not accept, or may not have accepted; see each one's ``outcome`` and ``error``."""
        return tuple(result for result in self.recipients if result.outcome != "accepted")

    def raise_for_failed(self) -> None:
        """Raise the errors of the recipients that failed, where there are any.

        Raises:
            BulkSendError: The group of them, in the order of the recipients.
        """
        errors = [result.error for result in self.recipients if result.error is not None]
        if errors:
            raise BulkSendError(
                f"{len(errors)} of {len(self.recipients)} recipients failed", errors
            )


def rfc5322_message_id(message_id: str, region: str) -> str:
    """The Message-ID header that SES will write into a mail, with its angle brackets.

    https://docs.aws.amazon.com/ses/latest/dg/header-fields.html
    """
    return f"<{message_id}@{'email' if region == 'us-east-1' else region}.amazonses.com>"
