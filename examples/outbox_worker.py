"""Worker process of an outbox: sends until SIGTERM, on any number of machines.

Run: pip install 'sesmail[sql]' asyncpg; DATABASE_URL=postgresql+asyncpg://... \
python examples/outbox_worker.py

At SIGTERM it finishes the calls in flight and returns the other mails to the queue. Credentials,
region and, for a test server, AWS_ENDPOINT_URL come from the environment.
"""

import asyncio
import logging
import os

from sqlalchemy.ext.asyncio import create_async_engine

import sesmail
import sesmail.sql


class Metrics(sesmail.sql.WorkListener):
    """Logs what a monitoring system would count; there are no addresses in it."""

    def finished(self, send_id: str, state: sesmail.sql.State, error: str | None) -> None:
        logging.info("mail %s is %s %s", send_id, state, error or "")

    def paused(self, seconds: float, error: str) -> None:
        logging.warning("the account can't send (%s): next try in %s seconds", error, seconds)


async def main() -> None:
    url = os.environ["DATABASE_URL"]
    timeouts = {"timeout": 10, "command_timeout": 20} if "+asyncpg" in url else {}  # in seconds
    engine = create_async_engine(url, connect_args=timeouts)
    outbox = sesmail.sql.Outbox()
    if "CREATE_TABLES" in os.environ:  # otherwise by Alembic
        async with engine.begin() as connection:
            await connection.run_sync(outbox.metadata.create_all)
    async with sesmail.Client(configuration_set=os.environ.get("CONFIGURATION_SET")) as client:
        progress = await outbox.work(client, engine, concurrency=100, listener=Metrics())
    logging.info("stopped: %s", progress)
    await engine.dispose()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    asyncio.run(main())
