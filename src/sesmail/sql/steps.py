"""An executable of several statements, for databases that can't write two tables by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ClauseElement, Connection, Executable

__all__ = ["Build", "Check", "Step", "Steps"]


class Step(NamedTuple):
    """A statement, and the rows of its parameters; None for a statement without parameters."""

    statement: Executable
    rows: Sequence[dict[str, Any]] | None = None


Build: TypeAlias = Callable[[str], Sequence[Step]]
Check: TypeAlias = Callable[[Connection], None]


class Steps(Executable, ClauseElement):
    """Statements that ``execute`` of a connection or a session runs in order.

    The result is that of the last one. They belong to the transaction that executes them.

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
        results = [
            connection.execute(statement, rows, execution_options=execution_options)
            for statement, rows in self.steps(connection.dialect.name)
        ]
        return results[-1]
