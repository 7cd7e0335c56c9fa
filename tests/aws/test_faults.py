"""Each fault on the wire ends each send in an outcome that is true, and leaves nothing behind."""

import random
from typing import Any

import anyio
import pytest

from sesmail import SendError
from support.answers import ok
from support.clients import new_client
from support.fault_catalogue import FAULTS, HANGING, Fault
from support.faults import Answer, Connection, Request, StartFaultServer
from support.invariants import Sent, check, marker_of, nothing_is_left, send, send_all

pytestmark = pytest.mark.anyio

APIS = pytest.mark.parametrize("api", ["v1", "v2"])


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


def dealing(faults: list[Fault]) -> Answer:
    """Answer each mail by the fault that its marker names, and when it comes again, accept it."""
    acts = {fault.name: fault.answer.act for fault in faults}
    met: set[str | None] = set()

    def act(connection: Connection, request: Request) -> None:
        marker = marker_of(request)
        assert marker is not None
        again = marker in met
        met.add(marker)
        (ok().act if again else acts[marker.rpartition(" ")[0]])(connection, request)

    return Answer(act, after_bytes=65536)


@APIS
async def test_each_fault_alone(
    fault_server: StartFaultServer, session: str, api: Any, subtests: pytest.Subtests, attempts: int = 1
) -> None:
    server = fault_server(ok())
    async with nothing_is_left(server), new_client(server.url, session, api=api) as client:
        for fault in FAULTS:
            if api in fault.apis:
                with subtests.test(fault.name):
                    server.requests.clear()
                    server.answer_with(fault.answer, ok())
                    sent = await send(client, meeting(fault, attempts), large=fault.large)
                    await anyio.sleep(fault.settle)
                    following = await send(client, Sent("following", frozenset({"accepted"})))
                    check([sent, following], server.requests)
                    assert fault.cuts or following.outcome == "accepted"
                    if isinstance(sent.result, SendError):
                        check_error(fault, sent.result, api)
