"""Contestants in processes of their own: the response to a line with a count is a line of JSON."""

import gc
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from .comparison import Figures, PeerMissingError, Round

TESTS = Path(__file__).parent.parent
CREDENTIALS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
CLIENT = {"region_name": "eu-west-1", **CREDENTIALS}
AWS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}


def environment() -> dict[str, str]:
    """The environment without the settings of any AWS account; imports are compiled once."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, **AWS}


class Worker:
    """A process that runs rounds; a context manager that ends it."""

    def __init__(self, command: Sequence[str], **variables: str) -> None:
        pipe, env = subprocess.PIPE, {**environment(), **variables}
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, text=True, cwd=TESTS, env=env
        )

    def __call__(self, count: int) -> Figures:
        figures: Figures = self.ask(str(count))
        return figures

    def ask(self, line: str) -> Any:
        """Writes a line and returns the response."""
        self.write(line)
        return self.read()

    def write(self, line: str) -> None:
        """Writes a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def read(self) -> Any:
        """Waits for a line, and decodes it."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            with self:
                raise RuntimeError(f"{self._process.args} ended with {self._process.wait()}")
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            self._process.kill()


def python_worker(
    target: str, arguments: Mapping[str, Any], python: str = sys.executable
) -> Worker:
    """Starts a process for the contestant that ``module:function`` sets up with the arguments.

    Raises:
        PeerMissingError: Something that it imports isn't installed.
    """
    worker = Worker([python, "-m", __name__, target, json.dumps(arguments)])
    ready = worker.read()
    if "missing" in ready:
        with worker:
            raise PeerMissingError(ready["missing"])
    return worker


def fresh_process_each_round(target: str, arguments: Mapping[str, Any]) -> Round:
    """A contestant each round of which is one operation in a new process.

    Raises:
        PeerMissingError: Something that it imports isn't installed.
    """
    with python_worker(target, arguments):
        pass

    def run(_: int) -> Figures:
        with python_worker(target, arguments) as worker:
            return worker(1)

    return run


def main() -> None:
    """Runs rounds for the parent process."""
    module, _, name = sys.argv[1].partition(":")
    try:
        run: Round = getattr(importlib.import_module(module), name)(**json.loads(sys.argv[2]))
    except ImportError as err:
        print(json.dumps({"missing": str(err)}), flush=True)
        return
    gc.collect()
    gc.freeze()
    print("{}", flush=True)
    for line in sys.stdin:
        print(json.dumps(run(int(line))), flush=True)


if __name__ == "__main__":
    main()
