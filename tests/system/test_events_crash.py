"""Events of a queue whose workers are killed at random moments: none is lost.

Processes receive from moto's SQS. They are killed, stopped and restarted; calls fail. The server's
record is the judge: each message is deleted once its handler has returned, and not before.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

pytest.importorskip("moto", reason="pip install moto")

from botocore.session import Session
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sqs.models import SQSBackend, sqs_backends

from support import ses_events
from support.moto import REGION, MotoServer

pytestmark = [
    pytest.mark.first,
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
]
NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
MESSAGES = 5_000 if NIGHTLY else 200
SEEDS = (1, 2, 3) if NIGHTLY else (1,)
WORKERS = 3

PROGRAM = """if True:
    import logging, os, random, signal, sys
    import anyio, aiobotocore.session, aiobotocore.httpxsession  # before the workers are forked
    from sesmail import EventQueue

    url, endpoint, path = sys.argv[1:]
    logging.disable()  # of the handlers' exceptions

    async def work():
        record = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        settings = {"wait_time": 1, "visibility_timeout": 2, "first_delay": 0, "longest_delay": 1}

        async def handle(delivery):
            os.write(record, f"begins {delivery.message.message_id}\\n".encode())
            await anyio.sleep(random.random() / 20)
            if random.random() < 0.05:
                raise ValueError
            os.write(record, f"handled {delivery.message.message_id}\\n".encode())

        async with EventQueue(url, endpoint_url=endpoint, **settings) as queue:
            await queue.run(handle, concurrency=10, signals=[signal.SIGTERM])

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system forgets workers that ended
    for line in sys.stdin:
        process = os.fork()
        if not process:
            os.close(0)
            os.close(1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            random.seed()
            anyio.run(work, backend=line.strip())
            os._exit(0)
        os.write(1, f"{process}\\n".encode())
"""


class Workers:
    """Processes that receive from a queue."""

    def __init__(self, url: str, endpoint: str, path: Path) -> None:
        command = [sys.executable, "-W", "error", "-c", PROGRAM, url, endpoint, str(path)]
        self._parent = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.running: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in tuple(self.running):
            self.end(process, signal.SIGKILL)
        self._parent.communicate()

    def start(self, backend: str) -> None:
        """Starts one."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(f"{backend}\n")
        self._parent.stdin.flush()
        self.running.append(int(self._parent.stdout.readline()))

    def end(self, process: int, by: signal.Signals) -> None:
        """Sends a signal to one."""
        if process in self.running:
            self.running.remove(process)
        os.kill(process, by)


class Judge:
    """Record of a server's deletions, and its failures."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path = path
        self.deleted = Counter[str]()
        self.early: list[str] = []
        self.failing = True
        self._chance = random.Random(seed)
        self._lock = threading.RLock()

    def handled(self) -> set[str]:
        """Returns the messages whose handlers have returned."""
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return {line.partition(" ")[2] for line in lines if line.startswith("handled")}

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Replaces operations of moto, which isn't safe for threads: one at a time."""
        receive, delete = SQSBackend.receive_message, SQSBackend.delete_message_batch
        change, send = SQSBackend.change_message_visibility_batch, SQSBackend.send_message

        def receives(backend: Any, name: str, count: int, seconds: int, *args: Any) -> Any:
            end = time.monotonic() + seconds
            while True:
                with self._lock:
                    self._fail()
                    found = receive(backend, name, count, 0, *args)
                if found or time.monotonic() > end:
                    return found
                time.sleep(0.02)

        def deletes(backend: Any, name: str, receipts: list[dict[str, Any]]) -> Any:
            with self._lock:
                self._fail()
                self._judge(backend.get_queue(name)._messages, receipts)
                result = delete(backend, name, receipts)
                self._fail()  # after it has taken effect
                return result

        def changes(*args: Any) -> Any:
            with self._lock:
                self._fail()
                return change(*args)

        def sends(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                return send(*args, **kwargs)

        patch.setattr(SQSBackend, "receive_message", receives)
        patch.setattr(SQSBackend, "delete_message_batch", deletes)
        patch.setattr(
            SQSBackend,
            "change_message_visibility_batch",
            lambda *args, **named: changes(*args, *named.values()),
        )
        patch.setattr(SQSBackend, "send_message", sends)

    def _judge(self, messages: list[Any], receipts: list[dict[str, Any]]) -> None:
        handled = self.handled()
        for receipt in receipts:
            for message in messages:
                if message.had_receipt_handle(receipt["ReceiptHandle"]):
                    self.deleted[message.id] += 1
                    if message.id not in handled:
                        self.early.append(message.id)

    def _fail(self) -> None:
        if self.failing and self._chance.random() < 0.02:
            raise RuntimeError("The server has failed.")  # HTTP status 500


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MotoServer]:
    with MotoServer() as moto:
        moto.reset()
        yield moto


@pytest.mark.parametrize("seed", SEEDS)
def test_no_event_is_lost_or_acknowledged_before_it_is_handled(
    server: MotoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    pytest.importorskip("trio")
    chance = random.Random(seed)
    judge = Judge(tmp_path / "record", seed)
    judge.install(monkeypatch)
    client: Any = Session().create_client("sqs", REGION, endpoint_url=server.url)
    url = client.create_queue(QueueName="mail")["QueueUrl"]
    body = json.dumps(ses_events.published("Bounce"))
    queue = sqs_backends[DEFAULT_ACCOUNT_ID][REGION].get_queue("mail")
    sent: set[str] = set()
    kills = 0
    end = time.monotonic() + (1_800 if NIGHTLY else 100)
    with Workers(url, server.url, judge.path) as workers:
        while queue._messages or len(sent) < MESSAGES:
            assert time.monotonic() < end, f"{len(queue._messages)} messages are left"
            while len(workers.running) < WORKERS:
                workers.start(chance.choice(("asyncio", "trio")))
            for _ in range(min(chance.randrange(40), MESSAGES - len(sent))):
                sent.add(client.send_message(QueueUrl=url, MessageBody=body)["MessageId"])
            time.sleep(chance.random() / 2)
            if chance.random() < (0.8 if len(sent) < MESSAGES else 0.05):
                by = chance.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM))
                workers.end(chance.choice(workers.running), by)
                kills += by is signal.SIGKILL
    assert judge.early == []
    assert set(judge.deleted) == sent == judge.handled()
    assert kills >= 3
    begun = Counter(line for line in judge.path.read_text().splitlines() if line[0] == "b")
    print(f"{len(sent)} messages, {kills} kills, {begun.total() - len(begun)} repeated handlers")
