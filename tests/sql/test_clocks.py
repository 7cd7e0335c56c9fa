"""Workers whose clocks are wrong by hours, in either direction: only the database's counts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

pytest.importorskip("sqlalchemy", reason="pip install sesmail[sql]")
pytest.importorskip("starlette", reason="pip install sesmail[testing]")
pytest.importorskip("asyncpg")
pytest.importorskip("trio")

from sesmail.testing import FakeSES
from support.databases import Database
from support.outbox_processes import CAN_FORK, Starter
from support.outboxes import mail, sent, until
from support.postgres import Postgres

pytestmark = [pytest.mark.once, pytest.mark.skipif(not CAN_FORK, reason="needs fork")]

HOURS = (-7, 0, 7)
SLOW = 7.0  # seconds of a call, longer than the workers' lease of 5
DUE = [f"due-{number}" for number in range(60)]
TIMES = {
    "an-hour-ago": timedelta(hours=-1),
    "soon": timedelta(seconds=3),
    "in-an-hour": timedelta(hours=1),
    "in-six-hours": timedelta(hours=6),
}
LATER = {"in-an-hour", "in-six-hours"}


def test_wrong_clocks_change_nothing_on_postgresql(postgres: Postgres, ses: FakeSES) -> None:
    urls = [postgres.url(driver) for driver in ("psycopg", "asyncpg", "psycopg")]
    anyio.run(check, urls, ses)


def test_wrong_clocks_change_nothing_on_sqlite(tmp_path: Path, ses: FakeSES) -> None:
    anyio.run(check, [f"sqlite:///{tmp_path}/outbox.db"] * 3, ses)


async def check(urls: list[str], ses: FakeSES) -> None:
    """Let three workers send what is due; heartbeats and retries go by a clock, too."""
    ses.verify("example.com")
    database = Database(urls[0])
    outbox, now = database.outbox, datetime.now(UTC)
    await database.create()
    await database.execute(
        outbox.insert_many([mail(send_id) for send_id in DUE]),
        *(outbox.insert(mail(name), at=now + shift) for name, shift in TIMES.items()),
    )
    ses.faults.latency(SLOW, 6)
    ses.faults.throttle(5)

    async def accepted() -> bool:
        return {await database.state(name) for name in expected} == {"accepted"}

    expected = {*DUE, *TIMES} - LATER
    with Starter() as starter:
        for url, hours in zip(urls, HOURS, strict=True):
            starter.start("work", url, ses.url, 2 * SLOW, hours * 3600)
        await until(accepted, 60)
    assert sorted(sent(ses)) == sorted(expected), "sent once"
    rows = [await database.row(name) for name in LATER]
    assert {(row.state, row.attempts, row.began) for row in rows} == {("queued", 0, None)}
    soon = await database.row("soon")
    assert soon.began >= now + TIMES["soon"]
    assert soon.changed_at < datetime.now(UTC) + timedelta(minutes=1)
    await database.drop()
