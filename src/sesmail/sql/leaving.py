"""SQL by which workers write that mails are about to leave, and their results."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    Connection,
    Float,
    Integer,
    Select,
    String,
    bindparam,
    case,
    delete,
    null,
    select,
    tuple_,
    update,
)

from .tables import State, Tables, has_returning, in_state
from .times import now

__all__ = ["Held", "MailResult", "expire", "extend", "leave", "record"]

_EXPIRED = 1000  # rows in one transaction

Held: TypeAlias = tuple[str, str]
"""Send id and token of a claim."""


@dataclass(frozen=True, slots=True)
class MailResult:
    """Result of a mail that a worker holds, as it is written.

    Attributes:
        send_id: The send id.
        token: Token of the claim.
        state: New state; ``queued`` for a mail that leaves later.
        message_id: Message id that SES issued; None unless accepted.
        error: Class and code of the error; None without one.
        delay: Seconds until it is due again; None to keep its time.
        counted: Whether it counts as one of the attempts.
    """

    send_id: str
    token: str
    state: State
    message_id: str | None = None
    error: str | None = None
    delay: float | None = None
    counted: bool = False


def leave(connection: Connection, tables: Tables, held: Collection[Held], lease: float) -> set[str]:
    """Sets mails to ``leaving``; returns the send ids of those that the worker still holds."""
    table = tables.mails
    mine = select(table.c.send_id).where(
        tuple_(table.c.send_id, table.c.leased_by).in_(held),
        in_state(table, "queued"),
        table.c.lease_until > now(),
    )
    # InnoDB locks rows that it only looks at, for a moment: waiting is better than losing them.
    # https://dev.mysql.com/doc/refman/8.4/en/innodb-locks-set.html
    mine = mine.with_for_update(skip_locked=has_returning(connection))
    values = {
        "state": "leaving",
        "began": now(),
        "changed_at": now(),
        "lease_until": now(lease),
    }
    if has_returning(connection):
        changed = update(table).where(table.c.send_id.in_(mine)).values(values)
        return set(connection.execute(changed.returning(table.c.send_id)).scalars())
    chosen = set(connection.execute(mine).scalars())
    if chosen:
        connection.execute(update(table).where(table.c.send_id.in_([*chosen])).values(values))
    return chosen


def record(connection: Connection, tables: Tables, results: Sequence[MailResult]) -> None:
    """Writes results, in the order of the send ids, so that two workers can't block each other.

    ``accepted`` is proven and replaces every other state. Anything else applies to the worker's own
    claim only, and once: somebody may have cancelled or moved the mail, another worker may hold it,
    and a write whose response was lost is repeated.
    """
    rows = [
        {
            "id": each.send_id,
            "token": each.token,
            "new_state": each.state,
            "new_message_id": each.message_id,
            "new_error": each.error,
            "delay": each.delay or 0.0,
            "keeps_time": int(each.delay is None),
            "count": int(each.counted),
        }
        for each in sorted(results, key=lambda each: each.send_id)
    ]
    accepted = [row for row in rows if row["new_state"] == "accepted"]
    others = [row for row in rows if row["new_state"] != "accepted"]
    if accepted:
        connection.execute(_accepted(tables), accepted)
        send_ids = [row["id"] for row in accepted]
        connection.execute(delete(tables.bodies).where(tables.bodies.c.send_id.in_(send_ids)))
    if others:
        connection.execute(_not_accepted(tables), others)


def _accepted(tables: Tables) -> Any:
    table = tables.mails
    changed = update(table).where(
        table.c.send_id == bindparam("id", type_=String), ~in_state(table, "accepted")
    )
    return changed.values(
        state=bindparam("new_state", type_=String),
        message_id=bindparam("new_message_id", type_=String),
        error=bindparam("new_error", type_=String),
        lease_until=null(),
        changed_at=now(),
    )


def _not_accepted(tables: Tables) -> Any:
    table = tables.mails
    keeps_time = bindparam("keeps_time", type_=Integer) == 1
    later = now(bindparam("delay", type_=Float))
    changed = update(table).where(
        table.c.send_id == bindparam("id", type_=String),
        table.c.leased_by == bindparam("token", type_=String),
        in_state(table, "queued", "leaving", "unknown"),
    )
    return changed.values(
        state=bindparam("new_state", type_=String),
        error=bindparam("new_error", type_=String),
        due_at=case((keeps_time, table.c.due_at), else_=later),
        attempts=table.c.attempts + bindparam("count", type_=Integer),
        leased_by=null(),
        lease_until=null(),
        changed_at=now(),
    )


def extend(connection: Connection, tables: Tables, held: Collection[Held], lease: float) -> None:
    """Extends leases; rows that are being written are left out."""
    table = tables.mails
    mine = select(table.c.send_id).where(
        tuple_(table.c.send_id, table.c.leased_by).in_(held),
        in_state(table, "queued", "leaving"),
    )
    _update_chosen(connection, tables, mine, {"lease_until": now(lease)})


def expire(connection: Connection, tables: Tables) -> int:
    """Sets mails to ``unknown`` whose worker died while they were leaving; returns their number."""
    table = tables.mails
    dead = select(table.c.send_id).where(in_state(table, "leaving"), table.c.lease_until < now())
    values = {"state": "unknown", "lease_until": None, "changed_at": now()}
    return _update_chosen(connection, tables, dead.limit(_EXPIRED), values)


def _update_chosen(
    connection: Connection, tables: Tables, chosen: Select[Any], values: dict[str, Any]
) -> int:
    """Updates the chosen rows that no other transaction has locked; returns their number."""
    table = tables.mails
    query = chosen.with_for_update(skip_locked=True)
    if has_returning(connection):
        return connection.execute(
            update(table).where(table.c.send_id.in_(query)).values(values)
        ).rowcount
    send_ids = connection.execute(query).scalars().all()
    if not send_ids:
        return 0
    return connection.execute(
        update(table).where(table.c.send_id.in_(send_ids)).values(values)
    ).rowcount
