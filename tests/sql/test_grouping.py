"""Writes that tasks share: mails that leave, and results."""

from collections.abc import Sequence

import anyio
import pytest

pytest.importorskip("sqlalchemy", reason="pip install sesmail[sql]")
pytest.importorskip("starlette", reason="pip install sesmail[testing]")

from sesmail.sql.grouping import ClaimLostError, LeaveLog, ResultWriter
from sesmail.sql.leaving import Held, MailResult
from support.drivers import WORKER_SETTINGS
from support.outboxes import until

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("setting", WORKER_SETTINGS, indirect=True, ids=str),
]


class Table:
    """A table whose writes wait until they may end."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.may_end = anyio.Event()
        self.error: Exception | None = None
        self.lost: set[str] = set()

    async def leave(self, held: Sequence[Held]) -> set[str]:
        self.groups.append([send_id for send_id, _ in held])
        await self.may_end.wait()
        if self.error:
            raise self.error
        return {send_id for send_id, _ in held} - self.lost


async def begin(log: LeaveLog, send_id: str, results: list[object]) -> None:
    """Begin a mail, and add what that raises."""
    log.tokens[send_id] = "token"
    try:
        results.append(await log.begin(send_id))
    except Exception as err:
        results.append(err)


async def test_concurrent_mails_leave_in_one_write() -> None:
    table = Table()
    log = LeaveLog(table.leave)
    table.may_end.set()
    table.lost = {"b"}
    results: list[object] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(log.run)
        async with anyio.create_task_group() as mails:
            for name in "abc":
                mails.start_soon(begin, log, name, results)
        tasks.cancel_scope.cancel()
    assert [sorted(group) for group in table.groups] == [["a", "b", "c"]]
    assert [type(each) for each in results].count(ClaimLostError) == 1
    assert log.begun == {"a", "c"}
    assert (log.forget("b"), log.forget("a")) == (True, False)
    assert log.begun == {"c"}
    await log.finish("c", "accepted")
    assert await log.settle("c", "accepted") is False


async def test_failed_write_fails_its_mails_only() -> None:
    table = Table()
    log = LeaveLog(table.leave)
    table.may_end.set()
    table.error = OSError("connection lost")
    results: list[object] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(log.run)
        await begin(log, "a", results)
        table.error = None
        await begin(log, "b", results)
        tasks.cancel_scope.cancel()
    assert [type(each) for each in results] == [OSError, type(None)]
    assert log.begun == {"b"}


async def test_mail_that_is_cancelled_before_the_write_does_not_leave() -> None:
    table = Table()
    log = LeaveLog(table.leave)
    log.tokens["a"] = "token"
    with anyio.move_on_after(0.01) as scope:
        await log.begin("a")
    assert scope.cancelled_caught
    table.may_end.set()
    results: list[object] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(log.run)
        await begin(log, "b", results)
        tasks.cancel_scope.cancel()
    assert table.groups == [["b"]]


async def test_mail_that_is_cancelled_during_the_write_waits_for_its_end() -> None:
    """Its result is written after that, and not overwritten by it."""
    table = Table()
    log = LeaveLog(table.leave)
    log.tokens["a"] = "token"
    ended: list[str] = []

    async def cancelled(scope: anyio.CancelScope) -> None:
        with scope:
            try:
                await log.begin("a")
            finally:
                ended.append("mail")

    scope = anyio.CancelScope()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(log.run)
        tasks.start_soon(cancelled, scope)
        await until(lambda: table.groups)
        scope.cancel()
        await anyio.sleep(0.02)
        ended.append("write")
        table.may_end.set()
        await until(lambda: len(ended) == 2)
        tasks.cancel_scope.cancel()
    assert ended == ["write", "mail"]


async def test_results_are_written_until_that_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sesmail.sql.grouping._FIRST_RETRY", 0.001)
    written: list[str] = []
    failures = [OSError(), OSError()]

    async def write(results: Sequence[MailResult]) -> None:
        if failures:
            raise failures.pop()
        written.extend(each.send_id for each in results)

    writer = ResultWriter(write)
    for name in "ab":
        writer.put(MailResult(name, "token", "accepted", "m"))
    assert writer.held() == [("a", "token"), ("b", "token")]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(writer.run)
        await writer.drain()
        assert (written, writer.pending) == (["a", "b"], 0)
        tasks.cancel_scope.cancel()
