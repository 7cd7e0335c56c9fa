"""State of one mail across all attempts to send it."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Generic, TypeVar

from ...errors import Attempt, DuplicateSendError, NotSentError, Outcome, SendError
from ..result import RecipientResult, SendResult

__all__ = ["SendState", "with_attempts"]

_log = logging.getLogger("sesmail.sending")

_PRECEDENCE: tuple[Outcome, ...] = ("not_sent", "rejected", "unknown")

T = TypeVar("T")
R = TypeVar("R", SendResult, RecipientResult)


class SendState(Generic[T]):
    """State of one send; of several failed attempts the outcome of highest precedence counts.

    That is ``unknown``, then ``rejected``, then ``not_sent``: a mail that SES rejected was sent,
    whatever happened to the attempt after that. An accepted attempt counts in any case.

    Attributes:
        send_id: Send id of the mail; None without one.
        attempts: Attempts so far.
        result: Result of the accepted attempt; None before.
        last: Error of the last attempt, or the reason why none was made; None if it succeeded.
        begun: Whether the send log has the send as one that may have left.
        began: Time of its last begin in the send log; None if the log doesn't tell.
        unfinished: Whether the send log failed to record the outcome of the last attempt.
        replayed: Error of the send log that has the send as accepted; None otherwise.
    """

    def __init__(self, send_id: str | None = None) -> None:
        self.send_id = send_id
        self.attempts: list[Attempt] = []
        self.result: T | None = None
        self.last: SendError | None = None
        self.begun: bool = False
        self.began: datetime | None = None
        self.unfinished = False
        self.replayed: DuplicateSendError | None = None
        self._error: SendError | None = None

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
        if self._error is None or _rank(error) >= _rank(self._error):
            self._error = error

    def duplicate(self, error: DuplicateSendError) -> None:
        """Applies the refusal of the send log to begin the send.

        If the log failed to record the last outcome, the record may be the one of this send. The
        time of its begin proves that; without one, the outcome of the last attempt stands.
        """
        if error.recorded_outcome == "accepted":
            self.replayed = error
        elif not self.unfinished:
            self.failed(error)
        elif self.began is not None and error.began is not None:
            self.begun = self.began == error.began
            if not self.begun:
                self.failed(error)

    @property
    def outcome(self) -> Outcome:
        """Outcome so far; ``not_sent`` before the first attempt."""
        if self.result is not None:
            return "accepted"
        return "not_sent" if self._error is None else self._error.outcome

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
        self.last = self._error = None
        try:
            raise error
        finally:
            del error

    def error(self) -> SendError:
        """Returns the error of the whole send, with its attempts."""
        error = self._error or NotSentError("cancelled before the request could leave")
        if self.last is not None and error is not self.last:
            error.add_note(f"A later attempt failed, too: {self.last}")
        error.attempts = tuple(self.attempts)
        error.send_id = self.send_id
        return error


def _rank(error: SendError) -> int:
    return _PRECEDENCE.index(error.outcome)


def with_attempts(result: R, state: SendState[R]) -> R:
    """Returns the result of an accepted send with its attempts and its send id.

    An internal error here must not hide that SES accepted the mail: it is logged.
    """
    try:
        attempts = tuple(state.attempts)
        # Nobody else has the result yet; ``replace`` takes ten times as long.
        object.__setattr__(result, "attempts", attempts)
        object.__setattr__(result, "send_id", state.send_id)
    except Exception:
        _log.exception("The attempts of an accepted send could not be added to its result.")
    return result
