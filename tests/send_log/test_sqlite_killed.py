"""A process that is killed at any moment leaves a send log that tells the truth."""

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
WORDS = ("begins", "begun", "finishes", "finished")


class Sender:
    """What sends, again and again, until it is killed."""

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
        """What a process reported that was killed while it sent."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(f"{name} {backend}\n")
        self._server.stdin.flush()
        said: dict[str, set[str]] = {word: set() for word in (*WORDS, "killable", "dead")}
        least = chance.randrange(150)
        while not said["dead"]:
            word, what = self._server.stdout.readline().split()
            said[word].add(what)
            if said["killable"] and sum(map(len, said.values())) > least:
                time.sleep(chance.random() / 100)
                os.kill(int(said["killable"].pop()), signal.SIGKILL)
        return said


async def outcomes(
    path: Path, said: dict[str, set[str]], name: str
) -> tuple[set[str], dict[str, str]]:
    """The sends of unknown fate of a process, and what became of the others."""
    async with SqliteSendLog(path) as log:
        unknown = {
            record.send_id async for record in log.unknown() if record.send_id.startswith(name)
        }
        records = [await log.get(send_id) for send_id in said["finished"]]
    return unknown, {
        record.send_id: f"{record.outcome} {record.message_id}" for record in records if record
    }


async def settle(path: Path) -> int:
    """Settle everything by events; how much is unknown then."""
    async with SqliteSendLog(path) as log:
        async for record in log.unknown():
            assert await log.settle(record.send_id, "accepted", "m")
        return len([record async for record in log.unknown()])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_the_unknown_are_what_began_and_did_not_end(tmp_path: Path) -> None:
    pytest.importorskip("trio")
    chance = random.Random(4)
    path = tmp_path / "log.db"
    begun = finished = 0
    with Sender(path) as sender:
        for run in range(20):
            said = sender.killed(f"run-{run}", ["asyncio", "trio"][run % 2], chance)
            unknown, ended = anyio.run(outcomes, path, said, f"run-{run}-")
            assert said["begun"] - said["finishes"] <= unknown <= said["begins"] - said["finished"]
            assert (
                len(said["begins"] - said["begun"]) + len(said["finishes"] - said["finished"]) <= 3
            )  # one each task
            assert ended == {
                send_id: f"{'accepted' if int(send_id.rpartition('-')[2]) % 3 else 'rejected'} m-{send_id}"
                for send_id in said["finished"]
            }
            begun += len(said["begun"])
            finished += len(said["finished"])
    assert begun > 200
    assert finished > 100
    assert anyio.run(settle, path) == 0
