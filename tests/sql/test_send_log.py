"""Send log in a database: the contract, times, cancellation."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest

pytest.importorskip("sqlalchemy", reason="pip install sesmail[sql]")
pytest.importorskip("starlette", reason="pip install sesmail[testing]")

from sqlalchemy import MetaData, create_engine

from sesmail import ConfigurationError, Delivery, DuplicateSendError
from sesmail.sql import SqlSendLog
from sesmail.testing import check_send_log
from support import ses_events
from support.databases import Database
from support.faults import StartFaultServer
from support.sqs import FakeQueue, new_queue

pytestmark = pytest.mark.anyio


@pytest.fixture
def log(database: Database) -> SqlSendLog:
    """Return the send log of the outbox."""
    return database.outbox.log(database.engine)


async def test_log_keeps_the_contract(log: SqlSendLog) -> None:
    await check_send_log(log)


async def test_begun_send_is_a_record(log: SqlSendLog) -> None:
    began = await log.begin("id")
    record = await log.get("id")
    assert record is not None
    assert (record.send_id, record.began, record.outcome) == ("id", began, "unknown")
    assert began.tzinfo is UTC
    assert await log.get("other") is None
    assert await log.get("no id!") is None
    assert await log.settle("no id!", "accepted") is False


async def test_unknown_sends_are_listed_by_time(log: SqlSendLog, database: Database) -> None:
    times = {f"id-{number}": await log.begin(f"id-{number}") for number in range(3)}
    await log.settle("id-1", "accepted", "m")
    assert [record.send_id async for record in log.unknown()] == ["id-0", "id-2"]
    assert [each.send_id async for each in log.unknown(before=times["id-2"])] == ["id-0"]
    assert [each async for each in log.unknown(before=times["id-0"])] == []


async def test_unknown_sends_are_read_page_by_page(
    log: SqlSendLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sesmail.sql.recording._PAGE_SIZE", 2)
    ids = [f"id-{number}" for number in range(5)]
    for send_id in ids:
        await log.begin(send_id)
    assert sorted([record.send_id async for record in log.unknown()]) == ids


async def test_forget_deletes_what_ended_before(
    log: SqlSendLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sesmail.sql.recording._DELETE_SIZE", 2)
    for number in range(5):
        await log.begin(f"id-{number}")
        await log.finish(f"id-{number}", "rejected")
    await log.begin("open")
    now = datetime.now(UTC)
    assert await log.forget(now - timedelta(hours=1)) == 0
    assert await log.forget(now + timedelta(hours=1)) == 5
    assert await log.get("id-0") is None
    assert await log.get("open") is not None


async def test_events_of_a_queue_settle_an_unknown_mail(
    log: SqlSendLog, fault_server: StartFaultServer
) -> None:
    await log.begin("order-1")
    event = ses_events.published("Bounce")
    event["mail"]["headers"] = [{"name": "X-Sesmail-Id", "value": "order-1"}]
    fake = FakeQueue(json.dumps(event))
    async with new_queue(fault_server(fake.respond).url, send_log=log) as queue:

        async def handle(_: Delivery) -> None:
            record = await log.get("order-1")
            assert record is not None
            assert record.outcome == "accepted"
            queue.stop()

        await queue.run(handle)


async def test_wrong_arguments_are_refused(log: SqlSendLog) -> None:
    wrong: Any = 1
    with pytest.raises(ConfigurationError, match="send id must be"):
        await log.begin("no id!")
    with pytest.raises(ConfigurationError, match="outcome must be"):
        await log.finish("id", wrong)
    with pytest.raises(ConfigurationError, match="time zone"):
        log.unknown(before=datetime(2026, 1, 1))
    with pytest.raises(ConfigurationError, match="time zone"):
        await log.forget(datetime(2026, 1, 1))


async def test_queued_mail_is_refused(log: SqlSendLog, database: Database) -> None:
    from support.clients import ORDER

    await database.execute(database.outbox.insert(ORDER, send_id="id"))
    with pytest.raises(DuplicateSendError) as caught:
        await log.begin("id")
    assert caught.value.recorded_outcome == "unknown"
    assert await database.state("id") == "queued"
    await database.execute(database.outbox.cancel("id"))
    await log.begin("id")
    assert (await database.row("id")).size is None, "the stored message isn't the one that leaves"


async def test_cancelled_begin_has_not_begun(log: SqlSendLog) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        await log.begin("id")
    record = await log.get("id")
    assert record is None or record.outcome == "not_sent"
    await log.begin("id")


async def test_begin_that_is_cancelled_meanwhile_is_withdrawn(
    log: SqlSendLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: Any = log._run
    with anyio.CancelScope() as scope:

        async def cancelled(function: Any, *args: Any) -> Any:
            result = await run(function, *args)
            scope.cancel()
            return result

        monkeypatch.setattr(log, "_run", cancelled)
        await log.begin("id")
    monkeypatch.setattr(log, "_run", run)
    record = await log.get("id")
    assert record is not None
    assert record.outcome == "not_sent"


async def test_record_that_was_deleted_meanwhile_is_refused_too(
    log: SqlSendLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await log.begin("id")

    async def nothing(send_id: str) -> None:
        return None

    monkeypatch.setattr(log, "get", nothing)
    with pytest.raises(DuplicateSendError):
        await log.begin("id")


def test_tables_are_added_to_the_metadata_of_the_application(setting: object) -> None:
    metadata = MetaData()
    engine = create_engine("sqlite://")
    log = SqlSendLog(engine, schema="mail", table="sends", metadata=metadata)
    assert log.metadata is metadata
    assert set(metadata.tables) == {"mail.sends", "mail.sends_body"}
    engine.dispose()
