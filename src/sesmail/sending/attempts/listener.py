"""What can be heard of the calls that a client makes; nothing of it is personal."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ParamSpec

from ...errors import Attempt

__all__ = ["CallInfo", "Listener", "notify"]

_log = logging.getLogger("sesmail.sending")

P = ParamSpec("P")


@dataclass(frozen=True, eq=False, slots=True)
class CallInfo:
    """One attempt to make a call: the same object in all that is told of it, without any address, subject or body.

    Attributes:
        service: botocore's name of the SES API, ``sesv2`` or ``ses``.
        operation: The API operation, for instance ``SendEmail``.
        number: Which attempt it is, from 1.
        mails: How many mails it carries: one, unless it is a bulk call; none if it isn't a send.
        recipients: How many recipients they have, over to, cc and bcc.
        size: About how many bytes of content they have.
        send_ids: The send ids of those mails that have one.
    """

    service: str
    operation: str
    number: int
    mails: int
    recipients: int
    size: int
    send_ids: tuple[str, ...]


class Listener:
    """Hears of each call that a client makes; override what you want to hear.

    The methods run between the calls, in the task that sends, so let them be quick. What they raise is logged, and
    changes nothing.
    """

    def before_attempt(self, call: CallInfo) -> None:
        """A call is about to be made."""

    def after_attempt(self, call: CallInfo, attempts: Sequence[Attempt]) -> None:
        """A call has ended, or was cancelled.

        Args:
            call: The call.
            attempts: How it ended, for each of its mails; one if it isn't a send.
        """

    def throttled(self, call: CallInfo, rate: float | None) -> None:
        """SES refused a call, or mails of it, as too fast.

        Args:
            call: The call.
            rate: Recipients a second that the client goes on with; None without a rate limit.
        """

    def waiting(self, call: CallInfo, seconds: float) -> None:
        """A call has to wait: for the account's sending rate, or before it is made again.

        Args:
            call: The call.
            seconds: For how long, as things stand.
        """


def notify(method: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call a listener's method, which must not disturb a send."""
    try:
        method(*args, **kwargs)
    except Exception:
        _log.exception("the listener failed; the send goes on")
