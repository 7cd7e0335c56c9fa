"""Progress of a worker, and the observer of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ..values import Value
from .tables import State

__all__ = ["WorkListener", "WorkProgress", "progress_of"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class WorkProgress(Value):
    """Counts of one worker since its start, in mails.

    Attributes:
        accepted: Mails that SES accepted.
        rejected: Mails that SES rejected.
        failed: Mails that could not be sent, and aren't tried again.
        unknown: Mails that SES may have accepted.
        retried: Times that a mail went back into the queue for another attempt.
        returned: Mails that went back unsent, because the worker stopped.
        in_flight: Mails that the worker holds now.
        expired: Mails of workers that died, which this one set to unknown.
        seconds: Seconds since the start.
    """

    accepted: int
    rejected: int
    failed: int
    unknown: int
    retried: int
    returned: int
    in_flight: int
    expired: int
    seconds: float


class WorkListener:
    """Observer of a worker, for metrics; override the methods that you need.

    The methods are called in the worker's event loop, so they must not block. What they raise is
    logged to ``sesmail.sending``, and changes nothing. The client's own ``Listener`` is notified of
    each attempt. Nothing here has an address or a content.
    """

    def claimed(self, send_ids: tuple[str, ...]) -> None:
        """Called when the worker has claimed mails, which it sends now."""

    def finished(self, send_id: str, state: State, error: str | None) -> None:
        """Called when a send ended.

        Args:
            send_id: The send id.
            state: The new state, ``queued`` for a mail that is tried again.
            error: Class and AWS code of the error; None if SES accepted the mail.
        """

    def expired(self, count: int) -> None:
        """Called when mails of workers that died were set to unknown."""

    def paused(self, seconds: float, error: str) -> None:
        """Called before the worker pauses, since the account can't send.

        Args:
            seconds: Seconds until it tries one mail.
            error: Class and AWS code of the error.
        """


def progress_of(counts: Counter[str], in_flight: int, seconds: float) -> WorkProgress:
    """Returns counts as progress."""
    return WorkProgress(
        counts["accepted"],
        counts["rejected"],
        counts["failed"],
        counts["unknown"],
        counts["queued"],
        counts["returned"],
        in_flight,
        counts["expired"],
        seconds,
    )
