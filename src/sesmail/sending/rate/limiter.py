"""The account's sending rate, shared by the tasks of one event loop."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio
import anyio.lowlevel

from ...concurrency import EventLoopGuard
from ...errors import ConfigurationError, NotSentError
from .pace import Pace

__all__ = ["RateLimiter"]


@dataclass(slots=True, eq=False, repr=False)
class _Waiter:
    recipients: int
    deadline: float
    nap: anyio.CancelScope = field(default_factory=anyio.CancelScope)


class RateLimiter:
    """Holds calls back to the account's sending rate, which SES counts in recipients and not in calls.

    A client has one of its own. Share one on purpose where several clients of one program and one event loop send from
    one account and region: together they take one share of the rate. Limiters of several processes or machines find
    their shares without talking to each other, since each gives way when SES throttles it and recovers afterwards.

    Args:
        rate: The account's rate in recipients a second, as GetAccount and GetSendQuota give it: a lone
            limiter never exceeds it. Without, it is learnt. Either way the first seconds are slower: 14 recipients a
            second, and twice as many in each second after, up to the rate or until SES throttles.
        max_wait: The longest that a call waits, in seconds; None for any length.
        clock: The time in seconds, anyio's unless given.
        sleep: Sleeps for so many seconds by that clock.

    Raises:
        ConfigurationError: ``rate`` or ``max_wait`` can't be.

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
            _refuse_rate(rate)
        if max_wait is not None and not max_wait >= 0:
            raise ConfigurationError("max_wait is a number of seconds, 0 at least")
        self._pace = Pace(rate)
        self._max_wait = math.inf if max_wait is None else max_wait
        self._clock = clock
        self._sleep = sleep
        self._line: deque[_Waiter] = deque()
        self._waiting = 0  # recipients in the line
        self._loop = EventLoopGuard()
        self._account_rate = rate
        self._fixed = rate is not None

    @property
    def fixed(self) -> bool:
        """Whether the account's rate was given, so that nobody has to read it."""
        return self._fixed

    @property
    def account_rate(self) -> float | None:
        """The account's rate in recipients a second, as it was given or read; None while nobody knows it."""
        return self._account_rate

    @property
    def delay(self) -> float:
        """The seconds that a call would wait, if it came now and nothing happened before its turn."""
        return self._pace.wait(self._clock(), self._waiting)

    @property
    def rate(self) -> float:
        """Recipients a second, now: below the account's rate where others send from it, too."""
        return self._pace.rate

    async def acquire(self, recipients: int) -> float:
        """Wait until a call for so many recipients may leave; first come, first served.

        A call for more recipients than a second's rate leaves in its turn, too, and the next one waits accordingly.
        Tell what became of the call: ``accepted``, ``throttled``, or ``give_back`` where it never left.

        Returns:
            The seconds waited.

        Raises:
            NotSentError: It would have to wait for longer than ``max_wait``; where that is known, at once.
            ConfigurationError: It belongs to another event loop.
        """
        self._loop.check()
        await anyio.lowlevel.checkpoint_if_cancelled()
        started = self._clock()
        expected = self._pace.wait(started, self._waiting)
        if expected > self._max_wait:
            raise self._too_long(expected)
        if not self._line and expected <= 0:
            self._pace.take(started, recipients)
            return 0.0
        waiter = _Waiter(recipients, started + self._max_wait)
        self._line.append(waiter)
        self._waiting += recipients
        try:
            now = await self._turn(waiter)
            self._pace.take(now, recipients)
        finally:
            self._step_out(waiter)
        return now - started

    def accepted(self, recipients: int) -> None:
        """SES took a call for so many recipients."""
        before = self._pace.rate
        self._pace.accepted(self._clock(), recipients)
        if self._pace.rate != before:
            self._replan()

    def throttled(self) -> None:
        """SES refused a call because it came too fast; not for the daily quota, which no pace mends."""
        if self._pace.throttled(self._clock()):
            self._replan()

    def give_back(self, recipients: int) -> None:
        """A call for so many recipients, acquired before, never left."""
        self._pace.give_back(self._clock(), recipients)
        self._replan()

    def learn(self, rate: float) -> None:
        """The account's rate was read: so many recipients a second.

        Raises:
            ConfigurationError: It isn't a number above 0.
        """
        _refuse_rate(rate)
        self._account_rate = rate
        self._pace.learn(self._clock(), rate)
        self._replan()

    async def _turn(self, waiter: _Waiter) -> float:
        """Sleep until a waiter's turn, or fail at its deadline; the time then."""
        while True:
            now = self._clock()
            wait = self._pace.wait(now) if self._line[0] is waiter else math.inf
            if wait <= 0:
                return now
            if now >= waiter.deadline:
                raise self._too_long(wait)
            with anyio.CancelScope() as waiter.nap:
                await self._sleep(min(wait, waiter.deadline - now))

    def _step_out(self, waiter: _Waiter) -> None:
        first = self._line[0] is waiter
        self._line.remove(waiter)
        self._waiting -= waiter.recipients
        if first:
            self._replan()

    def _replan(self) -> None:
        """Wake the head of the line, so that it asks again."""
        if self._line:
            self._line[0].nap.cancel()

    def _too_long(self, wait: float) -> NotSentError:
        left = f", and has {wait:.1f} seconds to wait" if wait < math.inf else ""
        return NotSentError(
            f"the call may wait {self._max_wait} seconds for the account's sending rate{left}"
        )


def _refuse_rate(rate: float) -> None:
    if not 0 < rate < math.inf:
        raise ConfigurationError("a rate is a number of recipients a second, above 0")
