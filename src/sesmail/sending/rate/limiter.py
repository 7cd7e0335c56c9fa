"""Rate limiter for the account's sending rate, shared by the tasks of one event loop."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio
import anyio.lowlevel

from ...arguments import (
    check_coroutine_function,
    check_function,
    check_integer,
    check_seconds,
)
from ...concurrency import EventLoopGuard
from ...errors import NotSentError
from .pace import Pace

__all__ = ["RateLimiter"]


@dataclass(slots=True, eq=False, repr=False)
class _Waiter:
    recipients: int
    deadline: float
    sleep: anyio.CancelScope = field(default_factory=anyio.CancelScope)


class RateLimiter:
    """Rate limiter in recipients per second, the unit of SES's sending rate.

    Calls leave in the order in which they arrive. By default each client has a limiter of its own.
    Clients of one event loop that send from the same account and region may share one. Limiters of
    several processes or machines converge to equal shares of the rate without communicating: each
    slows down when SES throttles its calls, and recovers afterwards.

    The rate starts at 14 recipients per second, or at the account's rate if that is lower, and
    doubles each second up to the account's rate or until SES throttles a call.

    Args:
        rate: Sending rate of the account in recipients per second, as GetAccount and GetSendQuota
            return it; a single limiter never exceeds it. None, the default, estimates it from the
            responses until ``learn`` is called.
        max_wait: Maximum wait of a call in seconds; None, the default, for no maximum.
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
        clock: Callable[[], float] = anyio.current_time,
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
        self._queue: deque[_Waiter] = deque()
        self._waiting = 0  # recipients of the calls in the queue
        self._loop = EventLoopGuard()
        self._account_rate = rate
        self._fixed = rate is not None

    @property
    def fixed(self) -> bool:
        """Whether the rate was passed to the constructor, and so isn't read from SES."""
        return self._fixed

    @property
    def account_rate(self) -> float | None:
        """Account's rate in recipients per second, as passed or read; None while it isn't known."""
        return self._account_rate

    @property
    def delay(self) -> float:
        """Seconds that a call would wait if it arrived now."""
        return self._pace.wait(self._clock(), self._waiting)

    @property
    def rate(self) -> float:
        """Current rate in recipients per second; below the account's rate if others use it, too."""
        return self._pace.rate

    async def acquire(self, recipients: int) -> float:
        """Waits until a call may leave; first come, first served.

        A call for more recipients than a second's rate leaves in its turn, too, and the next call
        waits longer. Report the result of the call with ``accepted`` or ``throttled``, or release
        it with ``give_back`` if its request never left.

        Args:
            recipients: Number of recipients of the call, over to, cc and bcc.

        Returns:
            Seconds waited.

        Raises:
            NotSentError: The wait would exceed ``max_wait``; raised at once where that is known.
            ConfigurationError: The limiter belongs to another event loop.
        """
        _check_recipients(recipients)
        self._loop.check()
        await anyio.lowlevel.checkpoint_if_cancelled()
        started = self._clock()
        expected = self._pace.wait(started, self._waiting)
        if expected > self._max_wait:
            raise self._too_long(expected)
        if not self._queue and expected <= 0:
            self._pace.take(started, recipients)
            return 0.0
        waiter = _Waiter(recipients, started + self._max_wait)
        self._queue.append(waiter)
        self._waiting += recipients
        try:
            now = await self._turn(waiter)
            self._pace.take(now, recipients)
        finally:
            self._dequeue(waiter)
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

    async def _turn(self, waiter: _Waiter) -> float:
        """Sleeps until a waiter's turn, or its deadline; returns the time."""
        while True:
            now = self._clock()
            wait = self._pace.wait(now) if self._queue[0] is waiter else math.inf
            if wait <= 0:
                return now
            if now >= waiter.deadline:
                raise self._too_long(wait)
            with anyio.CancelScope() as waiter.sleep:
                await self._sleep(min(wait, waiter.deadline - now))

    def _dequeue(self, waiter: _Waiter) -> None:
        first = self._queue[0] is waiter
        self._queue.remove(waiter)
        self._waiting -= waiter.recipients
        if first:
            self._wake_first()

    def _wake_first(self) -> None:
        """Wakes the first waiter, so that it computes its wait again."""
        if self._queue:
            self._queue[0].sleep.cancel()

    def _too_long(self, wait: float) -> NotSentError:
        expected = f"; the expected wait is {wait:.1f} seconds" if wait < math.inf else ""
        return NotSentError(
            f"the rate limit would delay the call for more than {self._max_wait} seconds{expected}"
        )


def _check_rate(rate: float) -> None:
    check_seconds("rate", rate, unit="recipients per second")


def _check_recipients(recipients: int) -> None:
    if type(recipients) is not int or recipients < 0:  # each call comes here, so without a call
        check_integer("recipients", recipients, 0)
