"""Faults of server and network: each send gets a correct outcome, and no resource leaks."""

import random
from typing import Any

import anyio
import anyio.to_thread
import pytest

from sesmail import Outcome, SendError
from support.clients import TIMEOUTS, new_client
from support.fault import Fault
from support.fault_catalogue import FAULTS, HANGING
from support.faults import Connection, FaultServer, Request, Response, StartFaultServer
from support.invariants import SendCase, check, marker_of, no_leaks, send, send_all
from support.responses import ok

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

APIS = pytest.mark.parametrize("api", ["v1", "v2"])
ATTEMPTS = pytest.mark.parametrize("attempts", [1, 3])
CONCURRENCY = 50  # calls that a client has in flight at most
LARGE = {f"{fault.name} 0" for fault in HANGING if fault.large}


def case_for(fault: Fault, attempts: int, number: int | str = 0) -> SendCase:
    """Return a send for a fault; its retry is accepted."""
    if attempts > 1 and fault.retryable:
        return SendCase(f"{fault.name} {number}", frozenset({"accepted"}), attempts=2)
    return SendCase(f"{fault.name} {number}", fault.outcomes)


def check_error(fault: Fault, error: SendError, api: str) -> None:
    """Check that the error has the class, the code and the message of the fault."""
    assert type(error) is fault.error
    assert error.retryable is fault.retryable
    assert error.operation == ("SendEmail" if api == "v2" else "SendRawEmail")
    if fault.code is not None:
        assert (error.code, error.message) == (fault.code, fault.text)
        assert error.request_id
        assert error.__cause__ is not None


def respond_by_marker(faults: list[Fault], waiting_for: FaultServer | None = None) -> Response:
    """Respond to each mail with the fault in its marker, and accept its retry.

    If `waiting_for` is given, each response waits until as many mails have arrived as can be in
    flight.
    """
    acts = {fault.name: fault.response.act for fault in faults}
    received: set[str | None] = set()

    def act(connection: Connection, request: Request) -> None:
        marker = marker_of(request)
        assert marker is not None
        is_retry = marker in received
        received.add(marker)
        if waiting_for is not None:
            waiting_for.wait_for_requests(CONCURRENCY)
        (ok().act if is_retry else acts[marker.rpartition(" ")[0]])(connection, request)

    return Response(act, after_bytes=65536)


@pytest.mark.once
@APIS
@ATTEMPTS
async def test_outcome_of_each_fault(
    fault_server: StartFaultServer, session: str, api: Any, attempts: int, subtests: pytest.Subtests
) -> None:
    server = fault_server(ok())
    async with (
        no_leaks(server),
        new_client(server.url, session, api=api, attempts=attempts) as client,
    ):
        for fault in FAULTS:
            if api in fault.apis and (attempts == 1 or fault.retryable):
                with subtests.test(fault.name):
                    server.requests.clear()
                    server.respond_with(fault.response, ok())
                    sent = await send(client, case_for(fault, attempts), large=fault.large)
                    if fault.writes_later:
                        assert await anyio.to_thread.run_sync(server.wait_until_sent)
                    following = await send(client, SendCase("following", frozenset({"accepted"})))
                    check([sent, following], server.requests)
                    assert fault.closes or following.outcome == "accepted"
                    if isinstance(sent.result, SendError):
                        check_error(fault, sent.result, api)


async def test_unsolicited_response_that_arrives_while_the_event_loop_is_busy(
    fault_server: StartFaultServer, session: str
) -> None:
    (late,) = (fault for fault in FAULTS if fault.name == "second_response_later")
    server = fault_server(late.response, ok())
    async with no_leaks(server), new_client(server.url, session) as client:
        first = await send(client, SendCase("first", frozenset({"accepted"})))
        assert (
            server.wait_until_sent()
        )  # blocks the event loop, so that the client can't have read it
        second = await send(client, SendCase("second", frozenset({"accepted"})))
    check([first, second], server.requests)
    assert len(server.requests) == 2


@APIS
async def test_outcomes_of_concurrent_faults(
    fault_server: StartFaultServer, session: str, api: Any
) -> None:
    faults = [
        fault
        for fault in FAULTS
        if api in fault.apis and not fault.closes and not fault.writes_later
    ]
    sends = [case_for(fault, 3) for fault in faults]
    random.Random(0).shuffle(sends)
    server = fault_server(ok())
    server.respond_with(respond_by_marker(faults, waiting_for=server))
    async with (
        no_leaks(server),
        new_client(server.url, session, api=api, attempts=3) as client,
    ):
        await send_all(client, sends)
    check(sends, server.requests)
    assert {marker_of(request) for request in server.requests} == {sent.marker for sent in sends}


async def test_outcomes_of_concurrent_resets(fault_server: StartFaultServer, session: str) -> None:
    """The order of the connections is random, so any send can receive any of the faults."""
    faults = [fault for fault in FAULTS if fault.closes]
    outcomes = frozenset[Outcome]().union(*(fault.outcomes for fault in faults))
    sends = [SendCase(f"{number}", outcomes) for number in range(2 * CONCURRENCY)]
    scripted = [fault.response for fault in faults] * len(sends)
    random.Random(0).shuffle(scripted)
    server = fault_server(*scripted)
    async with no_leaks(server), new_client(server.url, session, attempts=3) as client:
        await send_all(client, sends, large={sends[0].marker, sends[1].marker})
    check(sends, server.requests)


async def test_call_without_progress_ends_at_the_deadline(
    fault_server: StartFaultServer, session: str
) -> None:
    outcomes: set[Outcome] = set()
    for timeout in TIMEOUTS:
        outcomes |= await outcomes_without_progress(fault_server, session, timeout)
        if "unknown" in outcomes:
            break
    assert "unknown" in outcomes
    assert outcomes <= {"unknown", "not_sent"}


async def outcomes_without_progress(
    fault_server: StartFaultServer, session: str, seconds: float
) -> set[Outcome]:
    """Make more calls than are in flight at most, and return their outcomes."""
    sends = [
        case_for(fault, 1, number)
        for number in range(4)
        for fault in HANGING
        if not (number and fault.large)
    ]
    assert len(sends) > CONCURRENCY
    large = [sent for sent in sends if sent.marker in LARGE]
    server = fault_server(respond_by_marker(HANGING))
    async with (
        no_leaks(server),
        new_client(server.url, session, timeout=seconds, attempts=3) as client,
        # The deadline of a large mail is longer.
        new_client(server.url, session, timeout=seconds / 8) as impatient,
        anyio.create_task_group() as group,
    ):
        with anyio.fail_after(60):
            group.start_soon(send_all, impatient, large, LARGE)
            await send_all(client, [sent for sent in sends if sent not in large])
    check(sends, server.requests)
    return {sent.outcome for sent in sends}
