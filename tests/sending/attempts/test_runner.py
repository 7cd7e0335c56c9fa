"""CallRunner: rate limit, send log, call, results, retries."""

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
from sesmail.send_log.memory import MemorySendLog
from sesmail.sending.attempts import log_writer, runner
from sesmail.sending.attempts.batch import Batch
from sesmail.sending.attempts.listener import CallInfo, Listener
from sesmail.sending.attempts.log_writer import LogWriter
from sesmail.sending.attempts.retry import RetryPolicy
from sesmail.sending.attempts.runner import CallRunner
from sesmail.sending.attempts.state import SendState
from sesmail.sending.payload.call import Call
from sesmail.sending.rate.limiter import RateLimiter

pytestmark = pytest.mark.anyio

RETRIED: list[SendError] = [
    ThrottledError("slow down", code="TooManyRequestsException"),
    NotSentError("no connection"),
    rejected_error("TRANSIENT_FAILURE", "later", operation="SendBulkEmail"),
]
NOT_RETRIED: list[SendError] = [
    QuotaExceededError("for today"),
    SendingPausedError("by a human"),
    MessageRejectedError("never"),
    NotVerifiedError("never"),
    NotFoundError("never"),
    AccessDeniedError("never"),
    BadRequestError("never"),
    DuplicateSendError(send_id="id"),
    RejectedError("for an undocumented reason"),
    NotSentError("an error in sesmail", retryable=False),
    UnknownOutcomeError("perhaps"),
]

Step = BaseException | str | Sequence[str | SendError] | Callable[[], Any]


@pytest.fixture
def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Retry delays in seconds; nothing sleeps."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(anyio, "sleep", sleep)
    monkeypatch.setattr(runner, "random", lambda: 0.5)
    return slept


class Service:
    """AWS client whose calls end as scripted: results, exceptions, or functions that return one.

    Requests of functions have left.
    """

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
        validated: bool,
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
        return {"results": [step] if isinstance(step, str) else step}


class RecordingListener(Listener):
    """Listener that records its notifications."""

    def __init__(self) -> None:
        self.notifications: list[tuple[Any, ...]] = []

    def before_attempt(self, call: CallInfo) -> None:
        self.notifications.append(("before", call.number, call.mails, call.recipients, call.size))

    def after_attempt(self, call: CallInfo, attempts: Sequence[Attempt]) -> None:
        self.notifications.append(
            ("after", call.number, *(attempt.outcome for attempt in attempts))
        )

    def throttled(self, call: CallInfo, rate: float | None) -> None:
        self.notifications.append(("throttled", call.number, rate))

    def waiting(self, call: CallInfo, seconds: float) -> None:
        self.notifications.append(("waiting", call.number, seconds))


async def nothing(_: str) -> None:
    pass


class FakeLog:
    """Send log that records its calls, and refuses some send ids as duplicates."""

    def __init__(self, *duplicates: str, broken: bool = False) -> None:
        self.calls: list[tuple[str, ...]] = []
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
        self.calls.append(("begin", send_id))

    async def finish(self, send_id: str, outcome: str, message_id: str | None = None) -> None:
        if self.broken:
            raise OSError("the disk is full")
        await self.on_finish(send_id)
        self.calls.append(("finish", send_id, outcome))

    async def settle(self, send_id: str, outcome: str, message_id: str | None = None) -> bool:
        raise AssertionError("a client does not call settle")


class FlakyLog(MemorySendLog):
    """Send log whose first finish fails, before or after it is stored."""

    def __init__(self, stored: bool) -> None:
        super().__init__()
        self.failures = [stored]

    async def finish(self, send_id: str, outcome: Any, message_id: str | None = None) -> None:
        failure = self.failures.pop() if self.failures else None
        if failure is not False:
            await super().finish(send_id, outcome, message_id)
        if failure is not None:
            raise OSError("the disk was lost")


class BlockingLog(FakeLog):
    """Send log one of whose methods waits until ``go`` is set."""

    def __init__(self, method: str, *duplicates: str) -> None:
        super().__init__(*duplicates)
        self.method = method
        self.asked, self.go = anyio.Event(), anyio.Event()

    async def begin(self, send_id: str) -> None:
        await self._wait("begin")
        await super().begin(send_id)

    async def finish(self, send_id: str, outcome: str, message_id: str | None = None) -> None:
        await self._wait("finish")
        await super().finish(send_id, outcome, message_id)

    async def _wait(self, method: str) -> None:
        if method == self.method:
            self.asked.set()
            await self.go.wait()


def batch_of(mails: int) -> Batch[str]:
    """Returns sends with two recipients each, whose call has their numbers as its parameters."""
    return Batch(
        dict.fromkeys(range(mails), 2),
        lambda numbers: Call("SendEmail", {"numbers": [*numbers]}, 100),
        lambda response, _: response["results"],
        lambda number, message_id: f"{number} {message_id}",
    )


def new_runner(
    service: Service,
    *,
    limiter: RateLimiter | None = None,
    listener: Listener | None = None,
    log: FakeLog | MemorySendLog | None = None,
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
    await new_runner(service, **settings).run(
        batch_of(mails), dict(enumerate(states)), anyio.current_time()
    )
    return states


@pytest.mark.parametrize("error", RETRIED, ids=str)
async def test_retryable_errors_are_retried(error: SendError, delays: list[float]) -> None:
    service = Service(error, error, "id")
    (state,) = await run(service)
    assert (state.result, state.outcome, len(service.calls)) == ("id", "accepted", 3)
    assert [each.outcome for each in state.attempts] == [error.outcome, error.outcome, "accepted"]
    assert [each.code for each in state.attempts] == [error.code, error.code, None]
    assert state.attempts[0].began <= state.attempts[2].began <= datetime.now(UTC)
    assert all(each.seconds >= 0 for each in state.attempts)
    assert delays == [0.25, 0.5]


@pytest.mark.parametrize("error", NOT_RETRIED, ids=lambda error: f"{type(error).__name__} {error}")
async def test_other_errors_are_not_retried(error: SendError, delays: list[float]) -> None:
    service = Service(error)
    (state,) = await run(service)
    assert state.error() is error
    assert (len(service.calls), delays) == (1, [])
    assert [each.outcome for each in error.attempts] == [error.outcome]


def test_lists_of_errors_are_complete() -> None:
    kinds = {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, SendError)
    }
    assert {type(error) for error in RETRIED + NOT_RETRIED} == kinds - {SendError}


async def test_retries_end_after_the_number_of_attempts(delays: list[float]) -> None:
    service = Service(*(ThrottledError(str(number)) for number in range(9)))
    (state,) = await run(service, attempts=7)
    error = state.error()
    assert error.message == "6"
    assert len(service.calls) == len(error.attempts) == 7
    assert delays == [0.25, 0.5, 1, 2, 4, 5]
    again = pickle.loads(pickle.dumps(error))
    assert again.attempts == error.attempts


async def test_no_retry_after_the_deadline(delays: list[float]) -> None:
    service = Service(ThrottledError("one"), ThrottledError("two"), "id")
    (state,) = await run(service, timeout=20, first_delay=15, longest_delay=100)
    assert state.error().message == "two"
    assert (delays, len(service.calls)) == ([15], 2)


async def test_no_random_delay_is_drawn_without_a_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "random", lambda: 1 / 0)
    await run(Service("id"))
    await run(Service(MessageRejectedError("never")))
    await run(Service(ThrottledError("slow")), attempts=1)


async def test_attempts_share_a_deadline() -> None:
    service = Service(ThrottledError("slow"), "id")
    await run(service, timeout=20, first_delay=0.01)
    assert service.deadlines[0] == service.deadlines[1]


async def test_on_unknown_retry_retries_unknown_outcome(delays: list[float]) -> None:
    (state,) = await run(Service(UnknownOutcomeError("perhaps"), "id"), on_unknown="retry")
    assert (state.result, [each.outcome for each in state.attempts]) == (
        "id",
        ["unknown", "accepted"],
    )


@pytest.mark.parametrize(
    "last", [MessageRejectedError("never"), NotSentError("no", retryable=False)]
)
async def test_unknown_outcome_survives_a_later_failure(
    last: SendError, delays: list[float]
) -> None:
    first = UnknownOutcomeError("perhaps", answer={"a": 1})
    (state,) = await run(Service(first, last), on_unknown="retry")
    error = state.error()
    assert (error, state.outcome) == (first, "unknown")
    assert [each.outcome for each in error.attempts] == ["unknown", last.outcome]
    assert str(last) in error.__notes__[0]


async def test_only_retryable_sends_of_a_batch_are_retried(delays: list[float]) -> None:
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


async def test_error_of_a_whole_call_is_copied_for_each_send(delays: list[float]) -> None:
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
async def test_configuration_error_is_raised_by_the_first_attempt_only(
    error: Exception, delays: list[float]
) -> None:
    states = [SendState[str](), SendState[str]()]
    with pytest.raises(type(error)):
        await new_runner(Service(error)).run(batch_of(2), dict(enumerate(states)), 0)
    assert [state.outcome for state in states] == ["not_sent", "not_sent"]
    (first, second) = await run(Service(["id", ThrottledError("slow")], error), 2)
    assert (first.outcome, second.outcome) == ("accepted", "rejected")
    assert second.last is not None
    cause = second.last.__cause__
    assert (second.last.retryable, type(cause), str(cause)) == (False, type(error), str(error))
    assert isinstance(second.error(), ThrottledError)
    assert str(error) in second.error().__notes__[0]


async def forever() -> None:
    await anyio.Event().wait()


@pytest.mark.parametrize(("left", "outcome"), [(False, "not_sent"), (True, "unknown")])
async def test_cancelled_call_has_an_outcome(
    left: bool, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cancel() -> None:
        scope.cancel()
        await forever()

    if not left:
        monkeypatch.setattr(Departure, "count", lambda _: None)
    listener, log, limiter = RecordingListener(), FakeLog(), RateLimiter(10, clock=lambda: 0)
    state = SendState[str]("id-0")
    runner = new_runner(Service(cancel), listener=listener, log=log, limiter=limiter)
    with anyio.CancelScope() as scope:
        await runner.run(batch_of(1), {0: state}, anyio.current_time())
    assert state.outcome == outcome
    assert state.error().attempts == (*state.attempts,)
    assert listener.notifications == [("before", 1, 1, 2, 100), ("after", 1, outcome)]
    assert log.calls == [("begin", "id-0"), ("finish", "id-0", outcome)]
    assert (limiter.delay == 0) is (not left)


async def test_cancelled_before_the_first_attempt_is_not_sent() -> None:
    state = SendState[str]()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await new_runner(Service("id"), limiter=RateLimiter(10)).run(
            batch_of(1), {0: state}, anyio.current_time()
        )
    assert (state.outcome, state.attempts) == ("not_sent", [])
    assert state.error().outcome == "not_sent"


@pytest.mark.parametrize("kind", [ZeroDivisionError, MemoryError])
async def test_unexpected_exception_of_a_call_is_an_outcome(
    kind: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise kind

    (state,) = await run(Service(fail), attempts=1)
    error = state.error()
    assert (type(error), type(error.__cause__)) == (UnknownOutcomeError, kind)
    (state,) = await run(Service(kind("text")), attempts=1)
    error = state.error()
    assert (type(error), type(error.__cause__)) == (NotSentError, kind)
    assert error.retryable is (kind is MemoryError)
    assert "not enough memory" in str(error) or "ZeroDivisionError: text" in str(error)
    assert caplog.text.count("ended a call") == 2


async def test_listener_gets_all_notifications_in_order(delays: list[float]) -> None:
    listener = RecordingListener()
    await run(
        Service(["a", ThrottledError("slow")], ["b"]),
        2,
        listener=listener,
        limiter=RateLimiter(1000),
    )
    rate = listener.notifications[2][2]
    assert 0 < rate < 14
    assert listener.notifications == [
        ("before", 1, 2, 4, 100),
        ("after", 1, "accepted", "rejected"),
        ("throttled", 1, rate),
        ("waiting", 1, 0.25),
        ("waiting", 2, listener.notifications[4][2]),
        ("before", 2, 1, 2, 100),
        ("after", 2, "accepted"),
    ]


async def test_listener_gets_no_rate_without_a_rate_limit(delays: list[float]) -> None:
    listener = RecordingListener()
    await run(Service(ThrottledError("slow"), "id"), listener=listener)
    assert ("throttled", 1, None) in listener.notifications


async def test_exception_of_the_listener_is_logged(
    delays: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Listener):
        def before_attempt(self, call: CallInfo) -> None:
            raise ZeroDivisionError

    (state,) = await run(Service("id"), listener=Broken())
    assert state.result == "id"
    assert "ZeroDivisionError" in caplog.text


class TestRateLimit:
    """Rate limiter: waits, releases, slows down."""

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
    async def test_requests_that_never_left_are_released(
        self, limiter: RateLimiter, end: Any, spent: bool
    ) -> None:
        await run(Service(end), limiter=limiter)
        assert (limiter.delay > 0) is spent

    async def test_throttle_lowers_the_rate(self, limiter: RateLimiter) -> None:
        before = limiter.rate
        await run(Service(ThrottledError("slow")), limiter=limiter, attempts=1)
        assert limiter.rate < before

    @pytest.mark.parametrize(
        "error", [QuotaExceededError("today"), RejectedError("later", retryable=True)]
    )
    async def test_other_rejections_keep_the_rate(
        self, limiter: RateLimiter, error: SendError
    ) -> None:
        before = limiter.rate
        await run(Service(error), limiter=limiter, attempts=1)
        assert limiter.rate == before

    async def test_limiter_gets_the_number_of_accepted_recipients(
        self, limiter: RateLimiter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        accepted: list[int] = []
        monkeypatch.setattr(limiter, "accepted", accepted.append)
        await run(
            Service(["id", "id", RejectedError("no")], ["id", RejectedError("no")]),
            3,
            limiter=limiter,
        )
        await run(Service(RejectedError("no")), limiter=limiter)
        assert accepted == [4]

    async def test_throttle_of_another_operation_keeps_the_rate(self, limiter: RateLimiter) -> None:
        before = limiter.rate
        batch = Batch({0: 0}, batch_of(1).call, batch_of(1).read)
        service = Service(ThrottledError("slow"))
        await new_runner(service, limiter=limiter, attempts=1).run(
            batch, {0: SendState[str]()}, anyio.current_time()
        )
        assert limiter.rate == before

    async def test_wait_is_notified_and_extends_the_deadline(self, limiter: RateLimiter) -> None:
        listener = RecordingListener()
        await limiter.acquire(2)
        service = Service("id")
        began = anyio.current_time()
        await run(service, limiter=limiter, listener=listener, timeout=30)
        assert listener.notifications[0][0] == "waiting"
        assert 0 < listener.notifications[0][2] < 1
        assert service.deadlines[0] - began > 30 + listener.notifications[0][2] / 2

    async def test_wait_longer_than_max_wait_is_not_sent(self) -> None:
        limiter = RateLimiter(10, max_wait=0)
        await limiter.acquire(50)
        service = Service("id")
        states = await run(service, 2, limiter=limiter)
        assert [(state.outcome, state.error().retryable, state.attempts) for state in states] == [
            ("not_sent", True, [])
        ] * 2
        assert service.calls == []

    async def test_other_operations_do_not_wait(self) -> None:
        limiter = RateLimiter(10, max_wait=0)
        await limiter.acquire(50)
        state = SendState[str]()
        batch = Batch({0: 0}, batch_of(1).call, batch_of(1).read)
        await new_runner(Service("answer"), limiter=limiter).run(
            batch, {0: state}, anyio.current_time()
        )
        assert state.result == "answer"


class TestSendLog:
    """Send log: each send is recorded before its request leaves."""

    async def test_records_each_attempt(self, delays: list[float]) -> None:
        log = FakeLog()
        await run(Service(ThrottledError("slow"), "id"), log=log)
        assert log.calls == [
            ("begin", "id-0"),
            ("finish", "id-0", "rejected"),
            ("begin", "id-0"),
            ("finish", "id-0", "accepted"),
        ]

    async def test_unknown_outcome_stays_in_the_log(self, delays: list[float]) -> None:
        log = FakeLog()
        await run(
            Service(UnknownOutcomeError("?"), MessageRejectedError("no")),
            log=log,
            on_unknown="retry",
        )
        assert log.calls == [
            ("begin", "id-0"),
            ("finish", "id-0", "unknown"),
            ("finish", "id-0", "unknown"),
        ]

    async def test_unknown_outcome_is_replaced_by_acceptance(self, delays: list[float]) -> None:
        log = FakeLog()
        await run(Service(UnknownOutcomeError("?"), "id"), log=log, on_unknown="retry")
        assert log.calls[1:] == [("finish", "id-0", "unknown"), ("finish", "id-0", "accepted")]

    async def test_duplicate_of_a_batch_is_left_out(self, delays: list[float]) -> None:
        log = FakeLog("id-1")
        service = Service(["a", "c"])
        limiter = RateLimiter(1000)
        states = await run(service, 3, log=log, limiter=limiter)
        assert service.calls == [[0, 2]]
        assert [state.outcome for state in states] == ["accepted", "unknown", "accepted"]
        assert isinstance(states[1].error(), DuplicateSendError)
        assert states[1].error().send_id == "id-1"
        assert sorted(log.calls) == [
            ("begin", "id-0"),
            ("begin", "id-2"),
            ("finish", "id-0", "accepted"),
            ("finish", "id-2", "accepted"),
        ]

    async def test_call_without_the_duplicate_does_not_wait_again(self) -> None:
        log = BlockingLog("begin", "id-1")
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
        assert sorted(log.calls)[2:] == [
            ("finish", "id-0", "accepted"),
            ("finish", "id-2", "accepted"),
        ]
        fresh = RateLimiter(10, clock=lambda: 0)
        await fresh.acquire(4)
        assert limiter.delay == fresh.delay

    async def test_duplicate_makes_no_call(self) -> None:
        service = Service()
        limiter = RateLimiter(10)
        (state,) = await run(service, log=FakeLog("id-0"), limiter=limiter)
        assert (state.outcome, service.calls, limiter.delay) == ("unknown", [], 0)

    async def test_send_that_cannot_be_recorded_is_not_made(self) -> None:
        (state,) = await run(Service(), log=FakeLog(broken=True))
        assert (state.outcome, state.error().retryable) == ("not_sent", True)
        assert isinstance(state.error().__cause__, OSError)

    async def test_error_of_the_log_keeps_the_outcome(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        log = FakeLog()

        async def accept() -> str:
            log.broken = True
            return "id"

        (state,) = await run(Service(accept), log=log)
        assert state.outcome == "accepted"
        assert "disk is full" in caplog.text

    async def test_recorded_sends_do_not_wait_again(self) -> None:
        limiter = RateLimiter(14, max_wait=1)
        await limiter.acquire(2)
        log = FakeLog("id-1")

        async def lower_the_rate(_: str) -> None:
            limiter.learn(0.01)

        log.on_begin = lower_the_rate
        states = await run(Service(["id"]), 2, log=log, limiter=limiter)
        assert [state.outcome for state in states] == ["accepted", "unknown"]
        assert log.calls == [("begin", "id-0"), ("finish", "id-0", "accepted")]

    async def test_retry_begins_anew_after_an_error_of_the_log(self, delays: list[float]) -> None:
        log = FakeLog()

        async def throttle() -> SendError:
            log.broken = True
            log.duplicates = ("id-0",)
            return ThrottledError("slow")

        service = Service(throttle, "id")
        (state,) = await run(service, log=log)
        assert service.calls == [[0]]
        assert isinstance(state.error(), ThrottledError)  # whose record that is can't be told
        assert [attempt.outcome for attempt in state.error().attempts] == ["rejected"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize(("method", "outcome"), [("begin", "not_sent"), ("finish", "accepted")])
async def test_asyncio_cancellation_while_the_log_writes(
    anyio_backend: str, method: str, outcome: str
) -> None:
    import asyncio

    log, limiter = BlockingLog(method), RateLimiter(10, clock=lambda: 0)
    task = asyncio.create_task(run(Service(["a", "b"]), 2, log=log, limiter=limiter))
    await log.asked.wait()
    task.cancel()
    await asyncio.sleep(0)
    log.go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(log.calls) == [
        ("begin", "id-0"),
        ("begin", "id-1"),
        ("finish", "id-0", outcome),
        ("finish", "id-1", outcome),
    ]
    assert (limiter.delay == 0) is (outcome == "not_sent")


async def test_log_messages_have_no_personal_data(
    delays: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "sesmail")
    await run(Service(ThrottledError("slow"), "id"), limiter=RateLimiter(100))
    assert [record.levelname for record in caplog.records] == ["INFO", "INFO"]
    assert "retrying in 0.25 seconds" in caplog.text


class TestSendLogFailures:
    """Send logs that fail, block or are unusable; records that a client meets again."""

    @pytest.fixture(autouse=True)
    def short_grace(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(log_writer, "_GRACE", 0.01)

    async def test_accepted_send_is_replayed_without_a_request(self) -> None:
        log, limiter, service = MemorySendLog(), RateLimiter(1000), Service(["new"])
        await log.begin("id-1")
        await log.settle("id-1", "accepted", "m-1")
        await log.begin("id-2")
        states = await run(service, 3, log=log, limiter=limiter)
        assert [state.result for state in states] == ["new", "1 m-1", None]
        assert [state.outcome for state in states] == ["accepted", "accepted", "unknown"]
        assert [len(state.attempts) for state in states] == [1, 0, 0]
        assert service.calls == [[0]]

    @pytest.mark.parametrize("stored", [False, True])
    async def test_own_record_is_recognised_after_a_failed_finish(
        self, delays: list[float], stored: bool
    ) -> None:
        log = FlakyLog(stored)
        service = Service(ThrottledError("slow"), "id")
        (state,) = await run(service, log=log)
        assert (state.result, service.calls) == ("id", [[0], [0]])
        record = await log.get("id-0")
        assert record is not None
        assert record.outcome == "accepted"

    @pytest.mark.parametrize("log", [MemorySendLog, lambda: FlakyLog(True)], ids=["", "flaky"])
    async def test_send_that_another_process_began_before_the_retry_is_unknown(
        self, log: Callable[[], MemorySendLog]
    ) -> None:
        shared = log()

        async def begin_elsewhere(_: float) -> None:
            await shared.begin("id-0")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(anyio, "sleep", begin_elsewhere)
            (state,) = await run(Service(ThrottledError("slow")), log=shared)
        assert isinstance(state.error(), DuplicateSendError)
        assert (state.outcome, len(state.attempts)) == ("unknown", 1)

    @pytest.mark.parametrize(
        "error", [ConfigurationError("the send log is closed"), TypeError("no"), AttributeError()]
    )
    async def test_unusable_log_is_a_configuration_error(self, error: Exception) -> None:
        log, limiter, service = FakeLog(), RateLimiter(10), Service()

        async def fail(send_id: str) -> None:
            if send_id == "id-1":
                raise error

        log.on_begin = fail
        states = [SendState[str](f"id-{number}") for number in range(2)]
        with pytest.raises(ConfigurationError) as raised:
            await new_runner(service, log=log, limiter=limiter).run(
                batch_of(2), dict(enumerate(states)), anyio.current_time()
            )
        assert raised.value is error or raised.value.__cause__ is error
        assert (service.calls, limiter.delay) == ([], 0)
        assert log.calls == [("begin", "id-0"), ("finish", "id-0", "not_sent")]

    async def test_log_that_is_closed_before_a_retry_keeps_the_rejection(
        self, delays: list[float]
    ) -> None:
        log = FakeLog()

        async def throttle() -> SendError:
            async def fail(_: str) -> None:
                raise ConfigurationError("the send log is closed")

            log.on_begin = fail
            return ThrottledError("slow")

        (state,) = await run(Service(throttle), log=log)
        assert isinstance(state.error(), ThrottledError)
        assert (state.outcome, state.error().retryable) == ("rejected", True)

    async def test_log_that_blocks_beyond_the_deadline_is_not_sent(self) -> None:
        log, service, limiter = BlockingLog("begin"), Service(), RateLimiter(10)
        states = await run(service, 2, log=log, limiter=limiter, timeout=0.01)
        for state in states:
            assert (state.outcome, state.error().retryable) == ("not_sent", True)
            assert "in time" in str(state.error())
        assert (service.calls, limiter.delay) == ([], 0)

    async def test_send_is_cancelled_while_the_log_blocks(self) -> None:
        log, service, limiter = BlockingLog("begin"), Service(), RateLimiter(10)
        with anyio.move_on_after(0.01) as scope:
            await run(service, 2, log=log, limiter=limiter)
        assert scope.cancelled_caught
        assert (service.calls, limiter.delay) == ([], 0)

    async def test_outcome_is_returned_though_the_log_blocks(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        log, listener = BlockingLog("finish"), RecordingListener()
        (state,) = await run(Service("id"), log=log, listener=listener, timeout=0.01)
        assert state.result == "id"
        assert listener.notifications[-1] == ("after", 1, "accepted")
        assert "outcome accepted of send id-0 in time" in caplog.text

    async def test_result_is_returned_if_cancelled_while_the_log_writes(self) -> None:
        log = FakeLog()
        state = SendState[str]("id-0")
        with anyio.CancelScope() as scope:

            async def cancel(_: str) -> None:
                scope.cancel()

            log.on_finish = cancel
            await new_runner(Service("id"), log=log).run(
                batch_of(1), {0: state}, anyio.current_time()
            )
        assert state.result == "id"
        assert log.calls == [("begin", "id-0"), ("finish", "id-0", "accepted")]

    @pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
    async def test_log_has_the_outcome_before_the_listener(
        self, error: type[BaseException]
    ) -> None:
        log = FakeLog()

        class Ending(Listener):
            def after_attempt(self, call: CallInfo, attempts: Sequence[Attempt]) -> None:
                raise error

        with pytest.raises(error):
            await run(Service("id"), log=log, listener=Ending())
        assert log.calls == [("begin", "id-0"), ("finish", "id-0", "accepted")]
