"""What a send log is: where each send is written down before it leaves, and what became of it afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ..errors import Outcome
from ..values import Value

__all__ = ["SendLog", "SendRecord"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SendRecord(Value):
    """What a send log knows of one send.

    Attributes:
        send_id: Its send id.
        began: When it began, the last time; in UTC.
        outcome: What became of it: ``unknown`` until it is finished or settled.
        message_id: The id that SES issued; None if that isn't known.
    """

    send_id: str
    began: datetime
    outcome: Outcome
    message_id: str | None = None


class SendLog(Protocol):
    """What a ``Client`` needs of a send log, and, of ``settle`` alone, a ``Receiver``.

    ``MemorySendLog`` and ``SqliteSendLog`` are such logs; for your own, on the database that you have, these are the
    rules. From ``begin`` on a record is ``unknown``, so that a process that dies leaves it so. An unknown record takes
    any other outcome. ``accepted`` is proof: it overwrites every other outcome, and nothing overwrites it. All else
    changes nothing, and so does what is said of a send that never began. A client lets each call to its log take 10
    seconds, whoever cancels it meanwhile. Where ``begin`` raises, the mail isn't sent (NotSentError); where ``finish``
    does, that is logged, and the record stays unknown; where ``settle`` does, a receiver raises a TemporaryError.
    """

    async def begin(self, send_id: str) -> None:
        """Note that a send is about to leave; when this returns, it is stored, come what may.

        Raises:
            DuplicateSendError: It is accepted, under way or unknown; only what was rejected or not sent begins again.
        """

    async def finish(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> None:
        """Note what became of a send, as the one knows who made it; an event may have been faster."""

    async def settle(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> bool:
        """Note what became of a send, as an event or a human knows.

        Returns:
            Whether that was news.
        """
        ...
