"""Processes that queue and send mails of an outbox; run as a program, it forks one for each line.

Each line of its input is a JSON list: the role, the URL of the database, and the role's arguments.
Each line of its output is the id of the new process.
"""

import json
import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Self

import anyio
import sqlalchemy

import sesmail
from sesmail.sql import Outbox
from support.clocks import shift
from support.databases import new_engine
from support.outboxes import mail

CAN_FORK = hasattr(os, "fork")


class Starter:
    """The program as a process, which starts others; they are killed at the end."""

    def __enter__(self) -> Self:
        self._started: list[int] = []
        paths = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._started:
            kill(process)
        self._process.communicate()

    def start(self, *words: Any) -> int:
        """Start a process, and return its id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        self._started.append(int(self._process.stdout.readline()))
        return self._started[-1]


def kill(process: int, number: int = signal.SIGKILL) -> None:
    """Send a signal to a process that may have ended."""
    with suppress(ProcessLookupError):
        os.kill(process, number)


async def work(url: str, endpoint: str, seconds: float, wrong_by: float = 0.0) -> None:
    """Send mails until this process is killed; a call may take some seconds."""
    if wrong_by:
        shift(wrong_by)
    options = {"timeout": 2} if "asyncpg" in url else {"connect_timeout": 2}
    engine = new_engine(
        url,
        **({} if "sqlite" in url else {"pool_timeout": 5, "connect_args": options}),
    )
    async with sesmail.Client(
        "eu-west-1",
        endpoint_url=endpoint,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        timeout=seconds,
        rate_limit=None,
    ) as client:
        await Outbox().work(
            client,
            engine,
            concurrency=20,
            lease=5,
            poll_interval=0.2,
            first_delay=0.05,
            longest_delay=0.5,
            max_attempts=1000,
        )


def produce(url: str, prefix: str, count: int, seed: int) -> None:
    """Queue mails in transactions, of which some are rolled back, until enough are committed."""
    chance = random.Random(seed)
    engine = sqlalchemy.create_engine(url)
    outbox = Outbox()
    start = 0
    while start < count:
        size = chance.choice([1, 1, 5, 50])
        mails = [mail(f"{prefix}-{number}") for number in range(start, min(count, start + size))]
        rolled_back = [mail(f"rolled-back-{prefix}-{start}")]
        try:
            with engine.connect() as connection:
                connection.execute(outbox.insert_many(rolled_back))
                connection.rollback()
                # A transaction that is repeated, after a crash too, queues no second mail.
                connection.execute(outbox.insert_many(mails, existing="skip"))
                connection.commit()
        except sqlalchemy.exc.DBAPIError:
            continue
        start += size
    engine.dispose()


def main() -> None:
    """Fork a process for each line of the input."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        role, url, *arguments = json.loads(line)
        process = os.fork()
        if not process:
            if role == "produce":
                produce(url, *arguments)
            else:
                backend = "asyncio" if "asyncpg" in url else "trio"
                anyio.run(partial(work, url, *arguments), backend=backend)
            os._exit(0)
        os.write(1, f"{process}\n".encode())


if __name__ == "__main__":
    main()
