"""Simulation with few workers; `nox -s simulate` prints its results."""

import pytest

from sesmail.sending.rate.pace import Pace
from simulation.accounts import Bucket, Window
from simulation.world import Run, Second, simulate


def test_bucket_accepts_a_call_larger_than_its_rate_and_then_none() -> None:
    bucket = Bucket(1)
    assert bucket.accepts(0, 5)
    assert not bucket.accepts(4.9, 1)
    assert bucket.accepts(5, 1)
    assert bucket.accepts(100, 1)
    assert not bucket.accepts(100, 1), "it holds the tokens of a second"


def test_window_is_reset_each_second_of_its_own_clock() -> None:
    window = Window(2)
    assert [window.accepts(at, 1) for at in (0, 0.1, 0.2, 0.63, 0.64, 0.65)] == [
        True,
        True,
        False,
        True,
        True,
        False,
    ]
    assert window.accepts(2, 5)
    assert not window.accepts(2, 1)


def test_run_is_determined_by_its_seed() -> None:
    one, same, other = (simulate(Bucket(14), 3, 20, known=False, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_no_more_is_accepted_than_the_rate() -> None:
    run = simulate(Window(14), 5, 20, known=True)
    # A second of the simulation may lie in two of the window.
    assert max(second.accepted for second in run.seconds) <= 2 * 14
    assert sum(run.accepted) == sum(second.accepted for second in run.seconds)
    assert run.used(14, 0, 20) <= 1.05


def test_worker_that_knows_the_rate_uses_it_and_is_never_throttled() -> None:
    run = simulate(Bucket(10), 1, 30, known=True, measured=10)
    assert run.used(10, 10, 30) == pytest.approx(0.97, abs=0.01)
    assert run.throttled(0, 30) == 0
    assert run.fairness() == 1


def test_workers_share_the_rate_of_an_account() -> None:
    run = simulate(Bucket(100), 5, 60, known=False, measured=20)
    assert run.used(100, 20, 60) > 0.95
    assert run.throttled(20, 60) < 0.02
    assert run.fairness() > 0.8


def test_fairness_is_jains_index() -> None:
    assert Run(accepted=[1, 1, 1, 1]).fairness() == 1
    assert Run(accepted=[8, 0, 0, 0]).fairness() == 0.25
    assert Run([Second(0, 0)]).throttled(0, 1) == 0


def test_events_happen_at_their_seconds() -> None:
    times: list[float] = []

    def record(paces: list[Pace], now: float) -> None:
        assert len(paces) == 2
        times.append(now)

    simulate(Bucket(14), 2, 10, known=True, events={7: record, 3: record})
    assert [int(now) for now in times] == [3, 7]
