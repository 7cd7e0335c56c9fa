"""Random statements and steps of workers, compared with a model in plain Python."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytest.importorskip("sqlalchemy", reason="pip install sesmail[sql]")

import hypothesis.strategies as st
import sqlalchemy
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection, Engine

from sesmail.sql import Outbox
from sesmail.sql.claiming import Claim, claim
from sesmail.sql.leaving import MailResult, expire, leave, record
from sesmail.sql.recording import begin, look_up, settle, withdraw
from support.outboxes import mail
from support.postgres import Postgres

pytestmark = pytest.mark.once

IDS = st.sampled_from(["a", "b", "c"])
FUTURE = datetime(2099, 1, 1, tzinfo=UTC)
PAST = datetime(2001, 1, 1, tzinfo=UTC)
FINAL = ("accepted", "rejected", "failed", "cancelled")


class Mail:
    """A mail as the rules say it is."""

    def __init__(self, state: str, *, body: bool, due: bool = True) -> None:
        self.state = state
        self.body = body
        self.due = due
        self.token: str | None = None
        self.holds = False  # whether the lease of the token lasts


class Machine(RuleBasedStateMachine):
    """Outbox and model: each rule changes both, and the states have to be the same."""

    engine: Engine

    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox(table="model")
        self.tables: Any = self.outbox._tables
        self.model: dict[str, Mail] = {}
        self.claims: list[Claim] = []

    @initialize()
    def empty(self) -> None:
        self.run(lambda each: each.execute(self.tables.mails.delete()))
        self.run(lambda each: each.execute(self.tables.bodies.delete()))

    def run(self, function: Any) -> Any:
        with self.engine.begin() as connection:
            return function(connection)

    def execute(self, statement: Any) -> int:
        def work(connection: Connection) -> int:
            count: int = connection.execute(statement).rowcount
            return count

        count: int = self.run(work)
        return count

    # Statements of the application

    @rule(send_id=IDS, later=st.booleans())
    def insert(self, send_id: str, later: bool) -> None:
        at = FUTURE if later else None
        count = self.execute(self.outbox.insert(mail(send_id), at=at, existing="skip"))
        assert count == (send_id not in self.model)
        if count:
            self.model[send_id] = Mail("queued", body=True, due=not later)

    @rule(send_id=IDS)
    def cancel(self, send_id: str) -> None:
        count = self.execute(self.outbox.cancel(send_id))
        assert count == self.change(send_id, ("queued",), "cancelled")

    @rule(send_id=IDS, later=st.booleans())
    def reschedule(self, send_id: str, later: bool) -> None:
        count = self.execute(self.outbox.reschedule(send_id, FUTURE if later else PAST))
        assert count == self.change(send_id, ("queued",), "queued", due=not later)

    @rule(send_id=IDS, unknown=st.booleans())
    def requeue(self, send_id: str, unknown: bool) -> None:
        count = self.execute(self.outbox.requeue(send_id, may_send_twice=unknown))
        states = ("rejected", "failed", "cancelled", *(("unknown",) if unknown else ()))
        has_body = send_id in self.model and self.model[send_id].body
        assert count == (has_body and self.change(send_id, states, "queued", due=True))

    @rule()
    def forget(self) -> None:
        count = self.execute(self.outbox.forget(FUTURE))
        old = [send_id for send_id, each in self.model.items() if each.state in FINAL]
        assert count == len(old)
        for send_id in old:
            del self.model[send_id]

    def change(
        self, send_id: str, states: tuple[str, ...], to: str, due: bool | None = None
    ) -> bool:
        """Change the model as a statement does, which takes the mail from its worker."""
        each = self.model.get(send_id)
        if each is None or each.state not in states:
            return False
        each.state, each.token, each.holds = to, None, False
        each.due = each.due if due is None else due
        return True

    # The send log

    @rule(send_id=IDS)
    def begin(self, send_id: str) -> None:
        began = self.run(lambda each: begin(each, self.tables, send_id, "log"))
        known = self.model.get(send_id)
        assert (began is not None) == (
            known is None or known.state in ("rejected", "failed", "cancelled")
        )
        if began is not None:
            self.model[send_id] = Mail("unknown", body=False)

    @rule(send_id=IDS)
    def withdraw(self, send_id: str) -> None:
        self.run(lambda each: withdraw(each, self.tables, send_id, "log"))
        known = self.model.get(send_id)
        if known and known.state == "unknown" and not known.body and known.token is None:
            known.state = "failed"

    @rule(send_id=IDS, outcome=st.sampled_from(["accepted", "rejected", "not_sent"]))
    def settle(self, send_id: str, outcome: Any) -> None:
        changed = self.run(lambda each: settle(each, self.tables, send_id, outcome, "m"))
        known = self.model.get(send_id)
        allowed = known is not None and (
            known.state != "accepted"
            if outcome == "accepted"
            else known.state in ("leaving", "unknown")
        )
        assert changed == allowed
        if known is not None and allowed:
            known.state = "failed" if outcome == "not_sent" else outcome
            known.holds = False

    # Workers

    @rule()
    def claim(self) -> None:
        found = self.run(lambda each: claim(each, self.tables, 2, 60.0, None))
        free = [
            send_id
            for send_id, each in self.model.items()
            if each.state == "queued" and each.due and not each.holds
        ]
        assert len(found) == min(2, len(free))
        assert {each.send_id for each in found} <= {*free}
        for each in found:
            self.model[each.send_id].token, self.model[each.send_id].holds = each.token, True
        self.claims += found

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        each = data.draw(st.sampled_from(self.claims))
        left = self.run(
            lambda connection: leave(connection, self.tables, [(each.send_id, each.token)], 60.0)
        )
        known = self.model.get(each.send_id)
        may = known and known.state == "queued" and known.token == each.token and known.holds
        assert left == ({each.send_id} if may else set())
        if known is not None and may:
            known.state = "leaving"

    @precondition(lambda self: self.claims)
    @rule(
        data=st.data(),
        state=st.sampled_from(["accepted", "rejected", "failed", "unknown", "queued"]),
    )
    def record(self, data: st.DataObject, state: Any) -> None:
        each = data.draw(st.sampled_from(self.claims))
        self.claims.remove(each)
        result = MailResult(each.send_id, each.token, state, "m" if state == "accepted" else None)
        self.run(lambda connection: record(connection, self.tables, [result]))
        known = self.model.get(each.send_id)
        if known is None:
            return
        mine = known.token == each.token and known.state in ("queued", "leaving", "unknown")
        if known.state != "accepted" if state == "accepted" else mine:
            known.state, known.holds = state, False

    @rule(send_id=IDS)
    def lease_ends(self, send_id: str) -> None:
        table = self.tables.mails
        ended = table.update().where(table.c.send_id == send_id, table.c.lease_until.is_not(None))
        self.execute(ended.values(lease_until=datetime.now(UTC) - timedelta(hours=1)))
        if send_id in self.model:
            self.model[send_id].holds = False

    @rule()
    def expire(self) -> None:
        count = self.run(lambda each: expire(each, self.tables))
        dead = [each for each in self.model.values() if each.state == "leaving" and not each.holds]
        assert count == len(dead)
        for each in dead:
            each.state = "unknown"

    @invariant()
    def states_are_those_of_the_model(self) -> None:
        table = self.tables.mails
        query = sqlalchemy.select(table.c.send_id, table.c.state)
        rows = self.run(lambda each: each.execute(query).all())
        assert dict(map(tuple, rows)) == {name: each.state for name, each in self.model.items()}

    @invariant()
    def queued_mails_have_bodies(self) -> None:
        bodies = self.run(lambda each: each.execute(self.tables.bodies.select()).all())
        queued = {name for name, each in self.model.items() if each.state in ("queued", "leaving")}
        assert queued <= {row.send_id for row in bodies}

    @invariant()
    def records_are_those_of_a_send_log(self) -> None:
        for send_id in ("a", "b", "c"):
            found = self.run(lambda each, name=send_id: look_up(each, self.tables, name))
            assert (found is not None) == (send_id in self.model)


def run_machine(url: str) -> None:
    engine = sqlalchemy.create_engine(url)

    class Here(Machine):
        pass

    Here.engine = engine
    outbox = Outbox(table="model")
    outbox.metadata.create_all(engine)
    Here.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
    try:
        Here.TestCase().runTest()
    finally:
        outbox.metadata.drop_all(engine)
        engine.dispose()


def test_sqlite_does_what_the_model_does(tmp_path: Any) -> None:
    run_machine(f"sqlite:///{tmp_path}/outbox.db")


def test_postgresql_does_what_the_model_does(postgres: Postgres) -> None:
    run_machine(postgres.url("psycopg"))
