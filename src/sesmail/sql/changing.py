"""Statements that change and read queued mails."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Delete, Select, Update, delete, literal, null, select, update

from .steps import Step
from .tables import State, Tables, in_state
from .times import UtcTime, now

__all__ = ["FINAL", "cancel", "forget_steps", "listed", "requeue", "reschedule"]

FINAL: tuple[State, ...] = ("accepted", "rejected", "failed", "cancelled")

_SHOWN = (
    *("send_id", "state", "priority", "group_name", "due_at", "attempts", "size"),
    *("began", "message_id", "error", "created_at", "changed_at"),
)


def cancel(tables: Tables, send_id: str) -> Update:
    """Returns the statement that cancels a queued mail."""
    return (
        update(tables.mails)
        .where(tables.mails.c.send_id == send_id, in_state(tables.mails, "queued"))
        .values(state="cancelled", changed_at=now(), leased_by=None, lease_until=null())
    )


def reschedule(tables: Tables, send_id: str, at: datetime) -> Update:
    """Returns the statement that moves a queued mail to another time, from its worker as well."""
    return (
        update(tables.mails)
        .where(tables.mails.c.send_id == send_id, in_state(tables.mails, "queued"))
        .values(due_at=literal(at, UtcTime), leased_by=None, lease_until=null())
    )


def requeue(tables: Tables, send_id: str, at: datetime | None, *, unknown: bool) -> Update:
    """Returns the statement that queues a mail again that ended without being accepted."""
    states: tuple[State, ...] = ("rejected", "failed", "cancelled")
    table = tables.mails
    return (
        update(table)
        .where(
            table.c.send_id == send_id,
            in_state(table, *states, *(("unknown",) if unknown else ())),
            table.c.size.is_not(None),
        )
        .values(
            state="queued",
            due_at=now() if at is None else literal(at, UtcTime),
            attempts=0,
            leased_by=None,
            lease_until=null(),
            message_id=None,
            error=None,
            changed_at=now(),
        )
    )


def listed(tables: Tables, *states: State) -> Select[Any]:
    """Returns the query of mails in some states; all without any."""
    found = select(*(tables.mails.c[name] for name in _SHOWN))
    return found.where(in_state(tables.mails, *states)) if states else found


def forget_steps(tables: Tables, before: datetime, dialect: str) -> list[Step]:
    """Returns the statements that delete mails which ended before a time.

    SQLite deletes bodies by the foreign key only where ``PRAGMA foreign_keys`` is on.
    """
    table = tables.mails
    old = (in_state(table, *FINAL), table.c.changed_at < literal(before, UtcTime))
    mails: Delete = delete(table).where(*old)
    if dialect != "sqlite":
        return [Step(mails)]
    chosen = select(table.c.send_id).where(*old)
    bodies = delete(tables.bodies).where(tables.bodies.c.send_id.in_(chosen))
    return [Step(bodies), Step(mails)]
