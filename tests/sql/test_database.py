"""Isolation levels, conflicts, clocks and query plans."""

import ast
from pathlib import Path
from typing import Any

import anyio
import pytest

pytest.importorskip("sqlalchemy", reason="pip install sesmail[sql]")
pytest.importorskip("starlette", reason="pip install sesmail[testing]")

import sqlalchemy
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError, OperationalError

import sesmail.sql
from sesmail import ConfigurationError, Message
from sesmail.sql import Outbox
from sesmail.sql.claiming import claim, due_groups
from sesmail.sql.database import Database as Connections
from sesmail.sql.leaving import MailResult, expire, extend, leave, record
from sesmail.sql.store import Store
from sesmail.testing import FakeSES
from support.databases import Database, unique
from support.drivers import SETTINGS, WORKER_SETTINGS
from support.outboxes import mail, sent, work
from support.postgres import Postgres


@pytest.mark.anyio
@pytest.mark.parametrize("setting", [SETTINGS[1], SETTINGS[5]], indirect=True, ids=str)
@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
async def test_workers_share_the_queue_at_each_isolation_level(
    setting: Any, postgres: Postgres, ses: FakeSES, level: str
) -> None:
    """The level of the engine, which the application's own transactions have."""
    url = postgres.url(setting.driver)
    database = Database(url, f"at_{level.partition(' ')[0]}", isolation_level=level)
    await database.create()
    ids = [f"id-{number}" for number in range(30)]
    mails = [mail(send_id) for send_id in ids]
    await database.execute(database.outbox.insert_many(mails[:20]))
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(work, database, ses)
        for each in mails[20:]:
            tasks.start_soon(insert_surely, database, each)
    await work(database, ses)
    assert sorted(sent(ses)) == sorted(ids)
    await database.drop()


async def insert_surely(database: Database, message: Message) -> None:
    """Queue a mail as an application does, whose transactions PostgreSQL may refuse to commit."""
    while True:
        try:
            await database.execute(database.outbox.insert(message, existing="skip"))
        except DBAPIError:
            continue
        return


@pytest.mark.anyio
async def test_transaction_in_the_way_is_repeated(database: Database) -> None:
    connections = Connections(database.engine)
    calls = 0

    class Conflict(Exception):
        sqlstate = "40001"

    def conflict(connection: Connection) -> int:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise OperationalError("UPDATE", {}, Conflict())
        return calls

    assert await connections.run(conflict) == 3
    calls = -10
    with pytest.raises(DBAPIError):
        await connections.run(conflict)
    assert calls == -5


@pytest.mark.anyio
async def test_lost_connection_is_repeated_where_that_is_harmless(database: Database) -> None:
    connections = Connections(database.engine)
    calls = 0

    def lose(connection: Connection) -> int:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise OperationalError("UPDATE", {}, Exception(), connection_invalidated=True)
        return calls

    with pytest.raises(OperationalError):
        await connections.run(lose)
    assert calls == 1
    assert await connections.run(lose, repeatable=True) == 3
    calls = -10
    with pytest.raises(OperationalError):
        await connections.run(lose, repeatable=True)
    assert calls == -5


@pytest.mark.anyio
@pytest.mark.parametrize("setting", [SETTINGS[1], SETTINGS[5]], indirect=True, ids=str)
async def test_outcome_is_recorded_although_the_server_closed_the_connections(
    database: Database, postgres: Postgres
) -> None:
    log = database.outbox.log(database.engine)
    await log.begin("id")
    other = Database(postgres.url("psycopg"))
    await other.execute(
        sqlalchemy.text(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    )
    await other.dispose()
    await log.finish("id", "accepted", "message-1")
    record = await log.get("id")
    assert record is not None
    assert (record.outcome, record.message_id) == ("accepted", "message-1")


@pytest.mark.anyio
@pytest.mark.parametrize("setting", WORKER_SETTINGS, indirect=True, ids=str)
async def test_other_table_of_the_same_name_is_an_error_rather_than_missing(
    database: Database,
) -> None:
    outbox: Any = Outbox(table=unique().replace("-", "_"))
    store = Store(Connections(database.engine), outbox._tables, 60.0)
    assert not await store.has_table()
    other = sqlalchemy.Table(
        outbox._tables.mails.name,
        sqlalchemy.MetaData(),
        sqlalchemy.Column("number", sqlalchemy.Integer),
    )
    await database.run(other.create)
    with pytest.raises(DBAPIError):
        await store.has_table()
    await database.run(other.drop)


@pytest.mark.anyio
async def test_other_errors_are_not_repeated(database: Database) -> None:
    calls = 0

    def fail(connection: Connection) -> None:
        nonlocal calls
        calls += 1
        connection.execute(sqlalchemy.text("SELECT nonsense FROM nowhere"))

    with pytest.raises(DBAPIError):
        await Connections(database.engine).run(fail)
    assert calls == 1


def test_other_engines_are_refused() -> None:
    wrong: Any = "postgresql://localhost"
    with pytest.raises(ConfigurationError, match="engine must be an Engine or AsyncEngine"):
        Connections(wrong)
    engine: Any = sqlalchemy.create_mock_engine("oracle://", lambda *_: None)
    with pytest.raises(ConfigurationError, match="engine must be an Engine or AsyncEngine"):
        Connections(engine)


def test_engine_of_another_database_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = sqlalchemy.create_engine("sqlite://")
    monkeypatch.setattr(engine.dialect, "name", "oracle")
    with pytest.raises(ConfigurationError, match="not of oracle"):
        Connections(engine)
    engine.dispose()


def test_time_is_that_of_the_database() -> None:
    """The clocks of workers may differ: none of them is read."""
    for path in Path(sesmail.sql.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("datetime.now", "time.time", "datetime.utcnow"), path


# Plans

ROWS = 20_000


@pytest.fixture(scope="module")
def filled(postgres: Postgres) -> Any:
    """A large table of PostgreSQL, whose statistics are those of an empty one."""
    outbox = Outbox(table="large")
    engine = sqlalchemy.create_engine(postgres.url("psycopg"), isolation_level="AUTOCOMMIT")
    outbox.metadata.create_all(engine)
    columns = "send_id, state, priority, group_name, due_at, attempts, size, created_at, changed_at"
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("ANALYZE large"))
        for state, group, shift in (
            ("accepted", "'a'", "-1 day"),
            ("queued", "'g' || (i % 200)", "-1 minute"),
            ("queued", "'later'", "1 day"),
        ):
            prefix = f"{state}-{shift[0]}-"
            connection.execute(
                sqlalchemy.text(
                    f"INSERT INTO large ({columns}) SELECT '{prefix}' || i, '{state}', 1, {group}, "
                    f"now() + interval '{shift}', 0, 500, now(), now() "
                    f"FROM generate_series(1, {ROWS}) i"
                )
            )
    yield engine, outbox
    outbox.metadata.drop_all(engine)
    engine.dispose()


STEPS: dict[str, Any] = {
    "claim": lambda connection, tables: claim(connection, tables, 50, 60.0, None),
    "claim of a group": lambda connection, tables: claim(connection, tables, 50, 60.0, "g7"),
    "groups": lambda connection, tables: due_groups(connection, tables, 1, "g7"),
    "leave": lambda connection, tables: leave(connection, tables, [("queued-1-1", "x")], 60.0),
    "extend": lambda connection, tables: extend(connection, tables, [("queued-1-1", "x")], 60.0),
    "expire": lambda connection, tables: expire(connection, tables),
    "record": lambda connection, tables: record(
        connection, tables, [MailResult("a", "x", "accepted", "m"), MailResult("b", "x", "failed")]
    ),
}


@pytest.mark.parametrize("analyzed", [False, True], ids=["no statistics", "statistics"])
@pytest.mark.parametrize("step", STEPS)
def test_no_step_of_a_worker_reads_the_whole_table(filled: Any, step: str, analyzed: bool) -> None:
    engine, outbox = filled
    statements: list[Any] = []

    def before(_: object, cursor: object, text: str, parameters: Any, *rest: object) -> None:
        statements.append((text, parameters[0] if isinstance(parameters, list) else parameters))

    with engine.connect() as connection:
        if analyzed:
            connection.execute(sqlalchemy.text("ANALYZE large"))
        event.listen(engine, "before_cursor_execute", before)
        STEPS[step](connection, outbox._tables)
        event.remove(engine, "before_cursor_execute", before)
        assert statements
        for text, parameters in statements:
            rows = connection.exec_driver_sql(f"EXPLAIN {text}", parameters)
            plan = "\n".join(row[0] for row in rows)
            assert "Seq Scan on large " not in plan, plan


# Cost


@pytest.mark.anyio
@pytest.mark.parametrize("setting", WORKER_SETTINGS, indirect=True, ids=str)
async def test_mails_share_statements(database: Database, ses: FakeSES) -> None:
    """Claims, bodies, leaving and results are written in groups."""
    await database.execute(
        database.outbox.insert_many([mail(f"id-{number}") for number in range(100)])
    )
    count = 0

    def before(*_: object) -> None:
        nonlocal count
        count += 1

    engine = getattr(database.engine, "sync_engine", database.engine)
    event.listen(engine, "before_cursor_execute", before)
    await work(database, ses)
    event.remove(engine, "before_cursor_execute", before)
    assert count < 300, "alone, each mail takes five"
