"""Rate limiter for the account's sending rate, shared by the tasks of one event loop."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel

from ...arguments import (
    check_bool,
    check_coroutine_function,
    check_function,
    check_integer,
    check_seconds,
)
from ...concurrency import EventLoopGuard, current_time
from ...errors import ConfigurationError, NotSentError
from .pace import Pace

__all__ = ["RateLimiter"]

# Recipients of the high priority for each one of the low priority, while both wait.
_PRIORITY_RATIO = 4

_LONGEST_SLEEP = 0.1  # seconds
# At high rates several calls leave at once, within the time by which calls may leave early: to wake
# up the event loop for each of them takes a part of the CPU time of a send.
_SHORTEST_SLEEP = 0.01  # seconds
_HIGH_RATE = 100.0  # recipients per second
_MAX_RECIPIENTS = 1_000_000_000  # a float holds it exactly


class _Waiter:
    """A waiting call."""

    __slots__ = ("deadline", "recipients", "wake")

    def __init__(self, recipients: int, deadline: float) -> None:
        self.recipients = recipients
        self.deadline = deadline
        self.wake: Callable[[], object] = int  # ends its wait


class _Lane:
    """Waiting calls of one priority, and the sum of their recipients."""

    def __init__(self) -> None:
        self.waiters: deque[_Waiter] = deque()
        self.recipients = 0


class RateLimiter:
    """Rate limiter in recipients per second, the unit of SES's sending rate.

    Calls of ``send`` overtake those of ``send_many`` and ``send_bulk``; while both wait, they get
    at most 80% of the rate. Calls of the same priority leave in the order in which they arrive. By
    default each client has a limiter of its own.
    Clients of one event loop that send from the same account and region may share one. Limiters of
    several processes or machines converge to equal shares of the rate without communicating: each
    slows down when SES throttles its calls, and recovers afterwards.

    The rate starts at 14 recipients per second, or at the account's rate if that is lower, and
    doubles each second up to the account's rate or until SES throttles a call. While it is less
    than half of the account's rate, 5 recipients may leave at once.

    Args:
        rate: Sending rate of the account in recipients per second, as GetAccount and GetSendQuota
            return it; a single limiter never exceeds it. None, the default, estimates it from the
            responses until ``learn`` is called.
        max_wait: Maximum wait of a ``send`` in seconds; None, the default, for no maximum.
            ``send_many`` and ``send_bulk`` wait for as long as it takes.
        clock: Function that returns the time in seconds; anyio's clock by default.
        sleep: Coroutine function that sleeps for a number of seconds of that clock.

    Raises:
        ConfigurationError: ``rate`` isn't above 0 and finite, or ``max_wait`` is negative.

    https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html
    """

    def __init__(
        self,
        rate: float | None = None,
        *,
        max_wait: float | None = None,
        clock: Callable[[], float] = current_time,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        if rate is not None:
            _check_rate(rate)
        if max_wait is not None:
            check_seconds("max_wait", max_wait, or_zero=True, fix="None is no maximum")
        check_function("clock", clock)
        check_coroutine_function("sleep", sleep)
        self._pace = Pace(rate)
        self._max_wait = math.inf if max_wait is None else max_wait
        self._clock = clock
        self._sleep = sleep
        self._high = _Lane()
        self._low = _Lane()
        self._advance = _PRIORITY_RATIO  # recipients of high priority that may overtake the others
        self._loop = EventLoopGuard("sesmail.RateLimiter")
        self._account_rate = rate
        self._fixed = rate is not None

    @property
    def fixed(self) -> bool:
        """True if the rate was passed to the constructor, and so isn't read from SES."""
        return self._fixed

    @property
    def account_rate(self) -> float | None:
        """Account's rate in recipients per second, as passed or read; None while it isn't known."""
        return self._account_rate

    @property
    def delay(self) -> float:
        """Seconds that a call of high priority would wait if it arrived now."""
        return self.expected_wait()

    @property
    def rate(self) -> float:
        """Current rate in recipients per second; below the account's rate if others use it, too."""
        return self._pace.rate

    def expected_wait(self, *, low_priority: bool = False) -> float:
        """Returns the seconds that a call would wait if it arrived now.

        Args:
            low_priority: Whether others overtake it.
        """
        check_bool("low_priority", low_priority)
        return self._expected_wait(self._clock(), low_priority)

    async def acquire(self, recipients: int, *, low_priority: bool = False) -> float:
        """Waits until a call may leave; first come, first served among calls of one priority.

        A call for more recipients than a second's rate leaves in its turn, too, and the next call
        waits longer. Report the result of the call with ``accepted`` or ``throttled``, or release
        it with ``give_back`` if its request never left.

        Args:
            recipients: Number of recipients of the call, over to, cc and bcc.
            low_priority: Whether other calls overtake it, and ``max_wait`` doesn't apply to it.

        Returns:
            Seconds waited.

        Raises:
            NotSentError: The wait would exceed ``max_wait``; raised at once where that is known.
            ConfigurationError: The limiter belongs to another event loop.
        """
        _check_recipients(recipients)
        if type(low_priority) is not bool:
            check_bool("low_priority", low_priority)
        self._loop.check()
        await anyio.lowlevel.checkpoint_if_cancelled()
        lane = self._low if low_priority else self._high
        started = self._clock()
        if self._first() is None and self._pace.wait(started) <= 0:
            self._take(started, recipients, lane)
            return 0.0
        max_wait = math.inf if low_priority else self._max_wait
        expected = self._expected_wait(started, low_priority)
        if expected > max_wait:
            raise self._too_long(expected)
        waiter = _Waiter(recipients, started + max_wait)
        lane.waiters.append(waiter)
        lane.recipients += recipients
        try:
            now = await self._turn(waiter, started)
            self._take(now, recipients, lane)
        finally:
            lane.waiters.remove(waiter)
            lane.recipients -= recipients
            self._wake_first()
        return now - started

    def accepted(self, recipients: int) -> None:
        """Reports that SES accepted a call, or entries of it.

        Args:
            recipients: Number of recipients of what was accepted.
        """
        _check_recipients(recipients)
        before = self._pace.rate
        self._pace.accepted(self._clock(), recipients)
        if self._pace.rate != before:
            self._wake_first()

    def throttled(self) -> None:
        """Reports that SES throttled a call; not that the daily quota is used up."""
        if self._pace.throttled(self._clock()):
            self._wake_first()

    def give_back(self, recipients: int) -> None:
        """Releases recipients that were acquired for a call whose request never left.

        Args:
            recipients: Number of recipients.
        """
        _check_recipients(recipients)
        self._pace.give_back(self._clock(), recipients)
        self._wake_first()

    def learn(self, rate: float) -> None:
        """Sets the account's rate, as read from SES.

        Args:
            rate: Sending rate of the account in recipients per second.

        Raises:
            ConfigurationError: ``rate`` isn't above 0 and finite.
        """
        _check_rate(rate)
        self._account_rate = rate
        self._pace.learn(self._clock(), rate)
        self._wake_first()

    def _expected_wait(self, now: float, low_priority: bool) -> float:
        """Returns the expected wait; less than the wait, if calls overtake that arrive later."""
        high, low = self._high.recipients, self._low.recipients
        if low_priority:
            ahead = low + min(high, low * _PRIORITY_RATIO + max(self._advance, 0))
        else:
            ahead = high + min(low, max(high - self._advance, 0) // _PRIORITY_RATIO)
        return self._pace.wait(now, ahead)

    async def _turn(self, waiter: _Waiter, now: float) -> float:
        """Waits until a waiter's turn, or its deadline; returns the time."""
        while True:
            is_first = self._first() is waiter
            wait = self._pace.wait(now) if is_first else math.inf
            if wait <= 0:
                return now
            if now >= waiter.deadline:
                raise self._too_long(wait)
            if is_first:
                # In pieces, since the rate may rise meanwhile; cancelling a sleep costs more.
                shortest = _SHORTEST_SLEEP if self._pace.rate > _HIGH_RATE else 0.0
                wait = min(max(wait, shortest), waiter.deadline - now, _LONGEST_SLEEP)
                await self._sleep(wait)
            elif waiter.deadline < math.inf:
                with anyio.CancelScope() as scope:
                    waiter.wake = scope.cancel
                    await self._sleep(waiter.deadline - now)
            else:
                event = anyio.Event()
                waiter.wake = event.set
                await event.wait()
            now = self._clock()

    def _take(self, now: float, recipients: int, lane: _Lane) -> None:
        self._pace.take(now, recipients)
        if lane is self._low:
            # An advance that a large call has exceeded is made up for by several others.
            self._advance = min(self._advance, 0) + _PRIORITY_RATIO * recipients
        elif self._low.waiters:
            self._advance -= recipients

    def _first(self) -> _Waiter | None:
        """Returns the next waiter; None if there is none."""
        high, low = self._high.waiters, self._low.waiters
        first = high if high and (self._advance > 0 or not low) else low
        return first[0] if first else None

    def _wake_first(self) -> None:
        """Wakes the first waiter, so that it computes its wait again."""
        if (first := self._first()) is not None:
            first.wake()

    def _too_long(self, wait: float) -> NotSentError:
        expected = f"; the expected wait is {wait:.1f} seconds" if wait < math.inf else ""
        return NotSentError(
            f"the rate limit would delay the call for more than {self._max_wait} seconds{expected}"
        )


def _check_rate(rate: float) -> None:
    check_seconds("rate", rate, unit="recipients per second")


def _check_recipients(recipients: int) -> None:
    # Each call comes here, so without a call.
    if type(recipients) is not int or recipients < 0:
        check_integer("recipients", recipients, 0)
    if recipients > _MAX_RECIPIENTS:
        raise ConfigurationError(f"recipients must be at most {_MAX_RECIPIENTS:,}")
