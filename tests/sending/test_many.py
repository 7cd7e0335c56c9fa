"""SendMany: any number of messages, each with one result."""

import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import nullcontext, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import anyio
import anyio.lowlevel
import pytest

import sesmail
from sesmail import (
    Client,
    ConfigurationError,
    Message,
    MessageResult,
    RateLimiter,
    SendMany,
    SendProgress,
    SendResult,
)
from sesmail.sending.attempts.state import SendState
from sesmail.sending.sender import Sender
from support import responses
from support.clients import NEWS, ORDER, new_client
from support.faults import FaultServer, Request, Response, StartFaultServer
from support.responses import error, ok, slow

pytestmark = pytest.mark.anyio


def mail(number: int, subject: str = "ok") -> Message:
    return Message(
        from_email="a@example.com", to="b@example.com", subject=f"{subject} {number}", text=""
    )


def subject_of(request: Request) -> str:
    (line,) = (line for line in request.mime.split(b"\r\n") if line.startswith(b"Subject: "))
    return line.decode().removeprefix("Subject: ")


def by_subject(**steps: Response) -> Callable[[Request], Response]:
    """Returns a step that responds by the first word of the subject."""
    return lambda request: (
        steps.get(subject_of(request).split()[0], ok()) if request.complete else ok()
    )


async def results_of(client: Client, messages: Any, **settings: Any) -> list[MessageResult]:
    async with client.send_many(messages, **settings) as results:
        return [result async for result in results]


async def later(messages: Iterable[Message]) -> AsyncIterator[Message]:
    for message in messages:
        await anyio.lowlevel.checkpoint()
        yield message


@pytest.mark.slow
@pytest.mark.parametrize("kind", [list, iter, later], ids=lambda kind: kind.__name__)
async def test_takes_list_iterator_and_asynchronous_iterable(
    fault_server: StartFaultServer, kind: Callable[[list[Message]], Any]
) -> None:
    messages = [mail(number) for number in range(120)]
    server = fault_server(ok())
    async with new_client(server.url) as client:
        results = await results_of(client, kind(messages))
        assert await results_of(client, kind([])) == []
    assert sorted(result.index for result in results) == list(range(120))
    assert all(result.message is messages[result.index] for result in results)
    assert {result.outcome for result in results} == {"accepted"}
    assert len({result.result.message_id for result in results if result.result}) == 120
    assert sorted(map(subject_of, server.requests)) == sorted(
        f"ok {number}" for number in range(120)
    )


async def test_results_come_as_completed_or_in_order(fault_server: StartFaultServer) -> None:
    server = fault_server(by_subject(slow=slow(0.2, ok())))
    messages = [mail(0, "slow"), mail(1), mail(2)]
    async with new_client(server.url) as client:
        assert (await results_of(client, messages))[-1].index == 0
        assert [result.index for result in await results_of(client, messages, ordered=True)] == [
            0,
            1,
            2,
        ]


async def test_failed_messages_do_not_stop_the_others(fault_server: StartFaultServer) -> None:
    server = fault_server(
        by_subject(
            bad=error(400, "MessageRejected"),
            slowly=error(429, "TooManyRequestsException"),
            perhaps=responses.close_after_request(),
        )
    )
    messages: list[Any] = [
        mail(0, "bad"),
        mail(1, "slowly"),
        mail(2, "perhaps"),
        Message(to="b@example.com"),
        mail(4),
    ]
    messages += [NEWS, None, {"subject": "a dict"}]
    async with new_client(server.url) as client:
        results = await results_of(client, messages, ordered=True)
    assert [(result.outcome, result.retryable) for result in results] == [
        ("rejected", False),
        ("rejected", True),
        ("unknown", False),
        ("not_sent", False),
        ("accepted", False),
        *[("not_sent", False)] * 3,
    ]
    assert isinstance(results[0].error, sesmail.MessageRejectedError)
    assert isinstance(results[3].error, sesmail.InvalidMessageError)
    assert results[4].result is not None
    assert len(results[4].result.attempts) == 1


async def test_holds_at_most_twice_the_concurrency(fault_server: StartFaultServer) -> None:
    lock, running, most = threading.Lock(), [0], [0]

    def act(connection: Any, request: Request) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.001)
        with lock:
            running[0] -= 1
        ok().act(connection, request)

    taken = given = held = 0

    def source() -> Iterator[Message]:
        nonlocal taken
        for number in range(200):
            taken += 1
            yield mail(number)

    server = fault_server(Response(act))
    async with (
        new_client(server.url) as client,
        client.send_many(source(), concurrency=5) as results,
    ):
        async for _ in results:
            held = max(held, taken - given)
            given += 1
    assert given == 200
    assert 1 < most[0] <= 5
    assert held <= 10


async def test_progress_counts_outcomes(fault_server: StartFaultServer) -> None:
    reported: list[SendProgress] = []
    server = fault_server(
        by_subject(bad=error(400, "MessageRejected"), perhaps=responses.close_after_request())
    )
    messages = [mail(0), mail(1, "bad"), mail(2, "perhaps"), Message(), mail(4)]
    async with new_client(server.url) as client:
        many = client.send_many(messages, on_progress=reported.append, concurrency=1)
        async with many as results:
            assert many.progress.done == 0
            assert many.progress.rate == 0
            async for _ in results:
                pass
    assert len(reported) == 5
    assert many.progress == reported[-1].__class__(2, 1, 1, 1, 0, many.progress.seconds)
    assert many.progress.done == 5
    assert many.progress.rate > 0
    assert many.unconsumed == ()


def cancellation() -> BaseException:
    """Returns an exception as a task gets it that is cancelled."""
    kind: Any = anyio.get_cancelled_exc_class()
    if kind.__module__.startswith("trio"):
        return kind._create()  # type: ignore[no-any-return]
    return kind()  # type: ignore[no-any-return]


class CallerError(Exception):
    """Exception of the caller's code."""


Act = Callable[[], None]


async def consume(many: sesmail.SendMany, server: FaultServer, act: Act) -> None:
    """Consumes results; calls ``act`` once there are some, and requests without a response."""
    async with many as results:
        async for _ in results:
            if many.progress.done > 2:
                await anyio.to_thread.run_sync(server.wait_for_requests, many.progress.done + 2)
                act()


async def leave_by_break(many: sesmail.SendMany, server: FaultServer) -> None:
    async with many as results:
        async for _ in results:
            await anyio.to_thread.run_sync(server.wait_for_requests, 4)
            break


async def leave_by_error(many: sesmail.SendMany, server: FaultServer) -> None:
    def act() -> None:
        raise CallerError

    with pytest.raises(CallerError):
        await consume(many, server, act)


async def leave_by_scope(many: sesmail.SendMany, server: FaultServer) -> None:
    with anyio.CancelScope() as scope:
        await consume(many, server, scope.cancel)
    assert scope.cancelled_caught


async def leave_by_cancelled_task(many: sesmail.SendMany, server: FaultServer) -> None:
    """Cancelled from outside, in the middle of waiting."""
    waiting = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(consume, many, server, waiting.set)
        await waiting.wait()
        group.cancel_scope.cancel()


@pytest.mark.parametrize(
    "leave", [leave_by_break, leave_by_error, leave_by_scope, leave_by_cancelled_task]
)
async def test_leaving_early_accounts_for_every_message_taken(
    fault_server: StartFaultServer, leave: Callable[[sesmail.SendMany, FaultServer], Any]
) -> None:
    server = fault_server(by_subject(hangs=responses.no_response()))
    count = 0

    def source() -> Iterator[Message]:
        nonlocal count
        while True:
            count += 1
            yield mail(count, "hangs" if count % 3 == 0 else "ok")

    async with new_client(server.url, config={"max_pool_connections": 6}) as client:
        many = client.send_many(source(), concurrency=12)
        await leave(many, server)
        progress = many.progress
        again = many.progress
    assert await anyio.to_thread.run_sync(server.wait_until_closed)
    assert progress == again
    assert progress.in_flight == 0
    assert progress.done == count
    assert progress.accepted + progress.unknown >= len(server.requests) >= progress.accepted
    given = count - len(many.unconsumed)
    assert 0 < given <= progress.done
    seen = {subject_of(request) for request in server.requests if request.complete}
    for result in many.unconsumed:
        assert isinstance(result.message, Message)
        if result.outcome == "not_sent":
            assert result.message.subject not in seen
    assert progress.unknown > 0
    assert sum(result.outcome == "unknown" for result in many.unconsumed) <= progress.unknown


async def test_leaving_before_the_first_result() -> None:
    async with (
        new_client("http://127.0.0.1:1") as client,
        client.send_many([mail(1), mail(2)]) as results,
    ):
        pass
    assert results.progress.accepted == results.progress.unknown == 0


async def test_stop_completes_sends_in_flight(fault_server: StartFaultServer) -> None:
    server = fault_server(slow(0.02, ok()))
    messages = (mail(number) for number in range(1000))
    async with (
        new_client(server.url) as client,
        client.send_many(messages, concurrency=5) as results,
    ):
        async for _ in results:
            results.stop()
    progress = results.progress
    assert 5 <= progress.accepted == progress.done == len(server.requests) <= 10


async def test_exception_of_the_iterable_is_raised_after_the_results(
    fault_server: StartFaultServer,
) -> None:
    def source() -> Iterator[Message]:
        yield mail(0)
        yield mail(1)
        raise CallerError

    server = fault_server(ok())
    seen: list[MessageResult] = []
    async with new_client(server.url) as client:
        results = client.send_many(source())
        with pytest.raises(CallerError):  # noqa: PT012
            async with results:
                async for result in results:
                    seen.append(result)
        with pytest.raises(StopAsyncIteration):
            await results.__anext__()
    assert {result.outcome for result in seen} == {"accepted"}
    assert len(seen) == 2


async def test_exception_of_on_progress_is_logged(
    fault_server: StartFaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    errors = [CallerError(), cancellation(), CallerError(), cancellation()]

    def fail(_: SendProgress) -> None:
        raise errors.pop()

    server = fault_server(ok())
    async with new_client(server.url) as client:
        results = await results_of(client, [mail(number) for number in range(4)], on_progress=fail)
    assert [result.outcome for result in results] == ["accepted"] * 4
    assert caplog.text.count("CallerError") >= 2


async def test_on_progress_is_called_at_an_interval_and_at_the_end(
    fault_server: StartFaultServer,
) -> None:
    reported: list[SendProgress] = []
    server = fault_server(by_subject(slow=slow(0.3, ok())))
    async with new_client(server.url) as client:
        many = client.send_many(
            [mail(0, "slow"), mail(1)], on_progress=reported.append, progress_interval=0.05
        )
        async with many as results:
            async for _ in results:
                pass
        await results_of(client, [mail(2)], on_progress=reported.append, progress_interval=100)
    assert len(reported) > 2
    assert (1, 1) in {(each.done, each.in_flight) for each in reported[:-2]}
    assert [each.done for each in reported[-2:]] == [2, 1]


async def test_unexpected_exception_fails_one_message(
    monkeypatch: pytest.MonkeyPatch, fault_server: StartFaultServer
) -> None:
    server = fault_server(ok())
    async with new_client(server.url) as client:
        monkeypatch.setattr("sesmail.sending.sender.recipients_of", lambda _: 1 / 0)
        (result,) = await results_of(client, [mail(0)])
    assert isinstance(result.error, sesmail.InvalidMessageError)
    assert "ZeroDivisionError" in str(result.error)
    assert isinstance(result.error.__cause__, ZeroDivisionError)


@pytest.mark.parametrize("accepted", [True, False])
async def test_internal_error_of_a_send_is_a_result(
    caplog: pytest.LogCaptureFixture, accepted: bool
) -> None:
    sent = SendResult("id-1", "<id-1>", ())

    async def fail(_: object, state: SendState[SendResult]) -> SendResult:
        state.result = sent if accepted else None
        raise ZeroDivisionError

    many = SendMany([ORDER], fail, concurrency=1, ordered=False, on_progress=None, account=None)
    async with many as results:
        (result,) = [each async for each in results]
    assert (result.outcome, result.result) == (
        ("accepted", sent) if accepted else ("not_sent", None)
    )
    assert "internal error" in caplog.text


async def test_refuses_wrong_use() -> None:
    async with new_client("http://127.0.0.1:1") as client:
        with pytest.raises(ConfigurationError, match="concurrency"):
            client.send_many([], concurrency=0)
        many = client.send_many([])
        with pytest.raises(ConfigurationError, match="async with"):
            await many.__anext__()
        async with many:
            pass
        with pytest.raises(ConfigurationError, match="already"):
            async with many:
                pass


async def test_closed_client_sends_nothing(fault_server: StartFaultServer) -> None:
    server: FaultServer = fault_server(ok())
    client = new_client(server.url)
    await client.aclose()
    with suppress(ConfigurationError):
        results = await results_of(client, [mail(0)])
        assert [type(result.error) for result in results] == [ConfigurationError]
    assert server.requests == []


async def test_sends_the_same_message_object_twice(fault_server: StartFaultServer) -> None:
    server = fault_server(ok())
    async with new_client(server.url) as client:
        assert len(await results_of(client, [ORDER, ORDER])) == 2
    assert len(server.requests) == 2


async def test_stop_does_not_wait_for_the_next_message(
    fault_server: StartFaultServer,
) -> None:
    async def source() -> AsyncIterator[Message]:
        yield mail(0)
        await anyio.Event().wait()

    server = fault_server(ok())
    with anyio.fail_after(10):
        async with new_client(server.url) as client, client.send_many(source()) as results:
            async for result in results:
                assert result.outcome == "accepted"
                results.stop()
    assert results.progress.done == 1


async def test_several_tasks_iterate_over_one_send_many(fault_server: StartFaultServer) -> None:
    seen: list[int] = []
    server = fault_server(slow(0.02, ok()))
    with anyio.fail_after(10):
        async with (
            new_client(server.url) as client,
            client.send_many(map(mail, range(10)), concurrency=2) as results,
            anyio.create_task_group() as group,
        ):

            async def ask() -> None:
                seen.extend([result.index async for result in results])

            for _ in range(3):
                group.start_soon(ask)
    assert sorted(seen) == list(range(10))


async def test_generator_with_cancel_scope_runs_in_one_task(
    fault_server: StartFaultServer,
) -> None:
    """A task group, its cancel scope and a context variable surround the yield."""
    variable = ContextVar[int]("variable")

    async def source(client: Client) -> AsyncIterator[Message]:
        token = variable.set(1)
        async with client.send_many(map(mail, range(5)), concurrency=2) as results:
            async for result in results:
                yield mail(10 + result.index)
        variable.reset(token)

    server = fault_server(slow(0.01, ok()))
    async with new_client(server.url) as client:
        results = await results_of(client, source(client), concurrency=3)
    assert [result.outcome for result in results] == ["accepted"] * 5
    assert len(server.requests) == 10


@pytest.mark.parametrize("fails", [False, True])
async def test_asynchronous_generator_is_closed(
    fault_server: StartFaultServer, fails: bool
) -> None:
    closed = anyio.Event()

    async def source() -> AsyncIterator[Message]:
        try:
            while True:
                yield ORDER
        finally:
            closed.set()
            if fails:
                raise CallerError

    server = fault_server(ok())
    async with new_client(server.url) as client:
        async with client.send_many(source()) as results:
            await results.__anext__()
        assert closed.is_set()
        async with client.send_many(source()) as results:
            with pytest.raises(CallerError) if fails else nullcontext():
                async for _ in results:
                    results.stop()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # no task of trio's can be waited for
async def test_cancelled_task_of_the_iterable_is_its_exception(
    fault_server: StartFaultServer,
) -> None:
    import asyncio

    async def source() -> AsyncIterator[Message]:
        yield ORDER
        page = asyncio.ensure_future(asyncio.sleep(10))
        page.cancel()
        await page

    server = fault_server(slow(0.05, ok()))
    async with new_client(server.url) as client:
        with pytest.raises(asyncio.CancelledError):  # noqa: PT012
            async with client.send_many(source()) as results:
                async for result in results:
                    assert result.outcome == "accepted"
    assert results.progress.done == 1


async def test_send_cancelled_after_acceptance_is_accepted() -> None:
    async def send(message: Any, state: SendState[SendResult]) -> SendResult:
        state.attempted(SendResult("id", "<id>", ()), datetime.now(UTC), 0)
        taken.set()
        await anyio.sleep_forever()
        raise AssertionError

    taken = anyio.Event()
    many = SendMany([ORDER], send, concurrency=1, ordered=False, on_progress=None, account=None)
    async with many:
        await taken.wait()
    assert [(result.outcome, result.result) for result in many.unconsumed] == [
        ("accepted", SendResult("id", "<id>", ()))
    ]


@pytest.mark.parametrize("messages", [1, 30], ids=["all sent", "others left"])
async def test_cancelled_iteration_does_not_end_as_if_all_were_sent(messages: int) -> None:
    """On asyncio nothing else raises where every result is there and none is awaited."""

    async def send(*_: object) -> SendResult:
        await anyio.lowlevel.checkpoint()
        return SendResult("id", None, ())

    many = SendMany(
        [ORDER] * messages, send, concurrency=5, ordered=False, on_progress=None, account=None
    )
    with anyio.CancelScope() as scope:
        async with many as results:
            async for _ in results:
                scope.cancel()
            pytest.fail("the iteration ended")
    assert scope.cancelled_caught
    assert many.progress.in_flight == 0


async def test_campaign_is_not_refused_by_max_wait(fault_server: StartFaultServer) -> None:
    limit = RateLimiter(200, max_wait=0)
    server = fault_server(ok())
    async with new_client(server.url, rate_limit=limit) as client:
        async with client.send_many([ORDER] * 20) as results:
            assert [each.outcome async for each in results] == ["accepted"] * 20
        bulk = await client.send_bulk(NEWS)
        assert [each.outcome for each in bulk.recipients] == ["accepted"] * 2


async def test_few_sends_start_in_one_turn_of_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turn, turns = 0, list[int]()

    async def send(*_: object, **__: object) -> SendResult:
        turns.append(turn)
        await anyio.lowlevel.checkpoint()
        return SendResult("id", None, ())

    async def count() -> None:
        nonlocal turn
        while True:
            await anyio.lowlevel.checkpoint()
            turn += 1

    monkeypatch.setattr(Sender, "send", send)
    async with new_client("http://127.0.0.1:1") as client, anyio.create_task_group() as group:
        group.start_soon(count)
        async with client.send_many([ORDER] * 100, concurrency=100) as results:
            assert len([result async for result in results]) == 100
        group.cancel_scope.cancel()
    assert max(Counter(turns).values()) <= 10
