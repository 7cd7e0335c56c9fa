"""Mails for an outbox, and workers that send them to the fake SES."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import anyio
import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from sesmail import Client, Message, Recipient
from sesmail.sql import Worker, WorkProgress
from sesmail.testing import FakeSES
from support.clients import NEWS
from support.databases import Database

# Retries come at once, and an empty queue is looked at often.
QUICK: dict[str, Any] = {"first_delay": 0.001, "longest_delay": 0.001, "poll_interval": 0.02}


def mail(send_id: str, **fields: Any) -> Message:
    """Return a mail whose recipient shows its send id."""
    return Message(
        from_email="shop@example.com",
        to=f"{send_id}@example.com",
        subject="News",
        text="New shoes.",
        send_id=send_id,
    ).replace(**fields)


def sent(ses: FakeSES) -> list[str]:
    """Return the send ids of the mails that SES accepted, in order."""
    return [each.to[0].partition("@")[0] for each in ses.outbox]


async def work(database: Database, ses: FakeSES, **settings: Any) -> WorkProgress:
    """Run a worker until no mail is due."""
    with anyio.fail_after(30):
        async with new_client(ses) as client:
            return await database.outbox.work(
                client, database.engine, **{**QUICK, "until_empty": True, **settings}
            )


def new_client(ses: FakeSES, **settings: Any) -> Client:
    """Return a client of the fake without a rate limit."""
    ses.verify("example.com")
    return ses.client(**{"rate_limit": None, **settings})


@asynccontextmanager
async def running(
    database: Database, ses: FakeSES, client: Client | None = None, **settings: Any
) -> AsyncIterator[Worker]:
    """Run a worker in the background, and stop it at the end."""
    async with new_client(ses) if client is None else client as opened:
        worker = database.outbox.worker(opened, database.engine, **{**QUICK, **settings})
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(worker.run)
            try:
                yield worker
            finally:
                worker.stop()


async def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    """Wait for a condition, which may be a coroutine function."""
    with anyio.fail_after(seconds):
        while True:
            result = condition()
            if hasattr(result, "__await__"):
                result = await result
            if result:
                return
            await anyio.sleep(0.01)


async def refuse_insertions(database: Database) -> None:
    """Insert mails of which one exists, and commit all the same; nothing of these is added.

    PostgreSQL takes no statement after an error but the end of a savepoint.
    """
    outbox = database.outbox
    recipients = [Recipient("a@example.com", send_id="a"), Recipient("b@example.com", send_id="id")]
    refused = [
        outbox.insert_many([mail("new"), mail("id"), mail("last")]),
        outbox.insert(NEWS.replace(recipients=recipients)),
        outbox.insert_many([mail("twice"), mail("twice")]),
        outbox.insert(mail("id")),
    ]

    def work(connection: Connection) -> None:
        connection.execute(outbox.insert(mail("id")))
        for each in refused:
            postgresql = connection.dialect.name == "postgresql"
            with (
                pytest.raises(IntegrityError),
                connection.begin_nested() if postgresql else nullcontext(),
            ):
                connection.execute(each)
        connection.execute(outbox.insert_many([mail("new"), mail("after")]))

    await database.run(work)
    pending = {row.send_id for row in await database.rows(outbox.pending())}
    assert pending == await database.bodies() == {"id", "new", "after"}
