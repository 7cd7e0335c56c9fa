"""Rules that both send logs follow, compared with a model."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sesmail import DuplicateSendError, MemorySendLog, SendRecord, SqliteSendLog
from sesmail.errors import Outcome
from sesmail.send_log import sqlite_records

START = datetime(2026, 3, 6, 19, 55, tzinfo=UTC)
SECOND = timedelta(seconds=1)
Log = MemorySendLog | SqliteSendLog


class Clock:
    """Clock that is set by the test."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time


class Model:
    """Model of a send log: the rules in their simplest form."""

    def __init__(self) -> None:
        self.records: dict[str, SendRecord] = {}

    def begin(self, send_id: str, time: datetime) -> tuple[str, str | None] | None:
        old = self.records.get(send_id)
        if old and old.outcome in {"accepted", "unknown"}:
            return old.outcome, old.message_id
        self.records[send_id] = SendRecord(send_id, time, "unknown", None)
        return None

    def settle(self, send_id: str, outcome: Outcome, message_id: str | None) -> bool:
        old = self.records.get(send_id)
        allowed = {
            "unknown": {"accepted", "rejected", "not_sent"},
            "rejected": {"accepted"},
            "not_sent": {"accepted"},
        }
        if old is None or outcome not in allowed.get(old.outcome, ()):
            return False
        self.records[send_id] = SendRecord(send_id, old.began, outcome, message_id)
        return True

    def unknown(self, before: datetime | None) -> list[SendRecord]:
        some = [
            each
            for each in self.records.values()
            if each.outcome == "unknown" and (not before or each.began < before)
        ]
        return sorted(some, key=lambda each: (each.began, each.send_id))

    def forget(self, before: datetime) -> int:
        old = [
            each.send_id
            for each in self.records.values()
            if each.outcome != "unknown" and each.began < before
        ]
        for send_id in old:
            del self.records[send_id]
        return len(old)


IDS = st.sampled_from(["a", "b", "c"])
OUTCOMES: st.SearchStrategy[Outcome] = st.sampled_from(
    ["accepted", "rejected", "not_sent", "unknown"]
)
TIMES = st.integers(0, 40).map(lambda seconds: START + seconds * SECOND)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("begin"), IDS),
        st.tuples(st.just("begin"), IDS),
        st.tuples(
            st.sampled_from(["finish", "settle"]),
            IDS,
            OUTCOMES,
            st.none() | st.sampled_from(["m-1", "m-2"]),
        ),
        st.tuples(st.just("get"), IDS),
        st.tuples(st.just("unknown"), st.none() | TIMES),
        st.tuples(st.just("forget"), TIMES),
        st.tuples(st.just("wait"), st.integers(-2, 2)),
        st.tuples(st.just("reopen")),
    ),
    min_size=20,
    max_size=40,
)


async def begun(log: Log, send_id: str) -> tuple[str, str | None] | None:
    try:
        await log.begin(send_id)
    except DuplicateSendError as error:
        return error.recorded_outcome, error.message_id
    return None


async def listed(records: AsyncIterator[SendRecord]) -> list[SendRecord]:
    return [record async for record in records]


async def perform(log: Log, step: tuple[Any, ...]) -> Any:
    match step:
        case ("begin", send_id):
            return await begun(log, send_id)
        case ("finish", *details):
            return await log.finish(*details)
        case ("settle", *details):
            return await log.settle(*details)
        case ("get", send_id):
            return await log.get(send_id)
        case ("unknown", before):
            return await listed(log.unknown(before=before))
        case _:
            return await log.forget(step[1])


def expected(model: Model, step: tuple[Any, ...], time: datetime) -> Any:
    match step:
        case ("begin", send_id):
            return model.begin(send_id, time)
        case ("finish", *details):
            model.settle(*details)
            return None
        case ("settle", *details):
            return model.settle(*details)
        case ("get", send_id):
            return model.records.get(send_id)
        case ("unknown", before):
            return model.unknown(before)
        case _:
            return model.forget(step[1])


async def compare(steps: list[tuple[Any, ...]], path: Path) -> None:
    clock, model, memory = Clock(), Model(), MemorySendLog(clock=lambda: clock())
    stored = SqliteSendLog(path, clock=clock)
    for step in steps:
        if step[0] == "wait":
            clock.time += step[1] * SECOND
        elif step[0] == "reopen":
            await stored.aclose()
            stored = SqliteSendLog(path, clock=clock)
        else:
            wanted = expected(model, step, clock.time)
            assert await perform(memory, step) == wanted
            assert await perform(stored, step) == wanted
            clock.time += SECOND
    await stored.aclose()


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@settings(max_examples=40)
@given(steps=STEPS)
def test_logs_behave_as_the_model(backend: str, steps: list[tuple[Any, ...]]) -> None:
    pytest.importorskip(backend)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite_records, "_PAGE_SIZE", 2)
        patch.setattr(sqlite_records, "_DELETE_SIZE", 2)
        anyio.run(compare, steps, Path(folder) / "log.db", backend=backend)


@pytest.fixture(params=["memory", "SQLite"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Log]:
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            yield MemorySendLog()
        else:
            yield await stack.enter_async_context(SqliteSendLog(tmp_path / "log.db"))


@pytest.mark.anyio
class TestBoth:
    async def test_records_accepted_send(self, log: Log) -> None:
        before = datetime.now(UTC)
        await log.begin("id-1")
        [record] = await listed(log.unknown())
        assert (record.send_id, record.outcome, record.message_id) == ("id-1", "unknown", None)
        assert before <= record.began <= datetime.now(UTC)
        assert record.began.tzinfo is UTC
        await log.finish("id-1", "accepted", "m-1")
        assert await log.get("id-1") == SendRecord("id-1", record.began, "accepted", "m-1")
        assert await listed(log.unknown()) == []

    async def test_event_before_the_response_is_not_overwritten(self, log: Log) -> None:
        await log.begin("id-1")
        assert await log.settle("id-1", "accepted", "m-1")
        await log.finish("id-1", "unknown")
        await log.finish("id-1", "not_sent")
        assert not await log.settle("id-1", "accepted", "m-2")
        record = await log.get("id-1")
        assert record is not None
        assert (record.outcome, record.message_id) == ("accepted", "m-1")

    async def test_acceptance_replaces_other_outcomes(self, log: Log) -> None:
        await log.begin("id-1")
        assert await log.settle("id-1", "not_sent")
        assert not await log.settle("id-1", "rejected")
        assert await log.settle("id-1", "accepted", "m-1")

    @pytest.mark.parametrize(
        "send_id", ["", "a b", "é", "x" * 257, "\ud800", "a\0"], ids=lambda each: ascii(each)[:9]
    )
    async def test_refuses_invalid_send_id(self, log: Log, send_id: str) -> None:
        with pytest.raises(ValueError, match="send id"):
            await log.begin(send_id)

    async def test_refuses_invalid_outcome(self, log: Log) -> None:
        await log.begin("id-1")
        for method in (log.finish, log.settle):
            with pytest.raises(ValueError, match="not 'sent'"):
                await method("id-1", "sent")  # type: ignore[operator]

    async def test_forget_deletes_old_records_of_known_outcome(
        self, log: Log, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite_records, "_DELETE_SIZE", 2)
        for number in range(6):
            await log.begin(f"id-{number}")
            if number:
                await log.finish(f"id-{number}", ("accepted", "rejected", "not_sent")[number % 3])
        young = await log.get("id-5")
        assert young is not None
        assert await log.forget(young.began) == 4
        assert await log.forget(young.began) == 0
        assert [await log.get(f"id-{number}") is None for number in range(6)] == [
            False,
            *[True] * 4,
            False,
        ]
        assert await log.forget(young.began + SECOND) == 1
        await log.begin("id-1")

    async def test_refuses_naive_datetime_and_converts_time_zones(self, log: Log) -> None:
        naive = datetime(2026, 3, 6)
        with pytest.raises(ValueError, match="zone"):
            await log.forget(naive)
        with pytest.raises(ValueError, match="zone"):
            log.unknown(before=naive)
        await log.begin("id-1")
        [record] = await listed(log.unknown())
        kabul = timezone(timedelta(hours=4, minutes=30))
        assert await listed(log.unknown(before=record.began.astimezone(kabul))) == []
        assert await listed(log.unknown(before=record.began.astimezone(kabul) + SECOND)) == [record]

    async def test_send_that_begins_during_the_iteration_is_not_listed(
        self, log: Log, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite_records, "_PAGE_SIZE", 2)
        for number in range(5):
            await log.begin(f"id-{number}")
        found = []
        async for record in log.unknown():
            await log.begin(f"next-{len(found)}")
            found.append(record.send_id)
        assert found == [f"id-{number}" for number in range(5)]

    async def test_iteration_may_be_left(self, log: Log) -> None:
        for number in range(3):
            await log.begin(f"id-{number}")
        async for record in log.unknown():
            assert record.send_id == "id-0"
            break


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["memory", "file"])
@pytest.mark.parametrize("outcome", ["accepted", "unknown", "rejected", "not_sent"])
async def test_only_rejected_and_not_sent_may_begin_again(
    tmp_path: Path, kind: str, outcome: Any
) -> None:
    log = MemorySendLog() if kind == "memory" else SqliteSendLog(tmp_path / "log")
    assert await begun(log, "id") is None
    await log.finish("id", outcome, "message" if outcome == "accepted" else None)
    duplicates = {"accepted": ("accepted", "message"), "unknown": ("unknown", None)}
    assert await begun(log, "id") == duplicates.get(outcome)
    await log.settle("id", "accepted", "message")
    assert not await log.settle("id", "rejected")
    assert await begun(log, "id") == ("accepted", "message")
    if isinstance(log, SqliteSendLog):
        await log.aclose()
