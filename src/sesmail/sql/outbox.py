"""The outbox: statements for the application's own transactions, and workers that send."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Unpack

from sqlalchemy import Engine, Executable, MetaData, Select, Update
from sqlalchemy.ext.asyncio import AsyncEngine

from ..arguments import (
    check_bool,
    check_choice,
    check_instance,
    check_iterable,
    check_time,
    check_unicode,
)
from ..errors import ConfigurationError
from ..send_log.records import check_send_id
from ..sending.client import Client
from ..sending.message.bulk_message import BulkMessage
from ..sending.message.kinds import AnyMessage
from . import changing
from .bodies import StoredMail, stored_mails
from .compiling import Statement, compiled, table_statements
from .database import Database
from .inserting import Existing, Queueing, check_size, insert_steps
from .progress import WorkListener, WorkProgress
from .send_log import SqlSendLog
from .signals import run_until_signal
from .steps import Steps
from .store import Store
from .tables import MAX_GROUP, PRIORITIES, Priority, State, Tables
from .work_settings import WorkArguments, WorkSettings
from .worker import Worker

__all__ = ["Outbox"]


class Outbox:
    """Queue of mails in the application's database, in the same transaction as its own rows.

    A mail is queued by a statement that the application executes, and is sent by workers once that
    is committed. ``session.execute(outbox.insert(message, send_id="invoice-12345"))`` works with
    the sessions and connections of SQLAlchemy, synchronous or not; ``sql`` returns text and
    parameters for other programs. All methods for statements do no I/O.

    The row of a mail is its entry in the send log, too: a mail that is accepted, may have been
    accepted, or waits in the queue isn't sent a second time under its id. Each change applies to
    some states only; its ``rowcount`` is 0 elsewhere:

    ===============  ========================================================  =================
    Statement        Changes mails that are                                    to
    ===============  ========================================================  =================
    ``cancel``       queued                                                    cancelled
    ``reschedule``   queued                                                    queued
    ``requeue``      rejected, failed, cancelled; unknown where asked          queued
    ``forget``       accepted, rejected, failed, cancelled, and ended before   (deleted)
    ===============  ========================================================  =================

    The tables are in ``metadata``; create them with Alembic or ``metadata.create_all``. PostgreSQL,
    SQLite from 3.35, MySQL from 8.0 and MariaDB from 10.6 are supported.

    Args:
        schema: Schema of the tables; the default one of the connection by default.
        table: Name of the table of mails, at most 57 bytes; that of the bodies has the suffix
            ``_body``.
        metadata: MetaData that gets the tables, such as that of the application's models; a new
            one by default.
        notify: Whether a queued mail wakes the workers on PostgreSQL by NOTIFY, which delays the
            commits of other transactions that notify at the same time, and is refused by PostgreSQL
            in two-phase commits. Otherwise they poll.

    Raises:
        ConfigurationError: An argument is invalid.

    https://docs.sqlalchemy.org/en/20/core/metadata.html
    """

    def __init__(
        self,
        *,
        schema: str | None = None,
        table: str = "sesmail_outbox",
        metadata: MetaData | None = None,
        notify: bool = True,
    ) -> None:
        check_bool("notify", notify)
        self.metadata: MetaData = MetaData() if metadata is None else metadata
        self._tables = Tables.of(self.metadata, table, schema)
        self._channel = self._tables.channel if notify else None

    def insert(
        self,
        message: AnyMessage | BulkMessage,
        *,
        send_id: str | None = None,
        at: datetime | None = None,
        priority: Priority = "normal",
        group: str | None = None,
        existing: Existing = "refuse",
    ) -> Executable:
        """Returns the statement that queues a mail, or one for each recipient of a BulkMessage.

        Args:
            message: The message. Recipients of equal bulk messages leave together, up to 50 in a
                call. Each row has the attachments of its message.
            send_id: Send id of the mail, 1 to 256 characters of ``A-Z a-z 0-9 _ -``; by default
                that of the message, or a random one. With a fixed one for each business event, a
                transaction that is repeated queues no second mail.
            at: Time before which it isn't sent, an aware datetime; now by default.
            priority: ``high``, ``normal`` or ``low``: due mails of a higher priority leave first.
            group: Tenant or campaign, at most 128 characters. Workers take due mails of normal and
                low priority from each group in turn.
            existing: ``refuse`` raises SQLAlchemy's IntegrityError for a send id that is in the
                table, in whatever state, and queues none of the statement's mails; ``skip`` queues
                nothing for it.

        Returns:
            A statement whose ``rowcount`` is the number of mails that were queued. On MySQL and
            MariaDB its execution raises ConfigurationError for a message that is larger than the
            server's ``max_allowed_packet``; 64M is enough for 40 MB.

        Raises:
            InvalidMessageError: The message is invalid, or its contents exceed the 40 MB of SES.
            ConfigurationError: Another argument is invalid.
        """
        mails = list(stored_mails(message, send_id))
        return self._insertion(mails, at, priority, group, existing)

    def insert_many(
        self,
        messages: Iterable[AnyMessage | BulkMessage],
        *,
        at: datetime | None = None,
        priority: Priority = "normal",
        group: str | None = None,
        existing: Existing = "refuse",
    ) -> Executable:
        """Returns the statement that queues many mails; see ``insert``.

        Args:
            messages: The messages, each with its own ``send_id``; all are held in memory.
            at: As for ``insert``.
            priority: As for ``insert``.
            group: As for ``insert``.
            existing: As for ``insert``.

        Raises:
            InvalidMessageError: A message is invalid, or its contents exceed the 40 MB of SES.
            ConfigurationError: Another argument is invalid, or there is no message.
        """
        check_iterable("messages", messages, "an iterable of messages", "pass a list")
        mails = [mail for message in messages for mail in stored_mails(message)]
        if not mails:
            raise ConfigurationError("messages must have at least one message; it is empty")
        return self._insertion(mails, at, priority, group, existing)

    def cancel(self, send_id: str) -> Update:
        """Returns the statement that cancels a mail, if it is queued.

        A mail that a worker has claimed but not sent yet is cancelled, too.
        """
        check_send_id(send_id)
        return changing.cancel(self._tables, send_id)

    def reschedule(self, send_id: str, at: datetime) -> Update:
        """Returns the statement that moves a mail to another time, if it is queued."""
        check_send_id(send_id)
        check_time("at", at)
        return changing.reschedule(self._tables, send_id, at)

    def requeue(
        self, send_id: str, *, at: datetime | None = None, may_send_twice: bool = False
    ) -> Update:
        """Returns the statement that queues a mail again that is rejected, failed or cancelled.

        Direct sends, whose message isn't stored, can't be queued again.

        Args:
            send_id: The send id.
            at: Time before which it isn't sent, an aware datetime; now by default.
            may_send_twice: Whether a mail of unknown outcome is queued again, too, although SES may
                have accepted it.
        """
        check_send_id(send_id)
        if at is not None:
            check_time("at", at)
        check_bool("may_send_twice", may_send_twice)
        return changing.requeue(self._tables, send_id, at, unknown=may_send_twice)

    def forget(self, before: datetime) -> Executable:
        """Returns the statement that deletes mails which ended before a time.

        Mails that are queued, leaving or unknown are kept. A send id that was deleted may be sent
        again. ``outbox.log(engine).forget(before)`` does the same in small transactions.
        """
        check_time("before", before)
        return Steps(lambda dialect: changing.forget_steps(self._tables, before, dialect))

    def get(self, send_id: str) -> Select[Any]:
        """Returns the query of one mail: its state, times, message id, last error and attempts.

        Attempts are those that failed and count towards ``max_attempts``.
        """
        check_send_id(send_id)
        return self._listed().where(self._tables.mails.c.send_id == send_id)

    def pending(self) -> Select[Any]:
        """Returns the query of mails that are queued or leaving, by their time."""
        return self._listed("queued", "leaving").order_by(self._tables.mails.c.due_at)

    def unknown(self) -> Select[Any]:
        """Returns the query of mails of unknown outcome, oldest first; events settle them."""
        return self._listed("unknown").order_by(self._tables.mails.c.changed_at)

    def failed(self) -> Select[Any]:
        """Returns the query of mails that are rejected or failed, oldest first."""
        return self._listed("rejected", "failed").order_by(self._tables.mails.c.changed_at)

    def sql(
        self, statement: Executable, dialect: str = "postgresql", *, paramstyle: str = "pyformat"
    ) -> list[Statement]:
        """Returns a statement of this outbox as SQL, for Django and plain DB-API programs.

        ``for sql, parameters in outbox.sql(outbox.insert(...)): cursor.execute(sql, parameters)``

        Args:
            statement: Statement of this outbox.
            dialect: ``postgresql``, ``sqlite``, ``mysql`` or ``mariadb``.
            paramstyle: Style of the parameters by PEP 249: ``pyformat``, ``named``, ``format`` or
                ``qmark``. Cursors of Django, psycopg and PyMySQL take the default.

        Returns:
            One statement on PostgreSQL; elsewhere ``insert`` has several, for the same transaction,
            which must be rolled back if one fails.

        Raises:
            ConfigurationError: An argument is invalid.
        """
        return compiled(statement, dialect, paramstyle)

    def ddl(self, dialect: str = "postgresql") -> list[str]:
        """Returns the statements that create the tables, for migrations without Alembic.

        Args:
            dialect: ``postgresql``, ``sqlite``, ``mysql`` or ``mariadb``.

        Raises:
            ConfigurationError: The dialect isn't one of these.
        """
        return table_statements([self._tables.mails, self._tables.bodies], dialect)

    def log(self, engine: Engine | AsyncEngine) -> SqlSendLog:
        """Returns the send log in the same table, for a Client or a Receiver."""
        return SqlSendLog.of(engine, self._tables)

    def worker(
        self,
        client: Client,
        engine: Engine | AsyncEngine,
        *,
        concurrency: int = 50,
        max_attempts: int = 20,
        first_delay: float = 5.0,
        longest_delay: float = 1800.0,
        lease: float = 60.0,
        poll_interval: float = 1.0,
        grace: float = 30.0,
        until_empty: bool = False,
        listener: WorkListener | None = None,
    ) -> Worker:
        """Returns a worker, for a program that stops it itself or shows its progress; see ``work``.

        Raises:
            ConfigurationError: An argument is invalid.
        """
        check_instance("client", client, Client, "a Client", "workers are asynchronous")
        if listener is not None:
            check_instance("listener", listener, WorkListener, "a WorkListener")
        settings = WorkSettings(
            concurrency,
            max_attempts,
            first_delay,
            longest_delay,
            lease,
            poll_interval,
            grace,
            until_empty,
        )
        store = Store(Database(engine), self._tables, lease)
        return Worker(client, store, self._channel, settings, listener or WorkListener())

    async def work(
        self, client: Client, engine: Engine | AsyncEngine, **settings: Unpack[WorkArguments]
    ) -> WorkProgress:
        """Sends queued mails until SIGTERM, or until none is due with ``until_empty``.

        Run any number of workers, on any number of machines. At SIGTERM the worker claims no more
        mails, returns those to the queue that aren't leaving, and waits for the calls in flight;
        the signal is handled in the main thread only. The engine's pool needs five connections.

        Args:
            client: Client that sends. Its defaults, rate limit, listener and deadline apply; its
                send log and its retries don't, since the outbox is the log and tries again itself.
            engine: Engine or AsyncEngine of SQLAlchemy; on trio an Engine.
            settings: Keyword arguments, all optional.

                * ``concurrency``: maximum number of mails in flight, 50.
                * ``max_attempts``: attempts until a mail fails, 20. Those that fail because of the
                  account's rate, quota or pause don't count.
                * ``first_delay``, ``longest_delay``: mean seconds between attempts, 5 and 1,800;
                  the first doubles with each attempt.
                * ``lease``: seconds, 60 and at least 5, after which mails of a worker that died are
                  queued or unknown; renewed at a third. A call to the database is given up after
                  as long, and repeated.
                * ``poll_interval``: mean seconds between two looks at an empty queue, 1.
                * ``grace``: seconds that calls in flight have to end after ``stop`` or SIGTERM, 30.
                * ``until_empty``: whether it ends when no mail is due; False.
                * ``listener``: a ``WorkListener``.

        Returns:
            The counts.

        Raises:
            ConfigurationError: An argument is invalid; the client is closed, has no region or no
                credentials; an AsyncEngine on trio; the table is missing, or the engine has
                arguments that its driver doesn't take.
            NotSentError: The client can't fetch its credentials now.
        """
        worker = self.worker(client, engine, **settings)
        return await run_until_signal(worker.run, worker.stop)

    def _listed(self, *states: State) -> Select[Any]:
        return changing.listed(self._tables, *states)

    def _insertion(
        self,
        mails: list[StoredMail],
        at: datetime | None,
        priority: Priority,
        group: str | None,
        existing: Existing,
    ) -> Executable:
        if at is not None:
            check_time("at", at)
        check_choice("priority", priority, PRIORITIES)
        check_choice("existing", existing, ("refuse", "skip"))
        if group is not None:
            check_unicode("group", group)
            if len(group) > MAX_GROUP:
                raise ConfigurationError(
                    f"group must have at most {MAX_GROUP} characters, not {len(group)}"
                )
        queueing = Queueing(at, PRIORITIES[priority], group or "", existing, self._channel)
        return Steps(
            lambda dialect: insert_steps(self._tables, mails, queueing, dialect),
            lambda connection: check_size(connection, mails),
        )
