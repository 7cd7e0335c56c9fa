"""Send log of a process that is killed at a random moment."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import anyio
import pytest

from sesmail import SqliteSendLog

pytestmark = pytest.mark.once

SENDER = """if True:
    import itertools, os, sys
    import anyio
    from sesmail import SqliteSendLog

    def report(*words):
        os.write(1, (" ".join(words) + "\\n").encode())

    async def send(log, name):
        for number in itertools.count():
            send_id = f"{name}-{number}"
            report("begins", send_id)
            await log.begin(send_id)
            report("begun", send_id)
            if number % 7:
                report("finishes", send_id)
                await log.finish(send_id, "accepted" if number % 3 else "rejected", f"m-{send_id}")
                report("finished", send_id)

    async def main(path, name):
        async with SqliteSendLog(path) as log, anyio.create_task_group() as tasks:
            for task in range(3):
                tasks.start_soon(send, log, f"{name}-{task}")

    for line in sys.stdin:  # each time with another process, which needn't import everything first
        name, backend = line.split()
        process = os.fork()
        if not process:
            anyio.run(main, sys.argv[1], name, backend=backend)
        report("killable", str(process))
        os.waitpid(process, 0)
        report("dead", name)
"""
STATES = ("begins", "begun", "finishes", "finished")


class Sender:
    """Processes that write to a log until they are killed."""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-c", SENDER, str(path)]
        self._server = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate()

    def killed(self, name: str, backend: str, chance: random.Random) -> dict[str, set[str]]:
        """Runs a process and kills it; returns value it had reported."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(f"{name} {backend}\n")
        self._server.stdin.flush()
        reported: dict[str, set[str]] = {state: set() for state in (*STATES, "killable", "dead")}
        least = chance.randrange(150)
        while not reported["dead"]:
            state, value = self._server.stdout.readline().split()
            reported[state].add(value)
            if reported["killable"] and sum(map(len, reported.values())) > least:
                time.sleep(chance.random() / 100)
                os.kill(int(reported["killable"].pop()), signal.SIGKILL)
        return reported


async def outcomes(
    path: Path, reported: dict[str, set[str]], name: str
) -> tuple[set[str], dict[str, str]]:
    """Returns the sends of unknown outcome of a process, and the outcomes of the finished ones."""
    async with SqliteSendLog(path) as log:
        unknown = {
            record.send_id async for record in log.unknown() if record.send_id.startswith(name)
        }
        records = [await log.get(send_id) for send_id in reported["finished"]]
    return unknown, {
        record.send_id: f"{record.outcome} {record.message_id}" for record in records if record
    }


async def settle(path: Path) -> int:
    """Settles all unknown sends as accepted; returns the number that is still unknown."""
    async with SqliteSendLog(path) as log:
        async for record in log.unknown():
            assert await log.settle(record.send_id, "accepted", "m")
        return len([record async for record in log.unknown()])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_process_leaves_unfinished_sends_unknown(tmp_path: Path) -> None:
    pytest.importorskip("trio")
    chance = random.Random(4)
    path = tmp_path / "log.db"
    begun = finished = 0
    with Sender(path) as sender:
        for run in range(20):
            reported = sender.killed(f"run-{run}", ["asyncio", "trio"][run % 2], chance)
            unknown, ended = anyio.run(outcomes, path, reported, f"run-{run}-")
            assert reported["begun"] - reported["finishes"] <= unknown
            assert unknown <= reported["begins"] - reported["finished"]
            beginning = reported["begins"] - reported["begun"]
            finishing = reported["finishes"] - reported["finished"]
            assert len(beginning) + len(finishing) <= 3  # one per task
            for send_id in reported["finished"]:
                outcome = "accepted" if int(send_id.rpartition("-")[2]) % 3 else "rejected"
                assert ended.pop(send_id) == f"{outcome} m-{send_id}"
            assert not ended
            begun += len(reported["begun"])
            finished += len(reported["finished"])
    assert begun > 200
    assert finished > 100
    assert anyio.run(settle, path) == 0
