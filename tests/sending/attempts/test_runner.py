"""A call is made again where it is known that SES did not take it, and nowhere else."""

import logging
import math
import pickle
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

from sesmail import errors
from sesmail.aws import Departure
from sesmail.error_codes import rejected_error
from sesmail.errors import (
    AccessDeniedError,
    Attempt,
    BadRequestError,
    ConfigurationError,
    DuplicateSendError,
    InvalidMessageError,
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
from sesmail.sending.attempts import runner
from sesmail.sending.attempts.listener import CallInfo, Listener
from sesmail.sending.attempts.log_writer import LogWriter
from sesmail.sending.attempts.retry import RetryPolicy
from sesmail.sending.attempts.runner import Batch, CallRunner
from sesmail.sending.attempts.state import SendState
from sesmail.sending.payload.call import Call
from sesmail.sending.rate.limiter import RateLimiter

pytestmark = pytest.mark.anyio

AGAIN: list[SendError] = [
    ThrottledError("slow down", code="TooManyRequestsException"),
    NotSentError("no connection"),
    rejected_error("TRANSIENT_FAILURE", "later", operation="SendBulkEmail"),
]
NEVER: list[SendError] = [
    QuotaExceededError("for today"),
    SendingPausedError("by a human"),
    MessageRejectedError("never"),
    NotVerifiedError("never"),
    NotFoundError("never"),
    AccessDeniedError("never"),
    BadRequestError("never"),
    DuplicateSendError(send_id="id"),
    RejectedError("for a reason that nobody knows"),
    NotSentError("a mistake of ours", retryable=False),
    UnknownOutcomeError("perhaps"),
]

Step = BaseException | str | Sequence[str | SendError] | Callable[[], Any]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it would have slept."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(anyio, "sleep", sleep)
    monkeypatch.setattr(runner, "random", lambda: 0.5)
    return slept


class Service:
    """Ends each call as its script says; what it raises but NotSentError has left."""

    def __init__(self, *script: Step) -> None:
        self.script = script
        self.calls: list[list[int]] = []
        self.deadlines: list[float] = []

    async def call(
        self,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        *,
        deadline: float,
        checked: bool,
        size: int,
        departure: Departure,
    ) -> dict[str, Any]:
        step = self.script[len(self.calls)]
        self.calls.append(params["numbers"])
        self.deadlines.append(deadline)
        if callable(step):
            departure.count()
            step = await step()
        if isinstance(step, BaseException):
            raise step
        return {"ends": [step] if isinstance(step, str) else step}


class Heard(Listener):
    """Writes down what a listener hears."""

    def __init__(self) -> None:
        self.words: list[tuple[Any, ...]] = []

    def before_attempt(self, call: CallInfo) -> None:
        self.words.append(("before", call.number, call.mails, call.recipients, call.size))

    def after_attempt(self, call: CallInfo, attempts: Sequence[Attempt]) -> None:
        self.words.append(("after", call.number, *(attempt.outcome for attempt in attempts)))

    def throttled(self, call: CallInfo, rate: float | None) -> None:
        self.words.append(("throttled", call.number, rate))

    def waiting(self, call: CallInfo, seconds: float) -> None:
        self.words.append(("waiting", call.number, seconds))


async def nothing(_: str) -> None:
    pass


class Recorder:
    """A send log that remembers what it was told, and knows some send ids already."""

    def __init__(self, *duplicates: str, broken: bool = False) -> None:
        self.words: list[tuple[str, ...]] = []
        self.duplicates = duplicates
        self.broken = broken
        self.on_begin: Callable[[str], Awaitable[None]] = nothing
        self.on_finish: Callable[[str], Awaitable[None]] = nothing

    async def begin(self, send_id: str) -> None:
        if send_id in self.duplicates:
            raise DuplicateSendError(send_id=send_id)
        if self.broken:
            raise OSError("the disk is full")
        await self.on_begin(send_id)
        self.words.append(("begin", send_id))

    async def finish(self, send_id: str, outcome: str, message_id: str | None = None) -> None:
        if self.broken:
            raise OSError("the disk is full")
        await self.on_finish(send_id)
        self.words.append(("finish", send_id, outcome))

    async def settle(self, send_id: str, outcome: str, message_id: str | None = None) -> bool:
        raise AssertionError("a client doesn't settle")


class Held(Recorder):
    """A send log that takes its time for one word."""

    def __init__(self, word: str, *duplicates: str) -> None:
        super().__init__(*duplicates)
        self.word = word
        self.asked, self.go = anyio.Event(), anyio.Event()

    async def begin(self, send_id: str) -> None:
        await self._wait("begin")
        await super().begin(send_id)

    async def finish(self, send_id: str, outcome: str, message_id: str | None = None) -> None:
        await self._wait("finish")
        await super().finish(send_id, outcome, message_id)

    async def _wait(self, word: str) -> None:
        if word == self.word:
            self.asked.set()
            await self.go.wait()


def batch_of(mails: int) -> Batch[str]:
    """Mails with two recipients each, whose call has their numbers as its parameters."""
    return Batch(
        dict.fromkeys(range(mails), 2),
        lambda numbers: Call("SendEmail", {"numbers": [*numbers]}, 100),
        lambda answer, _: answer["ends"],
    )


def caller_of(
    service: Service,
    *,
    limiter: RateLimiter | None = None,
    listener: Listener | None = None,
    log: Recorder | None = None,
    timeout: float = math.inf,
    **policy: Any,
) -> CallRunner:
    aws: Any = service
    return CallRunner(
        aws,
        "sesv2",
        timeout,
        RetryPolicy(**policy),
        limiter,
        listener or Listener(),
        LogWriter(log),
    )


async def run(service: Service, mails: int = 1, **settings: Any) -> list[SendState[str]]:
    states = [
        SendState[str](f"id-{number}" if "log" in settings else None) for number in range(mails)
    ]
    await caller_of(service, **settings).run(
        batch_of(mails), dict(enumerate(states)), anyio.current_time()
    )
    return states


@pytest.mark.parametrize("error", AGAIN, ids=lambda error: type(error).__name__)
async def test_what_was_not_taken_is_made_again(error: SendError, pauses: list[float]) -> None:
    service = Service(error, error, "id")
    (state,) = await run(service)
    assert (state.result, state.outcome, len(service.calls)) == ("id", "accepted", 3)
    assert [each.outcome for each in state.attempts] == [error.outcome, error.outcome, "accepted"]
    assert [each.code for each in state.attempts] == [error.code, error.code, None]
    assert state.attempts[0].began <= state.attempts[2].began <= datetime.now(UTC)
    assert all(each.seconds >= 0 for each in state.attempts)
    assert pauses == [0.25, 0.5]


@pytest.mark.parametrize("error", NEVER, ids=lambda error: f"{type(error).__name__} {error}")
async def test_everything_else_is_made_once(error: SendError, pauses: list[float]) -> None:
    service = Service(error)
    (state,) = await run(service)
    assert state.error() is error
    assert (len(service.calls), pauses) == (1, [])
    assert [each.outcome for each in error.attempts] == [error.outcome]


def test_every_error_is_judged() -> None:
    kinds = {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, SendError)
    }
    assert {type(error) for error in AGAIN + NEVER} == kinds - {SendError}


async def test_there_is_an_end(pauses: list[float]) -> None:
    service = Service(*(ThrottledError(str(number)) for number in range(9)))
    (state,) = await run(service, attempts=7)
    error = state.error()
    assert error.message == "6"
    assert len(service.calls) == len(error.attempts) == 7
    assert pauses == [0.25, 0.5, 1, 2, 4, 5]
    again = pickle.loads(pickle.dumps(error))
    assert again.attempts == error.attempts


async def test_no_pause_goes_beyond_the_deadline(pauses: list[float]) -> None:
    service = Service(ThrottledError("one"), ThrottledError("two"), "id")
    (state,) = await run(service, timeout=20, first_delay=15, longest_delay=100)
    assert state.error().message == "two"
    assert (pauses, len(service.calls)) == ([15], 2)


async def test_all_attempts_have_one_deadline() -> None:
    service = Service(ThrottledError("slow"), "id")
    await run(service, timeout=20, first_delay=0.01)
    assert service.deadlines[0] == service.deadlines[1]


async def test_the_unknown_is_made_again_only_if_asked(pauses: list[float]) -> None:
    (state,) = await run(Service(UnknownOutcomeError("perhaps"), "id"), on_unknown="retry")
    assert (state.result, [each.outcome for each in state.attempts]) == (
        "id",
        ["unknown", "accepted"],
    )


@pytest.mark.parametrize(
    "last", [MessageRejectedError("never"), NotSentError("no", retryable=False)]
)
async def test_no_later_attempt_takes_a_doubt_back(last: SendError, pauses: list[float]) -> None:
    first = UnknownOutcomeError("perhaps", answer={"a": 1})
    (state,) = await run(Service(first, last), on_unknown="retry")
    error = state.error()
    assert (error, state.outcome) == (first, "unknown")
    assert [each.outcome for each in error.attempts] == ["unknown", last.outcome]
    assert str(last) in error.__notes__[0]


async def test_only_the_mails_that_may_go_again_do(pauses: list[float]) -> None:
    slow, bad, perhaps = (
        ThrottledError("slow", code="T"),
        MessageRejectedError("bad"),
        UnknownOutcomeError("perhaps"),
    )
    service = Service(["a", slow, bad, perhaps, slow], [slow, "e"], ["b"])
    states = await run(service, 5)
    assert service.calls == [[0, 1, 2, 3, 4], [1, 4], [1]]
    assert [state.outcome for state in states] == [
        "accepted",
        "accepted",
        "rejected",
        "unknown",
        "accepted",
    ]
    assert [len(state.attempts) for state in states] == [1, 3, 1, 1, 2]


async def test_what_fails_for_all_is_each_ones_own(pauses: list[float]) -> None:
    cause = OSError("why")
    error = UnknownOutcomeError("perhaps", operation="SendBulkEmail")
    error.__cause__ = cause
    states = await run(Service([ThrottledError("slow"), "id", ThrottledError("slow")], error), 3)
    first, third = states[0].error(), states[2].error()
    assert first is not third
    assert (str(first), first.__cause__, first.operation) == (
        str(third),
        third.__cause__,
        third.operation,
    )
    assert [each.outcome for each in third.attempts] == ["rejected", "unknown"]


@pytest.mark.parametrize(
    "error", [ConfigurationError("no credentials"), InvalidMessageError("no such operation")]
)
async def test_a_set_up_that_can_not_be_is_raised_if_nothing_has_left(
    error: Exception, pauses: list[float]
) -> None:
    states = [SendState[str](), SendState[str]()]
    with pytest.raises(type(error)):
        await caller_of(Service(error)).run(batch_of(2), dict(enumerate(states)), 0)
    assert [state.outcome for state in states] == ["not_sent", "not_sent"]
    (first, second) = await run(Service(["id", ThrottledError("slow")], error), 2)
    assert (first.outcome, second.outcome) == ("accepted", "not_sent")
    cause = second.error().__cause__
    assert (second.error().retryable, type(cause), str(cause)) == (False, type(error), str(error))


async def forever() -> None:
    await anyio.Event().wait()


@pytest.mark.parametrize(("left", "outcome"), [(False, "not_sent"), (True, "unknown")])
async def test_a_cancelled_call_has_an_outcome(left: bool, outcome: str) -> None:
    heard, log, limiter = Heard(), Recorder(), RateLimiter(10)
    state = SendState[str]("id-0")
    service = Service(forever)
    if not left:
        departure = Departure.count
        Departure.count = lambda self: None  # type: ignore[method-assign]
    try:
        with anyio.move_on_after(0.01):
            runner = caller_of(service, listener=heard, log=log, limiter=limiter)
            await runner.run(batch_of(1), {0: state}, anyio.current_time())
    finally:
        if not left:
            Departure.count = departure  # type: ignore[method-assign]
    assert state.outcome == outcome
    assert state.error().attempts == (*state.attempts,)
    assert heard.words == [("before", 1, 1, 2, 100), ("after", 1, outcome)]
    assert log.words == [("begin", "id-0"), ("finish", "id-0", outcome)]
    assert (limiter.delay == 0) is (not left)


async def test_cancelled_before_anything_was_tried() -> None:
    state = SendState[str]()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await caller_of(Service("id"), limiter=RateLimiter(10)).run(
            batch_of(1), {0: state}, anyio.current_time()
        )
    assert (state.outcome, state.attempts) == ("not_sent", [])
    assert state.error().outcome == "not_sent"


async def test_what_nobody_expects_is_raised_and_has_an_outcome() -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    state = SendState[str]()
    with pytest.raises(ZeroDivisionError):
        await caller_of(Service(fail)).run(batch_of(1), {0: state}, anyio.current_time())
    assert state.outcome == "unknown"


async def test_the_listener_hears_it_all(pauses: list[float]) -> None:
    heard = Heard()
    await run(
        Service(["a", ThrottledError("slow")], ["b"]), 2, listener=heard, limiter=RateLimiter(1000)
    )
    rate = heard.words[2][2]
    assert 0 < rate < 14
    assert heard.words == [
        ("before", 1, 2, 4, 100),
        ("after", 1, "accepted", "rejected"),
        ("throttled", 1, rate),
        ("waiting", 1, 0.25),
        ("waiting", 2, heard.words[4][2]),
        ("before", 2, 1, 2, 100),
        ("after", 2, "accepted"),
    ]


async def test_without_a_rate_limit_there_is_no_rate(pauses: list[float]) -> None:
    heard = Heard()
    await run(Service(ThrottledError("slow"), "id"), listener=heard)
    assert ("throttled", 1, None) in heard.words


async def test_a_listener_that_fails_changes_nothing(
    pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Listener):
        def before_attempt(self, call: CallInfo) -> None:
            raise ZeroDivisionError

    (state,) = await run(Service("id"), listener=Broken())
    assert state.result == "id"
    assert "ZeroDivisionError" in caplog.text


class TestPacing:
    """The limiter hears what it has to know, and nothing else."""

    @pytest.fixture
    def limiter(self) -> RateLimiter:
        return RateLimiter(10)

    @pytest.mark.parametrize(
        ("end", "spent"),
        [
            ("id", True),
            (UnknownOutcomeError("perhaps"), True),
            (MessageRejectedError("never"), True),
            (NotSentError("no", retryable=False), False),
        ],
        ids=["accepted", "unknown", "rejected", "not sent"],
    )
    async def test_what_never_left_is_given_back(
        self, limiter: RateLimiter, end: Any, spent: bool
    ) -> None:
        await run(Service(end), limiter=limiter)
        assert (limiter.delay > 0) is spent

    async def test_it_slows_down_when_throttled(self, limiter: RateLimiter) -> None:
        before = limiter.rate
        await run(Service(ThrottledError("slow")), limiter=limiter, attempts=1)
        assert limiter.rate < before

    @pytest.mark.parametrize(
        "error", [QuotaExceededError("today"), RejectedError("later", retryable=True)]
    )
    async def test_nothing_else_slows_it_down(self, limiter: RateLimiter, error: SendError) -> None:
        before = limiter.rate
        await run(Service(error), limiter=limiter, attempts=1)
        assert limiter.rate == before

    async def test_it_hears_of_what_was_taken(
        self, limiter: RateLimiter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        heard: list[int] = []
        monkeypatch.setattr(limiter, "accepted", heard.append)
        await run(
            Service(["id", "id", RejectedError("no")], ["id", RejectedError("no")]),
            3,
            limiter=limiter,
        )
        await run(Service(RejectedError("no")), limiter=limiter)
        assert heard == [4]

    async def test_a_throttle_of_what_is_not_a_send_does_not_slow_it_down(
        self, limiter: RateLimiter
    ) -> None:
        before = limiter.rate
        batch = Batch({0: 0}, batch_of(1).call, batch_of(1).read)
        service = Service(ThrottledError("slow"))
        await caller_of(service, limiter=limiter, attempts=1).run(
            batch, {0: SendState[str]()}, anyio.current_time()
        )
        assert limiter.rate == before

    async def test_waiting_is_heard_and_does_not_count(self, limiter: RateLimiter) -> None:
        heard = Heard()
        await limiter.acquire(2)
        service = Service("id")
        began = anyio.current_time()
        await run(service, limiter=limiter, listener=heard, timeout=30)
        assert heard.words[0][0] == "waiting"
        assert 0 < heard.words[0][2] < 1
        assert service.deadlines[0] - began > 30 + heard.words[0][2]

    async def test_what_would_wait_for_too_long_is_not_sent(self) -> None:
        limiter = RateLimiter(10, max_wait=0)
        await limiter.acquire(50)
        service = Service("id")
        states = await run(service, 2, limiter=limiter)
        assert [(state.outcome, state.error().retryable, state.attempts) for state in states] == [
            ("not_sent", True, [])
        ] * 2
        assert service.calls == []

    async def test_what_is_not_a_send_does_not_wait(self) -> None:
        limiter = RateLimiter(10, max_wait=0)
        await limiter.acquire(50)
        state = SendState[str]()
        batch = Batch({0: 0}, batch_of(1).call, batch_of(1).read)
        await caller_of(Service("answer"), limiter=limiter).run(
            batch, {0: state}, anyio.current_time()
        )
        assert state.result == "answer"


class TestLog:
    """The send log has each mail before it leaves."""

    async def test_a_mail_that_is_accepted_at_last(self, pauses: list[float]) -> None:
        log = Recorder()
        await run(Service(ThrottledError("slow"), "id"), log=log)
        assert log.words == [
            ("begin", "id-0"),
            ("finish", "id-0", "rejected"),
            ("begin", "id-0"),
            ("finish", "id-0", "accepted"),
        ]

    async def test_a_doubt_stays(self, pauses: list[float]) -> None:
        log = Recorder()
        await run(
            Service(UnknownOutcomeError("?"), MessageRejectedError("no")),
            log=log,
            on_unknown="retry",
        )
        assert log.words == [
            ("begin", "id-0"),
            ("finish", "id-0", "unknown"),
            ("finish", "id-0", "unknown"),
        ]

    async def test_a_doubt_may_end(self, pauses: list[float]) -> None:
        log = Recorder()
        await run(Service(UnknownOutcomeError("?"), "id"), log=log, on_unknown="retry")
        assert log.words[1:] == [("finish", "id-0", "unknown"), ("finish", "id-0", "accepted")]

    async def test_many_mails_at_once(self, pauses: list[float]) -> None:
        log = Recorder("id-1")
        service = Service(["a", "c"])
        limiter = RateLimiter(1000)
        states = await run(service, 3, log=log, limiter=limiter)
        assert service.calls == [[0, 2]]
        assert [state.outcome for state in states] == ["accepted", "not_sent", "accepted"]
        assert isinstance(states[1].error(), DuplicateSendError)
        assert states[1].error().send_id == "id-1"
        assert sorted(log.words) == [
            ("begin", "id-0"),
            ("begin", "id-2"),
            ("finish", "id-0", "accepted"),
            ("finish", "id-2", "accepted"),
        ]

    async def test_what_goes_without_a_duplicate_does_not_wait_again(self) -> None:
        log = Held("begin", "id-1")
        service = Service(["a", "c"])
        limiter = RateLimiter(10, clock=lambda: 0, sleep=lambda _: forever())
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: run(service, 3, log=log, limiter=limiter))
            await log.asked.wait()
            group.start_soon(limiter.acquire, 50)
            await anyio.wait_all_tasks_blocked()
            log.go.set()
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        assert service.calls == [[0, 2]]
        assert sorted(log.words)[2:] == [
            ("finish", "id-0", "accepted"),
            ("finish", "id-2", "accepted"),
        ]
        fresh = RateLimiter(10, clock=lambda: 0)
        await fresh.acquire(4)
        assert limiter.delay == fresh.delay

    async def test_a_duplicate_never_leaves(self) -> None:
        service = Service()
        limiter = RateLimiter(10)
        (state,) = await run(service, log=Recorder("id-0"), limiter=limiter)
        assert (state.outcome, service.calls, limiter.delay) == ("not_sent", [], 0)

    async def test_what_can_not_be_written_down_is_not_sent(self) -> None:
        (state,) = await run(Service(), log=Recorder(broken=True))
        assert (state.outcome, state.error().retryable) == ("not_sent", True)
        assert isinstance(state.error().__cause__, OSError)

    async def test_what_was_sent_and_can_not_be_written_down_is_still_known(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        log = Recorder()

        async def accept() -> str:
            log.broken = True
            return "id"

        (state,) = await run(Service(accept), log=log)
        assert state.outcome == "accepted"
        assert "disk is full" in caplog.text

    async def test_what_has_begun_does_not_wait_again(self) -> None:
        limiter = RateLimiter(14, max_wait=1)
        await limiter.acquire(2)
        log = Recorder("id-1")

        async def fall(_: str) -> None:
            limiter.learn(0.01)

        log.on_begin = fall
        states = await run(Service(["id"]), 2, log=log, limiter=limiter)
        assert [state.outcome for state in states] == ["accepted", "not_sent"]
        assert log.words == [("begin", "id-0"), ("finish", "id-0", "accepted")]

    async def test_where_an_end_may_be_written_down_another_may_have_begun(
        self, pauses: list[float]
    ) -> None:
        log = Recorder()

        async def throttle() -> SendError:
            log.broken = True
            log.duplicates = ("id-0",)
            return ThrottledError("slow")

        service = Service(throttle, "id")
        (state,) = await run(service, log=log)
        assert service.calls == [[0]]
        assert isinstance(state.error(), DuplicateSendError)
        assert [attempt.outcome for attempt in state.error().attempts] == ["rejected"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize(("word", "outcome"), [("begin", "not_sent"), ("finish", "accepted")])
async def test_a_task_that_asyncio_cancels_while_the_log_writes(
    anyio_backend: str, word: str, outcome: str
) -> None:
    import asyncio

    log, limiter = Held(word), RateLimiter(10, clock=lambda: 0)
    task = asyncio.create_task(run(Service(["a", "b"]), 2, log=log, limiter=limiter))
    await log.asked.wait()
    task.cancel()
    await asyncio.sleep(0)
    log.go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(log.words) == [
        ("begin", "id-0"),
        ("begin", "id-1"),
        ("finish", "id-0", outcome),
        ("finish", "id-1", outcome),
    ]
    assert (limiter.delay == 0) is (outcome == "not_sent")


async def test_a_retry_is_logged_without_a_word_about_the_mail(
    pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "sesmail")
    await run(Service(ThrottledError("slow"), "id"), limiter=RateLimiter(100))
    assert [record.levelname for record in caplog.records] == ["INFO", "INFO"]
    assert "again in 0.25 seconds" in caplog.text
