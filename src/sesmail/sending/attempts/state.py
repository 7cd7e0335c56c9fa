"""What becomes of one mail, over all attempts to send it."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypeVar

from ...errors import Attempt, NotSentError, Outcome, SendError, UnknownOutcomeError

__all__ = ["SendState"]

T = TypeVar("T")


class SendState(Generic[T]):
    """What becomes of one mail; once an attempt is in doubt, only a later one that SES accepts ends that.

    Attributes:
        send_id: The id that travels with it; None without.
        attempts: What was tried until now.
        result: What SES accepted; None until then.
        last: Why the last attempt failed, or why there was none; None if it didn't fail.
        begun: Whether the send log has it as one that may have left.
    """

    def __init__(self, send_id: str | None = None) -> None:
        self.send_id = send_id
        self.attempts: list[Attempt] = []
        self.result: T | None = None
        self.last: SendError | None = None
        self.begun = False
        self._doubt: UnknownOutcomeError | None = None

    def attempted(self, end: T | SendError, began: datetime, seconds: float) -> Attempt:
        """An attempt ended."""
        if isinstance(end, SendError):
            attempt = Attempt(began, seconds, end.outcome, end.code)
            self.failed(end)
        else:
            attempt = Attempt(began, seconds, "accepted")
            self.result, self.last = end, None
        self.attempts.append(attempt)
        return attempt

    def failed(self, error: SendError) -> None:
        """An attempt failed, or wasn't made."""
        self.last = error
        if isinstance(error, UnknownOutcomeError):
            self._doubt = error

    @property
    def outcome(self) -> Outcome:
        """What is known now; before any attempt it wasn't sent."""
        if self.result is not None:
            return "accepted"
        if self._doubt is not None:
            return "unknown"
        return "not_sent" if self.last is None else self.last.outcome

    def result_or_raise(self) -> T:
        """What SES accepted; the error is raised, and forgotten: the frames that it passes hold the fate, and the mail.

        Raises:
            SendError: It didn't.
        """
        if self.result is not None:
            return self.result
        error = self.error()
        self.last = self._doubt = None
        try:
            raise error
        finally:
            del error

    def error(self) -> SendError:
        """Why it failed as a whole, with all that was tried."""
        error = self._doubt or self.last or NotSentError("it was cancelled before it could leave")
        if self.last is not None and error is not self.last:
            error.add_note(f"a later attempt failed, too: {self.last}")
        error.attempts = tuple(self.attempts)
        error.send_id = self.send_id
        return error
