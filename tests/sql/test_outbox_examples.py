"""The example programs of the outbox, as processes of their own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="pip install sesmail[sql]")
pytest.importorskip("starlette", reason="pip install sesmail[testing]")

import sqlalchemy

from sesmail.sql import Outbox
from sesmail.testing import FakeSES
from support.outboxes import mail, sent
from support.postgres import Postgres

EXAMPLES = Path(__file__).parent.parent.parent / "examples"

pytestmark = pytest.mark.slow

DJANGO = """
from django.test import Client
import outbox_django
outbox_django.create_tables()
outbox_django.create_tables()
def post(**form):
    return Client(raise_request_exception=False).post("/order", {"email": "a@example.com", **form})
print(post(number="1").status_code, post(number="1").status_code)
print(post(number="2", fails="yes").status_code)
with outbox_django.connection.cursor() as cursor:
    cursor.execute("SELECT send_id, state FROM sesmail_outbox")
    print(cursor.fetchall())
print(outbox_django.execute(outbox_django.outbox.cancel("order-1")))
"""


def test_each_example_has_a_test() -> None:
    names = {path.stem for path in EXAMPLES.glob("outbox_*.py")} | {"send_later"}
    assert {f"test_{name}" for name in names} - globals().keys() == set()


def run(ses: FakeSES, *command: str, **environment: str) -> list[str]:
    """Run a program, and return the lines that it prints."""
    ended = subprocess.run(
        [sys.executable, "-W", "error", *command],
        env={**os.environ, "AWS_ENDPOINT_URL": ses.url, "PYTHONPATH": str(EXAMPLES), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def test_outbox_sqlalchemy(ses: FakeSES) -> None:
    ses.verify("example.com")
    lines = run(ses, str(EXAMPLES / "outbox_sqlalchemy.py"))
    assert sent(ses) == ["alice"]
    assert lines == [
        "1 accepted",
        f"invoice-1 is accepted as {ses.outbox[0].message_id}",
        "invoice-2 is None",
    ]


def test_send_later(ses: FakeSES) -> None:
    ses.verify("example.com")
    lines = run(ses, str(EXAMPLES / "send_later.py"))
    assert sent(ses) == ["alice"]
    assert lines == [
        "1 moved, 1 cancelled",
        "1 accepted",
        "alice accepted",
        "bob cancelled",
        "carol queued",
    ]


def test_outbox_django(ses: FakeSES, tmp_path: Path, postgres: Postgres) -> None:
    pytest.importorskip("django")
    expected = ["201 201", "500", "[('order-1', 'queued')]", "1"]
    # Django compiles its statements to a file in the working directory, or to PostgreSQL.
    program = f"import os\nos.chdir({str(tmp_path)!r})\n{DJANGO}"
    assert run(ses, "-c", program) == expected
    url = sqlalchemy.make_url(postgres.url("psycopg"))
    assert (
        run(
            ses,
            "-c",
            program,
            PGDATABASE=str(url.database),
            PGUSER=str(url.username),
            PGHOST=str(url.query["host"]),
        )
        == expected
    )
    engine = sqlalchemy.create_engine(url)
    Outbox().metadata.drop_all(engine)
    engine.dispose()


@pytest.mark.parametrize("driver", ["asyncpg", "aiosqlite"])
def test_outbox_worker(driver: str, ses: FakeSES, postgres: Postgres, tmp_path: Path) -> None:
    """It sends, and ends at SIGTERM."""
    pytest.importorskip(driver)
    ses.verify("example.com")
    sync, url = postgres.url("psycopg"), postgres.url("asyncpg")
    if driver == "aiosqlite":
        sync, url = f"sqlite:///{tmp_path}/shop.db", f"sqlite+aiosqlite:///{tmp_path}/shop.db"
    outbox, engine = Outbox(), sqlalchemy.create_engine(sync)
    outbox.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(outbox.insert(mail("id")))
    worker = subprocess.Popen(
        [sys.executable, "-W", "error", str(EXAMPLES / "outbox_worker.py")],
        env={
            **os.environ,
            "AWS_ENDPOINT_URL": ses.url,
            "DATABASE_URL": url,
            "CREATE_TABLES": "yes",
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not sent(ses) and time.monotonic() < deadline:
        time.sleep(0.05)
    worker.send_signal(signal.SIGTERM)
    _, printed = worker.communicate(timeout=30)
    assert worker.returncode == 0, printed
    assert sent(ses) == ["id"]
    assert "INFO mail id is accepted" in printed
    assert "INFO stopped: WorkProgress(accepted=1" in printed
    outbox.metadata.drop_all(engine)
    engine.dispose()
