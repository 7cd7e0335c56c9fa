"""The two tables of an outbox: the mails with their states, and their bodies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    literal_column,
)
from sqlalchemy.dialects import mysql

from ..arguments import check_instance, check_unicode
from ..errors import ConfigurationError, Outcome
from .times import UtcTime

__all__ = [
    "MAX_GROUP",
    "OUTCOMES",
    "PRIORITIES",
    "Priority",
    "State",
    "Tables",
    "has_returning",
    "in_state",
]

State: TypeAlias = Literal[
    "queued", "leaving", "accepted", "rejected", "unknown", "failed", "cancelled"
]
"""State of a mail in an outbox.

``queued``: waits for its time, a worker, or a retry. ``leaving``: its request may have left.
``accepted``: SES issued a message id. ``rejected``: SES rejected it. ``unknown``: SES may have
accepted it, and no worker sends it again. ``failed``: it wasn't sent, and no worker tries again.
``cancelled``: it was cancelled while it was queued.
"""

Priority: TypeAlias = Literal["high", "normal", "low"]
"""Lane of a mail in an outbox: workers take all due mails of a lane before those of the next."""

PRIORITIES: Final[dict[Priority, int]] = {"high": 0, "normal": 1, "low": 2}

OUTCOMES: Final[dict[State, Outcome]] = {
    "queued": "unknown",
    "leaving": "unknown",
    "accepted": "accepted",
    "rejected": "rejected",
    "unknown": "unknown",
    "failed": "not_sent",
    "cancelled": "not_sent",
}

MAX_GROUP: Final = 128  # characters
# PostgreSQL cuts longer ones, so that two may become equal; those of MySQL have 64 characters.
# https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
_MAX_NAME = 63  # bytes of the name of a table, an index or a schema

# Send ids and groups are compared byte by byte, which is not the default of MySQL:
# https://dev.mysql.com/doc/refman/8.4/en/charset-binary-collations.html
_SEND_ID = String(256).with_variant(
    mysql.VARCHAR(256, charset="ascii", collation="ascii_bin"), "mysql", "mariadb"
)
_GROUP = String(MAX_GROUP).with_variant(
    mysql.VARCHAR(MAX_GROUP, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)
_BODY = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


def has_returning(connection: Connection) -> bool:
    """Returns whether an UPDATE returns rows, so that one statement does what two do otherwise."""
    return connection.dialect.name in ("postgresql", "sqlite")


def in_state(table: Table, *states: State) -> ColumnElement[bool]:
    """Returns a condition on the state, in literals: partial indexes don't match parameters.

    https://www.postgresql.org/docs/current/indexes-partial.html
    """
    names = [literal_column(f"'{state}'", String) for state in states]
    state: ColumnElement[str] = table.c.state
    return state == names[0] if len(names) == 1 else state.in_(names)


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one outbox.

    Attributes:
        mails: One row for each mail, which is its entry in the send log, too.
        bodies: The messages of mails that aren't accepted yet, so that workers claim narrow rows.
    """

    mails: Table
    bodies: Table

    @classmethod
    def of(cls, metadata: MetaData, name: str, schema: str | None) -> Tables:
        """Adds the tables to a MetaData.

        Raises:
            ConfigurationError: ``metadata`` isn't one, or has a table of this name, or a name isn't
                text, or is too long for a database.
        """
        check_instance("metadata", metadata, MetaData, "a MetaData of SQLAlchemy")
        if schema is not None:
            _check_name("schema", schema, _MAX_NAME)
        _check_name("table", name, _MAX_NAME - len("_group"))
        _check_unused(metadata, name, schema)
        mails = Table(name, metadata, *_mail_columns(), schema=schema)
        queued = in_state(mails, "queued")
        partial: dict[str, Any] = {"postgresql_where": queued, "sqlite_where": queued}
        Index(f"{name}_due", mails.c.state, mails.c.priority, mails.c.due_at, **partial)
        Index(
            f"{name}_group",
            mails.c.state,
            mails.c.priority,
            mails.c.group_name,
            mails.c.due_at,
            **partial,
        )
        Index(f"{name}_state", mails.c.state, mails.c.changed_at)
        bodies = Table(
            f"{name}_body",
            metadata,
            Column(
                "send_id",
                _SEND_ID,
                ForeignKey(mails.c.send_id, ondelete="CASCADE"),
                primary_key=True,
            ),
            Column("body", _BODY, nullable=False),
            schema=schema,
        )
        return cls(mails, bodies)

    @property
    def channel(self) -> str:
        """Channel of PostgreSQL by which new mails wake the workers."""
        return self.mails.fullname[-63:]  # names have at most 63 bytes


def _check_name(argument: str, name: str, limit: int) -> None:
    check_unicode(argument, name)
    if (size := len(name.encode())) > limit:
        raise ConfigurationError(f"{argument} must have at most {limit} bytes, not {size}")


def _check_unused(metadata: MetaData, name: str, schema: str | None) -> None:
    used = {(table.schema, table.name) for table in metadata.tables.values()}
    for each in (name, f"{name}_body"):
        if (metadata.schema if schema is None else schema, each) in used:
            raise ConfigurationError(
                f"metadata has a table {each!r} already; create one Outbox for it, and use its "
                "log(engine), or pass another name as table"
            )


def _mail_columns() -> list[Column[Any]]:
    return [
        Column("send_id", _SEND_ID, primary_key=True),
        Column("state", String(9), nullable=False),
        Column("priority", SmallInteger, nullable=False),
        Column("group_name", _GROUP, nullable=False),
        Column("due_at", UtcTime, nullable=False),
        Column("attempts", Integer, nullable=False),  # that failed, without those of a busy account
        Column("size", Integer),  # bytes of the message, uncompressed; null where it isn't stored
        Column("bulk", String(32)),  # equal for mails that may share a bulk call
        Column("leased_by", String(32)),  # the worker that holds it, or held it last
        Column("lease_until", UtcTime),
        Column("began", UtcTime),  # its last request was about to leave
        Column("message_id", String(255)),
        Column("error", String(255)),  # class and code of the last one, no personal data
        Column("created_at", UtcTime, nullable=False),
        Column("changed_at", UtcTime, nullable=False),  # the state
    ]
