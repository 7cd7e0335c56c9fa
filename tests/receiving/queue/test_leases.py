"""Batches and leases at moments that a server can't choose."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

import sesmail
from sesmail import QueueMessage, ThrottledError
from sesmail.receiving.queue.batches import BatchWriter
from sesmail.receiving.queue.leases import End, Lease, Leases
from sesmail.receiving.queue.message import ReceivedMessage
from sesmail.receiving.queue.settings import repeat_delay

pytestmark = pytest.mark.anyio


class Calls:
    """Calls of SQS that wait until the test lets them go on."""

    def __init__(self) -> None:
        self.handles: list[str] = []
        self.begun = anyio.Event()
        self.go_on = anyio.Event()
        self.error: sesmail.SesmailError | None = None
        self.code: str | None = None

    async def __call__(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        entries = params["Entries"]
        self.handles += [entry["ReceiptHandle"] for entry in entries]
        self.begun.set()
        await self.go_on.wait()
        if self.error is not None:
            raise self.error
        ids = [{"Id": entry["Id"]} for entry in entries]
        if self.code is None:
            return {"Successful": ids}
        return {"Failed": [{**each, "SenderFault": True, "Code": self.code} for each in ids]}


def new_writer(calls: Calls) -> BatchWriter:
    return BatchWriter("Operation", calls, on_repeat=ignore, on_failure=ignore)


def ignore(*_: object) -> None:
    """Does nothing."""


async def test_withdrawn_entry_is_not_repeated() -> None:
    calls = Calls()
    calls.error = ThrottledError("slow down")
    writer = new_writer(calls)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(writer.work)
        entry = writer.put("h-1")
        await calls.begun.wait()
        writer.withdraw(entry)
        calls.go_on.set()
        await writer.drain()
        assert not await entry.wait()
        assert writer.end() == 0
    assert calls.handles == ["h-1"]


async def test_entries_wait_for_their_own_delay_only() -> None:
    calls = Calls()
    calls.error = ThrottledError("slow down")
    calls.go_on.set()
    writer = new_writer(calls)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(writer.work)
        first = writer.put("h-1")
        await calls.begun.wait()
        calls.error = None
        second = writer.put("h-2")
        assert await second.wait()
        assert await first.wait()
        writer.end()


def received(number: int) -> ReceivedMessage:
    return ReceivedMessage(QueueMessage(f"m-{number}", 1, datetime.now(UTC)), f"h-{number}", "")


class Held:
    """Leases whose times the test sets."""

    def __init__(self) -> None:
        self.calls = Calls()
        self.writer = new_writer(self.calls)
        self.lost: list[Lease] = []
        self.on_lost = anyio.Event()
        self.ended: list[tuple[Lease, End]] = []
        self.leases = Leases(
            self.writer,
            self.writer,
            3600,
            on_end=lambda lease, end: self.ended.append((lease, end)),
            on_lost=self._lose,
        )

    def _lose(self, lease: Lease) -> None:
        self.lost.append(lease)
        self.on_lost.set()


@pytest.mark.parametrize("code", [None, "ReceiptHandleIsInvalid"])
async def test_heartbeat_that_ends_after_the_timeout_changes_nothing(code: str | None) -> None:
    held = Held()
    held.calls.code = code
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(held.writer.work)
        lease = held.leases.add(received(1))
        lease.beats_at = 0
        tasks.start_soon(held.leases.keep)
        await held.calls.begun.wait()
        lease.expires_at = 0
        held.leases.add(received(2))  # which lets the leases look at the times again
        await held.on_lost.wait()
        held.calls.go_on.set()
        await held.writer.drain()
        assert held.lost == [lease]
        assert lease.is_lost
        held.leases.leave(lease)
        assert held.ended == [(lease, "returned")]
        tasks.cancel_scope.cancel()
        held.writer.end()


async def test_messages_have_heartbeats_at_their_own_times() -> None:
    held = Held()
    held.calls.go_on.set()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(held.writer.work)
        held.leases.add(received(1)).beats_at = 0
        held.leases.add(received(2))
        tasks.start_soon(held.leases.keep)
        await held.calls.begun.wait()
        await held.writer.drain()
        tasks.cancel_scope.cancel()
        held.writer.end()
    assert held.calls.handles == ["h-1"]
    assert held.lost == []


def test_delay_before_a_repeat_grows_to_a_limit() -> None:
    for failures, mean in ((1, 0.1), (2, 0.2), (6, 3.2), (7, 5.0), (10_000, 5.0)):
        assert mean / 2 <= repeat_delay(failures) <= mean * 1.5
