"""SQL statements on the records of a send log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..errors import Outcome
from .protocol import SendRecord

if TYPE_CHECKING:
    import sqlite3

__all__ = ["begin", "forget", "look_up", "read_unknown", "settle"]

_PAGE_SIZE = 500  # records
_DELETE_SIZE = 1000  # records per transaction, to not lock the file for long

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def begin(connection: sqlite3.Connection, send_id: str, began: datetime) -> SendRecord | None:
    """Begins a send, or returns its record if it may not begin."""
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
    """Sets the outcome of a send; returns whether the record changed."""
    changed = connection.execute(
        """
        UPDATE sends SET outcome = :outcome, message_id = :message_id
        WHERE send_id = :send_id
            AND (outcome = 'unknown' OR (outcome <> 'accepted' AND :outcome = 'accepted'))
        """,
        {"send_id": send_id, "outcome": outcome, "message_id": message_id},
    ).rowcount
    return changed > 0


def look_up(connection: sqlite3.Connection, send_id: str) -> SendRecord | None:
    """Returns the record of a send; None if there is none."""
    row = connection.execute("SELECT * FROM sends WHERE send_id = ?", (send_id,)).fetchone()
    return row and _record(row)


def read_unknown(
    connection: sqlite3.Connection, last: SendRecord | None, before: datetime | None
) -> tuple[list[SendRecord], datetime | None]:
    """Returns the page of unknown records after a record, and the upper limit of ``began``.

    Without a limit, the first page sets one, so that sends which begin meanwhile are on no page.
    """
    if before is None:
        (latest,) = connection.execute(
            "SELECT max(began) FROM sends WHERE outcome = 'unknown'"
        ).fetchone()
        if latest is None:
            return [], None
        before = _time(latest) + _MICROSECOND
    rows = connection.execute(
        """
        SELECT * FROM sends WHERE outcome = 'unknown' AND began < ? AND (began, send_id) > (?, ?)
        ORDER BY began, send_id LIMIT ?
        """,
        (
            _microseconds(before),
            *((-1 << 63, "") if last is None else (_microseconds(last.began), last.send_id)),
            _PAGE_SIZE,
        ),
    )
    return [_record(row) for row in rows], before


def forget(connection: sqlite3.Connection, before: datetime) -> int:
    """Deletes some records of known outcome that began before a time; returns their number."""
    return connection.execute(
        """
        DELETE FROM sends WHERE send_id IN (
            SELECT send_id FROM sends
            WHERE outcome IN ('accepted', 'rejected', 'not_sent') AND began < ?
            LIMIT ?
        )
        """,
        (_microseconds(before), _DELETE_SIZE),
    ).rowcount


def _record(row: tuple[Any, ...]) -> SendRecord:
    send_id, began, outcome, message_id = row
    return SendRecord(send_id, _time(began), outcome, message_id)


def _microseconds(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND


def _time(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND
