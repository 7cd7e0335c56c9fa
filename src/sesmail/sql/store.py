"""Tables of an outbox as a worker uses them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TypeVar

import anyio
from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import DBAPIError

from .claiming import Claim, claim, due_groups, read_bodies, read_part
from .database import Database
from .leaving import Held, MailResult, expire, extend, leave, record
from .tables import PRIORITIES, Tables

__all__ = ["Rotation", "Store"]

_GROUPS_AGE = 1.0  # seconds
_CALLS_IN_LEASE = 3  # so that a renewal that failed can be repeated before the lease ends
# Drivers keep a buffer of the largest response for each connection; psycopg reads bytes as text.
_PART = 4 * 1024 * 1024  # bytes of a large body that are read at a time

T = TypeVar("T")


class Store:
    """Reads and writes of one worker, each in a transaction of its own.

    Each raises TimeoutError after a third of the lease. It may still take effect then, which is
    harmless: what is written applies to a claim that the worker holds, and once.

    Args:
        database: The database.
        tables: The tables.
        lease: Seconds for which a claim holds.
    """

    def __init__(self, database: Database, tables: Tables, lease: float) -> None:
        self.database = database
        self.lease = lease
        self._tables = tables

    async def claim(self, count: int, group: str | None) -> list[Claim]:
        """Claims due mails, at most so many."""
        return await self._run(lambda each: claim(each, self._tables, count, self.lease, group))

    async def bodies(self, send_ids: Sequence[str]) -> dict[str, bytes]:
        """Returns the bodies of mails."""
        if not send_ids:
            return {}
        return await self._run(lambda each: read_bodies(each, self._tables, send_ids))

    async def large_body(self, send_id: str) -> bytes:
        """Returns the body of a mail, which is read in parts; empty if there is none."""
        parts: list[bytes] = []
        while True:
            start = len(parts) * _PART
            part = await self._run(partial(_read_part, self._tables, send_id, start))
            parts.append(part)
            if len(part) < _PART:
                return b"".join(parts)

    async def has_table(self) -> bool:
        """Returns whether the table of mails exists."""
        return await self._run(partial(_has_table, self._tables))

    async def leave(self, held: Collection[Held]) -> set[str]:
        """Sets mails to leaving; returns those that the worker still holds."""
        return await self._run(lambda each: leave(each, self._tables, held, self.lease))

    async def record(self, results: Sequence[MailResult]) -> None:
        """Writes results."""
        await self._run(lambda each: record(each, self._tables, results))

    async def extend(self, held: Collection[Held]) -> None:
        """Extends leases."""
        if held:
            await self._run(lambda each: extend(each, self._tables, held, self.lease))

    async def expire(self) -> int:
        """Sets mails of dead workers to unknown; returns their number."""
        return await self._run(lambda each: expire(each, self._tables))

    async def groups(self, priority: int, after: str | None) -> tuple[list[str], str | None]:
        """Returns groups with due mails, and the last group looked at."""
        return await self._run(lambda each: due_groups(each, self._tables, priority, after))

    async def _run(self, function: Callable[[Connection], T]) -> T:
        return await self.database.run(function, self.lease / _CALLS_IN_LEASE)


def _has_table(tables: Tables, connection: Connection) -> bool:
    try:
        connection.execute(select(tables.mails.c.send_id).limit(0))
    except DBAPIError:
        if inspect(connection).has_table(tables.mails.name, schema=tables.mails.schema):
            raise
        return False
    return True


def _read_part(tables: Tables, send_id: str, start: int, connection: Connection) -> bytes:
    return read_part(connection, tables, send_id, start, _PART)


class Rotation:
    """Groups in turn, while more mails are due than a worker can claim.

    Args:
        store: The tables.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._groups: deque[str] = deque()
        self._after: dict[int, str | None] = {}
        self._read = -float("inf")

    async def next(self) -> str | None:
        """Returns the group whose mails come first now; None if there is only one."""
        if anyio.current_time() - self._read > _GROUPS_AGE:
            await self._refresh()
        if len(self._groups) < 2:
            return None
        self._groups.rotate(-1)
        return self._groups[-1]

    async def _refresh(self) -> None:
        found: list[str] = []
        for priority in (PRIORITIES["normal"], PRIORITIES["low"]):
            if not found:
                found, self._after[priority] = await self._store.groups(
                    priority, self._after.get(priority)
                )
        last = self._groups[-1] if self._groups else ""
        # Goes on behind the group that was served last.
        self._groups = deque([name for name in found if name > last])
        self._groups.extend(name for name in found if name <= last)
        self._read = anyio.current_time()
