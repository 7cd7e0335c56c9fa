"""The simulator itself, in small; its figures are made by `nox -s simulate`."""

import pytest

from sesmail.sending.rate.pace import Pace
from simulation.accounts import Bucket, Window
from simulation.world import Second, Story, simulate


def test_a_bucket_lets_a_call_through_that_is_larger_than_its_rate_and_then_nothing() -> None:
    bucket = Bucket(1)
    assert bucket.takes(0, 5)
    assert not bucket.takes(4.9, 1)
    assert bucket.takes(5, 1)
    assert bucket.takes(100, 1)
    assert not bucket.takes(100, 1), "it holds a second's worth at most"


def test_a_window_counts_anew_each_second_of_its_own() -> None:
    window = Window(2)
    assert [window.takes(at, 1) for at in (0, 0.1, 0.2, 0.63, 0.64, 0.65)] == [
        True,
        True,
        False,
        True,
        True,
        False,
    ]
    assert window.takes(2, 5)
    assert not window.takes(2, 1)


def test_a_story_is_the_same_for_the_same_seed() -> None:
    one, same, other = (simulate(Bucket(14), 3, 20, knows=False, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_nobody_gets_more_than_the_account_gives() -> None:
    story = simulate(Window(14), 5, 20, knows=True)
    assert (
        max(second.accepted for second in story.seconds) <= 2 * 14
    )  # a second of ours may lie in two of its own
    assert sum(story.accepted) == sum(second.accepted for second in story.seconds)
    assert story.used(14, 0, 20) <= 1.05


def test_a_worker_that_knows_the_rate_uses_it_and_is_never_throttled() -> None:
    story = simulate(Bucket(10), 1, 30, knows=True, measured=10)
    assert story.used(10, 10, 30) == pytest.approx(0.97, abs=0.01)
    assert story.throttled(0, 30) == 0
    assert story.fairness() == 1


def test_workers_share_an_account() -> None:
    story = simulate(Bucket(100), 5, 60, knows=False, measured=20)
    assert story.used(100, 20, 60) > 0.95
    assert story.throttled(20, 60) < 0.02
    assert story.fairness() > 0.8


def test_jains_index() -> None:
    assert Story(accepted=[1, 1, 1, 1]).fairness() == 1
    assert Story(accepted=[8, 0, 0, 0]).fairness() == 0.25
    assert Story([Second(0, 0)]).throttled(0, 1) == 0


def test_what_happens_on_the_way_happens_when_it_should() -> None:
    happened: list[float] = []

    def note(paces: list[Pace], now: float) -> None:
        assert len(paces) == 2
        happened.append(now)

    simulate(Bucket(14), 2, 10, knows=True, events={7: note, 3: note})
    assert [int(now) for now in happened] == [3, 7]
