"""Statements that queue mails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    String,
    bindparam,
    column,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY

from ..errors import ConfigurationError
from .bodies import StoredMail
from .steps import Step
from .tables import Tables
from .times import UtcTime, now

__all__ = ["Existing", "Queueing", "check_size", "insert_steps"]

Existing: TypeAlias = Literal["refuse", "skip"]

_SMALL = 512 * 1024  # bytes, which every server takes in one statement
_LARGE = 64 * 1024  # bytes; larger bodies are parameters of their own
_ESCAPED = 1.1  # drivers of MySQL send text, in which some bytes are two


@dataclass(frozen=True, slots=True)
class Queueing:
    """Columns that the mails of one call share.

    Attributes:
        at: Time before which they don't leave; None for now.
        priority: Number of the lane.
        group: Group; empty for none.
        existing: What happens to a send id that is in the table.
        channel: Channel of PostgreSQL that wakes workers; None for none.
    """

    at: datetime | None
    priority: int
    group: str
    existing: Existing
    channel: str | None

    def columns(self) -> dict[str, ColumnElement[Any]]:
        """Returns the columns with their values."""
        return {
            "state": literal("queued"),
            "priority": literal(self.priority),
            "group_name": literal(self.group),
            "due_at": now() if self.at is None else literal(self.at, UtcTime),
            "attempts": literal(0),
            "created_at": now(),
            "changed_at": now(),
        }


def insert_steps(
    tables: Tables, mails: Sequence[StoredMail], queueing: Queueing, dialect: str
) -> list[Step]:
    """Returns the statements that queue mails; the row count of the last is that of new mails.

    On PostgreSQL one statement writes both tables and notifies the workers. Elsewhere two do; the
    second writes the bodies of the mails that the first has added, which it recognises by a token.
    """
    if queueing.existing == "skip":
        mails = list({mail.send_id: mail for mail in reversed(mails)}.values())[::-1]
    if dialect == "postgresql":
        return [Step(_counting(_for_both(tables, mails, queueing)))]
    token = uuid4().hex
    rows = [_row(mail) for mail in mails]
    return [
        Step(_for_mails(tables, queueing, dialect, token), rows, _undo(tables, token)),
        Step(_counting(_for_bodies(tables, token)), rows),
    ]


def check_size(connection: Connection, mails: Sequence[StoredMail]) -> None:
    """Checks that MySQL and MariaDB take a mail in one statement; they close the connection else.

    Raises:
        ConfigurationError: The server's ``max_allowed_packet`` is too low.

    https://mariadb.com/docs/server/server-management/variables-and-modes/server-system-variables
    """
    largest = max(mails, key=lambda each: len(each.body))
    if connection.dialect.name not in ("mysql", "mariadb") or len(largest.body) <= _SMALL:
        return
    limit = int(connection.execute(text("SELECT @@max_allowed_packet")).scalar_one())
    needed = int(len(largest.body) * _ESCAPED)
    if needed > limit:
        raise ConfigurationError(
            f"message {largest.send_id} needs {needed} bytes in one statement, and "
            f"max_allowed_packet of the database is {limit}; set it to 64M on the server"
        )


def _counting(statement: Any) -> Any:
    # SQLAlchemy drops the row count of an INSERT otherwise:
    # https://docs.sqlalchemy.org/en/20/core/connections.html#sqlalchemy.engine.CursorResult.rowcount
    return statement.execution_options(preserve_rowcount=True)


def _for_both(tables: Tables, mails: Sequence[StoredMail], queueing: Queueing) -> Any:
    """Returns one statement of PostgreSQL for both tables, which is the same for any mails."""

    def array(values: list[Any], kind: Any) -> ColumnElement[Any]:
        return literal(values, ARRAY(kind))

    given = (
        func.unnest(
            array([mail.send_id for mail in mails], String),
            _bodies_of(mails),
            array([mail.size for mail in mails], Integer),
            array([mail.bulk for mail in mails], String),
        )
        .table_valued(
            column("send_id", String),
            column("body", LargeBinary),
            column("size", Integer),
            column("bulk", String),
        )
        .render_derived("given")
    )
    shared = queueing.columns()
    rows = select(given.c.send_id, given.c.size, given.c.bulk, *shared.values())
    adding = postgresql.insert(tables.mails).from_select(["send_id", "size", "bulk", *shared], rows)
    if queueing.existing == "skip":
        adding = adding.on_conflict_do_nothing()
    added = adding.returning(tables.mails.c.send_id).cte("added")
    joined: Any = given.join(added, added.c.send_id == given.c.send_id)
    if queueing.channel is not None and queueing.at is None:
        # PostgreSQL delivers it when the transaction commits, and once if there are many:
        # https://www.postgresql.org/docs/current/sql-notify.html
        woken = select(func.pg_notify(queueing.channel, "").label("notified")).subquery("woken")
        joined = joined.join(woken, true())
    chosen = select(given.c.send_id, given.c.body).select_from(joined)
    return insert(tables.bodies).from_select(["send_id", "body"], chosen)


def _bodies_of(mails: Sequence[StoredMail]) -> ColumnElement[Any]:
    """Returns the array of bodies: one parameter, or one for each body where they are large.

    psycopg sends bytes as they are, but an array as text, which takes six times their memory:
    https://www.psycopg.org/psycopg3/docs/basic/adapt.html
    """
    bodies = [mail.body for mail in mails]
    if sum(map(len, bodies)) > max(_SMALL, _LARGE * len(bodies)):
        return postgresql.array([literal(body, LargeBinary) for body in bodies], type_=LargeBinary)
    return literal(bodies, ARRAY(LargeBinary))


def _row(mail: StoredMail) -> dict[str, Any]:
    return {
        "id": mail.send_id,
        "content": mail.body,
        "length": mail.size,
        "kind": mail.bulk,
    }


def _for_mails(tables: Tables, queueing: Queueing, dialect: str, token: str) -> Any:
    table = tables.mails
    values: dict[str, Any] = {
        **queueing.columns(),
        "send_id": bindparam("id", type_=String),
        "size": bindparam("length", type_=Integer),
        "bulk": bindparam("kind", type_=String),
        "leased_by": literal(token),
    }
    if queueing.existing == "refuse":
        return insert(table).values(values)
    if dialect == "sqlite":
        return sqlite.insert(table).values(values).on_conflict_do_nothing()
    same = mysql.insert(table).values(values)
    return same.on_duplicate_key_update(send_id=table.c.send_id)


def _undo(tables: Tables, token: str) -> list[Any]:
    """Returns the statements that delete what was added of a refused insertion.

    The database adds the mails one by one, up to the one whose send id exists.
    """
    send_id = bindparam("id", type_=String)
    added = _added(tables, send_id, token)
    bodies = delete(tables.bodies).where(tables.bodies.c.send_id == send_id, added)
    mails = tables.mails.c
    return [bodies, delete(tables.mails).where(mails.send_id == send_id, mails.leased_by == token)]


def _added(tables: Tables, send_id: Any, token: str) -> ColumnElement[bool]:
    return exists().where(tables.mails.c.send_id == send_id, tables.mails.c.leased_by == token)


def _for_bodies(tables: Tables, token: str) -> Any:
    send_id = bindparam("id", type_=String)
    added = _added(tables, send_id, token)
    row = select(send_id.label("send_id"), bindparam("content", type_=LargeBinary).label("body"))
    return insert(tables.bodies).from_select(["send_id", "body"], row.where(added))
