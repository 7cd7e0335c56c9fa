"""Calls that are given up, and what they may still do."""

import socket
import time
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

pytest.importorskip("sqlalchemy", reason="pip install sesmail[sql]")
pytest.importorskip("starlette", reason="pip install sesmail[testing]")

import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine

from sesmail import ConfigurationError, private_names
from sesmail.sql import deadlines
from sesmail.sql.claiming import claim
from sesmail.sql.database import Database as Connections
from sesmail.sql.deadlines import CallConnection, run_thread_within, run_within
from sesmail.sql.leaving import MailResult, extend, leave, record
from support.databases import Database
from support.drivers import WORKER_SETTINGS
from support.outboxes import mail

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    """Run a test on its setting's event loop, or on both."""
    if "setting" in request.fixturenames:
        return request.getfixturevalue("setting").backend
    return request.param


on_both = pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"], indirect=True)
on_databases = pytest.mark.parametrize("setting", WORKER_SETTINGS, indirect=True, ids=str)


def connection_of(driver: Any) -> Any:
    return SimpleNamespace(connection=SimpleNamespace(driver_connection=driver))


def test_abort_ends_a_driver_whatever_it_offers() -> None:
    here, there = socket.socketpair()
    with here, there:
        for driver in (SimpleNamespace(_sock=here), here):
            used = CallConnection()
            used.opened(connection_of(driver))
            used.abort()
            assert there.recv(1) == b""
            assert here.fileno() != -1, "its driver closes it"
    calls: list[int] = []
    used = CallConnection()
    used.opened(connection_of(SimpleNamespace(terminate=lambda: calls.append(1))))
    used.abort()
    assert calls == [1]


@pytest.mark.parametrize("name", ["pymysql", "mysqldb"])
def test_pymysql_without_its_socket_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = pytest.importorskip("pymysql")
    engine = sqlalchemy.create_engine(f"mysql+{name}://localhost/test", module=module)
    monkeypatch.setattr(private_names, "_checked", set())
    Connections(engine)
    private_names._checked.clear()
    monkeypatch.setattr(module.connections.Connection, "connect", lambda self: None)
    with pytest.raises(ConfigurationError, match=r"pymysql .* isn't supported: _sock is missing"):
        Connections(engine)


@pytest.mark.parametrize("driver", ["aiomysql", "asyncmy", "asyncpg", "psycopg", "aiosqlite"])
def test_other_drivers_have_no_private_name(driver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip(driver)
    monkeypatch.setattr(deadlines, "check_private_names", pytest.fail)
    database = {"psycopg": "postgresql", "asyncpg": "postgresql", "aiosqlite": "sqlite"}
    url = f"{database.get(driver, 'mysql')}+{driver}://"
    Connections(sqlalchemy.create_engine(url) if driver == "psycopg" else create_async_engine(url))


def test_connection_that_opens_too_late_is_not_used() -> None:
    used = CallConnection()
    used.abort()
    with pytest.raises(TimeoutError, match="too late"):
        used.opened(connection_of(None))


@on_both
async def test_result_and_error_of_a_call_are_its_own() -> None:
    async def divide(number: int) -> float:
        await anyio.lowlevel.checkpoint()
        return 1 / number

    assert await run_within(10, lambda: divide(2), pytest.fail) == 0.5
    with pytest.raises(ZeroDivisionError):
        await run_within(10, lambda: divide(0), pytest.fail)
    assert await run_thread_within(10, lambda: 1, pytest.fail) == 1


@on_both
async def test_call_that_can_not_be_aborted_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "_GRACE", 0.01)
    aborted: list[int] = []
    with pytest.raises(TimeoutError, match=r"did not respond in 0\.01 seconds"):
        await run_within(0.01, anyio.sleep_forever, lambda: aborted.append(1))
    with pytest.raises(TimeoutError):
        await run_thread_within(0.01, lambda: time.sleep(0.5), lambda: aborted.append(2))
    assert aborted == [1, 2]


@on_both
async def test_error_of_an_aborted_call_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "_GRACE", 0.01)
    aborted = anyio.Event()

    async def fail() -> None:
        await aborted.wait()
        raise OSError("the socket is closed")

    with pytest.raises(TimeoutError, match=r"did not respond in 0\.01 seconds") as raised:
        await run_within(0.01, fail, aborted.set, shield=True)
    assert isinstance(raised.value.__cause__, OSError)


@on_both
async def test_cancelled_thread_has_a_moment_to_end() -> None:
    ended: list[int] = []

    def work() -> None:
        time.sleep(0.1)
        ended.append(1)

    with anyio.move_on_after(0.01) as scope:
        await run_thread_within(10, work, pytest.fail)
    assert scope.cancelled_caught
    assert ended == [1]


@on_databases
@pytest.mark.parametrize("returning", [True, False], ids=["returning", "as on MySQL"])
async def test_result_that_is_written_twice_counts_once(
    database: Database, returning: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its response may be lost; other statements may arrive after it."""
    for module in ("claiming", "leaving"):
        monkeypatch.setattr(f"sesmail.sql.{module}.has_returning", lambda _: returning)
    tables: Any = database.outbox._tables
    await database.execute(database.outbox.insert(mail("id")))
    (held,) = await database.run(lambda each: claim(each, tables, 1, 60.0, None))
    mine = [(held.send_id, held.token)]
    assert await database.run(lambda each: leave(each, tables, mine, 60.0)) == {"id"}
    result = MailResult(*mine[0], "queued", None, "NotSentError", 0.0, counted=True)
    for _ in range(2):
        await database.run(lambda each: record(each, tables, [result]))
    row = await database.row("id")
    assert (row.state, row.attempts) == ("queued", 1)
    assert await database.run(lambda each: leave(each, tables, mine, 60.0)) == set()
    await database.run(lambda each: extend(each, tables, mine, 60.0))
    assert len(await database.run(lambda each: claim(each, tables, 1, 60.0, None))) == 1
