"""Workers and producers that are killed at random moments: no mail is lost, none sent twice."""

import os
import random
import signal
import time
from collections import Counter

import anyio
import pytest

pytest.importorskip("sqlalchemy", reason="pip install sesmail[sql]")
pytest.importorskip("starlette", reason="pip install sesmail[testing]")
pytest.importorskip("asyncpg")

import sqlalchemy

from sesmail.sql import Outbox
from sesmail.testing import FakeSES
from support.databases import Database
from support.outbox_processes import CAN_FORK, Starter, kill
from support.outboxes import sent
from support.postgres import Postgres
from support.silent_proxy import BOTH, SilentProxy

pytestmark = [
    pytest.mark.first,
    pytest.mark.slow,
    pytest.mark.skipif(not CAN_FORK, reason="needs fork"),
]

COUNT = int(os.environ.get("SESMAIL_CRASH_MAILS", "2000"))
SEEDS = [int(seed) for seed in os.environ.get("SESMAIL_CRASH_SEEDS", "1").split(",")]
WORKERS = 3
PRODUCERS = 2
LIMIT = max(900.0, COUNT / 10)  # seconds
SETTLED = 6.0
INTERVAL = max(0.5, COUNT / 5000)  # seconds, the longest from one failure to the next


class Processes(Starter):
    """Workers, which reach the database through a proxy, and producers."""

    def __init__(
        self, postgres: Postgres, proxy: SilentProxy, ses: FakeSES, chance: random.Random
    ) -> None:
        pytest.importorskip("trio")
        self._postgres, self._proxy, self._ses, self._chance = postgres, proxy, ses, chance
        self.workers: list[int] = []
        self.producers: dict[int, int] = {}

    def start_worker(self) -> None:
        driver = self._chance.choice(["asyncpg", "psycopg"])
        url = self._postgres.url_at(driver, self._proxy.port)
        self.workers.append(self.start("work", url, self._ses.url, 3))

    def start_producer(self, number: int) -> None:
        """Start a producer, which begins again with its first mail."""
        count = COUNT // PRODUCERS
        self.producers[number] = self.start(
            "produce", self._postgres.url("psycopg"), f"p{number}", count, self._chance.random()
        )


class Chaos:
    """Failures at random moments."""

    def __init__(
        self,
        processes: Processes,
        postgres: Postgres,
        proxy: SilentProxy,
        ses: FakeSES,
        chance: random.Random,
    ) -> None:
        self._processes, self._postgres, self._proxy = processes, postgres, proxy
        self._ses, self._chance = ses, chance
        self.counts: Counter[str] = Counter()

    def happen(self) -> None:
        """Let one failure happen."""
        failures = [
            *[self.worker_is_killed] * 6,
            *[self.producer_is_killed] * 2,
            *[self.ses_fails] * 6,
            *[self.connections_break] * 2,
            *[self.network_is_silent] * 2,
            self.network_is_late,
            self.worker_stands_still,
            self.database_restarts,
        ]
        failure = self._chance.choice(failures)
        self.counts[failure.__name__] += 1
        failure()

    def worker_is_killed(self) -> None:
        worker = self._processes.workers.pop(self._chance.randrange(WORKERS))
        kill(worker)
        self._processes.start_worker()

    def producer_is_killed(self) -> None:
        number = self._chance.randrange(PRODUCERS)
        kill(self._processes.producers[number])
        self._processes.start_producer(number)

    def ses_fails(self) -> None:
        faults = self._ses.faults
        fault = self._chance.choice(
            [
                faults.throttle,
                faults.transient,
                faults.status,
                faults.hang,
                faults.garbage,
                faults.reset_before,
                faults.reset_after,
                faults.lost_response,
            ]
        )
        if fault == faults.status:
            faults.status(503, 3)
        else:
            fault(3)

    def connections_break(self) -> None:
        """Cut some workers off from the database."""
        self._execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND random() < 0.5"
        )

    def network_is_silent(self) -> None:
        """Lose what some or all workers and the database send, or only the responses."""
        lost = self._chance.choice([BOTH, BOTH, frozenset({"responses"})])
        self._proxy.silence(lost, share=self._chance.choice([0.3, 1.0]))
        time.sleep(self._chance.choice([1, 1, 7]))  # the lease is 5 seconds
        self._proxy.restore()

    def network_is_late(self) -> None:
        """Let everything arrive after the workers gave it up, or after their leases."""
        self._proxy.hold()
        time.sleep(self._chance.choice([2, 7]))
        self._proxy.release()

    def worker_stands_still(self) -> None:
        """Stop a worker for longer than its lease, in the middle of whatever it does."""
        worker = self._chance.choice(self._processes.workers)
        kill(worker, signal.SIGSTOP)
        time.sleep(6)
        kill(worker, signal.SIGCONT)

    def database_restarts(self) -> None:
        self._postgres.restart()

    def _execute(self, statement: str) -> None:
        engine = sqlalchemy.create_engine(self._postgres.url("psycopg"))
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text(statement))
        engine.dispose()


def states(url: str) -> dict[str, str]:
    """Return the state of each mail."""
    engine = sqlalchemy.create_engine(url)
    table = Outbox().metadata.tables["sesmail_outbox"]
    with engine.connect() as connection:
        rows = connection.execute(sqlalchemy.select(table.c.send_id, table.c.state)).all()
    engine.dispose()
    return {row.send_id: row.state for row in rows}


async def create(url: str) -> None:
    """Create the tables."""
    database = Database(url)
    await database.create()
    await database.dispose()


async def settle_by_events(url: str, ses: FakeSES) -> None:
    """Settle sends by what the events of all accepted mails report."""
    database = Database(url)
    log = database.outbox.log(database.engine)
    for each in ses.outbox:
        if each.send_id is not None:
            await log.settle(each.send_id, "accepted", each.message_id)
    await database.dispose()


@pytest.mark.parametrize("seed", SEEDS)
def test_every_mail_is_accepted_once_or_unknown(seed: int) -> None:
    chance = random.Random(seed)
    with (
        Postgres(f"crash-{os.getpid()}") as postgres,
        SilentProxy(postgres.socket) as proxy,
        FakeSES(max_mails=2 * COUNT) as ses,
    ):
        ses.verify("example.com")
        url = postgres.url("psycopg")
        anyio.run(create, url)
        with Processes(postgres, proxy, ses, chance) as processes:
            for _ in range(WORKERS):
                processes.start_worker()
            for number in range(PRODUCERS):
                processes.start_producer(number)
            chaos = Chaos(processes, postgres, proxy, ses, chance)
            wait_until_done(url, processes, chaos, chance)
        found = states(url)
        check(found, sent(ses))
        anyio.run(settle_by_events, url, ses)
        settled = states(url)
        check(settled, sent(ses))
        assert {each for each in settled if settled[each] == "unknown"} == set(found) - set(
            sent(ses)
        )
        print(f"seed {seed}: {dict(chaos.counts)}; before events {Counter(found.values())}, after "
              f"them {Counter(settled.values())}")  # fmt: skip


def wait_until_done(url: str, processes: Processes, chaos: Chaos, chance: random.Random) -> None:
    """Let failures happen until all mails are queued and most are sent; then wait for the rest."""
    deadline = time.monotonic() + LIMIT
    done_since = time.monotonic()
    failing = True
    while time.monotonic() < deadline:
        time.sleep(chance.random() * INTERVAL)
        if failing:
            chaos.happen()
        counts = Counter(states(url).values())
        open_mails = counts["queued"] + counts["leaving"]
        if counts.total() == COUNT and open_mails < COUNT / 10 and failing:
            failing = False
            chaos._ses.faults.clear()
        # A worker that was cut off may still prove that an unknown mail never left, which then
        # returns to the queue.
        if counts.total() < COUNT or open_mails:
            done_since = time.monotonic()
        elif time.monotonic() > done_since + SETTLED:
            for worker in processes.workers:
                os.kill(worker, 0)  # it has not ended by itself
            return
    raise AssertionError(f"not done in {LIMIT} seconds: {counts}")


def check(found: dict[str, str], mails: list[str]) -> None:
    """Check the states against the server's own record."""
    assert set(found.values()) <= {"accepted", "unknown"}, Counter(found.values())
    assert len(found) == COUNT
    assert not any(each.startswith("rolled-back") for each in found)
    twice = {each for each, count in Counter(mails).items() if count > 1}
    assert not twice, "sent twice"
    accepted = {each for each in found if found[each] == "accepted"}
    assert accepted <= set(mails), "recorded as accepted, and unknown to SES"
    assert set(mails) <= found.keys(), "sent without having been committed"
