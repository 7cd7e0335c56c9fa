"""Interface of send logs, which record each send before it leaves, and its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ..errors import Outcome
from ..values import Value

__all__ = ["SendLog", "SendRecord"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SendRecord(Value):
    """Record of one send in a send log.

    Attributes:
        send_id: Send id, 1 to 256 characters of ``A-Z a-z 0-9 _ -``.
        began: Time of its last ``begin``, in UTC.
        outcome: ``unknown`` until it is finished or settled; then ``accepted``, ``rejected`` or
            ``not_sent``.
        message_id: Message id that SES issued; None if it isn't known.
    """

    send_id: str
    began: datetime
    outcome: Outcome
    message_id: str | None = None


class SendLog(Protocol):
    """Interface of a send log for a ``Client``; a ``Receiver`` needs ``settle`` only.

    A send log prevents duplicates and lists the sends whose outcome is unknown after a crash. SES
    has no idempotency key and can't be asked for a mail, so each mail carries a send id, which its
    events return, and the log keeps the ids. ``MemorySendLog``, ``SqliteSendLog`` and
    ``DynamoSendLog`` implement it.
    An implementation for another database follows these rules:

    * ``begin`` sets a record to ``unknown``, so that it stays so if the process dies.
    * An ``unknown`` record takes any other outcome.
    * ``accepted`` is proven: it replaces every other outcome, and nothing replaces it.
    * Nothing else changes a record, and no outcome is recorded for a send that never began.

    A client waits for each call to its log until the deadline of the send, at least 0.5 and at most
    10 seconds, and 0.5 seconds once the send was cancelled. Then it cancels the call to the log.
    Where ``begin`` raises, the mail isn't sent: an accepted send returns the
    recorded result, an unknown one raises the DuplicateSendError, a ConfigurationError is raised as
    it is, anything else is a NotSentError. Where ``finish`` raises, the error is logged and the
    record stays ``unknown``. Where ``settle`` raises, the receiver raises TemporaryError, and SNS
    delivers the event again.
    """

    async def begin(self, send_id: str) -> datetime | None:
        """Records that a send is about to leave; the record is durable when this returns.

        Args:
            send_id: 1 to 256 characters of ``A-Z a-z 0-9 _ -``.

        Returns:
            The recorded time. With it a client recognises its own record, if a ``finish`` failed
            and the send is retried. None if the log doesn't tell.

        Raises:
            DuplicateSendError: The send is accepted, in flight or unknown; only one that was
                rejected or not sent may begin again. It has the ``recorded_outcome``, the
                ``message_id`` and ``began``.
        """
        ...

    async def finish(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> None:
        """Records the outcome of a send, as the client knows it, unless an event was faster.

        Args:
            send_id: The send id.
            outcome: The outcome; ``unknown`` changes nothing.
            message_id: Message id that SES issued; None unless accepted.
        """

    async def settle(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> bool:
        """Records the outcome of a send, as an event reports it or a human decides.

        Args:
            send_id: The send id.
            outcome: The outcome; ``unknown`` changes nothing.
            message_id: Message id that SES issued; None if it isn't known.

        Returns:
            Whether the record changed.
        """
        ...
