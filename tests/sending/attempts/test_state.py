"""What becomes of one mail: a doubt ends only when SES accepts."""

from datetime import UTC, datetime

from sesmail.errors import (
    Attempt,
    MessageRejectedError,
    NotSentError,
    ThrottledError,
    UnknownOutcomeError,
)
from sesmail.sending.attempts.state import SendState

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_before_anything_was_tried() -> None:
    state = SendState[str]("id")
    assert (state.outcome, state.result, state.last) == ("not_sent", None, None)
    error = state.error()
    assert isinstance(error, NotSentError)
    assert (error.send_id, error.attempts, error.retryable) == ("id", (), True)


def test_attempts() -> None:
    state = SendState[str]()
    first = state.attempted(ThrottledError("slow", code="Throttling"), NOW, 0.5)
    assert first == Attempt(NOW, 0.5, "rejected", "Throttling")
    assert state.outcome == "rejected"
    state.attempted("id", NOW, 0.25)
    assert (state.outcome, state.result, state.last) == ("accepted", "id", None)
    assert [attempt.seconds for attempt in state.attempts] == [0.5, 0.25]


def test_a_doubt() -> None:
    state = SendState[str]()
    first, second, third = (
        UnknownOutcomeError("1"),
        UnknownOutcomeError("2"),
        MessageRejectedError("3"),
    )
    for error in (first, second, third):
        state.attempted(error, NOW, 0.1)
    assert state.outcome == "unknown"
    assert state.error() is second
    assert second.__notes__ == ["a later attempt failed, too: 3"]
    assert len(second.attempts) == 3


def test_a_doubt_ends_with_an_id() -> None:
    state = SendState[str]()
    state.attempted(UnknownOutcomeError("1"), NOW, 0.1)
    state.attempted("id", NOW, 0.1)
    assert state.outcome == "accepted"
