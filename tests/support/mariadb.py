"""MariaDB as a process of the tests, where its server is installed."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import pytest


class MariaDB:
    """A server with an empty database, stopped and deleted at the end."""

    def __enter__(self) -> Self:
        server = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")
        install = shutil.which("mariadb-install-db")
        if server is None or install is None:
            pytest.skip("MariaDB isn't installed: apt install mariadb-server")
        self._folder = tempfile.TemporaryDirectory(prefix="sesmail-mariadb-")
        path = Path(self._folder.name)
        self._socket = path / "socket"
        # A server that starts deletes the temporary tables that it finds, also those of others.
        temporary = path / "tmp"
        temporary.mkdir()
        settings = ("--no-defaults", f"--datadir={path}/data", f"--tmpdir={temporary}")
        installed = subprocess.run(
            [install, *settings, "--auth-root-authentication-method=normal"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert installed.returncode == 0, installed.stdout
        self._server = subprocess.Popen(
            [server, *settings, f"--socket={self._socket}", "--skip-networking", "--user=root"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while not self._socket.exists():
            assert time.monotonic() < deadline, "MariaDB doesn't start"
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.terminate()
        self._server.wait()
        self._folder.cleanup()

    def url(self, driver: str) -> str:
        """Return the URL for a driver of SQLAlchemy."""
        return f"mysql+{driver}://root@localhost/test?unix_socket={self._socket}&charset=utf8mb4"
