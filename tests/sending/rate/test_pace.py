"""Pace: computes rates and waits without a clock of its own."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesmail.sending.rate.pace import Pace


def pace(rate: float | None = None, random: float = 0.0) -> Pace:
    return Pace(rate, random=lambda: random)


def busy(pace: Pace, now: float, seconds: float, size: int = 1) -> float:
    """Sends as fast as the pace allows, all of it accepted; returns the time at the end."""
    end = now + seconds
    while now < end:
        now += pace.wait(now)
        pace.take(now, size)
        pace.accepted(now, size)
    return now


@pytest.mark.parametrize("rate", [None, 0.5, 14, 1_000])
def test_first_call_does_not_wait(rate: float | None) -> None:
    assert pace(rate).wait(0) == 0
    assert pace(rate).wait(-1e6) == 0


def test_calls_leave_evenly_at_97_percent_of_the_rate() -> None:
    one = pace(10)
    assert one.rate == pytest.approx(9.7)
    one.take(0, 1)
    assert one.wait(0) == pytest.approx(1 / 9.7 - 0.03)
    assert one.wait(0, ahead=50) == pytest.approx(51 / 9.7 - 0.03)
    assert one.wait(0.05) == pytest.approx(1 / 9.7 - 0.08)
    assert one.wait(1) == 0
    assert one.wait(1, ahead=1) > 0


def test_calls_may_leave_30_milliseconds_early() -> None:
    one = pace(10)
    one.take(0, 1)
    assert one.wait(1 / 9.7 - 0.0301) > 0
    assert one.wait(1 / 9.7 - 0.0299) == 0


@given(
    st.floats(1, 1_000),
    st.lists(st.tuples(st.floats(0, 0.2), st.integers(1, 50)), min_size=1, max_size=60),
)
def test_only_the_last_call_is_unpaid(rate: float, steps: list[tuple[float, int]]) -> None:
    one, now = pace(rate), 0.0
    left: list[tuple[float, int]] = []
    for pause, size in steps:
        now += pause + one.wait(now + pause)
        one.take(now, size)
        left.append((now, size))
    for first, (start, _) in enumerate(left):
        for last in range(first, len(left)):
            unpaid = sum(size for _, size in left[first:last])
            burst = 4 if 2 * one.rate <= rate * 0.97 else 0
            assert unpaid <= one.rate * (left[last][0] - start + 0.03) + burst + 0.01


@pytest.mark.parametrize(("rate", "burst"), [(None, 5), (29, 5), (28, 1), (14, 1), (1, 1)])
def test_first_5_calls_leave_at_once_where_the_rate_may_double(
    rate: float | None, burst: int
) -> None:
    one = pace(rate)
    for _ in range(burst):
        assert one.wait(0) == 0
        one.take(0, 1)
    assert one.wait(0) == pytest.approx(1 / one.rate - 0.03)
    assert one.wait(0, ahead=1) == pytest.approx(2 / one.rate - 0.03)
    one.throttled(0)
    assert one.wait(0) == pytest.approx(burst / one.rate - 0.03)


def test_5_calls_leave_at_once_again_after_a_pause() -> None:
    one = pace()
    for start in (0.0, 0.2):
        for _ in range(3):
            assert one.wait(start) == 0
            one.take(start, 1)
            one.accepted(start, 1)


def test_known_rate_is_not_exceeded_in_any_second_of_the_start() -> None:
    for rate in (14, 28, 29, 40, 100):
        one, now, left = pace(rate), 0.0, list[float]()
        while now < 6:
            now += one.wait(now)
            one.take(now, 1)
            one.accepted(now, 1)
            left.append(now)
        assert all(sum(start <= each < start + 1 for each in left) <= rate + 1 for start in left), (
            rate
        )


def test_call_larger_than_the_rate_leaves_and_delays_the_next() -> None:
    one = pace(10)
    one.take(0, 1)
    assert one.wait(0.08) == 0
    one.take(0.08, 50)
    assert one.wait(0.08) == pytest.approx(51 / 9.7 - 0.08 - 0.03)


def test_give_back_releases_at_most_what_was_taken() -> None:
    one = pace(10)
    one.take(0, 5)
    one.give_back(0, 5)
    assert one.wait(0) == 0
    one.give_back(0, 5)
    one.take(0, 5)
    assert one.wait(0) == pytest.approx(5 / 9.7 - 0.03), "no more is given back than was taken"


def test_throttle_lowers_the_rate_once_per_half_second() -> None:
    one = pace(10)
    assert one.throttled(1)
    assert one.rate == pytest.approx(9.7 * 0.95)
    assert not one.throttled(1.2)
    assert one.rate == pytest.approx(9.7 * 0.95)
    assert one.throttled(1.5)
    assert one.rate == pytest.approx(9.7 * 0.95 * 0.88)


def test_cut_is_half_where_every_call_is_throttled() -> None:
    one = pace(14)
    rates = [one.rate]
    for second in range(40):
        one.throttled(second)
        rates.append(one.rate)
    cuts = [1 - after / before for before, after in itertools.pairwise(rates)]
    assert cuts[0] == pytest.approx(0.05)
    assert 0.4 < max(cuts) <= 0.5


def test_minimum_rate_is_one_call_in_10_minutes() -> None:
    one = pace(1, random=0.5)
    for second in range(200):
        one.throttled(second)
    assert one.rate == 1 / 600
    one.take(200, 50)
    assert one.wait(200) <= 600


def test_throttle_delays_the_next_call_at_random() -> None:
    near, far = pace(10), pace(10, random=0.9)
    for each in (near, far):
        each.take(0, 1)
        each.throttled(0)
    assert far.wait(0) - near.wait(0) == pytest.approx(0.9 / far.rate)


def test_rate_recovers_up_to_the_account_rate() -> None:
    one = pace(10)
    one.throttled(0)
    now = busy(one, 0, 15)
    assert 9.7 * 0.95 < one.rate < 9.6
    busy(one, now, 60)
    assert one.rate == pytest.approx(9.7)


def test_growth_accelerates_without_throttles() -> None:
    one = pace()
    one.throttled(0)
    now = busy(one, 0, 40)
    slow = one.rate
    assert slow < 15
    now = busy(one, now, 400)
    assert one.rate > 4 * slow
    before = one.rate
    busy(one, now, 1)
    assert one.rate <= before * 2.1, "never more than double in a second"


def test_unknown_rate_doubles_each_second_until_a_throttle() -> None:
    one = pace()
    assert one.rate == 14
    now = busy(one, 0, 4)
    assert 14 * 8 < one.rate < 14 * 40
    one.throttled(now)
    high = one.rate
    busy(one, now, 1)
    assert one.rate < high * 1.05


def test_rate_does_not_grow_where_it_is_not_used() -> None:
    one = pace()
    for second in range(100):
        one.take(second, 1)
        one.accepted(second + 0.1, 1)
    assert one.rate < 30, "only the first call counted"


def test_growth_depends_on_calls_and_not_on_recipients() -> None:
    small, large = pace(), pace()
    for each in (small, large):
        each.throttled(0)
    busy(small, 0, 120, 1)
    busy(large, 0, 120, 50)
    assert large.rate < small.rate


def test_known_rate_is_reached_and_not_exceeded() -> None:
    one = pace(1_000)
    assert one.rate == 14
    busy(one, 0, 7)
    assert one.rate == pytest.approx(970)


def test_learning_the_rate_sets_a_maximum() -> None:
    one = pace()
    one.learn(0, 100)
    assert one.rate == 14
    now = busy(one, 0, 5)
    assert one.rate == pytest.approx(97)
    one.learn(now, 10)
    assert one.rate == pytest.approx(9.7)
    throttled = pace()
    throttled.throttled(0)
    throttled.learn(1, 1_000)
    assert throttled.rate == pytest.approx(14 * 0.95)


def test_learning_the_rate_keeps_the_share() -> None:
    one = pace(10)
    one.throttled(1)
    one.learn(2, 200)
    assert one.rate == pytest.approx(200 * 0.97 * 0.95)
    one.learn(3, 5)
    assert one.rate == pytest.approx(5 * 0.97 * 0.95)


def test_uses_random_numbers_by_default() -> None:
    one = Pace(10)
    one.throttled(0)
    assert 0 <= one.wait(0) <= 1 / one.rate


@pytest.mark.parametrize("rate", [14, 100, 1_000])
def test_half_of_the_rate_is_back_soon_after_an_outage(rate: int) -> None:
    one = pace(rate)
    now = end = busy(one, 0, 60)
    while now < end + 60:
        now += one.wait(now)
        one.take(now, 1)
        one.throttled(now + 0.1)
        now += 0.1
    assert one.rate < rate / 100
    busy(one, now, 120)
    assert one.rate > rate * 0.45


def test_throttle_during_recovery_ends_the_recovery() -> None:
    one = pace(1_000)
    now = busy(one, 0, 60)
    for _ in range(30):
        one.throttled(now := now + 1)
    low = one.rate
    one.take(now, 1)
    one.accepted(now := now + 1, 1)
    assert one.rate == pytest.approx(2 * low)
    one.throttled(now := now + 1)
    busy(one, now, 5)
    assert one.rate < 2 * low


def test_learning_the_rate_scales_the_recovery() -> None:
    one = pace(1_000)
    now = busy(one, 0, 60)
    for _ in range(30):
        one.throttled(now := now + 1)
    one.learn(now, 100)
    busy(one, now, 30)
    assert 40 < one.rate < 60
