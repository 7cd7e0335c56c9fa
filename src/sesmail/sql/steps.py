"""An executable of several statements, for databases that can't write two tables by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ClauseElement, Connection, Executable
from sqlalchemy.exc import SQLAlchemyError

__all__ = ["Build", "Check", "Step", "Steps"]


class Step(NamedTuple):
    """A statement.

    Attributes:
        statement: The statement.
        rows: Rows of its parameters; None for a statement without parameters.
        undo: Statements for the same rows that take back what it did, if it or a later one fails.
    """

    statement: Executable
    rows: Sequence[dict[str, Any]] | None = None
    undo: Sequence[Executable] = ()


Build: TypeAlias = Callable[[str], Sequence[Step]]
Check: TypeAlias = Callable[[Connection], None]


class Steps(Executable, ClauseElement):
    """Statements that ``execute`` of a connection or a session runs in order.

    The result is that of the last one. They belong to the transaction that executes them. If one
    fails, nothing of the others remains, so that an application may commit what it did before.

    Args:
        build: Returns the statements for the name of a dialect.
        check: Raises an error if the connection can't execute them; None for no check.
    """

    inherit_cache: bool | None = False

    def __init__(self, build: Build, check: Check | None = None) -> None:
        self._build = build
        self._check = check

    def steps(self, dialect: str) -> Sequence[Step]:
        """Returns the statements for a dialect, such as ``postgresql``."""
        return self._build(dialect)

    # The method that every executable has. A connection calls it, also that of a session:
    # https://github.com/sqlalchemy/sqlalchemy/blob/main/lib/sqlalchemy/sql/base.py
    def _execute_on_connection(
        self, connection: Connection, distilled_params: Any, execution_options: Any
    ) -> Any:
        if self._check is not None:
            self._check(connection)
        result: Any = None
        begun: list[Step] = []
        try:
            for step in self.steps(connection.dialect.name):
                begun.append(step)
                result = connection.execute(
                    step.statement, step.rows, execution_options=execution_options
                )
        except Exception:
            _undo(connection, begun)
            raise
        return result


def _undo(connection: Connection, steps: Sequence[Step]) -> None:
    """Takes back the steps of a transaction, unless the database has ended it by the failure.

    It isn't a savepoint, whose release may commit on SQLite:
    https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#sqlite-transactions
    """
    with suppress(SQLAlchemyError):
        for step in reversed(steps):
            for statement in step.undo:
                connection.execute(statement, step.rows)
