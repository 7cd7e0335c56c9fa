"""What becomes of one mail: a doubt ends only when SES accepts."""

from datetime import UTC, datetime

from sesmail.errors import Attempt, MessageRejectedError, NotSentError, ThrottledError, UnknownOutcomeError
from sesmail.sending.attempts.state import Fate

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_before_anything_was_tried() -> None:
    fate = Fate[str]("id")
    assert (fate.outcome, fate.result, fate.last) == ("not_sent", None, None)
    error = fate.error()
    assert isinstance(error, NotSentError)
    assert (error.send_id, error.attempts, error.retryable) == ("id", (), True)


def test_attempts() -> None:
    fate = Fate[str]()
    first = fate.attempted(ThrottledError("slow", code="Throttling"), NOW, 0.5)
    assert first == Attempt(NOW, 0.5, "rejected", "Throttling")
    assert fate.outcome == "rejected"
    fate.attempted("id", NOW, 0.25)
    assert (fate.outcome, fate.result, fate.last) == ("accepted", "id", None)
    assert [attempt.seconds for attempt in fate.attempts] == [0.5, 0.25]


def test_a_doubt() -> None:
    fate = Fate[str]()
    first, second, third = UnknownOutcomeError("1"), UnknownOutcomeError("2"), MessageRejectedError("3")
    for error in (first, second, third):
        fate.attempted(error, NOW, 0.1)
    assert fate.outcome == "unknown"
    assert fate.error() is second
    assert second.__notes__ == ["a later attempt failed, too: 3"]
    assert len(second.attempts) == 3


def test_a_doubt_ends_with_an_id() -> None:
    fate = Fate[str]()
    fate.attempted(UnknownOutcomeError("1"), NOW, 0.1)
    fate.attempted("id", NOW, 0.1)
    assert fate.outcome == "accepted"
