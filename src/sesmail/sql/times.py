"""Times in the database: a type of columns, and the database's own clock in statements."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    DateTime,
    Dialect,
    Float,
    String,
    TypeDecorator,
    bindparam,
    func,
    literal_column,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

__all__ = ["Now", "UtcTime", "now"]


class UtcTime(TypeDecorator[datetime]):
    """A time in UTC with microseconds: ``timestamptz`` on PostgreSQL, ``DATETIME(6)`` on MySQL.

    SQLite has no such type, and stores text that sorts by time.
    """

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = DateTime
    cache_ok: bool | None = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Returns the type of a dialect."""
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Converts an aware datetime to one that the database stores."""
        if value is None:
            return None
        time = value.astimezone(UTC)
        return time if dialect.name == "postgresql" else time.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Converts a stored time to an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Now(FunctionElement[datetime]):
    """Time of the database's clock at the start of the statement, plus seconds if they are given.

    It is not clock_timestamp(), which is volatile, so that no index could serve a comparison:
    https://www.postgresql.org/docs/current/functions-datetime.html#FUNCTIONS-DATETIME-CURRENT
    """

    inherit_cache: bool | None = True
    type: TypeEngine[datetime] = UtcTime()
    name = "now_plus"


def now(seconds: float | BindParameter[Any] | None = None) -> Now:
    """Returns the time of the database's clock, plus some seconds."""
    if seconds is None:
        return Now()
    if isinstance(seconds, BindParameter):
        return Now(seconds)
    return Now(bindparam(None, seconds, type_=Float, unique=True))


@compiles(Now, "postgresql")
def _postgresql(element: Now, compiler: SQLCompiler, **options: Any) -> str:
    text = "statement_timestamp()"
    for seconds in element.clauses:
        text = f"({text} + {compiler.process(seconds, **options)} * interval '1 second')"
    return text


@compiles(Now, "mysql", "mariadb")
def _mysql(element: Now, compiler: SQLCompiler, **options: Any) -> str:
    text = "UTC_TIMESTAMP(6)"
    for seconds in element.clauses:
        shift = f"ROUND({compiler.process(seconds, **options)} * 1000000)"
        text = f"({text} + INTERVAL {shift} MICROSECOND)"
    return text


@compiles(Now, "sqlite")
def _sqlite(element: Now, compiler: SQLCompiler, **options: Any) -> str:
    # SQLite's clock has milliseconds; SQLAlchemy reads and writes six digits.
    form = literal_column("'%Y-%m-%d %H:%M:%f000'", String)
    shifts = [
        func.printf(literal_column("'%+f seconds'", String), seconds) for seconds in element.clauses
    ]
    time = func.strftime(form, literal_column("'now'", String), *shifts)
    return compiler.process(time, **options)
