"""Processes that queue and send mails of an outbox; run as a program, it forks one for each line.

Each line of its input is a JSON list: the role, the URL of the database, and the role's arguments.
Each line of its output is the id of the new process.
"""

import json
import os
import random
import signal
import sys
from functools import partial

import anyio
import sqlalchemy

import sesmail
from sesmail.sql import Outbox
from support.databases import new_engine
from support.outboxes import mail


async def work(url: str, endpoint: str) -> None:
    """Send mails until this process is killed."""
    engine = new_engine(url, pool_timeout=5)
    async with sesmail.Client(
        "eu-west-1",
        endpoint_url=endpoint,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        timeout=3,
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
