"""Sends that are cancelled at any step: each mail has an outcome, each resource is released."""

import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from sesmail import (
    BulkMessage,
    Client,
    MemorySendLog,
    Message,
    MessageResult,
    RateLimiter,
    Recipient,
    RetryPolicy,
    SendError,
    SqliteSendLog,
)
from support import responses
from support.call_records import (
    CallRecords,
    Mail,
    accept_all,
    accept_some,
    check_log,
    check_mails,
    scripted,
)
from support.clients import new_client
from support.fault import accepted
from support.fault_catalogue import FAULTS
from support.faults import FaultServer, StartFaultServer
from support.invariants import no_leaks
from support.steps import Steps, at_step

pytestmark = [pytest.mark.anyio, pytest.mark.once]

(THROTTLED,) = (
    fault
    for fault in FAULTS
    if fault.name == "429 TooManyRequestsException Maximum sending rate exceeded"
)
SLOW = accepted("slow", responses.slow(0.002, responses.ok()))
POINTS = {
    "scope": 60,
    "task": 47,
}  # cancellations per kind of send and log: on asyncio both, on trio `scope`; 1,002 in all
Work = Callable[[], Awaitable[None]]


class Clock:
    """Simulated clock that advances with each sleep."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        await anyio.lowlevel.checkpoint()
        self.time += seconds


class SteppedLog(MemorySendLog):
    """Send log with steps at which it can be cancelled, before and after each write."""

    async def begin(self, send_id: str) -> None:
        await anyio.lowlevel.checkpoint()
        await super().begin(send_id)
        await anyio.lowlevel.checkpoint()

    async def finish(self, send_id: str, outcome: Any, message_id: str | None = None) -> None:
        await anyio.lowlevel.checkpoint()
        await super().finish(send_id, outcome, message_id)
        await anyio.lowlevel.checkpoint()


Log = SteppedLog | SqliteSendLog


class Setup:
    """Client with a rate limiter and a send log, and the ways to send with it."""

    def __init__(self, server: FaultServer, session: str, log: Log) -> None:
        self.clock = Clock()
        self.limiter = RateLimiter(10, clock=self.clock, sleep=self.clock.sleep)
        self.log = log
        self.records = CallRecords()
        self.mails: list[Mail] = []
        self.past: list[Mail] = []
        self._server = server
        self._session = session
        self._number = 0
        self.client = self.new_client()

    def new_client(self) -> Client:
        policy = RetryPolicy(attempts=3, first_delay=0.0005, longest_delay=0.0005)
        return new_client(
            self._server.url,
            self._session,
            retry=policy,
            rate_limit=self.limiter,
            send_log=self.log,
            listener=self.records,
        )

    async def start(self) -> None:
        """Settles earlier sends, resets the rate limit, and sets the responses of the server."""
        self.clock.time += 1000
        self.past += self.mails
        self.mails = []
        self.records.clear_listener()
        async for record in self.log.unknown():
            await self.log.settle(record.send_id, "rejected")
        await self.log.begin("gone")
        script = [scripted(THROTTLED), scripted(SLOW), accept_some(), accept_all()]
        self._server.respond_with(*self.records.recording(*script[self._number % 3 :]))

    def mail(self) -> Mail:
        self._number += 1
        mail = Mail(f"m{self._number}@example.com", f"id-{self._number}")
        self.mails.append(mail)
        return mail

    async def send(self) -> None:
        mail = self.mail()
        try:
            mail.record(await self.client.send(message(mail)))
        except SendError as error:
            mail.record(error)

    async def send_bulk(self) -> None:
        mails = [
            self.mail() for _ in range(5)
        ]  # and one that is in flight already, according to the log
        recipients = [Recipient(mail.address, send_id=mail.send_id) for mail in mails]
        recipients.insert(2, Recipient("gone@example.com", send_id="gone"))
        bulk = BulkMessage(from_email="shop@example.com", template="News", recipients=recipients)
        result = await self.client.send_bulk(bulk, concurrency=2)
        results = {each.recipient: each for each in result.recipients}
        assert results["gone@example.com"].outcome == "not_sent"
        for mail in mails:
            mail.record(results[mail.address])

    async def send_many(self) -> None:
        outcomes: list[MessageResult] = []
        mails: list[Mail] = []

        def messages() -> Any:
            for _ in range(4):
                mails.append(self.mail())
                yield message(mails[-1])

        many = self.client.send_many(messages(), concurrency=2)
        try:
            async with many:
                async for outcome in many:
                    outcomes.append(outcome)
        finally:
            outcomes += many.unconsumed
            assert sorted(outcome.index for outcome in outcomes) == [*range(len(mails))]
            counts = Counter(outcome.outcome for outcome in outcomes)
            progress = many.progress
            assert (progress.accepted, progress.rejected) == (
                counts["accepted"],
                counts["rejected"],
            )
            assert (progress.not_sent, progress.unknown) == (counts["not_sent"], counts["unknown"])
            assert progress.in_flight == 0
            for outcome in outcomes:
                mails[outcome.index].record(outcome)

    async def check(self) -> None:
        """Compares client, listener, log and server; checks that unsent mails were released."""
        check_mails(self.mails, self.records)
        await check_log(self.mails, self.records, self.log, unwritten=["gone"])
        if not self.records.possibly_sent:
            assert self.limiter.delay == 0


def message(mail: Mail) -> Message:
    return Message(
        from_email="shop@example.com",
        to=mail.address,
        subject="News",
        text="It is May.",
        send_id=mail.send_id,
    )


@pytest.fixture
def session(anyio_backend_name: str) -> str:
    return "httpx" if anyio_backend_name == "trio" else "aiohttp"


@pytest.fixture(params=["memory", "SQLite"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Log]:
    if request.param == "memory":
        yield SteppedLog()
        return
    async with SqliteSendLog(tmp_path / "log.db") as log:
        yield log


async def run_and_cancel_at(number: float, work: Work, target: str) -> Steps:
    """Cancels the work at a step, by its scope or its task; returns the step counter."""
    if target == "scope":
        with anyio.CancelScope() as scope, at_step(number, scope.cancel) as steps:
            await work()
        return steps
    from asyncio import CancelledError, create_task

    task = create_task(work())  # type: ignore[arg-type, var-annotated]
    with at_step(number, task.cancel) as steps, contextlib.suppress(CancelledError):
        await task
    return steps


KINDS = pytest.mark.parametrize("kind", ["send", "send_bulk", "send_many"])


@KINDS
async def test_cancelling_a_scope_at_any_step(
    fault_server: StartFaultServer, session: str, log: Log, kind: str
) -> None:
    await cancel_anywhere(fault_server, session, log, kind, "scope")


@KINDS
@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # trio has scopes only
async def test_cancelling_an_asyncio_task_at_any_step(
    fault_server: StartFaultServer, session: str, log: Log, kind: str
) -> None:
    await cancel_anywhere(fault_server, session, log, kind, "task")


async def cancel_anywhere(
    fault_server: StartFaultServer, session: str, log: Log, kind: str, target: str
) -> None:
    chance = random.Random(f"{kind} {target}")
    server = fault_server(accept_all().response)
    results = Counter[str]()
    async with no_leaks(server):
        setup = Setup(server, session, log)
        most = 0
        for point in range(-2, POINTS[target]):
            if chance.random() < 0.05:  # so that the cancelled call opens the client
                await setup.client.aclose()
                setup.client = setup.new_client()
            await setup.start()
            number = float("inf") if point < 0 else chance.randint(1, most)
            steps = await run_and_cancel_at(number, getattr(setup, kind), target)
            await setup.check()
            results.update(
                setup.records.outcomes.get(mail.send_id or "", "nothing") for mail in setup.mails
            )
            if point < 0:
                most = steps.count
                assert all(mail.outcome for mail in setup.mails)
        await setup.start()
        await setup.send()
        assert setup.mails[0].outcome == "accepted"
        await setup.client.aclose()
    check_mails(setup.past + setup.mails, setup.records)
    assert results.keys() >= {"accepted", "unknown", "not_sent"}, results
