"""A network between worker and database that goes silent, without closing a connection."""

from collections.abc import AsyncIterator, Callable, Collection, Iterator
from typing import Any, TypeAlias

import anyio
import pytest

pytest.importorskip("sqlalchemy", reason="pip install sesmail[sql]")
pytest.importorskip("starlette", reason="pip install sesmail[testing]")

import sqlalchemy
from sqlalchemy import Connection

from sesmail import NotSentError
from sesmail.sql.leaving import Held, leave
from sesmail.sql.listening import listen
from sesmail.testing import FakeSES
from support.databases import Database
from support.drivers import SETTINGS
from support.outboxes import mail, new_client, running, sent, until, work
from support.postgres import Postgres
from support.silent_proxy import BOTH, SilentProxy

AtLeave: TypeAlias = Callable[[Callable[[], None]], set[str]]

RESPONSES = frozenset({"responses"})
IDS = [f"id-{number}" for number in range(30)]
# As the guide recommends them for longer leases.
TIMEOUTS = {"asyncpg": {"timeout": 2, "command_timeout": 2}, "psycopg": {"connect_timeout": 2}}


def network_test(*numbers: int) -> Any:
    """Run a test on some drivers; with all three of them, it counts for the coverage."""

    def mark(function: Any) -> Any:
        settings = [SETTINGS[number] for number in numbers]
        on_each = pytest.mark.parametrize("setting", settings, indirect=True, ids=str)
        first = pytest.mark.first if len(numbers) > 2 else pytest.mark.once
        return pytest.mark.anyio(pytest.mark.slow(first(on_each(function))))

    return mark


@pytest.fixture(autouse=True)
def short_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up calls to the database after half a second, and try again soon."""
    monkeypatch.setattr("sesmail.sql.store._CALLS_IN_LEASE", 10)
    for name in ("worker._RETRY", "grouping._FIRST_RETRY", "worker._LONGEST_RETRY"):
        monkeypatch.setattr(f"sesmail.sql.{name}", 0.2)


@pytest.fixture
def proxy(postgres: Postgres) -> Iterator[SilentProxy]:
    """Start a proxy before the database."""
    with SilentProxy(postgres.socket) as started:
        yield started


@pytest.fixture
async def remote(
    database: Database, setting: Any, postgres: Postgres, proxy: SilentProxy
) -> AsyncIterator[Database]:
    """Return the same tables, reached through the proxy."""
    options = TIMEOUTS[setting.driver.partition("_")[0]]
    url = postgres.url_at(setting.driver, proxy.port)
    made = Database(url, database.table, connect_args=options)
    yield made
    await made.dispose()


async def queue(database: Database) -> None:
    await database.execute(database.outbox.insert_many([mail(send_id) for send_id in IDS]))


async def calls_in_flight(ses: FakeSES) -> None:
    """Wait until five mails are accepted, and the calls of the next five are in flight.

    The worker sets no other mail to leaving for some seconds then.
    """
    ses.faults.latency(0.1, 5)
    ses.faults.latency(5.0, 5)
    await until(lambda: len(sent(ses)) >= 10)


@pytest.fixture
def at_leave(monkeypatch: pytest.MonkeyPatch, ses: FakeSES, proxy: SilentProxy) -> AtLeave:
    """Return a function that changes the network just before mails are set to leaving.

    It returns these mails, once it happened. Five mails leave before.
    """

    def prepare(action: Callable[[], None]) -> set[str]:
        mails: set[str] = set()

        def changed(
            connection: Connection, tables: Any, held: Collection[Held], lease: float
        ) -> set[str]:
            if not mails and len(sent(ses)) >= 5 and connection.engine.url.port == proxy.port:
                mails.update(send_id for send_id, _ in held)
                # asyncpg prepares a statement in a round trip of its own.
                leave(connection, tables, [(send_id, "") for send_id in mails], lease)
                action()
            return leave(connection, tables, held, lease)

        monkeypatch.setattr("sesmail.sql.store.leave", changed)
        return mails

    return prepare


async def accepted(database: Database) -> bool:
    """Return whether all mails are accepted."""
    return {await database.state(send_id) for send_id in IDS} == {"accepted"}


@network_test(1, 5)
@pytest.mark.parametrize("lost", [BOTH, RESPONSES], ids=["both directions", "responses"])
async def test_no_mail_leaves_until_the_network_is_back(
    database: Database, remote: Database, proxy: SilentProxy, ses: FakeSES, caplog: Any, lost: Any
) -> None:
    """Results of mails that left before are kept, and written then."""
    await queue(database)
    ses.faults.latency(0.3)
    async with running(remote, ses, concurrency=5, lease=5.0) as worker:
        await until(lambda: len(sent(ses)) > 5)
        proxy.silence(lost)
        await until(lambda: "results can't be written" in caplog.text)
        await until(lambda: not worker.progress.in_flight)
        count = len(sent(ses))
        await anyio.sleep(1)
        assert len(sent(ses)) == count
        proxy.restore()
        await until(lambda: accepted(database), 60)
    assert sorted(sent(ses)) == sorted(IDS)


@network_test(1, 5)
async def test_mails_of_a_worker_that_is_cut_off_are_unknown_and_sent_once(
    database: Database, remote: Database, proxy: SilentProxy, ses: FakeSES
) -> None:
    await queue(database)
    async with running(remote, ses, concurrency=5, lease=5.0):
        await calls_in_flight(ses)
        proxy.silence()
        async with running(database, ses, lease=5.0) as other:
            await until(lambda: other.progress.expired)
            await until(lambda: len(set(sent(ses))) == len(IDS), 60)
        unknown = {row.send_id for row in await database.rows(database.outbox.unknown())}
        assert set(sent(ses)[5:10]) <= unknown <= set(sent(ses)[:10])
        proxy.restore()
        await until(lambda: accepted(database), 60)
    assert sorted(sent(ses)) == sorted(IDS)


@network_test(1, 5)
async def test_mails_are_sent_once_whose_leaving_is_committed_without_a_response(
    database: Database, remote: Database, proxy: SilentProxy, ses: FakeSES, at_leave: AtLeave
) -> None:
    """They are unknown to other workers, and return to the queue when the network is back."""
    lost = at_leave(lambda: proxy.silence(RESPONSES))
    await queue(database)
    async with running(remote, ses, concurrency=5, lease=5.0):
        await until(lambda: lost)
        async with running(database, ses, lease=5.0) as other:
            await until(lambda: other.progress.expired)
            await until(lambda: len(sent(ses)) == len(IDS) - len(lost), 60)
            assert not lost & set(sent(ses))
            assert {await database.state(send_id) for send_id in lost} == {"unknown"}
            proxy.restore()
            await until(lambda: accepted(database), 60)
    assert sorted(sent(ses)) == sorted(IDS)


@network_test(1, 5)
async def test_statements_that_arrive_late_change_nothing(
    database: Database, remote: Database, proxy: SilentProxy, ses: FakeSES, at_leave: AtLeave
) -> None:
    """Neither mails that are leaving too late, nor the results of calls and renewals of leases."""
    held = at_leave(proxy.hold)
    await queue(database)
    async with running(remote, ses, concurrency=5, lease=5.0):
        await until(lambda: held)
        assert not held & set(sent(ses))
        async with running(database, ses, lease=5.0):
            await until(lambda: len(set(sent(ses))) == len(IDS), 60)
            proxy.release()
            await until(lambda: accepted(database), 60)
    assert sorted(sent(ses)) == sorted(IDS)


@network_test(1, 5)
async def test_worker_stops_although_the_database_is_silent(
    database: Database,
    remote: Database,
    proxy: SilentProxy,
    ses: FakeSES,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sesmail.sql.worker._DRAIN", 1.0)
    await queue(database)
    ses.faults.latency(0.3)
    with anyio.fail_after(20):
        async with running(remote, ses, concurrency=5, lease=30.0) as worker:
            await until(lambda: sent(ses))
            proxy.silence()
            worker.stop()
    left = set(sent(ses))
    ses.faults.clear()
    await work(database, ses)
    assert not left & set(sent(ses)[len(left) :])


@network_test(1, 2, 5)
async def test_listening_goes_on_after_a_silence(
    remote: Database, proxy: SilentProxy, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    caplog.set_level("INFO", "sesmail.sql")
    for name, seconds in (("_RETRY", 0.05), ("_TIMEOUT", 0.5), ("_CHECK_INTERVAL", 0.2)):
        monkeypatch.setattr(f"sesmail.sql.listening.{name}", seconds)
    heard: list[int] = []
    notification = sqlalchemy.select(sqlalchemy.func.pg_notify("channel", ""))

    async def hear() -> bool:
        await remote.rows(notification)
        return bool(heard)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen, remote.engine, "channel", lambda: heard.append(1))
        await until(hear)
        await anyio.sleep(1.5)
        assert "can't listen" not in caplog.text
        proxy.silence()
        await until(lambda: "can't listen" in caplog.text)
        proxy.restore()
        await anyio.sleep(0.5)
        heard.clear()
        await until(hear)
        tasks.cancel_scope.cancel()


@network_test(1, 2, 5)
async def test_send_with_a_silent_log_is_not_sent(
    remote: Database, proxy: SilentProxy, ses: FakeSES, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sesmail.sql.database._TIMEOUT", 1.0)
    log = remote.outbox.log(remote.engine)
    assert await log.get("id") is None
    proxy.silence()
    with anyio.fail_after(20):
        with pytest.raises(Exception, match=r"did not respond|connection|closed"):
            await log.get("id")
        async with new_client(ses, send_log=log, timeout=0.5) as client:
            with pytest.raises(NotSentError, match=r"send log did not record it|could not record"):
                await client.send(mail("id"))
        with anyio.move_on_after(0.1) as scope:
            await log.get("id")
        assert scope.cancelled_caught
    assert sent(ses) == []
