"""Any number of messages, each with one outcome, whatever happens."""

import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import nullcontext, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

import sesmail
from sesmail import (
    Client,
    ConfigurationError,
    Message,
    MessageResult,
    SendMany,
    SendProgress,
    SendResult,
)
from sesmail.sending.attempts.state import SendState
from support import answers
from support.answers import error, ok, slow
from support.clients import NEWS, ORDER, new_client
from support.faults import Answer, FaultServer, Request, StartFaultServer

pytestmark = pytest.mark.anyio


def mail(number: int, subject: str = "ok") -> Message:
    return Message(
        from_email="a@example.com", to="b@example.com", subject=f"{subject} {number}", text=""
    )


def subject_of(request: Request) -> str:
    (line,) = (line for line in request.mime.split(b"\r\n") if line.startswith(b"Subject: "))
    return line.decode().removeprefix("Subject: ")


def by_subject(**steps: Answer) -> Callable[[Request], Answer]:
    """Answer by the first word of the subject; what was cut off gets no answer."""
    return lambda request: (
        steps.get(subject_of(request).split()[0], ok()) if request.complete else ok()
    )


async def outcomes_of(client: Client, messages: Any, **settings: Any) -> list[MessageResult]:
    async with client.send_many(messages, **settings) as outcomes:
        return [outcome async for outcome in outcomes]


async def later(messages: Iterable[Message]) -> AsyncIterator[Message]:
    for message in messages:
        await anyio.lowlevel.checkpoint()
        yield message


@pytest.mark.slow
@pytest.mark.parametrize("kind", [list, iter, later], ids=lambda kind: kind.__name__)
async def test_any_iterable(
    fault_server: StartFaultServer, kind: Callable[[list[Message]], Any]
) -> None:
    messages = [mail(number) for number in range(120)]
    server = fault_server(ok())
    async with new_client(server.url) as client:
        outcomes = await outcomes_of(client, kind(messages))
        assert await outcomes_of(client, kind([])) == []
    assert sorted(outcome.index for outcome in outcomes) == list(range(120))
    assert all(outcome.message is messages[outcome.index] for outcome in outcomes)
    assert {outcome.outcome for outcome in outcomes} == {"accepted"}
    assert len({outcome.result.message_id for outcome in outcomes if outcome.result}) == 120
    assert sorted(map(subject_of, server.requests)) == sorted(
        f"ok {number}" for number in range(120)
    )


async def test_outcomes_come_as_they_are_known_or_in_order(fault_server: StartFaultServer) -> None:
    server = fault_server(by_subject(slow=slow(0.2, ok())))
    messages = [mail(0, "slow"), mail(1), mail(2)]
    async with new_client(server.url) as client:
        assert (await outcomes_of(client, messages))[-1].index == 0
        assert [outcome.index for outcome in await outcomes_of(client, messages, ordered=True)] == [
            0,
            1,
            2,
        ]


async def test_no_failure_ends_it(fault_server: StartFaultServer) -> None:
    server = fault_server(
        by_subject(
            bad=error(400, "MessageRejected"),
            slowly=error(429, "TooManyRequestsException"),
            perhaps=answers.close_after_request(),
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
        outcomes = await outcomes_of(client, messages, ordered=True)
    assert [(outcome.outcome, outcome.retryable) for outcome in outcomes] == [
        ("rejected", False),
        ("rejected", True),
        ("unknown", False),
        ("not_sent", False),
        ("accepted", False),
        *[("not_sent", False)] * 3,
    ]
    assert isinstance(outcomes[0].error, sesmail.MessageRejectedError)
    assert isinstance(outcomes[3].error, sesmail.InvalidMessageError)
    assert outcomes[4].result is not None
    assert len(outcomes[4].result.attempts) == 1


async def test_it_holds_few_messages_and_sends_few_at_once(fault_server: StartFaultServer) -> None:
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

    server = fault_server(Answer(act))
    async with (
        new_client(server.url) as client,
        client.send_many(source(), concurrency=5) as outcomes,
    ):
        async for _ in outcomes:
            held = max(held, taken - given)
            given += 1
    assert given == 200
    assert 1 < most[0] <= 5
    assert held <= 10


async def test_progress(fault_server: StartFaultServer) -> None:
    heard: list[SendProgress] = []
    server = fault_server(
        by_subject(bad=error(400, "MessageRejected"), perhaps=answers.close_after_request())
    )
    messages = [mail(0), mail(1, "bad"), mail(2, "perhaps"), Message(), mail(4)]
    async with new_client(server.url) as client:
        many = client.send_many(messages, on_progress=heard.append, concurrency=1)
        async with many as outcomes:
            assert many.progress.done == 0
            assert many.progress.rate == 0
            async for _ in outcomes:
                pass
    assert len(heard) == 5
    assert many.progress == heard[-1].__class__(2, 1, 1, 1, 0, many.progress.seconds)
    assert many.progress.done == 5
    assert many.progress.rate > 0
    assert many.unconsumed == ()


class Boom(Exception):
    """Something of the caller's."""


Act = Callable[[], None]


async def consume(many: sesmail.SendMany, server: FaultServer, act: Act) -> None:
    """Take outcomes until there are some, and requests that get no answer."""
    async with many as outcomes:
        async for _ in outcomes:
            if many.progress.done > 2:
                await anyio.to_thread.run_sync(server.wait_for_requests, many.progress.done + 2)
                act()


async def leave_by_break(many: sesmail.SendMany, server: FaultServer) -> None:
    async with many as outcomes:
        async for _ in outcomes:
            await anyio.to_thread.run_sync(server.wait_for_requests, 4)
            break


async def leave_by_error(many: sesmail.SendMany, server: FaultServer) -> None:
    def act() -> None:
        raise Boom

    with pytest.raises(Boom):
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
async def test_leaving_early_is_accounted_for(
    fault_server: StartFaultServer, leave: Callable[[sesmail.SendMany, FaultServer], Any]
) -> None:
    server = fault_server(by_subject(hangs=answers.no_answer()))
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
    for outcome in many.unconsumed:
        assert isinstance(outcome.message, Message)
        if outcome.outcome == "not_sent":
            assert outcome.message.subject not in seen
    assert progress.unknown > 0
    assert sum(outcome.outcome == "unknown" for outcome in many.unconsumed) <= progress.unknown


async def test_leaving_before_anything_came() -> None:
    async with (
        new_client("http://127.0.0.1:1") as client,
        client.send_many([mail(1), mail(2)]) as outcomes,
    ):
        pass
    assert outcomes.progress.accepted == outcomes.progress.unknown == 0


async def test_it_can_be_stopped_without_leaving_doubts(fault_server: StartFaultServer) -> None:
    server = fault_server(slow(0.02, ok()))
    messages = (mail(number) for number in range(1000))
    async with (
        new_client(server.url) as client,
        client.send_many(messages, concurrency=5) as outcomes,
    ):
        async for _ in outcomes:
            outcomes.stop()
    progress = outcomes.progress
    assert 5 <= progress.accepted == progress.done == len(server.requests) <= 10


async def test_an_iterable_that_fails_does_so_at_the_end(fault_server: StartFaultServer) -> None:
    def source() -> Iterator[Message]:
        yield mail(0)
        yield mail(1)
        raise Boom

    server = fault_server(ok())
    seen: list[MessageResult] = []
    async with new_client(server.url) as client:
        outcomes = client.send_many(source())
        with pytest.raises(Boom):  # noqa: PT012
            async with outcomes:
                async for outcome in outcomes:
                    seen.append(outcome)
        with pytest.raises(StopAsyncIteration):
            await outcomes.__anext__()
    assert {outcome.outcome for outcome in seen} == {"accepted"}
    assert len(seen) == 2


async def test_what_the_callback_raises_loses_nothing(fault_server: StartFaultServer) -> None:
    def fail(_: SendProgress) -> None:
        raise Boom

    server = fault_server(ok())
    async with new_client(server.url) as client:
        many = client.send_many([mail(0)], on_progress=fail)
        with pytest.raises(Boom):
            async with many as outcomes:
                await outcomes.__anext__()
    assert [outcome.outcome for outcome in many.unconsumed] == ["accepted"]


async def test_what_nobody_expects_ends_it(
    monkeypatch: pytest.MonkeyPatch, fault_server: StartFaultServer
) -> None:
    server = fault_server(ok())
    async with new_client(server.url) as client:
        monkeypatch.setattr("sesmail.sending.sender.recipients_of", lambda _: 1 / 0)
        with pytest.raises(ExceptionGroup) as failed:
            await outcomes_of(client, [mail(0)])
    assert isinstance(failed.value.exceptions[0], ZeroDivisionError)


async def test_how_it_is_not_used() -> None:
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
        with pytest.raises(TypeError):
            client.send_many(5)  # type: ignore[arg-type]


async def test_a_closed_client_sends_nothing(fault_server: StartFaultServer) -> None:
    server: FaultServer = fault_server(ok())
    client = new_client(server.url)
    await client.aclose()
    with suppress(ConfigurationError):
        outcomes = await outcomes_of(client, [mail(0)])
        assert [type(outcome.error) for outcome in outcomes] == [ConfigurationError]
    assert server.requests == []


async def test_one_message_may_be_given_twice(fault_server: StartFaultServer) -> None:
    server = fault_server(ok())
    async with new_client(server.url) as client:
        assert len(await outcomes_of(client, [ORDER, ORDER])) == 2
    assert len(server.requests) == 2


async def test_stopping_does_not_wait_for_a_message_that_does_not_come(
    fault_server: StartFaultServer,
) -> None:
    async def source() -> AsyncIterator[Message]:
        yield mail(0)
        await anyio.Event().wait()

    server = fault_server(ok())
    with anyio.fail_after(10):
        async with new_client(server.url) as client, client.send_many(source()) as outcomes:
            async for outcome in outcomes:
                assert outcome.outcome == "accepted"
                outcomes.stop()
    assert outcomes.progress.done == 1


async def test_several_tasks_may_ask_for_outcomes(fault_server: StartFaultServer) -> None:
    seen: list[int] = []
    server = fault_server(slow(0.02, ok()))
    with anyio.fail_after(10):
        async with (
            new_client(server.url) as client,
            client.send_many(map(mail, range(10)), concurrency=2) as outcomes,
            anyio.create_task_group() as group,
        ):

            async def ask() -> None:
                seen.extend([outcome.index async for outcome in outcomes])

            for _ in range(3):
                group.start_soon(ask)
    assert sorted(seen) == list(range(10))


async def test_what_an_iterable_holds_open_belongs_to_one_task(
    fault_server: StartFaultServer,
) -> None:
    """A cancel scope, a task group and a context variable around a yield; messages of other messages' outcomes."""
    variable = ContextVar[int]("variable")

    async def source(client: Client) -> AsyncIterator[Message]:
        token = variable.set(1)
        async with client.send_many(map(mail, range(5)), concurrency=2) as outcomes:
            async for outcome in outcomes:
                yield mail(10 + outcome.index)
        variable.reset(token)

    server = fault_server(slow(0.01, ok()))
    async with new_client(server.url) as client:
        outcomes = await outcomes_of(client, source(client), concurrency=3)
    assert [outcome.outcome for outcome in outcomes] == ["accepted"] * 5
    assert len(server.requests) == 10


@pytest.mark.parametrize("fails", [False, True])
async def test_an_asynchronous_generator_is_closed(
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
                raise Boom

    server = fault_server(ok())
    async with new_client(server.url) as client:
        async with client.send_many(source()) as outcomes:
            await outcomes.__anext__()
        assert closed.is_set()
        async with client.send_many(source()) as outcomes:
            with pytest.raises(Boom) if fails else nullcontext():
                async for _ in outcomes:
                    outcomes.stop()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # no task of trio's can be waited for
async def test_an_iterable_whose_own_task_was_cancelled_has_failed(
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
            async with client.send_many(source()) as outcomes:
                async for outcome in outcomes:
                    assert outcome.outcome == "accepted"
    assert outcomes.progress.done == 1


async def test_what_is_cancelled_once_it_is_accepted_is_accepted() -> None:
    async def send(message: Any, state: SendState[SendResult]) -> SendResult:
        state.attempted(SendResult("id", "<id>", ()), datetime.now(UTC), 0)
        taken.set()
        await anyio.sleep_forever()
        raise AssertionError

    taken = anyio.Event()
    many = SendMany([ORDER], send, concurrency=1, ordered=False, on_progress=None, account=None)
    async with many:
        await taken.wait()
    assert [(outcome.outcome, outcome.result) for outcome in many.unconsumed] == [
        ("accepted", SendResult("id", "<id>", ()))
    ]
