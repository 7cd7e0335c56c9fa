"""RateLimiter on both event loops, with a simulated clock."""

import math
import random
from collections.abc import Callable

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from anyio.abc import TaskGroup

from sesmail.errors import ConfigurationError, NotSentError
from sesmail.sending.rate.limiter import RateLimiter
from sesmail.sending.rate.pace import Pace


async def settle() -> None:
    """Runs all tasks until they wait, without the real time that anyio's own function takes."""
    for _ in range(10):
        await anyio.lowlevel.checkpoint()


class Time:
    """Simulated clock, which advances to the next wake-up when all tasks sleep."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.sleeps = 0
        self.sleepers: list[tuple[float, anyio.Event]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.sleeps += 1
        sleeper = self.now + seconds, anyio.Event()
        self.sleepers.append(sleeper)
        try:
            await sleeper[1].wait()
        finally:
            self.sleepers.remove(sleeper)

    async def run(self, until: float = math.inf) -> None:
        """Advances the clock until no task is left to wake by then."""
        while True:
            await settle()
            at, event = min(
                self.sleepers, key=lambda sleeper: sleeper[0], default=(math.inf, anyio.Event())
            )
            if at == math.inf or at > until:
                self.now = until if until < math.inf else self.now
                return
            self.now = at
            event.set()


class Calls:
    """Callers of a limiter, and the times at which their calls left."""

    def __init__(self, group: TaskGroup, time: Time, limiter: RateLimiter) -> None:
        self.group, self.time, self.limiter = group, time, limiter
        self.start = time.now
        self.left: list[tuple[int, float]] = []
        self.waited: dict[int, float] = {}
        self.refused: dict[int, NotSentError] = {}
        self.scopes: list[anyio.CancelScope] = []

    async def add(self, size: int = 1, *, low_priority: bool = False) -> None:
        self.scopes.append(anyio.CancelScope())
        self.group.start_soon(self._call, len(self.scopes) - 1, size, low_priority)
        await settle()

    async def _call(self, number: int, size: int, low_priority: bool) -> None:
        with self.scopes[number]:
            try:
                self.waited[number] = await self.limiter.acquire(size, low_priority=low_priority)
            except NotSentError as error:
                self.refused[number] = error
            else:
                self.left.append((number, self.time.now - self.start))

    @property
    def order(self) -> list[int]:
        return [number for number, _ in self.left]


pytestmark = pytest.mark.anyio


def limiter(time: Time, rate: float | None = None, max_wait: float | None = None) -> RateLimiter:
    return RateLimiter(rate, max_wait=max_wait, clock=time, sleep=time.sleep)


@pytest.mark.parametrize("rate", [None, 1])
async def test_first_call_does_not_wait(rate: float | None) -> None:
    time = Time()
    assert await limiter(time, rate).acquire(50) == 0
    assert time.sleeps == 0


async def test_calls_leave_in_order_at_the_rate() -> None:
    time = Time()
    async with anyio.create_task_group() as group:
        calls = Calls(group, time, limiter(time, 10))
        for _ in range(195):
            await calls.add()
        await time.run()
    assert calls.order == list(range(195))
    assert calls.left[-1][1] == pytest.approx(194 / 9.7 - 0.03)
    assert calls.waited[194] == pytest.approx(194 / 9.7 - 0.03)
    assert time.sleeps <= 2 * 195, "a waiter sleeps once to become the first, and once to leave"


async def test_large_call_leaves_in_order() -> None:
    time = Time()
    async with anyio.create_task_group() as group:
        calls = Calls(group, time, limiter(time, 10))
        for size in (1, 50, 1, 1):
            await calls.add(size)
        await time.run()
    assert calls.order == [0, 1, 2, 3]
    assert [at for _, at in calls.left] == pytest.approx(
        [0, 1 / 9.7 - 0.03, 51 / 9.7 - 0.03, 52 / 9.7 - 0.03]
    )


async def test_cancelled_waiter_releases_its_recipients() -> None:
    time = Time()
    async with anyio.create_task_group() as group:
        calls = Calls(group, time, limiter(time, 10))
        for size in (1, 50, 1, 50, 1):
            await calls.add(size)
        calls.scopes[1].cancel()
        calls.scopes[3].cancel()
        await time.run()
    assert calls.order == [0, 2, 4]
    assert calls.left[-1][1] == pytest.approx(2 / 9.7 - 0.03)


async def test_caller_cancelled_before_acquires_nothing() -> None:
    time = Time()
    one = limiter(time, 1)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await one.acquire(50)
    assert await one.acquire(1) == 0


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_asyncio_cancelled_waiter_releases_its_recipients(anyio_backend: str) -> None:
    import asyncio

    one = limiter(Time(), 1)
    await one.acquire(50)
    before = one.delay
    task = asyncio.create_task(one.acquire(50))
    await asyncio.sleep(0)
    assert one.delay > before
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert one.delay == before


@pytest.mark.first
@pytest.mark.parametrize("seed", range(20))
async def test_cancelled_callers_do_not_delay_others(
    seed: int,
) -> None:
    chance = random.Random(seed)
    time = Time()
    arrived: list[float] = []
    sizes: list[int] = []
    async with anyio.create_task_group() as group:
        calls = Calls(group, time, limiter(time, 12))
        for _ in range(40):
            sizes.append(chance.choice([1, 1, 2, 5, 30]))
            arrived.append(time.now)
            await calls.add(sizes[-1])
            if chance.random() < 0.5:
                chance.choice(calls.scopes).cancel()
            await time.run(time.now + chance.random() / 5)
        await time.run()
    cancelled = {number for number, scope in enumerate(calls.scopes) if scope.cancelled_caught}
    assert cancelled
    assert calls.order == [number for number in range(40) if number not in cancelled]
    alone = Pace(12)
    for number, left in calls.left:
        at = calls.start + left
        assert alone.wait(at) == 0, "not too early"
        assert at == arrived[number] or alone.wait(at - 1e-4) > 0, "not too late"
        alone.take(at, sizes[number])
    assert not time.sleepers


@pytest.mark.parametrize(
    "slow_down", [RateLimiter.throttled, lambda one: one.learn(8)], ids=["throttled", "learn"]
)
async def test_first_waiter_follows_changes_of_the_rate(
    slow_down: Callable[[RateLimiter], None],
) -> None:
    time = Time()
    one = limiter(time, 10)
    async with anyio.create_task_group() as group:
        calls = Calls(group, time, one)
        await calls.add(10)
        planned = one.delay
        await calls.add()
        slow_down(one)
        await time.run(time.now + planned)
        assert calls.order == [0]
        one.give_back(9)
        await time.run(time.now + 0.1)
        assert calls.order == [0, 1]


async def test_first_waiter_sleeps_at_most_a_tenth_of_a_second() -> None:
    time = Time()
    one = limiter(time, 10)
    async with anyio.create_task_group() as group:
        calls = Calls(group, time, one)
        await calls.add(50)
        for _ in range(3):
            await calls.add()
        await time.run(time.now + 2)
        assert 20 <= time.sleeps <= 22
        one.give_back(50)
        await time.run(time.now + 0.3)
        assert calls.order == [0, 1, 2, 3]
    one.give_back(1)  # nobody is waiting


async def test_expected_wait_above_max_wait_is_refused_at_once() -> None:
    time = Time()
    async with anyio.create_task_group() as group:
        calls = Calls(group, time, limiter(time, 10, max_wait=1))
        for size in (9, 1, 1, 1):
            await calls.add(size)
        assert list(calls.refused) == [2, 3]
        await time.run()
    error = calls.refused[2]
    assert (error.outcome, error.retryable) == ("not_sent", True)
    assert "1" in error.message
    assert calls.order == [0, 1]


async def test_wait_that_becomes_too_long_ends_at_max_wait() -> None:
    time = Time()
    one = limiter(time, 10, max_wait=1)
    async with anyio.create_task_group() as group:
        calls = Calls(group, time, one)
        for size in (9, 1, 1):
            await calls.add(size)
        one.learn(0.1)
        await time.run()
    assert calls.order == [0]
    assert sorted(calls.refused) == [1, 2]
    assert time.now - calls.start == pytest.approx(1)


async def test_limiter_belongs_to_one_event_loop(anyio_backend_name: str) -> None:
    one = RateLimiter(10)
    await one.acquire(1)
    await anyio.to_thread.run_sync(other_loop, one, anyio_backend_name)


def other_loop(one: RateLimiter, backend: str) -> None:
    with pytest.raises(ConfigurationError, match="event loop"):
        anyio.run(one.acquire, 1, backend=backend)


async def test_uses_the_clock_of_the_event_loop_by_default() -> None:
    one = RateLimiter(14)
    assert await one.acquire(1) == 0
    assert await one.acquire(1) > 0


@pytest.mark.parametrize("rate", [0, -1, math.inf, math.nan])
def test_refuses_invalid_rate(rate: float) -> None:
    with pytest.raises(ConfigurationError, match="above 0"):
        RateLimiter(rate)
    with pytest.raises(ConfigurationError, match="above 0"):
        RateLimiter().learn(rate)


@pytest.mark.parametrize("max_wait", [-1, math.nan])
def test_refuses_invalid_max_wait(max_wait: float) -> None:
    with pytest.raises(ConfigurationError, match="max_wait"):
        RateLimiter(max_wait=max_wait)


async def test_high_priority_overtakes() -> None:
    time = Time()
    async with anyio.create_task_group() as group:
        calls = Calls(group, time, limiter(time, 14))
        for _ in range(20):
            await calls.add(low_priority=True)
        await time.run(time.now + 0.5)
        arrived = time.now - calls.start
        await calls.add()
        await time.run()
    left = dict(calls.left)
    assert left[20] - arrived < 1 / (14 * 0.97)
    assert [number for number in calls.order if number < 20] == list(range(20))


@pytest.mark.parametrize("size", [1, 2, 7, 50])
async def test_high_priority_gets_at_most_its_share_while_both_wait(size: int) -> None:
    time = Time()
    async with anyio.create_task_group() as group:
        calls = Calls(group, time, limiter(time, 10))
        for _ in range(200):
            await calls.add(low_priority=True)
        for _ in range(400 // size):
            await calls.add(size)
        await time.run()
    low, high = 0, 0
    for number, _ in calls.left[: calls.order.index(199)]:
        low, high = (low + 1, high) if number < 200 else (low, high + size)
        assert high <= 4 * (low + 1) + size
    assert sorted(calls.order) == list(range(200 + 400 // size))
    total = 200 + 400 // size * size
    last = 1 if calls.order[-1] < 200 else size
    assert calls.left[-1][1] == pytest.approx((total - last) / 9.7 - 0.03)


async def test_calls_of_low_priority_wait_longer_than_max_wait() -> None:
    time = Time()
    async with anyio.create_task_group() as group:
        calls = Calls(group, time, limiter(time, 10, max_wait=1))
        for _ in range(50):
            await calls.add(low_priority=True)
        assert calls.limiter.expected_wait(low_priority=True) == pytest.approx(50 / 9.7 - 0.03)
        assert calls.limiter.delay == pytest.approx(1 / 9.7 - 0.03)
        for _ in range(14):
            await calls.add()
        assert list(calls.refused) == [58, 59, 60, 61, 62, 63]
        await time.run()
    assert len(calls.left) == 58


@pytest.mark.first
@pytest.mark.parametrize("seed", range(20))
async def test_no_waiter_is_forgotten(seed: int) -> None:
    chance = random.Random(seed)
    time = Time()
    one = limiter(time, 12)
    async with anyio.create_task_group() as group:
        calls = Calls(group, time, one)
        for _ in range(60):
            await calls.add(chance.choice([1, 1, 2, 30]), low_priority=chance.random() < 0.5)
            if chance.random() < 0.3:
                chance.choice(calls.scopes).cancel()
            if chance.random() < 0.2:
                one.give_back(chance.choice([1, 20]))
            await time.run(time.now + chance.random() / 5)
        await time.run()
    cancelled = {number for number, scope in enumerate(calls.scopes) if scope.cancelled_caught}
    assert cancelled
    assert {*calls.order} == {*range(60)} - cancelled
    assert not time.sleepers
    await time.run(time.now + 1000)
    assert (one.delay, one.expected_wait(low_priority=True)) == (0, 0)


async def test_refuses_more_recipients_than_a_float_can_count() -> None:
    limiter = RateLimiter()
    for recipients in (10**9 + 1, 10**400):
        with pytest.raises(ConfigurationError, match="recipients must be at most"):
            await limiter.acquire(recipients)


async def test_reports_while_nobody_waits_change_the_rate_only() -> None:
    one = limiter(Time(), 10)
    before = one.rate
    one.throttled()
    slow = one.rate
    assert slow < before
    one.throttled()  # in the same second
    assert one.rate == slow
    one.accepted(1)
    one.give_back(1)
    assert one.rate <= before
    with pytest.raises(ConfigurationError, match="low_priority"):
        await one.acquire(1, low_priority=1)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="recipients"):
        one.accepted(-1)
    top = limiter(Time(), 10)
    top.accepted(1)
    assert top.rate == 9.7


@pytest.mark.parametrize(("rate", "most"), [(1_000, 11), (100, 200)])
async def test_several_calls_leave_after_one_sleep_at_high_rates(rate: int, most: int) -> None:
    now, sleeps = 0.0, list[float]()

    async def sleep(seconds: float) -> None:
        nonlocal now
        sleeps.append(seconds)
        now += seconds

    limiter = RateLimiter(rate, clock=lambda: now, sleep=sleep)
    while limiter.rate < 0.969 * rate:
        await limiter.acquire(100)
        limiter.accepted(100)
    await limiter.acquire(1)
    started, sleeps = now, []
    for _ in range(97):
        await limiter.acquire(1)
    assert now - started == pytest.approx(97 / (0.97 * rate), abs=0.01)
    assert len(sleeps) <= most
    if rate > 100:
        assert min(sleeps) >= 0.01
