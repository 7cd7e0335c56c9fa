"""A call is made again where it is known that SES did not take it, and nowhere else."""

import math
import pickle
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

from sesmail import ConfigurationError, errors
from sesmail.errors import (
    AccessDeniedError,
    Attempt,
    BadRequestError,
    MessageRejectedError,
    NotFoundError,
    NotSentError,
    NotVerifiedError,
    QuotaExceededError,
    RejectedError,
    SendError,
    SendingPausedError,
    ThrottledError,
    UnknownOutcomeError,
)
from sesmail.rejections import rejection
from sesmail.sending import retrying
from sesmail.sending.retrying import RetryPolicy, make

AGAIN = [
    ThrottledError("slow down", code="TooManyRequestsException"),
    NotSentError("no connection"),
    rejection("TRANSIENT_FAILURE", "later", operation="SendBulkEmail"),
]
NEVER = [
    QuotaExceededError("for today"),
    SendingPausedError("by a human"),
    MessageRejectedError("never"),
    NotVerifiedError("never"),
    NotFoundError("never"),
    AccessDeniedError("never"),
    BadRequestError("never"),
    RejectedError("for a reason that nobody knows"),
    NotSentError("a mistake of ours", retryable=False),
    UnknownOutcomeError("perhaps"),
]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it would have slept."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(anyio, "sleep", sleep)
    monkeypatch.setattr(retrying, "random", lambda: 0.5)
    return slept


class Call:
    """Ends as its script says."""

    def __init__(self, *script: SendError | str) -> None:
        self.script: Sequence[SendError | str] = script
        self.made = 0

    async def __call__(self) -> str:
        step = self.script[self.made]
        self.made += 1
        if isinstance(step, SendError):
            raise step
        return step


async def run(call: Call, deadline: float = math.inf, **settings: Any) -> tuple[str, tuple[Attempt, ...]]:
    return await make(call, RetryPolicy(**settings), deadline)


@pytest.mark.anyio
@pytest.mark.parametrize("error", AGAIN, ids=lambda error: type(error).__name__)
async def test_what_was_not_taken_is_made_again(error: SendError, pauses: list[float]) -> None:
    call = Call(error, error, "id")
    result, attempts = await run(call)
    assert (result, call.made) == ("id", 3)
    assert [each.outcome for each in attempts] == [error.outcome, error.outcome, "accepted"]
    assert [each.code for each in attempts] == [error.code, error.code, None]
    assert attempts[0].began <= attempts[2].began <= datetime.now(UTC)
    assert all(each.seconds >= 0 for each in attempts)
    assert pauses == [0.25, 0.5]


@pytest.mark.anyio
@pytest.mark.parametrize("error", NEVER, ids=lambda error: f"{type(error).__name__} {error}")
async def test_everything_else_is_made_once(error: SendError, pauses: list[float]) -> None:
    call = Call(error)
    with pytest.raises(type(error)) as failed:
        await run(call)
    assert failed.value is error
    assert (call.made, pauses) == (1, [])
    assert [each.outcome for each in error.attempts] == [error.outcome]


def test_every_error_is_judged() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SendError)}
    assert {type(error) for error in AGAIN + NEVER} == kinds - {SendError}


@pytest.mark.anyio
async def test_there_is_an_end(pauses: list[float]) -> None:
    script = [ThrottledError(str(number)) for number in range(9)]
    call = Call(*script)
    with pytest.raises(ThrottledError, match="6") as failed:
        await run(call, attempts=7)
    assert call.made == len(failed.value.attempts) == 7
    assert pauses == [0.25, 0.5, 1, 2, 4, 5]
    again = pickle.loads(pickle.dumps(failed.value))
    assert again.attempts == failed.value.attempts


@pytest.mark.anyio
async def test_no_pause_goes_beyond_the_deadline(pauses: list[float]) -> None:
    call = Call(ThrottledError("one"), ThrottledError("two"), "id")
    with pytest.raises(ThrottledError, match="two"):
        await run(call, anyio.current_time() + 20, first_delay=15, longest_delay=100)
    assert pauses == [15]
    assert call.made == 2


@pytest.mark.anyio
async def test_the_unknown_is_made_again_only_if_asked(pauses: list[float]) -> None:
    call = Call(UnknownOutcomeError("perhaps"), "id")
    result, attempts = await run(call, on_unknown="retry")
    assert (result, [each.outcome for each in attempts]) == ("id", ["unknown", "accepted"])


@pytest.mark.anyio
@pytest.mark.parametrize("last", [MessageRejectedError("never"), NotSentError("no", retryable=False)])
async def test_no_later_attempt_takes_a_doubt_back(last: SendError, pauses: list[float]) -> None:
    first = UnknownOutcomeError("perhaps", answer={"a": 1})
    call = Call(first, last)
    with pytest.raises(UnknownOutcomeError) as failed:
        await run(call, on_unknown="retry")
    assert failed.value is first
    assert [each.outcome for each in first.attempts] == ["unknown", last.outcome]
    assert str(last) in first.__notes__[0]


@pytest.mark.anyio
async def test_what_is_no_error_of_sending_passes(pauses: list[float]) -> None:
    async def attempt() -> str:
        raise ConfigurationError("no credentials")

    with pytest.raises(ConfigurationError):
        await make(attempt, RetryPolicy(), math.inf)
    assert pauses == []


def test_pauses_have_full_jitter() -> None:
    policy = RetryPolicy(first_delay=1, longest_delay=3)
    assert [policy.delay(count, 1.0) for count in (1, 2, 3, 9)] == [2, 4, 6, 6]
    assert policy.delay(3, 0.0) == 0


@pytest.mark.parametrize(
    "settings",
    [{"attempts": 0}, {"first_delay": 0}, {"first_delay": 9}, {"longest_delay": math.nan}, {"on_unknown": "ignore"}],
)
def test_what_cannot_be(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        RetryPolicy(**settings)
