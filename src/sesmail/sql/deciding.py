"""Decision on a mail whose send did not succeed: another attempt, or the end."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import (
    AccessDeniedError,
    ConfigurationError,
    InvalidMessageError,
    NotSentError,
    QuotaExceededError,
    RejectedError,
    SendError,
    SendingPausedError,
    SesmailError,
    ThrottledError,
)
from ..sending.attempts.retry import RetryPolicy
from .tables import State

__all__ = ["Decision", "decide", "described_error"]

_MAX_ERROR = 255  # characters


@dataclass(frozen=True, slots=True)
class Decision:
    """Next state of a mail that was not accepted.

    Attributes:
        state: Its new state; ``queued`` for another attempt.
        delay: Mean seconds until the next attempt; 0 without one.
        counted: Whether the attempt counts.
        pauses: Whether the account rather than the mail is the reason, so that others would fail,
            too.
    """

    state: State
    delay: float = 0.0
    counted: bool = False
    pauses: bool = False


# The account's rate or quota; SES says nothing about the mail.
_OF_THE_ACCOUNT = (ThrottledError, QuotaExceededError, SendingPausedError)
_PAUSING = (QuotaExceededError, SendingPausedError, AccessDeniedError, ConfigurationError)


def decide(error: SesmailError, attempts: int, retry: RetryPolicy) -> Decision:
    """Decides on a mail by its error.

    Args:
        error: The error of the send.
        attempts: Attempts that failed before.
        retry: Number of attempts that count, and their delays.
    """
    pauses = isinstance(error, _PAUSING)
    if isinstance(error, InvalidMessageError):
        return Decision("failed")
    if isinstance(error, SendError) and error.outcome == "unknown":
        return Decision("unknown")
    delay = retry.delay(attempts + 1, 0.5)
    if isinstance(error, _OF_THE_ACCOUNT):
        return Decision("queued", delay, pauses=pauses)
    if isinstance(error, RejectedError) and not (error.retryable or pauses):
        return Decision("rejected", counted=True)
    if isinstance(error, NotSentError) and not error.retryable:
        return Decision("failed", counted=True)
    if attempts + 1 >= retry.attempts:
        return Decision("failed", counted=True, pauses=pauses)
    return Decision("queued", delay, counted=True, pauses=pauses)


def described_error(error: BaseException) -> str:
    """Returns the class and the AWS code of an error; its text may have addresses."""
    code = getattr(error, "code", None)
    name = type(error).__name__
    return f"{name} {code}"[:_MAX_ERROR] if isinstance(code, str) else name
