"""Runs the Python blocks of a page, by the rules of `test_documentation`."""

import ast
import asyncio
import importlib
import inspect
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import sesmail
from support import amazon, asgi
from support.markdown import Block, Page


class Database:
    """A database in memory."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)

    async def execute(self, sql: str, *values: object) -> int:
        """Run a statement and return the number of changed rows."""
        return self.connection.execute(sql, values).rowcount

    async def fetch_one(self, sql: str, *values: object) -> Any:
        """Execute a query and return its first row."""
        return self.connection.execute(sql, values).fetchone()


class Program:
    """The Python blocks of a page, executed in order."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.folder = folder
        self.database = Database()
        self.names: dict[str, Any] = {}
        self.modules: list[ModuleType] = []
        self.called: list[tuple[object, ...]] = []
        self.statuses: list[int] = []

    async def run(self) -> None:
        """Execute all blocks, and the tests among them at the end."""
        async with sesmail.Client() as client:
            with closing(self.database.connection):
                self.names = self._given(client)
                for block in self.page.blocks("python"):
                    await self._run_block(block)
                await asyncio.to_thread(close_runners, self.modules)
        if any(self.folder.glob("test_*.py")):
            await asyncio.to_thread(self._run_pytest)

    def _given(self, client: sesmail.Client) -> dict[str, Any]:
        async def record(*values: object) -> None:
            self.called.append(values)

        message = sesmail.Message(
            from_email="shop@example.com", to="alice@example.com", subject="Hello", text="Hello!"
        )
        body, headers = amazon.BODIES["bounce"]()
        return {
            "sesmail": sesmail,
            "client": client,
            "message": message,
            "topics": [amazon.TOPIC],
            "body": body,
            "headers": headers,
            "store": record,
            "save": record,
            "suppress": record,
            "database": self.database,
        }

    async def _run_block(self, block: Block) -> None:
        options = dict(word.partition("=")[::2] for word in block.hint)
        assert options.keys() <= {"fresh", "body", "post", "then"}, options
        if "body" in options:
            self.names["body"], self.names["headers"] = amazon.BODIES[options["body"]]()
        code = compiled(self.page, block)
        if block.file_name:
            await asyncio.to_thread(self._run_file, block, options.get("then", "None"))
            return
        names = {"__name__": "__main__"} if "fresh" in options else self.names
        if code.co_flags & inspect.CO_COROUTINE:
            await eval(code, names)
        else:
            await asyncio.to_thread(exec, code, names)
        if "post" in options:
            body, headers = self.names["body"], self.names["headers"]
            self.statuses.append(await asgi.post(names["app"], options["post"], body, headers))

    def _run_file(self, block: Block, then: str) -> None:
        assert block.file_name is not None
        path = self.folder / block.file_name
        path.write_text(block.text, encoding="utf-8")
        if not re.match("test_|conftest", path.name):
            module = importlib.import_module(path.stem)
            self.modules.append(module)
            eval(then, vars(module), self.names)

    def _run_pytest(self) -> None:
        options = ["-q", "-W", "error", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir=."]
        options += ["-p", "no:asyncio"]  # pytest-asyncio warns without settings of its own
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options],
            cwd=self.folder,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def close_runners(modules: list[ModuleType]) -> None:
    """Close the event loops and clients of modules for AWS Lambda, which never closes them."""
    for names in map(vars, modules):
        for runner in [value for value in names.values() if isinstance(value, asyncio.Runner)]:
            for client in [value for value in names.values() if isinstance(value, sesmail.Client)]:
                runner.run(client.aclose())
            runner.close()


def compiled(page: Page, block: Block) -> CodeType:
    """Return the code of a block, with the line numbers of its page."""
    source = "\n" * (block.line - 1) + block.text
    code: CodeType = compile(source, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return code
