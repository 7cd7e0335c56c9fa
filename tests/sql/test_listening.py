"""Notifications of PostgreSQL that wake workers."""

from typing import Any

import anyio
import pytest

pytest.importorskip("sqlalchemy", reason="pip install sesmail[sql]")
pytest.importorskip("starlette", reason="pip install sesmail[testing]")

import sqlalchemy

from sesmail.sql import Outbox
from sesmail.sql.listening import can_listen, listen
from sesmail.testing import FakeSES
from support.databases import Database, new_engine
from support.outboxes import mail, running, sent, until

pytestmark = pytest.mark.anyio


def skip_sqlite(setting: Any) -> bool:
    return "sqlite" in setting.driver


async def test_queued_mail_wakes_an_idle_worker(
    database: Database, ses: FakeSES, setting: Any
) -> None:
    if skip_sqlite(setting):
        assert not can_listen(database.engine)
        return
    async with running(database, ses, poll_interval=1000.0):
        await anyio.sleep(0.3)
        for name in ("a", "b"):  # the first may be seen by the first poll
            await database.execute(database.outbox.insert(mail(name)))
            await until(lambda name=name: name in sent(ses))


async def test_listening_goes_on_after_the_connection_broke(
    database: Database, setting: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    if skip_sqlite(setting):
        return
    caplog.set_level("INFO", "sesmail.sql")
    monkeypatch.setattr("sesmail.sql.listening._RETRY", 0.05)
    heard: list[int] = []
    name = f"name of {database.table}"
    notification = sqlalchemy.select(sqlalchemy.func.pg_notify(name, ""))
    others = sqlalchemy.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE :listen"
    ).bindparams(listen=f'LISTEN "{name}"%')

    async def hear() -> bool:
        await database.rows(notification)
        return bool(heard)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen, database.engine, name, lambda: heard.append(1))
        await until(hear)
        await database.rows(others)
        heard.clear()
        await until(hear)
        tasks.cancel_scope.cancel()


async def test_database_that_cannot_be_reached_is_tried_again(
    setting: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    if skip_sqlite(setting):
        return
    caplog.set_level("INFO", "sesmail.sql")
    monkeypatch.setattr("sesmail.sql.listening._RETRY", 0.01)
    engine = new_engine(f"postgresql+{setting.driver}://nobody@127.0.0.1:9/none")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen, engine, "channel", lambda: None)
        await until(lambda: caplog.text.count("The outbox polls") > 1)
        tasks.cancel_scope.cancel()


async def test_connection_that_may_not_listen_is_closed(
    database: Database, setting: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    if skip_sqlite(setting):
        return
    caplog.set_level("INFO", "sesmail.sql")
    monkeypatch.setattr("sesmail.sql.listening._RETRY", 0.01)
    wrong = sqlalchemy.text("LISTEN nothing, please")
    monkeypatch.setattr("sesmail.sql.listening._listen_statement", lambda *_: wrong)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen, database.engine, "channel", lambda: None)
        await until(lambda: caplog.text.count("The outbox polls") > 20)  # more than the pool has
        tasks.cancel_scope.cancel()


def test_outbox_without_notify_has_no_channel(setting: Any) -> None:
    from support.clients import ORDER

    for notify in (True, False):
        outbox = Outbox(notify=notify)
        ((sql, _),) = outbox.sql(outbox.insert(ORDER))
        assert ("pg_notify" in sql) is notify
