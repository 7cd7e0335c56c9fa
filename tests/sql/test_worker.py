"""Workers of the outbox: what they send, and the states that they write."""

import os
import signal
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import anyio.to_thread
import pytest

pytest.importorskip("sqlalchemy", reason="pip install sesmail[sql]")
pytest.importorskip("starlette", reason="pip install sesmail[testing]")

from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from sesmail import (
    BulkMessage,
    ConfigurationError,
    DuplicateSendError,
    InlineTemplate,
    Receiver,
    Recipient,
)
from sesmail.sql import Outbox, WorkListener
from sesmail.sql.claiming import claim
from sesmail.sql.in_flight import InFlight
from sesmail.sql.leaving import leave
from sesmail.sql.store import Store
from sesmail.testing import FakeSES
from support.databases import Database
from support.drivers import WORKER_SETTINGS
from support.outboxes import QUICK, mail, new_client, running, sent, until, work

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("setting", WORKER_SETTINGS, indirect=True, ids=str),
]

FUTURE = datetime(2099, 1, 1, tzinfo=UTC)


class Record(WorkListener):
    """Listener that records its notifications."""

    def __init__(self) -> None:
        self.claims: list[str] = []
        self.ends: list[tuple[str, str, str | None]] = []
        self.pauses: list[tuple[float, str]] = []
        self.expirations: list[int] = []

    def claimed(self, send_ids: tuple[str, ...]) -> None:
        self.claims += send_ids

    def finished(self, send_id: str, state: Any, error: str | None) -> None:
        self.ends.append((send_id, state, error))

    def paused(self, seconds: float, error: str) -> None:
        self.pauses.append((seconds, error))

    def expired(self, count: int) -> None:
        self.expirations.append(count)


def news(*recipients: Recipient, **fields: Any) -> BulkMessage:
    """Return a bulk message to these recipients."""
    return BulkMessage(
        from_email="shop@example.com",
        template=InlineTemplate(subject="News", text="Hello {{name}}"),
        recipients=recipients,
        **fields,
    )


async def queue(database: Database, *send_ids: str, **arguments: Any) -> None:
    """Queue mails."""
    await database.execute(
        database.outbox.insert_many([mail(send_id) for send_id in send_ids], **arguments)
    )


# What is sent


async def test_worker_starts_while_the_database_cannot_be_read(
    database: Database,
    ses: FakeSES,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(_: Store) -> bool:
        raise OSError

    monkeypatch.setattr(Store, "has_table", fail)
    await queue(database, "id")
    await work(database, ses)
    assert sent(ses) == ["id"]
    assert "The database can't be read now: OSError" in caplog.text


async def test_queued_mails_are_sent_once(database: Database, ses: FakeSES) -> None:
    ids = [f"id-{number}" for number in range(120)]
    await queue(database, *ids)
    progress = await work(database, ses)
    assert (progress.accepted, progress.in_flight) == (120, 0)
    assert sorted(sent(ses)) == sorted(ids)
    row = await database.row("id-7")
    (accepted,) = ses.outbox.find(to="id-7@example.com")
    assert (row.state, row.message_id, row.error) == ("accepted", accepted.message_id, None)
    assert accepted.send_id == "id-7"
    assert await database.bodies() == set(), "an accepted message isn't kept"
    assert (await work(database, ses)).accepted == 0


async def test_mail_leaves_at_its_time(database: Database, ses: FakeSES) -> None:
    await queue(database, "later", at=FUTURE)
    await queue(database, "past", at=datetime(2001, 1, 1, tzinfo=UTC))
    await work(database, ses)
    assert sent(ses) == ["past"]
    soon = datetime.now(UTC) + timedelta(seconds=0.2)
    await database.execute(database.outbox.reschedule("later", soon))
    async with running(database, ses):
        await until(lambda: sent(ses) == ["past", "later"])


async def test_cancelled_mail_is_not_sent(database: Database, ses: FakeSES) -> None:
    await queue(database, "a", "b")
    await database.execute(database.outbox.cancel("a"))
    await work(database, ses)
    assert sent(ses) == ["b"]


async def test_recipients_of_equal_bulk_messages_leave_together(
    database: Database, ses: FakeSES
) -> None:
    recipients = [
        Recipient(f"r-{number}@example.com", send_id=f"r-{number}", data={"name": number})
        for number in range(60)
    ]
    messages = [news(each) for each in recipients]
    await database.execute(database.outbox.insert_many(messages, group="campaign"))
    await queue(database, "single")
    record = Record()
    assert (await work(database, ses, concurrency=100, listener=record)).accepted == 61
    calls = [each for each in ses.outbox if each.operation == "SendBulkEmail"]
    assert len(calls) == 60
    assert {each.text for each in calls} == {f"Hello {number}" for number in range(60)}
    assert (await database.row("r-3")).message_id in {each.message_id for each in calls}


async def test_invalid_recipient_fails_alone(database: Database, ses: FakeSES) -> None:
    valid = Recipient("valid@example.com", send_id="valid")
    copies = [f"copy-{number}@example.com" for number in range(50)]
    invalid = Recipient("invalid@example.com", send_id="invalid", cc=copies)
    await database.execute(database.outbox.insert(news(valid, invalid)))
    assert (await work(database, ses)).failed == 1
    assert await database.state("valid") == "accepted"
    assert (await database.row("invalid")).error == "InvalidMessageError"


async def test_throttled_bulk_call_is_repeated(database: Database, ses: FakeSES) -> None:
    recipients = [Recipient(f"r{number}@example.com", send_id=f"r{number}") for number in range(3)]
    await database.execute(database.outbox.insert(news(*recipients)))
    ses.faults.throttle()
    await drained(database, ses)
    assert sorted(sent(ses)) == ["r0", "r1", "r2"]


async def test_rejected_recipient_fails_alone(database: Database, ses: FakeSES) -> None:
    """Of a bulk call, whose entries SES accepts and rejects."""
    good, bad = (Recipient(f"{name}@example.com", send_id=name) for name in ("good", "bad"))
    await database.execute(
        database.outbox.insert(news(good)),
        database.outbox.insert(news(bad, configuration_set="Missing")),
    )
    assert (await work(database, ses)).rejected == 1
    assert (await database.row("bad")).error == "NotFoundError CONFIGURATION_SET_NOT_FOUND"
    assert await database.state("good") == "accepted"


async def test_large_mail_is_sent(database: Database, ses: FakeSES) -> None:
    noise = os.urandom(1_500_000).hex()
    await database.execute(
        database.outbox.insert_many(
            [mail("large", text=noise), mail("medium", text=noise[:600_000])]
        )
    )
    assert (await work(database, ses)).accepted == 2
    (large,) = ses.outbox.find(to="large@example.com")
    assert large.text is not None
    assert large.text.replace("\r\n", "").strip() == noise


async def test_high_priority_overtakes_and_low_waits(database: Database, ses: FakeSES) -> None:
    await queue(database, "low", priority="low")
    await queue(database, "normal")
    await queue(database, "high", priority="high")
    await work(database, ses, concurrency=1)
    assert sent(ses) == ["high", "normal", "low"]


async def test_groups_take_turns(database: Database, ses: FakeSES) -> None:
    await queue(database, *(f"big-{number}" for number in range(50)), group="big")
    for name in ("a", "c"):
        await queue(database, f"{name}-1", f"{name}-2", group=name)
    await work(database, ses, concurrency=2)
    order = sent(ses)
    assert max(order.index(name) for name in ("a-1", "a-2", "c-1", "c-2")) < 25


async def test_groups_of_low_priority_take_turns(database: Database, ses: FakeSES) -> None:
    mails = [f"big-{number}" for number in range(40)]
    await queue(database, *mails, group="big", priority="low")
    await queue(database, "small", group="small", priority="low")
    await work(database, ses, concurrency=2)
    assert sent(ses).index("small") < 25


async def test_workers_share_the_queue(database: Database, ses: FakeSES) -> None:
    ids = [f"id-{number}" for number in range(100)]
    await queue(database, *ids)
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(work, database, ses)
    assert sorted(sent(ses)) == sorted(ids)


async def test_worker_keeps_to_the_rate_limit(database: Database, ses: FakeSES) -> None:
    """And claims no more mails than leave soon."""
    await queue(database, *(f"id-{number}" for number in range(12)))
    record = Record()
    client = new_client(ses, rate_limit=20)
    async with running(database, ses, client, listener=record):
        await until(lambda: len(sent(ses)) == 3)
        assert len(record.claims) <= len(sent(ses)) + 6
        await until(lambda: len(sent(ses)) == 12)


async def test_workers_claim_in_steps_where_update_returns_no_rows(
    database: Database, ses: FakeSES, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on MySQL."""
    for module in ("claiming", "leaving"):
        monkeypatch.setattr(f"sesmail.sql.{module}.has_returning", lambda _: False)
    ids = [f"id-{number}" for number in range(20)]
    await held_by_a_dead_worker(database, "dead", leaving=True)
    await queue(database, *ids, "cancelled")
    await database.execute(database.outbox.cancel("cancelled"))
    await work(database, ses, concurrency=6)
    assert sorted(sent(ses)) == sorted(ids)
    async with running(database, ses) as worker:
        await until(lambda: worker.progress.seconds > 0.2)
    assert await database.state("dead") == "unknown"


# Failures


async def work_offline(database: Database, ses: FakeSES, **settings: Any) -> None:
    """Run a worker that can't connect to SES."""
    async with new_client(ses, endpoint_url="http://127.0.0.1:9") as client:
        await database.outbox.work(
            client, database.engine, **{**QUICK, "until_empty": True, **settings}
        )


async def test_mail_that_did_not_leave_is_repeated(database: Database, ses: FakeSES) -> None:
    await queue(database, "id")
    record = Record()
    await work_offline(database, ses, listener=record, first_delay=0.2, longest_delay=0.2)
    row = await database.row("id")
    assert (row.state, row.error) == ("queued", "NotSentError")
    assert row.attempts == len(record.ends) > 0
    await drained(database, ses)
    row = await database.row("id")
    assert (row.state, row.error) == ("accepted", None)
    assert sent(ses) == ["id"]


async def drained(database: Database, ses: FakeSES, **settings: Any) -> None:
    """Run workers until no mail is queued."""
    with anyio.fail_after(30):
        while await database.rows(database.outbox.pending()):
            await work(database, ses, **settings)


async def test_mail_fails_after_its_attempts(database: Database, ses: FakeSES) -> None:
    await queue(database, "id")
    with anyio.fail_after(30):
        while await database.state("id") == "queued":
            await work_offline(database, ses, max_attempts=3)
    row = await database.row("id")
    assert (row.state, row.attempts, row.error) == ("failed", 3, "NotSentError")
    await database.execute(database.outbox.requeue("id"))
    await drained(database, ses)
    assert sent(ses) == ["id"]


async def test_throttled_mail_is_repeated_without_limit(database: Database, ses: FakeSES) -> None:
    await queue(database, "id")
    ses.faults.throttle(4)
    await drained(database, ses, max_attempts=1)
    assert (await database.row("id")).state == "accepted"


async def test_rejected_mail_is_not_repeated(database: Database, ses: FakeSES) -> None:
    await database.execute(
        database.outbox.insert(mail("id", from_email="a@other.example"), send_id="id")
    )
    assert (await work(database, ses)).rejected == 1
    row = await database.row("id")
    assert (row.state, row.error) == ("rejected", "NotVerifiedError MessageRejected")
    assert "other.example" not in row.error


async def test_ended_mails_are_logged_by_fields(
    database: Database, ses: FakeSES, caplog: pytest.LogCaptureFixture
) -> None:
    """Without addresses."""
    caplog.set_level("DEBUG", "sesmail.sql")
    await queue(database, "good")
    await database.execute(database.outbox.insert(mail("bad", from_email="a@other.example")))
    ses.faults.throttle()
    await drained(database, ses)
    found = [each for each in caplog.records if hasattr(each, "send_id")]
    assert {(each.levelname, each.send_id, each.state, each.error) for each in found} >= {  # type: ignore[attr-defined]
        ("DEBUG", "good", "accepted", None),
        ("WARNING", "bad", "rejected", "NotVerifiedError MessageRejected"),
    }
    assert "INFO" in {each.levelname for each in found}
    assert "example" not in caplog.text


async def test_invalid_mail_fails(database: Database, ses: FakeSES) -> None:
    await database.execute(database.outbox.insert(mail("id", text=None)))
    assert (await work(database, ses)).failed == 1
    assert (await database.row("id")).error == "InvalidMessageError"


async def test_unknown_mail_is_not_repeated_until_events_settle_it(
    database: Database, ses: FakeSES
) -> None:
    await queue(database, "id")
    ses.faults.lost_response()
    assert (await work(database, ses)).unknown == 1
    await work(database, ses)
    assert sent(ses) == ["id"]
    row = await database.row("id")
    assert (row.state, row.message_id) == ("unknown", None)
    log = database.outbox.log(database.engine)
    async with Receiver(**ses.trust(), send_log=log) as receiver:
        await receiver.receive(*ses.deliver(ses.outbox[0]).request())
    row = await database.row("id")
    assert (row.state, row.message_id) == ("accepted", ses.outbox[0].message_id)
    assert await database.bodies() == set()


async def test_direct_and_queued_sends_are_one(database: Database, ses: FakeSES) -> None:
    await queue(database, "queued")
    async with new_client(ses, send_log=database.outbox.log(database.engine)) as client:
        with pytest.raises(DuplicateSendError):
            await client.send(mail("queued"))
        await client.send(mail("direct"))
        await database.execute(database.outbox.insert(mail("direct"), existing="skip"))
        await work(database, ses)
        assert (await client.send(mail("queued"))).replayed
    assert sorted(sent(ses)) == ["direct", "queued"]


async def test_worker_pauses_while_the_account_cannot_send(
    database: Database, ses: FakeSES, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sesmail.sql.pausing._LONGEST", 0.05)
    await queue(database, *(f"id-{number}" for number in range(10)))
    ses.faults.daily_quota(6)
    record = Record()
    async with running(database, ses, listener=record, concurrency=4):
        await until(lambda: len(sent(ses)) == 10)
    assert record.pauses
    assert record.pauses[0] == (0.05, "QuotaExceededError LimitExceededException")
    assert max(row.attempts for row in [await database.row(f"id-{n}") for n in range(10)]) == 0


# Workers that die


async def held_by_a_dead_worker(database: Database, *send_ids: str, leaving: bool) -> None:
    """Queue mails, and claim them as a worker that died long ago."""
    await queue(database, *send_ids)
    tables: Any = database.outbox._tables
    claims = await database.run(lambda each: claim(each, tables, 100, 60.0, None))
    held = [(each.send_id, each.token) for each in claims]
    if leaving:
        await database.run(lambda each: leave(each, tables, held, 60.0))
    for send_id in send_ids:
        await database.update(send_id, lease_until=datetime(2001, 1, 1, tzinfo=UTC))


async def test_mail_that_was_leaving_becomes_unknown(database: Database, ses: FakeSES) -> None:
    await held_by_a_dead_worker(database, "id", leaving=True)
    record = Record()
    async with running(database, ses, listener=record) as worker:
        await until(lambda: record.expirations)
        assert worker.progress.expired == 1
    assert sent(ses) == []
    assert await database.state("id") == "unknown"


async def test_mail_that_was_only_claimed_is_sent(database: Database, ses: FakeSES) -> None:
    await held_by_a_dead_worker(database, "id", leaving=False)
    await work(database, ses)
    assert sent(ses) == ["id"]


@pytest.mark.first
@pytest.mark.slow
async def test_leases_are_renewed(
    database: Database, ses: FakeSES, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that no other worker takes the mails of a slow call for those of a dead worker."""
    monkeypatch.setattr("sesmail.sql.work_settings._SHORTEST_LEASE", 0.1)
    await queue(database, "id")
    ses.faults.latency(5.0, 1)
    async with (
        running(database, ses, lease=3.0) as first,
        running(database, ses, lease=3.0) as other,
    ):
        await until(lambda: first.progress.accepted + other.progress.accepted)
        assert first.progress.expired + other.progress.expired == 0
    assert await database.state("id") == "accepted"


async def test_mail_that_is_locked_when_it_should_leave_is_sent_later(
    database: Database, ses: FakeSES, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a transaction of the application, which may cancel it."""
    monkeypatch.setattr("sesmail.sql.in_flight._HELD_DELAY", 0.01)
    leaving, calls = Store.leave, 0

    async def locked_once(store: Store, held: Any) -> set[str]:
        nonlocal calls
        calls += 1
        return set() if calls == 1 else await leaving(store, held)

    monkeypatch.setattr(Store, "leave", locked_once)
    await queue(database, "id")
    async with running(database, ses) as worker:
        await until(lambda: worker.progress.accepted)
    assert sent(ses) == ["id"]
    assert (await database.row("id")).attempts == 0


async def test_mail_that_its_worker_claims_again_is_sent_once(
    database: Database, ses: FakeSES, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease ends while the mail waits for the rate limit, as the worker stood still."""
    monkeypatch.setattr("sesmail.sql.in_flight._HELD_DELAY", 0.01)
    await queue(database, "first", "second")
    leaving = Store.leave

    async def leave_later(store: Store, held: Any) -> set[str]:
        if not returned:
            for send_id, _ in held:
                await database.update(send_id, lease_until=datetime(2001, 1, 1, tzinfo=UTC))
            await until(lambda: returned)
        return await leaving(store, held)

    returned: list[str] = []
    hold: Any = InFlight.hold

    def holding(mails: InFlight, claims: Any) -> Any:
        added = hold(mails, claims)
        returned.extend(each.send_id for each in claims if each not in added)
        return added

    monkeypatch.setattr(Store, "leave", leave_later)
    monkeypatch.setattr(InFlight, "hold", holding)
    async with running(database, ses) as worker:
        await until(lambda: len(sent(ses)) == 2)
        await until(lambda: worker.progress.accepted == 2)
    assert sorted(sent(ses)) == ["first", "second"]
    assert await database.state("first") == "accepted"


async def test_cancelled_or_moved_mail_does_not_leave_its_worker(
    database: Database, ses: FakeSES, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if the worker has claimed it already."""
    leaving = Store.leave

    async def leave_later(store: Store, held: Any) -> set[str]:
        await database.execute(
            database.outbox.cancel("cancelled"), database.outbox.reschedule("moved", FUTURE)
        )
        return await leaving(store, held)

    monkeypatch.setattr(Store, "leave", leave_later)
    await queue(database, "cancelled", "moved", "id")
    await work(database, ses)
    assert sent(ses) == ["id"]
    assert await database.state("cancelled") == "cancelled"
    row = await database.row("moved")
    assert (row.state, row.due_at, row.attempts) == ("queued", FUTURE, 0)


# The database fails


def broken(times: int, function: Any) -> Any:
    """Return a function that raises an error of the database so many times before it works."""
    calls = 0

    async def fail(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls <= times:
            raise OperationalError("SELECT", {}, Exception("connection lost"))
        return await function(*args)

    return fail


@pytest.mark.parametrize(
    "method", ["claim", "bodies", "leave", "record", "expire", "groups", "extend"]
)
async def test_worker_survives_a_failure_of_the_database(
    database: Database, ses: FakeSES, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    for name in ("worker._RETRY", "in_flight._READ_DELAY", "grouping._FIRST_RETRY"):
        monkeypatch.setattr(f"sesmail.sql.{name}", 0.01)
    monkeypatch.setattr("sesmail.sql.work_settings._SHORTEST_LEASE", 0.1)
    monkeypatch.setattr(Store, method, broken(2, getattr(Store, method)))
    ids = [f"id-{number}" for number in range(20)]
    await queue(database, *ids)
    async with running(database, ses, concurrency=5, lease=3.0 if method != "extend" else 0.3):
        await until(lambda: len(sent(ses)) == 20)
        if method == "extend":
            await anyio.sleep(0.3)
    assert sorted(sent(ses)) == sorted(ids)
    assert {await database.state(send_id) for send_id in ids} == {"accepted"}


async def test_large_body_that_cannot_be_read_is_read_later(
    database: Database, ses: FakeSES, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sesmail.sql.in_flight._READ_DELAY", 0.01)
    monkeypatch.setattr("sesmail.sql.worker._LARGE", 1)
    await queue(database, "id")
    monkeypatch.setattr(Store, "large_body", broken(1, Store.large_body))
    async with running(database, ses):
        await until(lambda: sent(ses) == ["id"])


async def test_mail_without_a_body_fails(database: Database, ses: FakeSES) -> None:
    await queue(database, "id")
    await database.execute(database.outbox.metadata.sorted_tables[1].delete())
    assert (await work(database, ses)).failed == 1


async def test_mail_that_another_worker_sent_is_no_failure(
    database: Database, ses: FakeSES, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This one stood still after its claim, and finds no body."""
    reading = Store.bodies

    async def read_late(store: Store, send_ids: Sequence[str]) -> dict[str, bytes]:
        monkeypatch.setattr(Store, "bodies", reading)
        await database.update("id", lease_until=datetime(2001, 1, 1, tzinfo=UTC))
        await work(database, ses)
        return await reading(store, send_ids)

    monkeypatch.setattr(Store, "bodies", read_late)
    await queue(database, "id")
    record = Record()
    assert (await work(database, ses, listener=record)).failed == 0
    assert sent(ses) == ["id"]
    assert record.ends == []
    assert await database.state("id") == "accepted"


async def test_body_of_another_kind_fails(database: Database, ses: FakeSES) -> None:
    await queue(database, "single")
    await database.execute(database.outbox.insert(news(Recipient("r@example.com", send_id="bulk"))))
    await database.update("single", bulk="x")
    await database.update("bulk", bulk=None)
    assert (await work(database, ses)).failed == 2


async def test_internal_error_fails_the_mail(
    database: Database, ses: FakeSES, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def fail(body: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("sesmail.sql.delivery.read_body", fail)
    await queue(database, "id")
    assert (await work(database, ses)).failed == 1
    assert "An internal error ended a send: ZeroDivisionError" in caplog.text


# The end of a worker


async def test_stop_returns_what_waits_and_finishes_what_left(
    database: Database, ses: FakeSES
) -> None:
    await queue(database, *(f"id-{number}" for number in range(10)))
    client = new_client(ses, rate_limit=2)
    record = Record()
    async with running(database, ses, client, listener=record) as worker:
        await until(lambda: worker.progress.accepted and len(record.claims) > len(sent(ses)))
    progress = worker.progress
    assert progress.in_flight == 0
    assert progress.accepted == len(sent(ses)) < 10
    rows = await database.rows(database.outbox.pending())
    assert {(row.state, row.attempts) for row in rows} == {("queued", 0)}
    assert len(rows) == 10 - progress.accepted
    await work(database, ses)
    assert len(sent(ses)) == 10


async def test_sigterm_stops(database: Database, ses: FakeSES) -> None:
    await queue(database, "id")

    async def terminate() -> None:
        await until(lambda: sent(ses))
        os.kill(os.getpid(), signal.SIGTERM)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(terminate)
        progress = await work(database, ses, until_empty=False)
    assert progress.accepted == 1


async def test_work_in_another_thread_handles_no_signal(
    database: Database, ses: FakeSES, setting: Any
) -> None:
    if "sqlite" in setting.driver:  # for one database; its connections belong to an event loop

        def run() -> None:
            assert threading.current_thread() is not threading.main_thread()
            anyio.run(work_elsewhere, database, ses, backend=setting.backend)

        await queue(database, "id")
        await anyio.to_thread.run_sync(run)
    else:
        await queue(database, "id")
        await work(database, ses)
    assert sent(ses) == ["id"]


async def work_elsewhere(database: Database, ses: FakeSES) -> None:
    """Run a worker with an engine of its own."""
    own = Database(database.url, database.table)
    await work(own, ses)
    await own.dispose()


async def test_calls_in_flight_end_with_the_grace(database: Database, ses: FakeSES) -> None:
    await queue(database, "id")
    ses.faults.hang()
    async with running(database, ses, grace=0.1) as worker:
        await until(lambda: sent(ses))
    assert worker.progress.unknown == 1
    assert await database.state("id") == "unknown"


async def test_cancelled_worker_writes_what_it_knows(database: Database, ses: FakeSES) -> None:
    await queue(database, "hangs")
    ses.faults.hang()
    async with new_client(ses) as client:
        worker = database.outbox.worker(client, database.engine)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(worker.run)
            await until(lambda: sent(ses))
            tasks.cancel_scope.cancel()
    assert await database.state("hangs") == "unknown"


async def test_mails_claimed_when_a_worker_is_cancelled_return(
    database: Database, ses: FakeSES, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = anyio.Event()

    async def wait(store: Store, send_ids: Sequence[str]) -> dict[str, bytes]:
        reading.set()
        await anyio.sleep_forever()
        raise AssertionError

    monkeypatch.setattr(Store, "bodies", wait)
    await queue(database, "id")
    async with new_client(ses) as client:
        worker = database.outbox.worker(client, database.engine)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(worker.run)
            await reading.wait()
            tasks.cancel_scope.cancel()
    assert await database.state("id") == "queued"
    assert (worker.progress.returned, worker.progress.in_flight) == (1, 0)


async def test_results_that_cannot_be_written_leave_unknown_mails(
    database: Database, ses: FakeSES, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr("sesmail.sql.worker._DRAIN", 0.1)
    monkeypatch.setattr(Store, "record", broken(10**6, Store.record))
    await queue(database, "id")
    async with running(database, ses) as worker:
        await until(lambda: worker.progress.accepted)
    assert "1 results could not be written to the outbox; these mails become unknown" in caplog.text
    assert await database.state("id") == "leaving"


async def test_worker_runs_once(database: Database, ses: FakeSES) -> None:
    async with new_client(ses) as client:
        worker = database.outbox.worker(client, database.engine, until_empty=True)
        assert worker.progress.seconds == 0
        progress = await worker.run()
        assert worker.progress == progress
        with pytest.raises(ConfigurationError, match="ran before"):
            await worker.run()


async def test_missing_table_is_refused(database: Database, ses: FakeSES) -> None:
    outbox = Outbox(table="missing")
    async with new_client(ses) as client:
        with pytest.raises(ConfigurationError, match="table of the outbox doesn't exist"):
            await outbox.work(client, database.engine, until_empty=True)


async def test_wrong_argument_for_the_driver_is_refused(ses: FakeSES, tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path}/outbox.db"
    engine = create_engine(url, connect_args={"command_timeout": 20})
    async with new_client(ses) as client:
        with pytest.raises(ConfigurationError, match=r"can't connect.*command_timeout"):
            await Outbox().work(client, engine, until_empty=True)


async def test_closed_client_is_refused(database: Database, ses: FakeSES) -> None:
    client = new_client(ses)
    await client.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await database.outbox.work(client, database.engine)


async def test_account_rate_is_read(database: Database, ses: FakeSES) -> None:
    await queue(database, "id")
    client = new_client(ses, rate_limit="account")
    async with client:
        await database.outbox.work(client, database.engine, until_empty=True)
    assert sent(ses) == ["id"]


async def test_async_engine_on_trio_is_refused(setting: Any, ses: FakeSES, tmp_path: Any) -> None:
    if setting.backend == "asyncio":
        return
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/outbox.db")
    async with new_client(ses) as client:
        with pytest.raises(ConfigurationError, match="works on asyncio only"):
            await Outbox().work(client, engine)
    with pytest.raises(ConfigurationError, match="works on asyncio only"):
        await Outbox().log(engine).get("id")
    await engine.dispose()
