"""A database with an outbox, whose engine is synchronous or not."""

import itertools
from collections.abc import Callable
from typing import Any, TypeVar

import anyio.to_thread
import sqlalchemy
from sqlalchemy import Connection, Engine, Executable
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from sesmail.sql import Outbox

T = TypeVar("T")

END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE state = 'idle in transaction' AND datname = current_database() AND pid <> pg_backend_pid()
"""


def new_engine(url: str, **options: Any) -> Engine | AsyncEngine:
    """Return an engine for a URL, an AsyncEngine for drivers of asyncio."""
    if any(name in url for name in ("aiosqlite", "asyncpg", "psycopg_async", "aiomysql")):
        return create_async_engine(url, **options)
    return sqlalchemy.create_engine(url, **options)


class Database:
    """An engine and an outbox; every method works with both kinds of engine."""

    def __init__(self, url: str, table: str = "sesmail_outbox", **options: Any) -> None:
        self.url = url
        self.engine = new_engine(url, **options)
        self.outbox = Outbox(table=table)
        self.table = table

    async def run(self, function: Callable[[Connection], T]) -> T:
        """Run a function in one transaction."""
        if isinstance(self.engine, AsyncEngine):
            async with self.engine.begin() as connection:
                return await connection.run_sync(function)
        engine = self.engine

        def work() -> T:
            with engine.begin() as connection:
                return function(connection)

        return await anyio.to_thread.run_sync(work)

    async def execute(self, *statements: Executable) -> int:
        """Execute statements in one transaction; return the row count of the last."""

        def work(connection: Connection) -> int:
            count = -1
            for statement in statements:
                count = connection.execute(statement).rowcount
            return count

        return await self.run(work)

    async def rows(self, statement: Any) -> list[Any]:
        """Return the rows of a query."""
        return await self.run(lambda connection: list(connection.execute(statement)))

    async def row(self, send_id: str) -> Any:
        """Return the row of a mail."""
        (row,) = await self.rows(self.outbox.get(send_id))
        return row

    async def state(self, send_id: str) -> str | None:
        """Return the state of a mail; None without one."""
        rows = await self.rows(self.outbox.get(send_id))
        return rows[0].state if rows else None

    async def update(self, send_id: str, **values: Any) -> None:
        """Change columns of a mail, as nothing in sesmail does."""
        table = self.outbox.metadata.tables[self.table]
        await self.execute(table.update().where(table.c.send_id == send_id).values(**values))

    async def bodies(self) -> set[str]:
        """Return the send ids that have a body."""
        table = self.outbox.metadata.tables[f"{self.table}_body"]
        return {row.send_id for row in await self.rows(sqlalchemy.select(table.c.send_id))}

    async def create(self) -> None:
        """Create the tables."""
        await self.run(self.outbox.metadata.create_all)

    async def drop(self) -> None:
        """Drop the tables, and close the engine."""
        if self.engine.dialect.name == "postgresql":  # a failed test may have left a transaction
            await self.run(lambda each: each.execute(sqlalchemy.text(END_OTHERS)))
        await self.run(self.outbox.metadata.drop_all)
        await self.dispose()

    async def dispose(self) -> None:
        """Close the engine."""
        if isinstance(self.engine, AsyncEngine):
            await self.engine.dispose()
        else:
            self.engine.dispose()


def unique(numbers: "itertools.count[int]" = itertools.count()) -> str:  # noqa: B008
    """Return a new name."""
    return f"mail-{next(numbers)}"
