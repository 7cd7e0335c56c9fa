"""SendState: an unknown outcome ends only with acceptance."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from sesmail.errors import (
    Attempt,
    DuplicateSendError,
    MessageRejectedError,
    NotSentError,
    SendError,
    ThrottledError,
    UnknownOutcomeError,
)
from sesmail.sending.attempts.state import SendState, with_attempts
from sesmail.sending.result import SendResult

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_state_before_the_first_attempt() -> None:
    state = SendState[str]("id")
    assert (state.outcome, state.result, state.last) == ("not_sent", None, None)
    error = state.error()
    assert isinstance(error, NotSentError)
    assert (error.send_id, error.attempts, error.retryable) == ("id", (), True)


def test_state_collects_attempts() -> None:
    state = SendState[str]()
    first = state.attempted(ThrottledError("slow", code="Throttling"), NOW, 0.5)
    assert first == Attempt(NOW, 0.5, "rejected", "Throttling")
    assert state.outcome == "rejected"
    state.attempted("id", NOW, 0.25)
    assert (state.outcome, state.result, state.last) == ("accepted", "id", None)
    assert [attempt.seconds for attempt in state.attempts] == [0.5, 0.25]


def test_unknown_outcome_survives_a_later_rejection() -> None:
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
    assert second.__notes__ == ["A later attempt failed, too: 3"]
    assert len(second.attempts) == 3


def test_unknown_outcome_ends_with_acceptance() -> None:
    state = SendState[str]()
    state.attempted(UnknownOutcomeError("1"), NOW, 0.1)
    state.attempted("id", NOW, 0.1)
    assert state.outcome == "accepted"


@pytest.mark.parametrize("later", [NotSentError("no connection"), DuplicateSendError(send_id="id")])
def test_outcome_of_highest_precedence_counts(later: SendError) -> None:
    state = SendState[str]()
    first = ThrottledError("slow")
    state.attempted(first, NOW, 0.1)
    state.failed(later)
    assert state.outcome == ("rejected" if later.outcome == "not_sent" else "unknown")
    assert state.error() is (first if later.outcome == "not_sent" else later)
    assert state.error().retryable is (later.outcome == "not_sent")


def test_rejection_after_a_request_that_never_left_counts() -> None:
    state = SendState[str]()
    state.attempted(NotSentError("no connection"), NOW, 0.1)
    state.attempted(ThrottledError("slow"), NOW, 0.1)
    assert state.outcome == "rejected"


def test_error_while_attempts_are_added_keeps_the_result(caplog: pytest.LogCaptureFixture) -> None:
    state = SendState[SendResult]("id")
    result = SendResult("m-1", None, ())
    state.attempts = cast("Any", None)
    assert with_attempts(result, state) is result
    assert "could not be added to its result" in caplog.text
    state.attempts = []
    state.attempted(result, NOW, 0.5)
    assert with_attempts(result, state) == SendResult(
        "m-1", None, (), attempts=(Attempt(NOW, 0.5, "accepted", None, "m-1"),), send_id="id"
    )
