"""Process killed while it sends: the log lists the unknown sends, and none is repeated."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import anyio
import pytest

import sesmail
from sesmail import SqliteSendLog
from support.call_records import CallRecords, ScriptedResponse, accept_all, scripted, send_event
from support.fault import Fault, accepted
from support.fault_catalogue import FAULTS
from support.faults import FaultServer, StartFaultServer
from support.responses import slow

pytestmark = pytest.mark.once

PROGRAM = """if True:
    import functools, json, os, sys
    import anyio
    from sesmail import Client, Message, RetryPolicy, SqliteSendLog
    from sesmail.aws import service_models

    load = functools.cache(service_models._Files().load_file)
    service_models._Files.load_file = lambda _, path: load(path)

    def report(*values):
        os.write(1, (json.dumps(values) + "\\n").encode())

    def mail(send_id):
        to = f"{send_id}@example.com"
        return Message(from_email="a@example.com", to=to, subject="News", text="", send_id=send_id)

    async def open_client():
        async with Client():
            pass

    async def main(path, url, count):
        policy = RetryPolicy(attempts=3, first_delay=0.001, longest_delay=0.002)
        async with SqliteSendLog(path) as log:
            settings = dict(endpoint_url=url, send_log=log, retry=policy, rate_limit=None)
            async with Client(**settings) as client:
                mails = (mail(f"id-{number}") for number in range(count))
                async with client.send_many(mails, concurrency=5) as outcomes:
                    async for each in outcomes:
                        report(each.message.send_id, each.outcome)

    for backend in ("asyncio", "trio"):
        anyio.run(open_client, backend=backend)
    for line in sys.stdin:  # a forked process, which has already imported all modules
        backend, *settings = json.loads(line)
        process = os.fork()
        if not process:
            anyio.run(main, *settings, backend=backend)
            os._exit(0)
        report("process", process)
        _, status = os.waitpid(process, 0)
        report("status", status)
"""
COUNT = 40


def fault(name: str) -> Fault:
    (found,) = (fault for fault in FAULTS if fault.name == name)
    return found


RESPONSES: list[ScriptedResponse] = [
    accept_all(),
    accept_all(),
    accept_all(),
    scripted(accepted("slow", slow(0.005, accept_all().response))),
    scripted(fault("429 TooManyRequestsException Maximum sending rate exceeded")),
    scripted(fault("400 MessageRejected no")),
    scripted(fault("half_body")),
    scripted(fault("close_after_request")),
]


class Program:
    """Processes that send mails and are killed."""

    def __init__(self) -> None:
        self._starter = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._starter.communicate()

    def run(self, *settings: Any, kill_when: Callable[[], bool] = lambda: False) -> dict[str, str]:
        """Sends mails in a process that may be killed; returns the outcomes that it reported."""
        assert self._starter.stdin is not None
        assert self._starter.stdout is not None
        self._starter.stdin.write(json.dumps(settings) + "\n")
        self._starter.stdin.flush()
        reported: dict[str, Any] = {}
        _, process = json.loads(self._starter.stdout.readline())
        killing = kill_when()
        if killing:
            os.kill(process, signal.SIGKILL)
        while "status" not in reported:
            key, value = json.loads(self._starter.stdout.readline())
            reported[key] = value
        status = reported.pop("status")
        assert status == (signal.SIGKILL if killing else 0) or (killing and status == 0)
        return reported


def at_random(server: FaultServer, chance: random.Random) -> Callable[[], bool]:
    """Returns a function that waits for a random number of requests, and a random time."""
    count = chance.randrange(COUNT - 10)

    def wait() -> bool:
        server.wait_for_requests(count)
        time.sleep(chance.random() / 100)
        return True

    return wait


async def check(path: Path, records: CallRecords, reported: dict[str, str]) -> None:
    """Compares the log with the requests that the server received."""
    accepted_mails = records.accepted_mails()
    async with SqliteSendLog(path) as log:
        unknown = {record.send_id async for record in log.unknown()}
        for number in range(COUNT):
            send_id = f"id-{number}"
            decisions = [
                received.decision for received in records.received if received.send_id == send_id
            ]
            record = await log.get(send_id)
            outcome = record and record.outcome
            assert "possibly_accepted" not in decisions[:-1], (send_id, decisions)
            assert outcome is not None or not decisions
            if "possibly_accepted" in decisions:
                assert outcome in ("accepted", "unknown"), (send_id, decisions, outcome)
            if outcome == "accepted":
                assert record is not None
                assert record.message_id in [
                    issued for received in accepted_mails[send_id] for issued in received.ids
                ]
            if outcome == "rejected":
                assert decisions
            if send_id in reported and outcome != "accepted":
                assert outcome == reported[send_id], (send_id, reported[send_id], outcome)
            assert (send_id in unknown) is (outcome == "unknown")


async def settle(path: Path, records: CallRecords) -> None:
    """Settles the log by the events of accepted mails; checks that nothing else changes."""
    accepted_mails = records.accepted_mails()
    async with SqliteSendLog(path) as log:
        before = {record.send_id async for record in log.unknown()}
        for received in (each for some in accepted_mails.values() for each in some):
            (event,) = sesmail.parse(send_event(received))
            assert isinstance(event, sesmail.Sent)
            assert event.send_id is not None
            await log.settle(event.send_id, "accepted", event.message_id)
        assert {record.send_id async for record in log.unknown()} == before - accepted_mails.keys()


async def states(path: Path) -> dict[str, str]:
    """Returns the outcomes in the log, by send id."""
    async with SqliteSendLog(path) as log:
        records = [await log.get(f"id-{number}") for number in range(COUNT)]
    return {record.send_id: record.outcome for record in records if record}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_process_killed_while_sending_leaves_a_correct_log(
    fault_server: StartFaultServer, tmp_path: Path
) -> None:
    pytest.importorskip("trio")
    chance = random.Random(12)
    unknown = 0
    with Program() as program:
        for run in range(6):
            server, records, path = (
                fault_server(accept_all().response),
                CallRecords(),
                tmp_path / f"{run}.db",
            )
            backend = ["asyncio", "trio"][run % 2]
            server.respond_with(
                *records.recording(*chance.choices(RESPONSES, k=COUNT), accept_all())
            )
            reported = program.run(
                backend, str(path), server.url, COUNT, kill_when=at_random(server, chance)
            )
            assert server.wait_until_closed()
            anyio.run(check, path, records, reported)
            before = anyio.run(states, path)
            unknown += sum(state == "unknown" for state in before.values())
            if run % 3:  # the events may also come later
                anyio.run(settle, path, records)
            sends = {f"id-{number}" for number in range(COUNT)}
            expected = {
                send_id for send_id in sends if before.get(send_id) not in ("accepted", "unknown")
            }
            received = len(records.received)
            again = program.run(backend, str(path), server.url, COUNT)
            assert server.wait_until_closed()
            assert {each.send_id for each in records.received[received:]} == expected
            assert {
                send_id for send_id, outcome in again.items() if outcome != "not_sent"
            } == expected
            anyio.run(check, path, records, {})
            anyio.run(settle, path, records)
            assert all(len(each) == 1 for each in records.accepted_mails().values())
    assert unknown > 6
