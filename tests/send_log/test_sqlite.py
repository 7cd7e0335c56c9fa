"""SqliteSendLog: transactions, sharing, cancellation, opening, closing and refused files."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import anyio
import anyio.from_thread
import pytest
from anyio import wait_all_tasks_blocked

from sesmail import ConfigurationError, DuplicateSendError, SqliteSendLog
from sesmail.send_log import sqlite_file, sqlite_open, sqlite_records
from sesmail.sending.attempts import log_writer

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
async def log(path: Path) -> AsyncIterator[SqliteSendLog]:
    async with SqliteSendLog(path) as log:
        yield log


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Number of writes of each transaction."""
    sizes: list[int] = []
    commit = sqlite_file._commit

    def count(connection: sqlite3.Connection, take: Any, taken: list[Any]) -> None:
        commit(connection, take, taken)
        sizes.append(len(taken))

    monkeypatch.setattr(sqlite_file, "_commit", count)
    return sizes


class Locked:
    """Lock of another process on the file."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def stored(path: Path) -> dict[str, str]:
    """The outcomes in a file, by send id."""
    connection = sqlite3.connect(path)
    found = dict(connection.execute("SELECT send_id, outcome FROM sends").fetchall())
    connection.close()
    return found


async def outcome_of(log: SqliteSendLog, send_id: str) -> str | None:
    record = await log.get(send_id)
    return record and record.outcome


# Transactions


@pytest.mark.parametrize("send_id", ["\ud800", "", "two words", "x" * 257])
async def test_id_that_no_message_can_have_is_not_found(log: SqliteSendLog, send_id: str) -> None:
    assert await log.get(send_id) is None
    assert await log.settle(send_id, "accepted", "m-1") is False
    await log.finish(send_id, "accepted", "m-1")


async def test_concurrent_writes_share_a_transaction(
    log: SqliteSendLog, batches: list[int]
) -> None:
    async with anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(log.begin, f"id-{number}")
    assert sum(batches) == 50
    assert len(batches) <= 2
    assert len([record async for record in log.unknown()]) == 50


async def test_one_of_several_concurrent_begins_succeeds(log: SqliteSendLog) -> None:
    begun: list[tuple[str | None, ...]] = []

    async def begin() -> None:
        try:
            await log.begin("id-1")
        except DuplicateSendError as error:
            begun.append((error.send_id, error.recorded_outcome, error.message_id))
        else:
            begun.append(())

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(begin)
    assert sorted(begun) == [(), *[("id-1", "unknown", None)] * 19]


async def test_failing_write_does_not_affect_others(log: SqliteSendLog, batches: list[int]) -> None:
    async def spoil() -> None:
        with pytest.raises(UnicodeEncodeError):
            await log.finish("id-0", "accepted", "\ud800")

    await log.begin("id-0")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(log.begin, "id-1")
        tasks.start_soon(spoil)
        tasks.start_soon(log.begin, "id-2")
    assert [await outcome_of(log, f"id-{number}") for number in range(3)] == ["unknown"] * 3


async def test_failing_transaction_is_raised_by_each_write(
    log: SqliteSendLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_TIMEOUT", 0.01)
    errors: list[BaseException] = []

    async def begin(log: SqliteSendLog, number: int) -> None:
        with pytest.raises(sqlite3.OperationalError, match="locked") as caught:
            await log.begin(f"id-{number}")
        errors.append(caught.value)

    await log.begin("id")
    async with SqliteSendLog(path) as impatient:
        with Locked(path):
            async with anyio.create_task_group() as tasks:
                for number in range(5):
                    tasks.start_soon(begin, impatient, number)
        assert len({id(error) for error in errors}) == 5
        await impatient.begin("id-0")
    assert [record.send_id async for record in log.unknown()] == ["id", "id-0"]


async def test_transaction_rolled_back_by_sqlite_fails_for_each_write(
    log: SqliteSendLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def roll_back(connection: sqlite3.Connection, **_: object) -> None:
        connection.execute("ROLLBACK")  # as SQLite does by itself when the disk is full
        raise sqlite3.OperationalError("database or disk is full")

    async def fail() -> None:
        with pytest.raises(sqlite3.OperationalError, match="disk is full"):
            await log.settle("id-0", "accepted")

    await log.begin("id-0")
    with monkeypatch.context() as patch:
        patch.setattr("sesmail.send_log.sqlite.settle", roll_back)
        await fail()
    assert await log.settle("id-0", "accepted")


def test_failing_commit_is_rolled_back() -> None:
    class Full:
        in_transaction = True
        statements: ClassVar[list[str]] = []

        def execute(self, statement: str) -> None:
            self.statements.append(statement)
            if statement == "COMMIT":
                raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(sqlite3.OperationalError, match="full"):
        sqlite_file._commit(Full(), list, [])  # type: ignore[arg-type]
    assert Full.statements == ["BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"]


async def test_locked_file_is_opened_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = sqlite3.OperationalError("database is locked")
    locked.sqlite_errorcode = sqlite3.SQLITE_BUSY_RECOVERY
    errors = [locked, locked]

    def fail_twice(path: str) -> sqlite3.Connection:
        if errors:
            raise errors.pop()
        return sqlite_open.open_connection(path)

    monkeypatch.setattr(sqlite_file, "open_connection", fail_twice)
    async with SqliteSendLog(path) as log:
        await log.begin("id-1")
    errors += [locked, locked]
    async with SqliteSendLog(path) as log:
        assert await outcome_of(log, "id-1") == "unknown"
    errors += [locked] * 100
    monkeypatch.setattr("sesmail.send_log.sqlite.BUSY_TIMEOUT", 0.01)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        await SqliteSendLog(path).get("id-1")


def test_many_threads_open_a_new_file_at_once(tmp_path: Path) -> None:
    """SQLite's busy timeout doesn't cover the switch of the journal to WAL."""
    writes: list[sqlite_file.Write[None]] = []

    def use(path: str, all_there: threading.Barrier) -> None:
        file = sqlite_file.SqliteFile(path)
        write = sqlite_file.Write(lambda _: None)
        writes.append(write)
        file.put(write)
        all_there.wait()
        file.close()

    for number in range(5):
        barrier = threading.Barrier(8)
        threads = [
            threading.Thread(target=use, args=(f"{tmp_path}/{number}.db", barrier))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [(write.done, write.error) for write in writes] == [(True, None)] * 40


@pytest.mark.slow
def test_processes_share_a_file(path: Path) -> None:
    code = """if True:
        import anyio, sys
        from sesmail import DuplicateSendError, SqliteSendLog

        async def main(path, name):
            async with SqliteSendLog(path) as log:
                for number in range(5):
                    await log.begin(f"{name}-{number}")
                    try:
                        await log.begin(f"all-{number}")
                        print(f"all-{number}")
                    except DuplicateSendError:
                        pass

        anyio.run(main, *sys.argv[1:])
    """
    command = [sys.executable, "-W", "error", "-c", code, str(path)]
    processes = [
        subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in "abc"
    ]
    printed = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 3
    assert sorted("".join(printed).split()) == sorted(f"all-{number}" for number in range(5))
    assert len(stored(path)) == 3 * 5 + 5


# Cancellation


async def test_caller_cancelled_before_begins_nothing(
    log: SqliteSendLog, batches: list[int]
) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        await log.begin("id-1")
    assert scope.cancelled_caught
    assert await log.get("id-1") is None
    assert batches == []


async def test_cancelled_begin_is_not_sent(log: SqliteSendLog, path: Path) -> None:
    async with anyio.create_task_group() as tasks:
        with Locked(path):
            scopes = [anyio.CancelScope() for _ in range(4)]

            async def begin(number: int) -> None:
                with scopes[number]:
                    await log.begin(f"id-{number}")

            for number in range(4):
                tasks.start_soon(begin, number)
            await wait_all_tasks_blocked()
            scopes[0].cancel()
            scopes[2].cancel()
    assert [scope.cancelled_caught for scope in scopes] == [True, False, True, False]
    outcomes = [await outcome_of(log, f"id-{number}") for number in range(4)]
    assert outcomes[1::2] == ["unknown", "unknown"]
    assert {*outcomes[::2]} <= {None, "not_sent"}  # the latter if a thread was faster
    await log.begin("id-0")


async def test_cancelled_duplicate_changes_nothing(log: SqliteSendLog, path: Path) -> None:
    await log.begin("id-1")
    async with anyio.create_task_group() as tasks:
        with Locked(path):
            tasks.start_soon(log.begin, "id-1")
            await wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
    assert await outcome_of(log, "id-1") == "unknown"


async def test_outcome_is_stored_by_a_cancelled_caller(log: SqliteSendLog, path: Path) -> None:
    await log.begin("id-1")
    with anyio.CancelScope() as scope:
        scope.cancel()
        await log.finish("id-1", "rejected")
    assert stored(path) == {"id-1": "rejected"}  # on disk already, without another use of the log


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_asyncio_cancellation_does_not_affect_other_writes(
    log: SqliteSendLog, path: Path
) -> None:
    """anyio's shield doesn't apply to asyncio's Task.cancel: the thread continues to write."""
    import asyncio

    await log.begin("id-9")
    with Locked(path):
        tasks = [asyncio.create_task(log.begin(f"id-{number}")) for number in range(4)]
        tasks.append(asyncio.create_task(log.finish("id-9", "rejected")))
        await wait_all_tasks_blocked()
        for number in (0, 2, 4):
            tasks[number].cancel()
        await wait_all_tasks_blocked()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in ended] == [
        asyncio.CancelledError, datetime, asyncio.CancelledError, datetime, asyncio.CancelledError,
    ]  # fmt: skip
    outcomes = [await outcome_of(log, f"id-{number}") for number in (0, 1, 2, 3, 9)]
    assert [outcomes[1], *outcomes[3:]] == ["unknown", "unknown", "rejected"]
    assert {outcomes[0], outcomes[2]} <= {None, "not_sent"}  # the latter if a thread was faster


# Opening and closing


def files_of(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


def bytes_of(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


async def test_file_is_opened_at_the_first_use(path: Path) -> None:
    log = SqliteSendLog(str(path))
    assert files_of(path) == []
    await log.begin("id-1")
    assert files_of(path) == ["log.db", "log.db-shm", "log.db-wal"]
    await log.aclose()
    assert files_of(path) == ["log.db"]
    async with SqliteSendLog(path) as again:
        assert await outcome_of(again, "id-1") == "unknown"


async def test_closed_log_raises_configuration_error(log: SqliteSendLog) -> None:
    await log.aclose()
    await log.aclose()
    for use in (
        log.begin("id-1"),
        log.finish("id-1", "accepted"),
        log.settle("id-1", "accepted"),
        log.get("id-1"),
    ):
        with pytest.raises(ConfigurationError, match="closed"):
            await use
    with pytest.raises(ConfigurationError, match="closed"):
        await anext(log.unknown())


async def test_closing_an_unused_log_creates_no_file(path: Path) -> None:
    await SqliteSendLog(path).aclose()
    assert files_of(path) == []


def test_serves_one_event_loop(path: Path) -> None:
    log = SqliteSendLog(path)
    anyio.run(log.begin, "id-1")
    for use in (log.begin, log.get):
        with pytest.raises(ConfigurationError, match="event loop"):
            anyio.run(use, "id-2")
    anyio.run(log.aclose)


def other_tables(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE users (name TEXT)")
    connection.close()


def other_application_id(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA application_id = 1")
    connection.close()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.mkdir(), "can't be opened"),
        (lambda path: path.write_text("no database" * 100), "not a send log"),
        (other_tables, "another program"),
        (other_application_id, "another program"),
    ],
    ids=["folder", "no database", "another", "other_application_id"],
)
async def test_other_files_are_refused_and_not_changed(path: Path, make: Any, reason: str) -> None:
    make(path)
    before = bytes_of(path)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=reason):
            async with SqliteSendLog(path):
                pass
    assert bytes_of(path) == before


async def test_log_of_a_newer_version_is_refused(path: Path) -> None:
    async with SqliteSendLog(path):
        pass
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    log = SqliteSendLog(path)
    with pytest.raises(ConfigurationError, match="newer"):
        await log.begin("id-1")
    await log.aclose()


async def test_another_process_creates_the_tables_first(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with SqliteSendLog(path) as log:
        await log.begin("id-1")
        pragma = sqlite_open._pragma
        late = [0]
        monkeypatch.setattr(
            sqlite_open, "_pragma", lambda *args: late.pop() if late else pragma(*args)
        )
        async with SqliteSendLog(path) as other:
            assert await outcome_of(other, "id-1") == "unknown"


async def test_refuses_in_memory_database() -> None:
    with pytest.raises(ConfigurationError, match="local disk"):
        await SqliteSendLog(":memory:").begin("id-1")
    with pytest.raises(ConfigurationError, match="local disk"):
        sqlite_file.SqliteFile(":memory:").read(lambda _: None)


async def test_locked_file_can_be_opened_later(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_TIMEOUT", 0.01)
    async with SqliteSendLog(path) as log:
        with Locked(path), pytest.raises(sqlite3.OperationalError, match="locked"):
            await log.begin("id-1")
        await log.begin("id-1")
    path = path.with_name("fresh.db")
    fresh = SqliteSendLog(path)
    with Locked(path), pytest.raises(sqlite3.OperationalError, match="locked"):
        await fresh.begin("id-2")
    await fresh.begin("id-2")
    await fresh.aclose()


async def test_file_survives_a_power_failure(log: SqliteSendLog, path: Path) -> None:
    """Settings with which SQLite syncs every commit to the disk."""
    connection = log._file._opened()
    pragmas = ("journal_mode", "synchronous", "application_id", "user_version")
    found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
    assert found == ["wal", 2, 0x5345534C, 1]


# Locked files


async def test_begin_is_cancelled_while_the_file_is_locked(
    log: SqliteSendLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_TIMEOUT", 1e9)
    with Locked(path):
        for work in (log.begin("id-1"), log.forget(datetime.now(UTC))):
            with anyio.move_on_after(0.01) as scope:
                await work
            assert scope.cancelled_caught
        assert not log._file._queue
    assert await log.get("id-1") is None
    await log.begin("id-1")


async def test_file_that_is_locked_while_opened_does_not_block_a_cancellation(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_TIMEOUT", 1e9)
    monkeypatch.setattr("sesmail.send_log.sqlite.BUSY_TIMEOUT", 1e9)
    fresh = SqliteSendLog(path)
    with Locked(path):
        for work in (fresh.begin("id-1"), fresh.get("id-1")):
            with anyio.move_on_after(0.01) as scope:
                await work
            assert scope.cancelled_caught
    await fresh.begin("id-1")
    await fresh.aclose()


@pytest.mark.parametrize("then", ["begin", "aclose"])
async def test_cancelled_outcome_is_stored_once_the_file_is_unlocked(
    path: Path, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    monkeypatch.setattr("sesmail.send_log.sqlite._LAST_WAIT", 0.01)
    async with SqliteSendLog(path) as log:
        await log.begin("id-1")
        with Locked(path), anyio.move_on_after(0.01) as scope:
            await log.finish("id-1", "accepted", "m-1")
        assert scope.cancelled_caught
        assert stored(path) == {"id-1": "unknown"}
        if then == "begin":
            await log.begin("id-2")
            assert stored(path)["id-1"] == "accepted"
    assert stored(path)["id-1"] == "accepted"


async def test_locked_file_is_closed_after_the_busy_timeout(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_TIMEOUT", 0.01)
    monkeypatch.setattr("sesmail.send_log.sqlite._LAST_WAIT", 0.01)
    log = SqliteSendLog(path)
    await log.begin("id-1")
    with Locked(path):
        with anyio.CancelScope() as scope:
            scope.cancel()
            await log.finish("id-1", "accepted")
        await log.aclose()
    assert stored(path) == {"id-1": "unknown"}


def test_each_write_waits_until_its_own_deadline(path: Path) -> None:
    file = sqlite_file.SqliteFile(str(path))
    file.read(lambda _: None)
    old, young = (sqlite_file.Write(lambda _: "done") for _ in range(2))
    with Locked(path):
        for write in (old, young):
            file.put(write)
        old.deadline = 0.0
        file.flush()
        assert (old.done, young.done) == (True, False)
        assert "locked" in str(old.error)
    file.close()
    file.withdraw(young)  # too late
    assert (young.done, young.error, young.result) == (True, None, "done")


def test_lock_wait_is_shorter_than_the_patience_of_a_client() -> None:
    assert sqlite_open._LOCK_WAIT < sqlite_file.BUSY_TIMEOUT < log_writer._TIMEOUT


async def test_begin_cancelled_after_its_commit_is_not_sent(
    log: SqliteSendLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    with anyio.CancelScope() as scope:
        begin = sqlite_records.begin

        def cancel(*args: Any, **settings: Any) -> Any:
            anyio.from_thread.run_sync(scope.cancel)
            return begin(*args, **settings)

        monkeypatch.setattr("sesmail.send_log.sqlite.begin", cancel)
        await log.begin("id-1")
    assert scope.cancelled_caught
    assert await outcome_of(log, "id-1") == "not_sent"


# Deleted and replaced files


def delete(path: Path) -> None:
    path.unlink()


def delete_all(path: Path) -> None:
    for each in path.parent.iterdir():
        each.unlink()


def delete_wal(path: Path) -> None:
    path.with_name("log.db-wal").unlink()


def move(path: Path) -> None:
    path.rename(path.with_name("old.db"))


def replace(path: Path) -> None:
    copy = path.with_name("backup.db")
    copy.write_bytes(path.read_bytes())
    copy.replace(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows doesn't delete open files")
@pytest.mark.parametrize("change", [delete, delete_all, delete_wal, move, replace])
async def test_log_whose_file_is_deleted_or_replaced_refuses_everything(
    path: Path, change: Callable[[Path], None]
) -> None:
    log = SqliteSendLog(path)
    await log.begin("id-1")
    change(path)
    for use in (log.begin("id-2"), log.finish("id-1", "accepted"), log.get("id-1")):
        with pytest.raises(ConfigurationError, match="deleted or replaced"):
            await use
    await log.aclose()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows needs a right for symbolic links")
async def test_log_behind_a_symbolic_link(path: Path) -> None:
    link = path.with_name("link.db")
    link.symlink_to(path)
    log = SqliteSendLog(link)
    await log.begin("id-1")
    await log.begin("id-2")
    link.unlink()
    link.symlink_to(path.with_name("other.db"))
    with pytest.raises(ConfigurationError, match="deleted or replaced"):
        await log.begin("id-3")
    await log.aclose()


async def test_relative_path_survives_a_change_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    async with SqliteSendLog("log.db") as log:
        await log.begin("id-1")
        monkeypatch.chdir(tmp_path / "elsewhere")
        await log.begin("id-2")
    assert len(stored(tmp_path / "log.db")) == 2
