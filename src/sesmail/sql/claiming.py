"""SQL by which workers claim mails, fairly between groups, and read their bodies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    CTE,
    Connection,
    Integer,
    LargeBinary,
    Select,
    any_,
    func,
    literal,
    or_,
    select,
    union,
    update,
)

from .tables import PRIORITIES, Tables, has_returning, in_state
from .times import now

__all__ = ["Claim", "claim", "due_groups", "read_bodies", "read_part"]

# Groups that one query looks at; the next one goes on behind them.
_MAX_GROUPS = 100


@dataclass(frozen=True, slots=True)
class Claim:
    """A mail that a worker holds.

    Attributes:
        send_id: Its send id.
        token: Proof of the claim: what the worker writes applies only while the row has it.
        priority: Number of its lane.
        attempts: Attempts that failed before.
        size: Bytes of its message, which the worker holds in memory several times.
        bulk: Equal for mails that may share a bulk call; None for others.
    """

    send_id: str
    token: str
    priority: int
    attempts: int
    size: int
    bulk: str | None


def claim(
    connection: Connection, tables: Tables, count: int, lease: float, group: str | None
) -> list[Claim]:
    """Claims due mails for some seconds: by priority, then first those of a group, then by time.

    Mails of high priority are claimed by time only. Rows that other transactions have locked are
    left out.
    """
    token = uuid4().hex
    if has_returning(connection):
        statement = _claim_statement(tables, connection.dialect.name, count, lease, group, token)
        rows = connection.execute(statement).all()
    else:
        rows = _claim_by_steps(connection, tables, count, lease, group, token)
    claims = [
        Claim(row.send_id, token, row.priority, row.attempts, row.size, row.bulk) for row in rows
    ]
    return sorted(claims, key=lambda each: each.priority)


def read_bodies(
    connection: Connection, tables: Tables, send_ids: Sequence[str]
) -> dict[str, bytes]:
    """Returns the bodies of mails by their send ids."""
    table = tables.bodies
    query = select(table.c.send_id, table.c.body).where(table.c.send_id.in_(send_ids))
    return {row.send_id: bytes(row.body) for row in connection.execute(query)}


def read_part(connection: Connection, tables: Tables, send_id: str, start: int, size: int) -> bytes:
    """Returns some bytes of a body; none behind its end, and of a mail without one."""
    table = tables.bodies
    part = func.substr(table.c.body, start + 1, size, type_=LargeBinary)
    return bytes(connection.execute(select(part).where(table.c.send_id == send_id)).scalar() or b"")


def due_groups(
    connection: Connection, tables: Tables, priority: int, after: str | None
) -> tuple[list[str], str | None]:
    """Returns groups with due mails, in order behind a group, and the last group looked at.

    It jumps from group to group in the index, however many mails they have. The last group is None
    once all were seen.
    """
    table = tables.mails
    lane = (in_state(table, "queued"), table.c.priority == priority)

    def next_group(condition: Any) -> Any:
        found = select(table.c.group_name).where(*lane, condition)
        return found.order_by(table.c.group_name).limit(1).scalar_subquery()

    start = table.c.group_name >= "" if after is None else table.c.group_name > after
    walk = select(next_group(start).label("name"), literal(1).label("number")).cte(
        "walk", recursive=True
    )
    following = select(next_group(table.c.group_name > walk.c.name), walk.c.number + 1)
    more = (walk.c.name.is_not(None), walk.c.number < _MAX_GROUPS)
    walk = walk.union_all(following.where(*more))
    # Ordered, like the walk, so that PostgreSQL uses the index also before it has statistics.
    first = select(table.c.due_at).where(
        *lane, table.c.group_name == walk.c.name, table.c.due_at <= now()
    )
    due = first.order_by(table.c.group_name, table.c.due_at).limit(1).scalar_subquery().is_not(None)
    seen = connection.execute(select(walk.c.name, due.label("due")).order_by(walk.c.number)).all()
    complete = len(seen) < _MAX_GROUPS or seen[-1].name is None
    return [row.name for row in seen if row.name is not None and row.due], (
        None if complete else seen[-1].name
    )


def _lanes(tables: Tables, group: str | None) -> Iterator[Select[Any]]:
    """Yields the queries of mails to claim, each of which is a range of one index."""
    table = tables.mails
    free = or_(table.c.lease_until.is_(None), table.c.lease_until < now())
    for priority in PRIORITIES.values():
        query = (
            select(table.c.send_id)
            .where(in_state(table, "queued"), table.c.priority == priority)
            .where(table.c.due_at <= now(), free)
            .order_by(table.c.due_at)
            .with_for_update(skip_locked=True)
        )
        if group is not None and priority != PRIORITIES["high"]:
            yield query.where(table.c.group_name == group)
        yield query


def _claim_statement(
    tables: Tables, dialect: str, count: int, lease: float, group: str | None, token: str
) -> Any:
    """Returns one statement that claims from all lanes, each up to what those before it left."""
    lanes: list[CTE] = []
    room: Any = literal(count, Integer)
    for number, query in enumerate(_lanes(tables, group)):
        lane = query.limit(room).cte(f"lane_{number}")
        room = room - select(func.count()).select_from(lane).scalar_subquery()
        lanes.append(lane)
    chosen = union(*(select(lane.c.send_id) for lane in lanes))
    table = tables.mails
    # PostgreSQL can't know how few rows the lanes have, and would read the whole table to join
    # them; for an array it uses the index.
    found = (
        table.c.send_id == any_(func.array(chosen.scalar_subquery()))
        if dialect == "postgresql"
        else table.c.send_id.in_(chosen)
    )
    held: Any = update(table).where(found).values(leased_by=token, lease_until=now(lease))
    return held.returning(table.c.send_id, *_read(tables))


def _read(tables: Tables) -> list[Any]:
    return [tables.mails.c[name] for name in ("priority", "attempts", "size", "bulk")]


def _claim_by_steps(
    connection: Connection,
    tables: Tables,
    count: int,
    lease: float,
    group: str | None,
    token: str,
) -> list[Any]:
    """Claims in several statements of one transaction, for databases without RETURNING."""
    rows: dict[str, Any] = {}
    for query in _lanes(tables, group):
        if len(rows) < count:
            query = query.add_columns(*_read(tables)).limit(count - len(rows))
            rows |= {row.send_id: row for row in connection.execute(query)}
    if rows:
        table = tables.mails
        held = update(table).where(table.c.send_id.in_([*rows]))
        connection.execute(held.values(leased_by=token, lease_until=now(lease)))
    return list(rows.values())
