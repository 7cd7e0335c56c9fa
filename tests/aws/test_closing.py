"""A client that is closed at any step of a send leaves nothing open."""

import anyio
import pytest

from sesmail import Client, SesmailError
from support.clients import ORDER, new_client
from support.faults import StartFaultServer
from support.invariants import no_leaks
from support.responses import ok, slow
from support.steps import at_step

pytestmark = pytest.mark.anyio


async def close_at(step: float, client: Client) -> tuple[int, str]:
    """Send, and close at a step; return the number of steps and the outcome."""
    now = anyio.Event()

    async def close() -> None:
        await now.wait()
        await client.aclose()

    async with client, anyio.create_task_group() as group:
        group.start_soon(close)
        with at_step(step, now.set) as steps:
            try:
                await client.send(ORDER)
                outcome = "accepted"
            except SesmailError as error:
                outcome = getattr(error, "outcome", "none")
        now.set()
    return steps.count, outcome


@pytest.mark.slow
async def test_client_closed_at_each_step_of_a_send_leaves_nothing_open(
    fault_server: StartFaultServer, session: str
) -> None:
    """Until a step comes after the end of the send; each run may have more or fewer.

    The client always waits for the response.
    """
    server = fault_server(slow(0.02, ok()))
    ends: set[str] = set()
    step = count = 1
    async with no_leaks(server):
        while count >= step:
            before = len(server.requests)
            count, outcome = await close_at(step, new_client(server.url, session))
            assert await anyio.to_thread.run_sync(server.wait_until_closed)
            ends.add(outcome)
            assert outcome != "not_sent" or len(server.requests) == before
            step += 1
    assert ends >= {"accepted", "unknown"}
