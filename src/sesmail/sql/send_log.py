"""Send log in a table of the application's database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from typing import TypeVar
from uuid import uuid4

import anyio
import anyio.lowlevel
from sqlalchemy import Connection, Engine, MetaData
from sqlalchemy.ext.asyncio import AsyncEngine

from ..arguments import check_instance
from ..errors import DuplicateSendError, Outcome
from ..send_log.protocol import SendRecord
from ..send_log.records import (
    RecordPages,
    check_outcome,
    check_send_id,
    duplicate,
    in_utc,
    is_send_id,
)
from .database import Database
from .recording import begin, forget, look_up, read_unknown, settle, withdraw
from .tables import Tables

__all__ = ["SqlSendLog"]

T = TypeVar("T")

_LAST_WAIT = 0.5  # seconds for the withdrawal of a begin that was cancelled


class SqlSendLog:
    """Send log in PostgreSQL, MySQL, MariaDB or SQLite, shared by any number of programs.

    Its tables are those of an ``Outbox``, so that direct and queued mails share one rule: never
    twice. Create them by ``metadata``, with Alembic or ``metadata.create_all``. Times are those of
    the database's clock. Each call is a transaction of its own, in a connection of the engine's
    pool; a mail takes two. A call that gets no response raises TimeoutError after 30 seconds.

    A mail that waits in the outbox is refused by ``begin`` as one that is in flight.

    Args:
        engine: Engine or AsyncEngine of SQLAlchemy; on trio an Engine.
        schema: Schema of the tables; the default one of the connection by default.
        table: Name of the table.
        metadata: MetaData that gets the tables, such as that of the application's models; a new
            one by default.

    Raises:
        ConfigurationError: ``engine`` isn't one of these databases.

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

    async def begin(self, send_id: str) -> datetime:
        """Records that a send is about to leave; it is committed when this returns.

        Args:
            send_id: 1 to 256 characters of ``A-Z a-z 0-9 _ -``.

        Returns:
            The recorded time.

        Raises:
            DuplicateSendError: The send is accepted, queued, in flight or unknown.
            ConfigurationError: ``send_id`` has other characters, or another length.
            sqlalchemy.exc.SQLAlchemyError: The database failed.
        """
        check_send_id(send_id)
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
        record = await self.get(send_id)
        raise DuplicateSendError(send_id=send_id) if record is None else duplicate(record)

    async def finish(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> None:
        """Records the outcome of a send, as the client knows it."""
        await self.settle(send_id, outcome, message_id)

    async def settle(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> bool:
        """Records the outcome of a send, as an event reports it or a human decides.

        Args:
            send_id: The send id.
            outcome: ``accepted``, ``rejected`` or ``not_sent``; ``unknown`` changes nothing.
            message_id: Message id that SES issued; None if it isn't known.

        Returns:
            Whether the record changed: not for a send that never began, or is accepted already.

        Raises:
            ConfigurationError: ``outcome`` isn't an outcome.
            sqlalchemy.exc.SQLAlchemyError: The database failed.
        """
        check_instance("send_id", send_id, str, "text")
        check_outcome(outcome, message_id)
        if outcome == "unknown" or not is_send_id(send_id):
            return False
        return await self._run(settle, send_id, outcome, message_id)

    async def get(self, send_id: str) -> SendRecord | None:
        """Returns the record of a send; None if it never began, or was deleted."""
        check_instance("send_id", send_id, str, "text")
        return await self._run(look_up, send_id) if is_send_id(send_id) else None

    def unknown(self, *, before: datetime | None = None) -> AsyncIterator[SendRecord]:
        """Returns the records with an unknown outcome, sends in flight included, oldest first.

        They are read page by page. Settling records during the iteration is allowed.

        Args:
            before: Only sends that began before this time, an aware datetime; all by default.

        Raises:
            ConfigurationError: ``before`` isn't a datetime with a time zone.
        """
        bound = None if before is None else in_utc(before, "before")

        async def read(last: SendRecord | None) -> Iterable[SendRecord]:
            nonlocal bound
            page, bound = await self._run(read_unknown, last, bound)
            return page

        return RecordPages(read)

    async def forget(self, before: datetime) -> int:
        """Deletes records of sends that ended before a time; those of unknown outcome are kept.

        The table grows without limit otherwise. A send id that was deleted may be sent again.

        Args:
            before: The time, an aware datetime.

        Returns:
            Number of records deleted.

        Raises:
            ConfigurationError: ``before`` isn't a datetime with a time zone.
        """
        bound = in_utc(before, "before")
        count = 0
        while some := await self._run(forget, bound):
            count += some
        return count

    async def _run(self, function: Callable[..., T], *args: object) -> T:
        def work(connection: Connection) -> T:
            return function(connection, self._tables, *args)

        return await self._database.run(work)
