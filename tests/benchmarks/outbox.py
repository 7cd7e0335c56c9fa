"""Measures the outbox on the embedded PostgreSQL: `nox -s outbox -- [OPTIONS]`.

Workers are processes of their own, and send to an SES that costs next to nothing and takes 50 ms.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from contextlib import ExitStack
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Engine, event, text

from sesmail import Attachment, Client
from sesmail.sql import Outbox
from sesmail.sql.claiming import claim, due_groups
from sesmail.sql.leaving import MailResult, expire, leave, record
from support.databases import new_engine
from support.outboxes import mail
from support.postgres import Postgres

from .comparison import Options
from .memory import peak_memory
from .processes import Worker
from .ses import start_ses

LATENCY = 0.05  # seconds
WORKERS = (1, 2, 4)
LARGE = 30_600_000  # bytes of a file, of which MIME makes 41.9 million
FILL = """
INSERT INTO sesmail_outbox (send_id, state, priority, group_name, due_at, attempts, size,
    created_at, changed_at)
SELECT '{name}-' || i, '{state}', 1, {group}, now() + interval '{due}', 0, 500, now(), now()
FROM generate_series(1, {count}) i
"""


def show(line: str) -> None:
    print(f"{line}  (load average {os.getloadavg()[0]:.1f})", flush=True)


def new_tables(engine: Engine) -> Outbox:
    outbox = Outbox()
    outbox.metadata.drop_all(engine)
    outbox.metadata.create_all(engine)
    return outbox


def run_workers(count: int, *arguments: str) -> tuple[float, list[Any]]:
    """Runs workers until no mail is due; returns the seconds, and what each printed."""
    with ExitStack() as stack:
        command = [sys.executable, "-m", "benchmarks.outbox", "--work", *arguments]
        workers = [stack.enter_context(Worker(command)) for _ in range(count)]
        for worker in workers:
            worker.read()
        start = time.perf_counter()
        for worker in workers:
            worker.write("")
        results = [worker.read() for worker in workers]
        return time.perf_counter() - start, results


async def work(url: str, endpoint: str) -> None:
    """Is a worker."""
    engine: Any = new_engine(url)
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    event.listen(engine.sync_engine, "before_cursor_execute", count)
    async with Client("eu-west-1", endpoint_url=endpoint, rate_limit=None) as client:
        print("true", flush=True)
        sys.stdin.readline()
        start = time.process_time()
        progress = await Outbox().work(client, engine, until_empty=True)
    seconds = time.process_time() - start
    memory = peak_memory() // 1_000_000
    print(json.dumps([progress.accepted, statements, seconds, memory]), flush=True)
    await engine.dispose()


def throughput(postgres: Postgres, engine: Engine, ses: str, mails: int) -> None:
    for count in WORKERS:
        outbox = new_tables(engine)
        start = time.perf_counter()
        with engine.begin() as connection:
            connection.execute(outbox.insert_many([mail(f"m-{n}") for n in range(mails)]))
        inserted = time.perf_counter() - start
        seconds, results = run_workers(count, postgres.url("asyncpg"), ses)
        accepted, statements, busy, _ = map(sum, zip(*results, strict=True))
        assert accepted == mails
        show(
            f"{count} workers: {mails / seconds:,.0f} mails per second, per 1,000 mails "
            f"{1000 * statements / mails:.0f} statements and {1000 * busy / mails:.1f} s of CPU; "
            f"queued in {inserted:.1f} s"
        )


def memory(postgres: Postgres, engine: Engine, ses: str, mails: int) -> None:
    outbox = new_tables(engine)
    for number in range(mails):
        file = Attachment("file.png", os.urandom(LARGE))
        with engine.begin() as connection:
            connection.execute(outbox.insert(mail(f"m-{number}", attachments=[file])))
    seconds, [[accepted, _, _, megabytes]] = run_workers(1, postgres.url("asyncpg"), ses)
    show(f"{accepted} mails of 40 MB: {seconds:.1f} s, at most {megabytes} MB of memory")


def growth(engine: Engine, rows: int) -> None:
    """Measures claims from a small table and a large one, and prints the plan of the latter."""
    outbox = new_tables(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        fill(connection, "few", "queued", "'a'", "-1 minute", 1000)
        connection.execute(text("ANALYZE sesmail_outbox"))
        steps(connection, outbox, 1000)
        fill(connection, "accepted", "accepted", "'a'", "-1 day", rows // 3)
        fill(connection, "due", "queued", "'g' || (i % 200)", "-1 minute", rows // 3)
        fill(connection, "later", "queued", "'a'", "1 day", rows // 3)
        connection.execute(text("VACUUM ANALYZE sesmail_outbox"))
        steps(connection, outbox, rows)
        print_plan(engine, connection, outbox)


def fill(connection: Connection, name: str, state: str, group: str, due: str, count: int) -> None:
    connection.execute(text(FILL.format(name=name, state=state, group=group, due=due, count=count)))


def steps(connection: Connection, outbox: Outbox, rows: int) -> None:
    tables: Any = outbox._tables
    times: dict[str, list[float]] = {}

    def measure(name: str, step: Any) -> Any:
        start = time.perf_counter()
        result = step()
        times.setdefault(name, []).append(time.perf_counter() - start)
        return result

    for _ in range(20):
        claims = measure("claim of 50", lambda: claim(connection, tables, 50, 600.0, None))
        held = [(each.send_id, each.token) for each in claims]
        measure("leave", lambda held=held: leave(connection, tables, held, 600.0))
        results = [MailResult(*each, "failed", None, "X") for each in held]
        measure("record", lambda results=results: record(connection, tables, results))
        measure("expire", lambda: expire(connection, tables))
        measure("groups", lambda: due_groups(connection, tables, 1, None))
    figures = ", ".join(
        f"{name} {statistics.median(each) * 1000:.1f} ms" for name, each in times.items()
    )
    show(f"{rows:,} rows: {figures}")


def print_plan(engine: Engine, connection: Connection, outbox: Outbox) -> None:
    seen: list[Any] = []
    event.listen(engine, "before_cursor_execute", lambda *each: seen.append(each[2:4]))
    claim(connection, outbox._tables, 50, 600.0, None)
    statement, parameters = seen[0]
    explain = "EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF, TIMING OFF)"
    plan = connection.exec_driver_sql(f"{explain} {statement}", parameters)
    print(*(f"  {row[0]}" for row in plan), sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="nox -s outbox --", description=__doc__)
    parser.add_argument("--mails", type=int, default=4000, help="for each number of workers")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the large table")
    parser.add_argument("--large", type=int, default=4, help="mails of 40 MB")
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        asyncio.run(work(*options.work))
        return
    with ExitStack() as stack:
        ses = start_ses(Options(stack=stack), LATENCY)
        postgres = stack.enter_context(Postgres(f"bench-{os.getpid()}"))
        engine = sqlalchemy.create_engine(postgres.url("psycopg"))
        throughput(postgres, engine, ses, options.mails)
        memory(postgres, engine, ses, options.large)
        growth(engine, options.rows)
        engine.dispose()


if __name__ == "__main__":
    main()
