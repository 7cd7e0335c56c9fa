"""SQL of the send log: each function runs on a connection, in a transaction of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, tuple_, update
from sqlalchemy.dialects import mysql, postgresql, sqlite

from ..errors import Outcome
from ..send_log.protocol import SendRecord
from .changing import FINAL
from .tables import OUTCOMES, PRIORITIES, State, Tables, has_returning, in_state
from .times import now

__all__ = ["begin", "forget", "look_up", "read_unknown", "settle", "withdraw"]

_PAGE_SIZE = 500  # records
_DELETE_SIZE = 1000  # records in one transaction, to not lock the table for long

_MAY_BEGIN: tuple[State, ...] = ("rejected", "failed", "cancelled")
_STATES: dict[Outcome, State] = {
    "accepted": "accepted",
    "rejected": "rejected",
    "not_sent": "failed",
}


def begin(connection: Connection, tables: Tables, send_id: str, token: str) -> datetime | None:
    """Begins a send without a queue; returns its time, or None if it may not begin.

    A send that begins again has no body: the row is now of another message.
    """
    table = tables.mails
    again: dict[str, Any] = {
        "state": "unknown",
        "size": None,
        "leased_by": token,
        "lease_until": None,
        "began": now(),
        "message_id": None,
        "error": None,
        "changed_at": now(),
    }
    row = {
        **again,
        "send_id": send_id,
        "priority": PRIORITIES["normal"],
        "group_name": "",
        "due_at": now(),
        "attempts": 0,
        "created_at": now(),
    }
    if has_returning(connection):
        kind = postgresql if connection.dialect.name == "postgresql" else sqlite
        statement = kind.insert(table).values(row)
        statement = statement.on_conflict_do_update(
            index_elements=[table.c.send_id], set_=again, where=in_state(table, *_MAY_BEGIN)
        )
        return connection.execute(statement.returning(table.c.began)).scalar()
    return _begin_on_mysql(connection, tables, send_id, row, again)


def _begin_on_mysql(  # pragma: no cover  # where MariaDB is installed
    connection: Connection,
    tables: Tables,
    send_id: str,
    row: dict[str, Any],
    again: dict[str, Any],
) -> datetime | None:
    """Begins a send by several statements: MySQL has no condition for a row that exists."""
    table = tables.mails
    added = connection.execute(mysql.insert(table).values(row).prefix_with("IGNORE")).rowcount
    if not added:
        may_begin = in_state(table, *_MAY_BEGIN)
        changed = update(table).where(table.c.send_id == send_id, may_begin).values(again)
        if not connection.execute(changed).rowcount:
            return None
    return connection.execute(select(table.c.began).where(table.c.send_id == send_id)).scalar()


def withdraw(connection: Connection, tables: Tables, send_id: str, token: str) -> None:
    """Sets a send to not sent if it began with this token: its caller was cancelled."""
    table = tables.mails
    begun = (table.c.send_id == send_id, table.c.leased_by == token, in_state(table, "unknown"))
    connection.execute(update(table).where(*begun).values(state="failed", changed_at=now()))


def settle(
    connection: Connection,
    tables: Tables,
    send_id: str,
    outcome: Outcome,
    message_id: str | None,
) -> bool:
    """Sets the outcome of a send; returns whether the record changed."""
    table = tables.mails
    # What SES accepted is never sent again, also if it is queued: somebody queued it again.
    allowed = (
        ~in_state(table, "accepted")
        if outcome == "accepted"
        else in_state(table, "leaving", "unknown")
    )
    changed = connection.execute(
        update(table)
        .where(table.c.send_id == send_id, allowed)
        .values(state=_STATES[outcome], message_id=message_id, changed_at=now())
    ).rowcount
    if changed and outcome == "accepted":
        connection.execute(delete(tables.bodies).where(tables.bodies.c.send_id == send_id))
    return changed > 0


def look_up(connection: Connection, tables: Tables, send_id: str) -> SendRecord | None:
    """Returns the record of a send; None if there is none."""
    row = connection.execute(_records(tables).where(tables.mails.c.send_id == send_id)).first()
    return None if row is None else _record(row)


def read_unknown(
    connection: Connection, tables: Tables, last: SendRecord | None, before: datetime | None
) -> tuple[list[SendRecord], datetime | None]:
    """Returns the page of unknown records after a record, and the upper limit of ``began``.

    Without a limit, the first page sets one, so that sends which begin meanwhile are on no page.
    """
    table = tables.mails
    open_states = in_state(table, "leaving", "unknown")
    query = _records(tables).where(open_states)
    if before is None:
        before = connection.execute(select(now())).scalar_one()
    query = query.where(table.c.began < before)
    if last is not None:
        later = tuple_(table.c.began, table.c.send_id) > tuple_(last.began, last.send_id)
        query = query.where(later)
    rows = connection.execute(query.order_by(table.c.began, table.c.send_id).limit(_PAGE_SIZE))
    return [_record(row) for row in rows], before


def forget(connection: Connection, tables: Tables, before: datetime) -> int:
    """Deletes some records that ended before a time; returns their number."""
    table = tables.mails
    old = select(table.c.send_id).where(in_state(table, *FINAL), table.c.changed_at < before)
    send_ids = list(connection.execute(old.limit(_DELETE_SIZE)).scalars())
    if not send_ids:
        return 0
    connection.execute(delete(tables.bodies).where(tables.bodies.c.send_id.in_(send_ids)))
    chosen = (table.c.send_id.in_(send_ids), in_state(table, *FINAL), table.c.changed_at < before)
    return connection.execute(delete(table).where(*chosen)).rowcount


def _records(tables: Tables) -> Any:
    table = tables.mails
    return select(table.c.send_id, table.c.began, table.c.state, table.c.message_id).add_columns(
        table.c.created_at
    )


def _record(row: Row[Any]) -> SendRecord:
    return SendRecord(row.send_id, row.began or row.created_at, OUTCOMES[row.state], row.message_id)
