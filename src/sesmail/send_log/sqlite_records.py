"""The records of a send log in its SQLite file: what is asked of it, as SQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..errors import Outcome
from .protocol import SendRecord

if TYPE_CHECKING:
    import sqlite3

__all__ = ["begin", "forget", "look_up", "read_unknown", "settle"]

_PAGE = 500
_FORGOTTEN_AT_ONCE = 1000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def begin(connection: sqlite3.Connection, send_id: str, began: datetime) -> SendRecord | None:
    """Begin a send; what the log has of it, if it may not begin."""
    changed = connection.execute(
        """
        INSERT INTO sends VALUES (?, ?, 'unknown', NULL)
        ON CONFLICT DO UPDATE SET began = excluded.began, outcome = 'unknown', message_id = NULL
        WHERE outcome IN ('rejected', 'not_sent')
        """,
        (send_id, _microseconds(began)),
    ).rowcount
    return None if changed else look_up(connection, send_id)


def settle(
    connection: sqlite3.Connection, send_id: str, outcome: Outcome, message_id: str | None
) -> bool:
    """Give a send its outcome, if that is news."""
    changed = connection.execute(
        """
        UPDATE sends SET outcome = :outcome, message_id = :message_id
        WHERE send_id = :send_id AND (outcome = 'unknown' OR (outcome <> 'accepted' AND :outcome = 'accepted'))
        """,
        {"send_id": send_id, "outcome": outcome, "message_id": message_id},
    ).rowcount
    return changed > 0


def look_up(connection: sqlite3.Connection, send_id: str) -> SendRecord | None:
    """What the log has of a send."""
    row = connection.execute("SELECT * FROM sends WHERE send_id = ?", (send_id,)).fetchone()
    return row and _record(row)


def read_unknown(
    connection: sqlite3.Connection, last: SendRecord | None, before: datetime | None
) -> tuple[list[SendRecord], datetime | None]:
    """The page of unknown records after one, and the time before which those of all pages began.

    Without one it is set so that what begins while they are read is on no page.
    """
    if before is None:
        (youngest,) = connection.execute(
            "SELECT max(began) FROM sends WHERE outcome = 'unknown'"
        ).fetchone()
        if youngest is None:
            return [], None
        before = _time(youngest) + _MICROSECOND
    rows = connection.execute(
        """
        SELECT * FROM sends WHERE outcome = 'unknown' AND began < ? AND (began, send_id) > (?, ?)
        ORDER BY began, send_id LIMIT ?
        """,
        (
            _microseconds(before),
            *((-1 << 63, "") if last is None else (_microseconds(last.began), last.send_id)),
            _PAGE,
        ),
    )
    return [_record(row) for row in rows], before


def forget(connection: sqlite3.Connection, before: datetime) -> int:
    """Delete some records that began before a time and aren't unknown; how many, 0 if there are none any more."""
    return connection.execute(
        """
        DELETE FROM sends WHERE send_id IN (
            SELECT send_id FROM sends WHERE outcome IN ('accepted', 'rejected', 'not_sent') AND began < ? LIMIT ?
        )
        """,
        (_microseconds(before), _FORGOTTEN_AT_ONCE),
    ).rowcount


def _record(row: tuple[Any, ...]) -> SendRecord:
    send_id, began, outcome, message_id = row
    return SendRecord(send_id, _time(began), outcome, message_id)


def _microseconds(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND


def _time(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND
