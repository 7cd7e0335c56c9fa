"""The outbox on MariaDB, where it is installed: other statements claim, leave and begin there."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import anyio
import pytest

pytest.importorskip("sqlalchemy", reason="pip install sesmail[sql]")
pytest.importorskip("starlette", reason="pip install sesmail[testing]")
pytest.importorskip("pymysql")

import sqlalchemy
from sqlalchemy.exc import IntegrityError

from sesmail import Attachment, ConfigurationError, InlineTemplate
from sesmail.sql.database import Database as Connections
from sesmail.testing import FakeSES, check_send_log
from support.clients import NEWS, ORDER
from support.databases import Database
from support.drivers import Setting
from support.mariadb import MariaDB
from support.outboxes import mail, refuse_insertions, sent, until, work

INLINE = NEWS.replace(template=InlineTemplate(subject="News", text="Hello"))
FUTURE = datetime(2099, 1, 1, tzinfo=UTC)

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize(
        "setting",
        [Setting("asyncio", "pymysql"), Setting("trio", "pymysql")],
        indirect=True,
        ids=str,
    ),
]


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariaDB]:
    """Start MariaDB for this module."""
    with MariaDB() as server:
        yield server


@pytest.fixture
async def database(setting: Setting, mariadb: MariaDB) -> AsyncIterator[Database]:
    """Return a database with new tables of an outbox."""
    made = Database(mariadb.url(setting.driver))
    await made.create()
    yield made
    await made.drop()


async def test_log_keeps_the_contract(database: Database) -> None:
    await check_send_log(database.outbox.log(database.engine))


async def test_workers_send_each_mail_once(database: Database, ses: FakeSES) -> None:
    ids = [f"id-{number}" for number in range(60)]
    await database.execute(database.outbox.insert_many([mail(each) for each in ids], group="a"))
    await database.execute(database.outbox.insert(mail("b"), group="b"))
    await database.execute(database.outbox.insert(INLINE))
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(work, database, ses)
    with anyio.fail_after(30):
        while await database.rows(database.outbox.pending()):
            await work(database, ses)
    assert sorted(sent(ses)) == sorted([*ids, "b", "alice", "bob"])
    assert await database.rows(database.outbox.pending()) == []
    assert await database.bodies() == set()


async def test_statements_have_their_effects(database: Database) -> None:
    outbox = database.outbox
    assert await database.execute(outbox.insert(ORDER, send_id="Id")) == 1
    assert await database.execute(outbox.insert(ORDER, send_id="id")) == 1, "another send id"
    with pytest.raises(IntegrityError):
        await database.execute(outbox.insert(ORDER, send_id="id"))
    assert await database.execute(outbox.insert(ORDER, send_id="id", existing="skip")) == 0
    assert await database.execute(outbox.cancel("id")) == 1
    assert await database.execute(outbox.cancel("id")) == 0
    assert await database.execute(outbox.requeue("id")) == 1
    assert await database.state("id") == "queued"
    await database.execute(outbox.cancel("id"))
    assert await database.execute(outbox.forget(FUTURE)) == 1
    assert await database.bodies() == {"Id"}


async def test_refused_insertion_adds_nothing(database: Database) -> None:
    await refuse_insertions(database)


async def test_dead_workers_leave_unknown_mails(database: Database, ses: FakeSES) -> None:
    await database.execute(database.outbox.insert(mail("id")))
    ses.faults.lost_response()
    progress: Any = await work(database, ses)
    assert progress.unknown == 1
    assert await database.state("id") == "unknown"


async def test_connection_of_a_call_without_a_response_is_closed(
    setting: Setting, mariadb: MariaDB
) -> None:
    closed: dict[str, Callable[[Any], bool]] = {"pymysql": lambda driver: not driver.open}
    if setting.backend == "asyncio":
        pytest.importorskip("aiomysql")
        closed["aiomysql"] = lambda driver: driver.closed
    for name, is_closed in closed.items():
        made = Database(mariadb.url(name))
        drivers: list[Any] = []

        def wait(connection: sqlalchemy.Connection, drivers: list[Any] = drivers) -> None:
            drivers.append(connection.connection.driver_connection)
            connection.execute(sqlalchemy.text("SELECT SLEEP(60)"))

        with pytest.raises(TimeoutError):
            await Connections(made.engine).run(wait, 0.1)
        await until(partial(is_closed, drivers[0]))
        await made.dispose()


async def limit_packets(database: Database, size: int) -> None:
    """Set the size of a statement for new connections."""
    await database.execute(sqlalchemy.text(f"SET GLOBAL max_allowed_packet = {size}"))
    await database.dispose()


@pytest.mark.once
async def test_largest_mail_needs_a_setting(database: Database, ses: FakeSES) -> None:
    large = mail("id", attachments=[Attachment("file.png", os.urandom(30_600_000))])
    insertion = database.outbox.insert(large)
    await limit_packets(database, 16 * 1024 * 1024)
    with pytest.raises(ConfigurationError, match=r"max_allowed_packet .* 16777216; set it to 64M"):
        await database.execute(insertion)
    await database.execute(database.outbox.insert(mail("b")))
    await limit_packets(database, 64 * 1024 * 1024)
    await database.execute(insertion)
    await work(database, ses)
    (sent_file,) = next(each for each in ses.outbox if each.attachments).attachments
    assert bytes(sent_file.content) == large.attachments[0].content
