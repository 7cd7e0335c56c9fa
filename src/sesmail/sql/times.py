"""Times in the database: a type of columns, and the database's own clock in statements."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
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

__all__ = ["Now", "UtcTime", "now"]


class UtcTime(TypeDecorator[datetime]):
    """A time in UTC with microseconds: ``timestamptz`` on PostgreSQL, ``DATETIME(6)`` on MySQL.

    SQLite has no such type, and stores text that sorts by time.
    """

    impl = DateTime
    cache_ok = True

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
    """Time of the database's clock at the start of the statement, plus some seconds."""

    inherit_cache = True
    type = UtcTime()
    name = "now_plus"


def now(seconds: float | str = 0.0) -> Now:
    """Returns the time of the database's clock, plus seconds: a number, or a parameter's name."""
    name, value = (seconds, None) if isinstance(seconds, str) else (None, seconds)
    if name is not None:
        return Now(bindparam(name, type_=Float))
    return Now(bindparam(None, value, type_=Float, unique=True))


# Not clock_timestamp(), which is volatile, so that no index could be used for a comparison with it:
# https://www.postgresql.org/docs/current/functions-datetime.html#FUNCTIONS-DATETIME-CURRENT
@compiles(Now, "postgresql")
def _postgresql(element: Now, compiler: SQLCompiler, **options: Any) -> str:
    (seconds,) = element.clauses
    shift = seconds * literal_column("interval '1 second'")
    return "(" + compiler.process(func.statement_timestamp() + shift, **options) + ")"


@compiles(Now, "mysql", "mariadb")
def _mysql(element: Now, compiler: SQLCompiler, **options: Any) -> str:
    (seconds,) = element.clauses
    text = compiler.process(seconds, **options)
    return f"(UTC_TIMESTAMP(6) + INTERVAL ROUND({text} * 1000000) MICROSECOND)"


@compiles(Now, "sqlite")
def _sqlite(element: Now, compiler: SQLCompiler, **options: Any) -> str:
    (seconds,) = element.clauses
    shift = func.printf(literal_column("'%+f seconds'"), seconds)
    # SQLite's clock has milliseconds; SQLAlchemy reads and writes six digits.
    form = literal_column("'%Y-%m-%d %H:%M:%f000'", String)
    return compiler.process(func.strftime(form, literal_column("'now'"), shift), **options)
