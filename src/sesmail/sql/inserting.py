"""Statements that queue mails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Executable,
    LargeBinary,
    String,
    column,
    exists,
    func,
    insert,
    literal,
    select,
    true,
    union_all,
    values,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite

from .bodies import StoredMail
from .tables import Tables
from .times import UtcTime, now

__all__ = ["Existing", "Queueing", "insert_statements"]

Existing: TypeAlias = Literal["refuse", "skip"]

# SQLite allows 32,766 parameters, asyncpg 32,767: https://sqlite.org/limits.html
_MAX_ROWS = 500
_MAX_BYTES = 8 * 1024 * 1024  # of bodies in one statement; MySQL's packets are 64 MB by default


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


def insert_statements(
    tables: Tables, mails: Sequence[StoredMail], queueing: Queueing, dialect: str
) -> list[Executable]:
    """Returns the statements that queue mails; the row count of each is that of the new mails.

    On PostgreSQL one statement writes both tables and notifies the workers. Elsewhere two do; the
    second writes the bodies of the mails that the first has added, which it recognises by a token.
    """
    found: list[Executable] = []
    for chunk in _chunks(mails):
        if dialect == "postgresql":
            found.append(_single(tables, chunk, queueing))
        else:
            token = uuid4().hex
            found.append(_mail_rows(tables, chunk, queueing, dialect, token))
            found.append(_body_rows(tables, chunk, token))
    return found


def _chunks(mails: Sequence[StoredMail]) -> Iterator[Sequence[StoredMail]]:
    start = size = 0
    for number, mail in enumerate(mails):
        size += len(mail.body)
        if number > start and (number - start == _MAX_ROWS or size > _MAX_BYTES):
            yield mails[start:number]
            start, size = number, len(mail.body)
    yield mails[start:]


def _mail_rows(
    tables: Tables,
    mails: Sequence[StoredMail],
    queueing: Queueing,
    dialect: str,
    token: str | None = None,
) -> Any:
    shared = {
        "state": "queued",
        "priority": queueing.priority,
        "group_name": queueing.group,
        "due_at": now() if queueing.at is None else literal(queueing.at, UtcTime),
        "attempts": 0,
        "leased_by": token,
        "created_at": now(),
        "changed_at": now(),
    }
    rows = [
        {"send_id": mail.send_id, "size": len(mail.body), "bulk": mail.bulk, **shared}
        for mail in mails
    ]
    if queueing.existing == "refuse":
        return insert(tables.mails).values(rows)
    if dialect == "postgresql":
        return postgresql.insert(tables.mails).values(rows).on_conflict_do_nothing()
    if dialect == "sqlite":
        return sqlite.insert(tables.mails).values(rows).on_conflict_do_nothing()
    same = mysql.insert(tables.mails).values(rows)
    return same.on_duplicate_key_update(send_id=tables.mails.c.send_id)


def _single(tables: Tables, mails: Sequence[StoredMail], queueing: Queueing) -> Any:
    """Returns one statement of PostgreSQL for both tables."""
    rows = _mail_rows(tables, mails, queueing, "postgresql")
    added = rows.returning(tables.mails.c.send_id).cte("added")
    given = values(column("send_id", String), column("body", LargeBinary), name="given").data(
        [(mail.send_id, mail.body) for mail in mails]
    )
    joined: Any = given.join(added, added.c.send_id == given.c.send_id)
    if queueing.channel is not None and queueing.at is None:
        # PostgreSQL delivers it when the transaction commits, and once if there are many:
        # https://www.postgresql.org/docs/current/sql-notify.html
        woken = select(func.pg_notify(queueing.channel, "").label("notified")).subquery("woken")
        joined = joined.join(woken, true())
    chosen = select(given.c.send_id, given.c.body).select_from(joined)
    return insert(tables.bodies).from_select(["send_id", "body"], chosen)


def _body_rows(tables: Tables, mails: Sequence[StoredMail], token: str) -> Any:
    def row(mail: StoredMail) -> Any:
        added: ColumnElement[bool] = exists().where(
            tables.mails.c.send_id == mail.send_id, tables.mails.c.leased_by == token
        )
        return select(
            literal(mail.send_id, String).label("send_id"),
            literal(mail.body, LargeBinary).label("body"),
        ).where(added)

    return insert(tables.bodies).from_select(["send_id", "body"], union_all(*map(row, mails)))
