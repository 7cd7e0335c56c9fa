"""Random sequences of sends, faults, cancellations and restarts, with one outcome per mail."""

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from sesmail import RetryPolicy
from support.call_records import accept_all, accept_some, scripted
from support.environment import Environment, send, send_bulk, send_many_job
from support.fault_catalogue import FAULTS, HANGING, OVERSIZED
from support.invariants import no_leaks

pytestmark = [pytest.mark.first, pytest.mark.slow]

# Without faults that need a large mail, look like a valid response, or take long.
EXCLUDED = ("bulk_response", "giant", "many", "trickle")
CHOSEN = [
    fault
    for fault in [*FAULTS, *HANGING]
    if "v2" in fault.apis
    and not (
        fault.large
        or fault.writes_later
        or fault.response.unread
        or fault.name.startswith(EXCLUDED)
    )
    and fault not in OVERSIZED
]
RESPONSES = {fault.name: scripted(fault) for fault in CHOSEN} | {
    "accepts": accept_all(),
    "accepts some": accept_some(),
}
REJECTED = [fault.name for fault in CHOSEN if fault.outcomes == {"rejected"}]
THROTTLED = [fault.name for fault in CHOSEN if fault.retryable]
NAMES = st.one_of(
    *map(st.sampled_from, ([*RESPONSES], REJECTED, THROTTLED, ["accepts", "accepts some"]))
)
SCRIPTS = st.lists(NAMES, max_size=6)
SEND_IDS = st.sampled_from(["none", "new", "new", "new", "old"])
NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
STEPS = 5_000 if NIGHTLY else 250  # on each event loop, at least; a run has 25, but some end early


class Sending(RuleBasedStateMachine):
    """State machine of a client, its server, credentials, rate limit and send log."""

    backend: ClassVar[str]
    counts: ClassVar[Counter[str]]
    outcomes: ClassVar[Counter[str | None]]

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.portal = self.stack.enter_context(start_blocking_portal(self.backend))
        self.futures: list[Future[None]] = []
        self.used: list[str] = []
        self.rate = 14.0

    @initialize(
        attempts=st.integers(1, 4),
        on_unknown=st.sampled_from(["raise"] * 3 + ["retry"]),
        stored=st.booleans(),
    )
    def begin(self, attempts: int, on_unknown: Any, stored: bool) -> None:
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory())) if stored else None
        policy = RetryPolicy(attempts, 0.001, 0.002, on_unknown)
        session = "httpx" if self.backend == "trio" else "aiohttp"
        self.environment = self.portal.call(Environment, session, folder, policy, self.stack)
        leak_check = self.portal.call(no_leaks, self.environment.server)
        self.no_leaks = self.portal.wrap_async_context_manager(leak_check)
        self.no_leaks.__enter__()

    def run_counted(self, method: Callable[..., Any], *args: Any) -> None:
        """Calls a method in the event loop, and counts the call."""
        self.counts[method.__name__] += 1
        self.portal.call(method, *args)

    def set_responses(self, script: list[str]) -> None:
        self.environment.set_responses(*map(RESPONSES.__getitem__, script), rate=self.rate)

    def start(self, work: Callable[..., Any], send_ids: Sequence[str]) -> None:
        mails = []
        for kind in send_ids:
            if kind == "new" or (kind == "old" and not self.used):
                self.used.append(f"id-{len(self.used)}")
            old = self.used[len(self.environment.mails) % len(self.used)] if kind == "old" else None
            mails.append(self.environment.new_mail(self.used[-1] if kind == "new" else old))
        self.futures.append(self.portal.start_task_soon(self.environment.run_job, work, mails))

    @rule(send_ids=st.lists(SEND_IDS, min_size=1, max_size=4), script=SCRIPTS)
    def start_sends(self, send_ids: list[str], script: list[str]) -> None:
        self.set_responses(script)
        for send_id in send_ids:
            self.start(send, [send_id])
        self.run_counted(self.environment.run_steps, 0)

    @rule(send_ids=st.lists(SEND_IDS, min_size=1, max_size=7), script=SCRIPTS, wait=st.booleans())
    def start_send_bulk(self, send_ids: list[str], script: list[str], wait: bool) -> None:
        self.set_responses(script)
        self.start(send_bulk, send_ids)
        self.run_counted(self.environment.wait_until_idle if wait else self.environment.check)

    @rule(
        send_ids=st.lists(SEND_IDS, min_size=1, max_size=7),
        script=SCRIPTS,
        leave_after=st.none() | st.integers(1, 5),
        exit_kind=st.sampled_from(["break", "error", "cancel"]),
        concurrency=st.integers(1, 3),
        ordered=st.booleans(),
    )
    def start_send_many(
        self,
        send_ids: list[str],
        script: list[str],
        leave_after: int | None,
        exit_kind: Any,
        **options: Any,
    ) -> None:
        self.set_responses(script)
        self.start(send_many_job(leave_after, exit_kind, **options), send_ids)
        self.run_counted(self.environment.run_steps, 5)

    @rule(index=st.integers(0, 9), steps=st.integers(0, 60))
    def cancel_one(self, index: int, steps: int) -> None:
        self.portal.call(self.environment.run_steps, steps)
        self.run_counted(self.environment.cancel, index)

    @rule(wait=st.booleans(), steps=st.integers(0, 200))
    def continue_sends(self, wait: bool, steps: int) -> None:
        self.run_counted(self.environment.wait_until_idle) if wait else self.run_counted(
            self.environment.run_steps, steps
        )

    @rule()
    def restart_client(self) -> None:
        self.run_counted(self.environment.restart)

    @rule(
        seconds=st.sampled_from([0.01, 1.0, 60.0, 1000.0]),
        rate=st.sampled_from([None, 0.5, 14.0, 500.0]),
    )
    def advance_clock(self, seconds: float, rate: float | None) -> None:
        if rate is not None:
            self.rate = rate
            self.portal.call(self.environment.limiter.learn, rate)
        self.portal.call(self.environment.clock.advance, seconds)
        self.run_counted(self.environment.run_steps, 5)

    @rule(mode=st.sampled_from(["fresh", "fresh", "short", "short", "expired", "failing"]))
    def set_credentials(self, mode: str) -> None:
        self.environment.credentials.mode = mode
        self.run_counted(self.environment.run_steps, 0)

    @rule(
        failure=st.sampled_from(
            ["", "", "", "", "begin before", "begin after", "finish before", "finish after"]
        )
    )
    def fail_log_writes(self, failure: str) -> None:
        self.environment.log.failure = failure
        self.run_counted(self.environment.run_steps, 0)

    @invariant()
    def completed_sends_are_consistent(self) -> None:
        if hasattr(self, "environment"):
            self.portal.call(self.environment.check)

    def teardown(self) -> None:
        with self.stack:
            if hasattr(self, "environment"):
                self.portal.call(self.environment.finish_all)
                for future in self.futures:
                    future.result(0)
                self.no_leaks.__exit__(None, None, None)
                self.outcomes.update(mail.outcome for mail in self.environment.mails)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_each_mail_has_one_outcome(backend: str) -> None:
    pytest.importorskip(backend)
    Sending.backend, Sending.counts, Sending.outcomes = backend, Counter(), Counter()
    # Failing examples aren't shrunk: the timing of sockets differs between runs.
    options = settings(
        max_examples=STEPS // 25 * 3 // 2,
        stateful_step_count=25,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    run_state_machine_as_test(Sending, settings=options)
    assert Sending.counts.total() >= STEPS
    assert Sending.outcomes.keys() == {"accepted", "rejected", "not_sent", "unknown", None}
