"""Send log in a table of the application's database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar
from uuid import uuid4

import anyio
import anyio.lowlevel
from sqlalchemy import Connection, Engine, MetaData
from sqlalchemy.ext.asyncio import AsyncEngine

from ..errors import DuplicateSendError, Outcome
from ..send_log.protocol import SendRecord
from ..send_log.records import ForgettingLog, ReadPage, duplicate
from .database import Database
from .recording import begin, forget, look_up, read_unknown, settle, withdraw
from .tables import Tables

__all__ = ["SqlSendLog"]

T = TypeVar("T")

_LAST_WAIT = 0.5  # seconds for the withdrawal of a begin that was cancelled


class SqlSendLog(ForgettingLog):
    """Send log in PostgreSQL, MySQL, MariaDB or SQLite, shared by any number of programs.

    Its tables are those of an ``Outbox``, so that direct and queued mails share one rule: never
    twice. Create them by ``metadata``, with Alembic or ``metadata.create_all``. Times are those of
    the database's clock. Each call is a transaction of its own, in a connection of the engine's
    pool; a mail takes two. Errors of the database are raised as those of SQLAlchemy; TimeoutError
    after 30 seconds without a response.

    A mail that waits in the outbox is refused by ``begin`` as one that is in flight.

    Args:
        engine: Engine or AsyncEngine of SQLAlchemy; on trio an Engine.
        schema: Schema of the tables; the default one of the connection by default.
        table: Name of the table, at most 57 bytes.
        metadata: MetaData that gets the tables, such as that of the application's models; a new
            one by default.

    Raises:
        ConfigurationError: ``engine`` isn't one of these databases, or another argument is invalid.

    https://docs.sqlalchemy.org/en/20/core/pooling.html
    """

    def __init__(
        self,
        engine: Engine | AsyncEngine,
        *,
        schema: str | None = None,
        table: str = "sesmail_outbox",
        metadata: MetaData | None = None,
    ) -> None:
        self._database = Database(engine)
        self.metadata: MetaData = MetaData() if metadata is None else metadata
        self._tables = Tables.of(self.metadata, table, schema)

    @classmethod
    def of(cls, engine: Engine | AsyncEngine, tables: Tables) -> SqlSendLog:
        """Returns the send log of an outbox's tables."""
        log = cls(engine)  # the tables that it has made are in no database
        log.metadata, log._tables = tables.mails.metadata, tables
        return log

    async def _begin(self, send_id: str) -> datetime:
        token = uuid4().hex
        try:
            began = await self._run(begin, send_id, token)
            await anyio.lowlevel.checkpoint_if_cancelled()
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(_LAST_WAIT, shield=True):
                await self._run(withdraw, send_id, token)
            raise
        if began is not None:
            return began
        record = await self._get(send_id)
        raise DuplicateSendError(send_id=send_id) if record is None else duplicate(record)

    async def _settle(self, send_id: str, outcome: Outcome, message_id: str | None) -> bool:
        return await self._run(settle, send_id, outcome, message_id)

    async def _get(self, send_id: str) -> SendRecord | None:
        return await self._run(look_up, send_id)

    def _reader(self, before: datetime | None) -> ReadPage:
        async def read(last: SendRecord | None) -> Iterable[SendRecord]:
            nonlocal before
            page, before = await self._run(read_unknown, last, before)
            return page

        return read

    async def _forget(self, before: datetime) -> int:
        count = 0
        while some := await self._run(forget, before):
            count += some
        return count

    async def _run(self, function: Callable[..., T], *args: object) -> T:
        def work(connection: Connection) -> T:
            return function(connection, self._tables, *args)

        # A second begin would be refused because of the first, if that has taken effect.
        return await self._database.run(work, repeatable=function is not begin)
