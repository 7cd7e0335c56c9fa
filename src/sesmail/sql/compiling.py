"""Statements as SQL text and parameters, for programs that don't use SQLAlchemy's connections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Dialect, Executable, Table
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql.compiler import SQLCompiler

from ..arguments import check_choice, check_instance
from .steps import Step, Steps

__all__ = ["Statement", "compiled", "table_statements"]

_DIALECTS: dict[str, Any] = {
    "postgresql": postgresql,
    "sqlite": sqlite,
    "mysql": mysql,
    "mariadb": mysql,
}
_STYLES = ("pyformat", "named", "format", "qmark")


class Statement(NamedTuple):
    """SQL text and its parameters, as ``cursor.execute`` takes them.

    Attributes:
        sql: The text.
        parameters: A dict for named parameters, a tuple otherwise.
    """

    sql: str
    parameters: dict[str, Any] | tuple[Any, ...]


def compiled(statement: Executable, dialect: str, paramstyle: str) -> list[Statement]:
    """Returns a statement as SQL for a dialect.

    Raises:
        ConfigurationError: An argument is invalid.
    """
    check_instance("statement", statement, Executable, "a statement of this outbox")
    check_choice("dialect", dialect, _DIALECTS)
    check_choice("paramstyle", paramstyle, _STYLES)
    made: Dialect = _DIALECTS[dialect].dialect(paramstyle=paramstyle)
    steps = statement.steps(dialect) if isinstance(statement, Steps) else [Step(statement)]
    nothing: list[dict[str, Any] | None] = [None]
    return [_statement(step.statement, row, made) for step in steps for row in step.rows or nothing]


def table_statements(tables: Sequence[Table], dialect: str) -> list[str]:
    """Returns the statements that create tables and their indexes, in order.

    Raises:
        ConfigurationError: The dialect isn't known.
    """
    check_choice("dialect", dialect, _DIALECTS)
    made: Dialect = _DIALECTS[dialect].dialect()
    found: list[Any] = []
    for table in tables:
        found.append(CreateTable(table))
        found += [
            CreateIndex(each) for each in sorted(table.indexes, key=lambda each: str(each.name))
        ]
    return [str(each.compile(dialect=made)).strip() for each in found]


def _statement(statement: Any, row: dict[str, Any] | None, dialect: Dialect) -> Statement:
    compiler: SQLCompiler = statement.compile(
        dialect=dialect, compile_kwargs={"render_postcompile": True}
    )
    values = {
        name: _converted(value, compiler.binds[name], dialect)
        for name, value in compiler.construct_params(row).items()
    }
    if compiler.positional:
        return Statement(str(compiler), tuple(values[name] for name in compiler.positiontup or ()))
    return Statement(str(compiler), values)


def _converted(value: object, parameter: Any, dialect: Dialect) -> object:
    """Returns a value as the driver takes it, without a type that only SQLAlchemy knows."""
    convert = parameter.type.dialect_impl(dialect).bind_processor(dialect)
    return value if convert is None else convert(value)
