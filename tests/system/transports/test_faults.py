"""Each fault on the wire ends each send in an outcome that is true, and leaves nothing behind."""

import random
from typing import Any

import anyio
import anyio.to_thread
import pytest

from sesmail import Outcome, SendError
from support.answers import ok
from support.clients import new_client
from support.fault import Fault
from support.fault_catalogue import FAULTS, HANGING
from support.faults import Answer, Connection, FaultServer, Request, StartFaultServer
from support.invariants import Sent, check, marker_of, nothing_is_left, send, send_all

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

APIS = pytest.mark.parametrize("api", ["v1", "v2"])
ATTEMPTS = pytest.mark.parametrize("attempts", [1, 3])
CONCURRENCY = 50  # what one client makes at once
LARGE = {f"{fault.name} 0" for fault in HANGING if fault.large}


def meeting(fault: Fault, attempts: int, number: int | str = 0) -> Sent:
    """A send that meets a fault, and no other when it may be made again."""
    if attempts > 1 and fault.retryable:
        return Sent(f"{fault.name} {number}", frozenset({"accepted"}), attempts=2)
    return Sent(f"{fault.name} {number}", fault.outcomes)


def check_error(fault: Fault, error: SendError, api: str) -> None:
    """The error is of the kind that the fault tells, with Amazon's words."""
    assert type(error) is fault.error
    assert error.retryable is fault.retryable
    assert error.operation == ("SendEmail" if api == "v2" else "SendRawEmail")
    if fault.code is not None:
        assert (error.code, error.message) == (fault.code, fault.text)
        assert error.request_id
        assert error.__cause__ is not None


def dealing(faults: list[Fault], waiting_for: FaultServer | None = None) -> Answer:
    """Answer each mail by the fault that its marker names, and when it comes again, accept it.

    A server that counts them responds only after as many mails as can be in flight.
    """
    acts = {fault.name: fault.answer.act for fault in faults}
    met: set[str | None] = set()

    def act(connection: Connection, request: Request) -> None:
        marker = marker_of(request)
        assert marker is not None
        again = marker in met
        met.add(marker)
        if waiting_for is not None:
            waiting_for.wait_for_requests(CONCURRENCY)
        (ok().act if again else acts[marker.rpartition(" ")[0]])(connection, request)

    return Answer(act, after_bytes=65536)


@pytest.mark.once
@APIS
@ATTEMPTS
async def test_outcome_of_each_fault(
    fault_server: StartFaultServer, session: str, api: Any, attempts: int, subtests: pytest.Subtests
) -> None:
    server = fault_server(ok())
    async with (
        nothing_is_left(server),
        new_client(server.url, session, api=api, attempts=attempts) as client,
    ):
        for fault in FAULTS:
            if api in fault.apis and (attempts == 1 or fault.retryable):
                with subtests.test(fault.name):
                    server.requests.clear()
                    server.answer_with(fault.answer, ok())
                    sent = await send(client, meeting(fault, attempts), large=fault.large)
                    if fault.lingers:
                        assert await anyio.to_thread.run_sync(server.wait_until_said)
                    following = await send(client, Sent("following", frozenset({"accepted"})))
                    check([sent, following], server.requests)
                    assert fault.cuts or following.outcome == "accepted"
                    if isinstance(sent.result, SendError):
                        check_error(fault, sent.result, api)


async def test_unsolicited_response_that_arrives_while_the_event_loop_is_busy(
    fault_server: StartFaultServer, session: str
) -> None:
    (late,) = (fault for fault in FAULTS if fault.name == "second_answer_later")
    server = fault_server(late.answer, ok())
    async with nothing_is_left(server), new_client(server.url, session) as client:
        first = await send(client, Sent("first", frozenset({"accepted"})))
        assert (
            server.wait_until_said()
        )  # which blocks the event loop, so that it can't have read it
        second = await send(client, Sent("second", frozenset({"accepted"})))
    check([first, second], server.requests)
    assert len(server.requests) == 2


@APIS
async def test_outcomes_of_concurrent_faults(
    fault_server: StartFaultServer, session: str, api: Any
) -> None:
    faults = [
        fault for fault in FAULTS if api in fault.apis and not fault.cuts and not fault.lingers
    ]
    sends = [meeting(fault, 3) for fault in faults]
    random.Random(0).shuffle(sends)
    server = fault_server(ok())
    server.answer_with(dealing(faults, waiting_for=server))
    async with (
        nothing_is_left(server),
        new_client(server.url, session, api=api, attempts=3) as client,
    ):
        await send_all(client, sends)
    check(sends, server.requests)
    assert {marker_of(request) for request in server.requests} == {sent.marker for sent in sends}


async def test_outcomes_of_concurrent_resets(fault_server: StartFaultServer, session: str) -> None:
    """Which of them meets which fault, nobody knows."""
    faults = [fault for fault in FAULTS if fault.cuts]
    outcomes = frozenset[Outcome]().union(*(fault.outcomes for fault in faults))
    sends = [Sent(f"{number}", outcomes) for number in range(2 * CONCURRENCY)]
    answers = [fault.answer for fault in faults] * len(sends)
    random.Random(0).shuffle(answers)
    server = fault_server(*answers)
    async with nothing_is_left(server), new_client(server.url, session, attempts=3) as client:
        await send_all(client, sends, large={sends[0].marker, sends[1].marker})
    check(sends, server.requests)


async def test_call_without_progress_ends_at_the_deadline(
    fault_server: StartFaultServer, session: str
) -> None:
    sends = [
        meeting(fault, 1, number)
        for number in range(4)
        for fault in HANGING
        if not (number and fault.large)
    ]
    server = fault_server(dealing(HANGING))
    async with (
        nothing_is_left(server),
        new_client(server.url, session, timeout=0.5, attempts=3) as client,
        new_client(
            server.url, session, timeout=0.06
        ) as impatient,  # the deadline of a large mail is longer
    ):
        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:
                group.start_soon(
                    send_all, impatient, (sent for sent in sends if sent.marker in LARGE), LARGE
                )
                group.start_soon(
                    send_all, client, [sent for sent in sends if sent.marker not in LARGE]
                )
    check(sends, server.requests)
    assert len(sends) > CONCURRENCY
    assert any(sent.outcome == "unknown" for sent in sends)
