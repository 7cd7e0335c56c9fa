"""Each part works with the permissions that the guide states for it, and no others."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

pytest.importorskip("sqlalchemy", reason="pip install sesmail[sql]")
pytest.importorskip("starlette", reason="pip install sesmail[testing]")

import sqlalchemy
from sqlalchemy import make_url, text
from sqlalchemy.exc import ProgrammingError

from sesmail.testing import FakeSES
from support.databases import Database
from support.outboxes import mail, sent, work
from support.postgres import Postgres

pytestmark = [pytest.mark.first]

TABLE = "permissions"
ROLE = f"{TABLE}_{os.getpid()}"  # of the server, which the processes of pytest-xdist share
GRANTS = {
    "queues": [f"INSERT, SELECT ON {TABLE}, {TABLE}_body"],
    "cancels": [f"INSERT, SELECT ON {TABLE}, {TABLE}_body", f"UPDATE ON {TABLE}"],
    "works": [f"SELECT, INSERT, UPDATE, DELETE ON {TABLE}, {TABLE}_body"],
}


@pytest.fixture(scope="module")
def owner(postgres: Postgres) -> Iterator[Database]:
    """The tables, and roles with the permissions of the guide."""
    database = Database(postgres.url("psycopg"), TABLE)
    engine: Any = database.engine
    database.outbox.metadata.create_all(engine)
    with engine.begin() as connection:
        for role, grants in GRANTS.items():
            connection.execute(text(f"CREATE ROLE {ROLE}_{role} LOGIN"))
            for grant in grants:
                connection.execute(text(f"GRANT {grant} TO {ROLE}_{role}"))
    yield database
    database.outbox.metadata.drop_all(engine)
    with engine.begin() as connection:
        for role in GRANTS:
            connection.execute(text(f"DROP ROLE {ROLE}_{role}"))
    engine.dispose()


@pytest.fixture
def connect(owner: Database) -> Iterator[Any]:
    """Return a function that connects as a role."""
    made: list[Database] = []

    def as_role(role: str) -> Database:
        url = make_url(owner.url).set(username=f"{ROLE}_{role}")
        made.append(Database(url.render_as_string(), TABLE))
        return made[-1]

    yield as_role
    engine: Any = owner.engine
    with engine.begin() as connection:
        for table in reversed(owner.outbox.metadata.sorted_tables):
            connection.execute(table.delete())
    for database in made:
        other: Any = database.engine
        other.dispose()


def run(database: Database, *statements: sqlalchemy.Executable) -> None:
    anyio.run(database.execute, *statements)


def test_application_that_queues(connect: Any) -> None:
    database = connect("queues")
    outbox = database.outbox
    run(database, outbox.insert(mail("a")), outbox.insert(mail("a"), existing="skip"))
    run(database, outbox.get("a"), outbox.pending())
    with pytest.raises(ProgrammingError, match="permission denied"):
        run(database, outbox.cancel("a"))


def test_application_that_cancels(connect: Any) -> None:
    database = connect("cancels")
    outbox = database.outbox
    run(database, outbox.insert(mail("a")), outbox.cancel("a"), outbox.requeue("a"))
    run(database, outbox.reschedule("a", datetime(2099, 1, 1, tzinfo=UTC)))
    with pytest.raises(ProgrammingError, match="permission denied"):
        run(database, outbox.forget(datetime(2099, 1, 1, tzinfo=UTC)))


def test_worker_and_receiver(connect: Any, ses: FakeSES) -> None:
    database = connect("works")
    run(database, database.outbox.insert_many([mail("a"), mail("b", text=None)]))

    async def check() -> None:
        await work(database, ses)
        log = database.outbox.log(database.engine)
        await log.begin("direct")
        assert await log.settle("direct", "accepted", "m")
        assert await log.forget(datetime(2099, 1, 1, tzinfo=UTC)) == 3

    anyio.run(check)
    assert sent(ses) == ["a"]
