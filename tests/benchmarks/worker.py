"""Contestants in a process of their own, which are told a count by a line and answer with a line of figures."""

import base64
import gc
import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .contest import Contestant, Figures, NotHereError, Setting
from .messages import Sample

TESTS = Path(__file__).parent.parent
ENVIRONMENT = {
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
    """This process's, without anybody's AWS account, and with imports that are compiled once."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, **ENVIRONMENT}


class Worker:
    """A contestant in a process of its own, from ``with`` to the end of it."""

    def __init__(self, command: Sequence[str], **more: str) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=TESTS,
            env={**environment(), **more},
        )

    def ask(self, line: str) -> Any:
        """Write a line, and wait for the one that answers it."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self.read()

    def read(self) -> Any:
        """Wait for a line."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            with self:
                raise RuntimeError(f"{self._process.args} ended with {self._process.wait()}")
        return json.loads(line)

    def __call__(self, count: int) -> Figures:
        figures: Figures = self.ask(str(count))
        return figures

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._process:
            self._process.kill()


def python_worker(target: str, arguments: dict[str, Any], python: str = sys.executable) -> Worker:
    """A contestant that a function makes in a fresh interpreter.

    Args:
        target: The function, as ``module:function``.
        arguments: What it is called with.
        python: The interpreter.

    Raises:
        NotHereError: Something that it imports isn't installed.
    """
    worker = Worker([python, "-m", __name__, target, json.dumps(arguments)])
    ready = worker.read()
    if "missing" in ready:
        with worker:
            raise NotHereError(ready["missing"])
    return worker


def fresh_each_time(target: str, arguments: dict[str, Any]) -> Contestant:
    """A contestant of whom each round is one operation in a fresh interpreter.

    Raises:
        NotHereError: Something that it imports isn't installed.
    """
    with python_worker(target, arguments):
        pass  # in a round it would be too late to be missing

    def run(_: int) -> Figures:
        with python_worker(target, arguments) as worker:
            return worker(1)

    return run


def node_worker(sample: Sample, setting: Setting) -> tuple[Worker, bytes]:
    """nodemailer's MailComposer, and the mail that it makes of a sample."""
    node = shutil.which("node")
    if (
        node is None
        or setting.node_modules is None
        or not (setting.node_modules / "nodemailer").is_dir()
    ):
        raise NotHereError("no nodemailer here")
    script = str(Path(__file__).with_name("compose.cjs"))
    worker = setting.stack.enter_context(
        Worker([node, script], NODE_PATH=str(setting.node_modules))
    )
    headers = {"X-Tag": sample.tag, "X-Metadata": json.dumps(sample.metadata)} if sample.tag else {}
    message = {
        "from": sample.author,
        "to": sample.to,
        "cc": sample.cc,
        "subject": sample.subject,
        "text": sample.text,
        "html": sample.html,
        "headers": headers,
        "attachments": [
            {
                "filename": file.name,
                "contentType": file.media_type,
                "content": base64.b64encode(file.content).decode(),
                **({"cid": file.content_id} if file.content_id else {}),
            }
            for file in sample.files
        ],
    }
    return worker, base64.b64decode(worker.ask(json.dumps(message))["mail"])


def main() -> None:
    """Be the worker."""
    module, _, name = sys.argv[1].partition(":")
    try:
        contestant: Contestant = getattr(importlib.import_module(module), name)(
            **json.loads(sys.argv[2])
        )
    except ImportError as err:
        print(json.dumps({"missing": str(err)}), flush=True)
        return
    gc.collect()
    gc.freeze()
    print(json.dumps({}), flush=True)
    for line in sys.stdin:
        print(json.dumps(contestant(int(line))), flush=True)


if __name__ == "__main__":
    main()
