"""Notifications about the calls of a client, without personal data."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ParamSpec

import anyio

from ...errors import Attempt

__all__ = ["CallInfo", "Listener", "notify"]

_log = logging.getLogger("sesmail.sending")

P = ParamSpec("P")


@dataclass(frozen=True, eq=False, slots=True)
class CallInfo:
    """One attempt of a call; all notifications about it get the same object.

    It has no address, subject or body.

    Attributes:
        service: botocore's name of the SES API, ``sesv2`` or ``ses``.
        operation: API operation, for instance ``SendEmail``.
        number: Number of the attempt, from 1.
        mails: Number of mails in the call: 1 for a single send, 1 to 50 for a bulk call, 0 for an
            operation that isn't a send.
        recipients: Number of recipients of these mails, over to, cc and bcc.
        size: Approximate size of their content in bytes.
        send_ids: Send ids of those mails that have one.
    """

    service: str
    operation: str
    number: int
    mails: int
    recipients: int
    size: int
    send_ids: tuple[str, ...]


class Listener:
    """Observer of a client's calls, for metrics and traces; override the methods that you need.

    The methods are called in the task that sends, between the calls, so they must not block. An
    exception that they raise is logged to ``sesmail.sending``, and changes nothing.

    The loggers are ``sesmail.aws`` and ``sesmail.sending``: throttling and retries at ``INFO``,
    calls cancelled after they may have left at ``WARNING``, failing listeners and send logs at
    ``ERROR``. Errors that are raised aren't logged, and neither is personal data.
    """

    def before_attempt(self, call: CallInfo) -> None:
        """Called before an attempt."""

    def after_attempt(self, call: CallInfo, attempts: Sequence[Attempt]) -> None:
        """Called after an attempt, also one that was cancelled.

        Args:
            call: The call.
            attempts: Result of the attempt for each of its mails; one for an operation that isn't a
                send.
        """

    def throttled(self, call: CallInfo, rate: float | None) -> None:
        """Called when SES throttled a call, or entries of a bulk call.

        Args:
            call: The call.
            rate: New sending rate of the client in recipients per second; None without a rate
                limit.
        """

    def waiting(self, call: CallInfo, seconds: float) -> None:
        """Called before a call waits for the rate limit, or for its retry delay.

        Args:
            call: The call.
            seconds: Expected seconds of the wait.
        """


def notify(method: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    """Calls a function of the application, and logs what it raises.

    A cancellation that a plain function raises isn't one of this task.
    """
    try:
        method(*args, **kwargs)
    except (Exception, anyio.get_cancelled_exc_class()):
        _log.exception("A listener or on_progress raised an exception; the send continues.")
