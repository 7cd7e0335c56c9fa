"""The check of send logs: it accepts those of sesmail, and names what others break."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest

from sesmail import DuplicateSendError, MemorySendLog, SendRecord, SqliteSendLog
from sesmail.errors import Outcome
from sesmail.send_log.records import duplicate
from sesmail.testing import check_send_log

pytestmark = pytest.mark.anyio


async def test_logs_of_sesmail_keep_the_contract(tmp_path: Path) -> None:
    await check_send_log(MemorySendLog())
    async with SqliteSendLog(tmp_path / "log.db") as log:
        await check_send_log(log)


class Log:
    """A log that keeps the contract, in the simplest way; subclasses break it."""

    def __init__(self) -> None:
        self.records: dict[str, SendRecord] = {}

    def key(self, send_id: str) -> str:
        return send_id

    async def begin(self, send_id: str) -> datetime | None:
        record = self.records.get(self.key(send_id))
        if record is not None and record.outcome in ("accepted", "unknown"):
            raise duplicate(record)
        began = datetime.now(UTC)
        self.records[self.key(send_id)] = SendRecord(send_id, began, "unknown")
        return began

    async def finish(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> None:
        await self.settle(send_id, outcome, message_id)

    async def settle(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> bool:
        old = self.records.get(self.key(send_id))
        if old is None or outcome == "unknown" or old.outcome == "accepted":
            return False
        if old.outcome != "unknown" and outcome != "accepted":
            return False
        self.records[self.key(send_id)] = SendRecord(send_id, old.began, outcome, message_id)
        return True


class WithoutTime(Log):
    async def begin(self, send_id: str) -> datetime | None:
        await super().begin(send_id)
        return None


async def test_time_is_optional() -> None:
    await check_send_log(WithoutTime())


class LocalTime(Log):
    async def begin(self, send_id: str) -> datetime | None:
        await super().begin(send_id)
        return datetime(2026, 1, 1)


class OtherTime(Log):
    async def begin(self, send_id: str) -> datetime | None:
        await super().begin(send_id)
        return datetime.now(UTC)


class Forgetful(Log):
    async def begin(self, send_id: str) -> datetime | None:
        return datetime.now(UTC)


class AssumesAccepted(Log):
    async def begin(self, send_id: str) -> datetime | None:
        began = await super().begin(send_id)
        assert began is not None
        self.records[send_id] = SendRecord(send_id, began, "accepted", "message-1")
        return began


class IgnoresCase(Log):
    def key(self, send_id: str) -> str:
        return send_id.lower()


class Truncates(Log):
    def key(self, send_id: str) -> str:
        return send_id[:255]


class WithoutMessageId(Log):
    async def settle(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> bool:
        return await super().settle(send_id, outcome, None)


class ReturnsNothing(Log):
    async def settle(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> Any:
        await super().settle(send_id, outcome, message_id)


class AlwaysChanged(Log):
    async def settle(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> bool:
        await super().settle(send_id, outcome, message_id)
        return True


class LastWins(Log):
    async def settle(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> bool:
        old = self.records.get(send_id)
        if old is None or old.outcome == outcome:
            return False
        self.records[send_id] = SendRecord(send_id, old.began, outcome, message_id)
        return True


class FirstWins(Log):
    async def settle(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> bool:
        old = self.records.get(send_id)
        if old is not None and old.outcome != "unknown":
            return False
        return await super().settle(send_id, outcome, message_id)


class SettlesUnbegun(Log):
    async def finish(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> None:
        self.records.setdefault(send_id, SendRecord(send_id, datetime.now(UTC), "unknown"))
        await self.settle(send_id, outcome, message_id)


class NeverAgain(Log):
    async def begin(self, send_id: str) -> datetime | None:
        record = self.records.get(send_id)
        if record is not None:
            raise duplicate(record)
        return await super().begin(send_id)


class Racy(Log):
    async def begin(self, send_id: str) -> datetime | None:
        record = self.records.get(send_id)
        await anyio.lowlevel.checkpoint()
        if record is not None and record.outcome in ("accepted", "unknown"):
            raise duplicate(record)
        began = datetime.now(UTC)
        self.records[send_id] = SendRecord(send_id, began, "unknown")
        return began


class UnknownIsRejected(Log):
    async def finish(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> None:
        await self.settle(send_id, "rejected" if outcome == "unknown" else outcome, message_id)


@pytest.mark.parametrize(
    ("log", "rule"),
    [
        (LocalTime, "must return a time with a time zone"),
        (OtherTime, "began must be the time that begin returned"),
        (Forgetful, "must raise DuplicateSendError for a send that is in flight"),
        (AssumesAccepted, "must be recorded as unknown, not accepted"),
        (IgnoresCase, "a send id with lower case, which is another one, must begin"),
        (Truncates, "a send id with other 256 characters"),
        (WithoutMessageId, "the message id, not 'accepted' and None"),
        (ReturnsNothing, "settle must return True when it records accepted"),
        (AlwaysChanged, "settle must return False when the record is the same"),
        (LastWins, "only accepted may replace rejected"),
        (FirstWins, "accepted must replace rejected"),
        (SettlesUnbegun, "a send that only an event, or another log, knows, must begin"),
        (NeverAgain, "a send that finish recorded as rejected must begin"),
        (Racy, "one of 10 concurrent sends of one id must begin, not 10"),
        (UnknownIsRejected, "must raise DuplicateSendError for a send of unknown outcome"),
    ],
)
async def test_broken_rule_is_named(log: Callable[[], Any], rule: str) -> None:
    with pytest.raises(AssertionError, match=rule):
        await check_send_log(log())


async def test_simple_log_keeps_the_contract() -> None:
    await check_send_log(Log())
    assert issubclass(DuplicateSendError, ValueError)
