"""Result of a bulk message."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import BulkSendError
from ..values import Value
from .result import RecipientResult

__all__ = ["BulkResult"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BulkResult(Value):
    """Result of a bulk message.

    Attributes:
        recipients: A result for every recipient, in the order of the message. Copies (cc and bcc)
            share the result of their recipient.
    """

    recipients: tuple[RecipientResult, ...]

    @property
    def accepted(self) -> tuple[RecipientResult, ...]:
        """Results of the recipients whose mail SES accepted."""
        return tuple(result for result in self.recipients if result.outcome == "accepted")

    @property
    def failed(self) -> tuple[RecipientResult, ...]:
        """Results with any other outcome: ``rejected``, ``not_sent`` or ``unknown``."""
        return tuple(result for result in self.recipients if result.outcome != "accepted")

    def raise_for_failed(self) -> None:
        """Raises the errors of the recipients that failed, if there are any.

        Raises:
            BulkSendError: Exception group of the errors, in the order of the recipients.
        """
        errors = [result.error for result in self.recipients if result.error is not None]
        if errors:
            raise BulkSendError(
                f"{len(errors)} of {len(self.recipients)} recipients failed", errors
            )
