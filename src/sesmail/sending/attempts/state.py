"""State of one mail across all attempts to send it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from typing import Generic, TypeVar

from ...errors import Attempt, NotSentError, Outcome, SendError, UnknownOutcomeError
from ..result import RecipientResult, SendResult

__all__ = ["SendState", "with_attempts"]

_log = logging.getLogger("sesmail.sending")

T = TypeVar("T")
R = TypeVar("R", SendResult, RecipientResult)


class SendState(Generic[T]):
    """State of one send; an unknown outcome stays, unless a later attempt is accepted.

    Attributes:
        send_id: Send id of the mail; None without one.
        attempts: Attempts so far.
        result: Result of the accepted attempt; None before.
        last: Error of the last attempt, or the reason why none was made; None if it succeeded.
        begun: Whether the send log has the send as one that may have left.
    """

    def __init__(self, send_id: str | None = None) -> None:
        self.send_id = send_id
        self.attempts: list[Attempt] = []
        self.result: T | None = None
        self.last: SendError | None = None
        self.begun = False
        self._unknown: UnknownOutcomeError | None = None

    def attempted(self, result: T | SendError, began: datetime, seconds: float) -> Attempt:
        """Applies the result of an attempt."""
        self.apply(result)
        if isinstance(result, SendError):
            attempt = Attempt(began, seconds, result.outcome, result.code)
        else:
            message_id = getattr(result, "message_id", None)
            attempt = Attempt(began, seconds, "accepted", None, message_id)
        self.attempts.append(attempt)
        return attempt

    def apply(self, result: T | SendError) -> None:
        """Applies the result of an attempt, without recording the attempt."""
        if isinstance(result, SendError):
            self.failed(result)
        else:
            self.result, self.last = result, None

    def failed(self, error: SendError) -> None:
        """Applies the error of an attempt, or the reason why none was made."""
        self.last = error
        if isinstance(error, UnknownOutcomeError):
            self._unknown = error

    @property
    def outcome(self) -> Outcome:
        """Outcome so far; ``not_sent`` before the first attempt."""
        if self.result is not None:
            return "accepted"
        if self._unknown is not None:
            return "unknown"
        return "not_sent" if self.last is None else self.last.outcome

    def result_or_raise(self) -> T:
        """Returns the result, or raises the error and drops it from the state.

        The traceback of a raised error refers to frames that hold this state and the message: a
        reference from here to the error would be a cycle.

        Raises:
            SendError: SES didn't accept the mail, or the outcome is unknown.
        """
        if self.result is not None:
            return self.result
        error = self.error()
        self.last = self._unknown = None
        try:
            raise error
        finally:
            del error

    def error(self) -> SendError:
        """Returns the error of the whole send, with its attempts."""
        error = (
            self._unknown or self.last or NotSentError("cancelled before the request could leave")
        )
        if self.last is not None and error is not self.last:
            error.add_note(f"A later attempt failed, too: {self.last}")
        error.attempts = tuple(self.attempts)
        error.send_id = self.send_id
        return error


def with_attempts(result: R, state: SendState[R]) -> R:
    """Returns the result of an accepted send with its attempts and its send id.

    An internal error here must not hide that SES accepted the mail: it is logged.
    """
    try:
        return replace(result, attempts=tuple(state.attempts), send_id=state.send_id)
    except Exception:
        _log.exception("The attempts of an accepted send could not be added to its result.")
        return result
