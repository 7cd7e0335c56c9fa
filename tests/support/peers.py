"""Foreign programs that the fake SES is compared with; `nox -s conformance` installs them.

They are in the folder of the environment variable SESMAIL_PEERS: packages of npm in
``node_modules``, and a Python environment of its own in ``bin``, because the AWS CLI requires
another botocore.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any


def peers_folder() -> Path | None:
    """Return the folder, or None if the programs aren't installed."""
    folder = os.environ.get("SESMAIL_PEERS")
    if folder is None or shutil.which("node") is None:
        return None
    return Path(folder)


def run_node(program: str, document: Any, peers: Path) -> Any:
    """Run a program that reads a JSON document from stdin and writes one to stdout."""
    return _run(["node", "-e", program], document, {"NODE_PATH": str(peers / "node_modules")})


def run_python(program: str, document: Any, peers: Path, **environment: str) -> Any:
    """Run a program in the Python environment of the peers, likewise."""
    return _run([str(peers / "bin" / "python"), "-c", program], document, environment)


def _run(command: list[str], document: Any, environment: dict[str, str]) -> Any:
    done = subprocess.run(
        command,
        input=json.dumps(document),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)
