"""Sending rate of one worker, controlled by the account's rate and the responses of SES."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

__all__ = ["Pace"]

# A thousand workers that start together, each at the account's rate, would flood the account.
_START_RATE = 14.0  # recipients per second
# An invocation of AWS Lambda that sends a few mails need not wait while the rate is far below that
# of the account. Simulated workers that start together are throttled as often as without it.
_START_BURST = 5.0  # recipients that leave at once
# Jitter between here and SES must not put more recipients than the rate into one second.
_USED_SHARE = 0.97  # share of the account's rate
_EARLY = 0.03  # seconds by which a call may leave early: timers fire late
_CLOCK_RESOLUTION = 1e-6  # seconds; a shorter sleep may not advance the clock
# SES's documentation advises to wait up to 10 minutes before a throttled call is retried.
_MAX_INTERVAL = 600.0  # seconds from one call to the next
_MIN_CUT_INTERVAL = 0.5  # seconds; responses to calls made before a cut arrive within this time
_MAX_GROWTH = math.log(2)  # per second, of the logarithm of the rate: the rate at most doubles

# A larger cut for a single throttled call would leave the account unused, and workers unequal by
# chance; a smaller one where several are throttled would take too long.
_SINGLE_CUT = 0.05  # share of the rate
_SEVERAL_CUT = 0.12  # share of the rate
_FULL_CUT = 0.5  # share of the rate, where every call is throttled
_SEVERAL = 0.12  # share of throttled calls from which they count as several
_FULL_CUT_EXPONENT = 12  # of the share of throttled calls: lower shares hardly count
_AVERAGED_CALLS = 8.0  # calls over which the call size and the throttled share are averaged

_CYCLE_CALLS = 200.0  # accepted calls from one throttle to the next, at one call per second
# A slower worker is throttled after fewer calls, but later: this makes the workers' rates converge.
_CYCLE_EXPONENT = 0.3  # of the calls per second
_MIN_CYCLE = 10.0  # seconds; an account that counts by the second throttles late
# Cycles without a throttle, after which chance is no explanation: the account's rate has risen.
_CYCLES_BEFORE_ACCELERATION = 6.0
_ACCELERATION = 6.0  # factor of the growth for each further cycle
_MAX_ACCELERATIONS = 5.0  # cycles


class Pace:
    """Sending rate that adapts to the account's rate, and the time of the next call.

    A call leaves when all calls before it are paid for, and is paid for afterwards, as in SES's own
    accounting: a call for more recipients than a second's rate leaves, and the next one waits until
    they are made up for. So no call starves, whatever its size. SES tolerates short bursts of
    undocumented length. Several workers would make theirs at the same time, so nearly none is made.

    The rate starts at 14 recipients per second, or at the account's rate if that is lower, and
    doubles each second in which it is used, up to the account's rate or the first throttle. Until
    then 5 recipients may leave at once, as long as the rate is at most half of the account's. A
    throttle lowers it by 5%, at most once per 0.5 seconds, and by more where many calls are
    throttled. Then it grows by as much until the next throttle is expected: after some 200 calls,
    but not within 10 seconds. Where none comes, the growth accelerates. After throttles with
    nothing accepted in between, as in an outage, the rate doubles until it has half of its former
    value. The clock may start anywhere, but must not run backwards.

    Args:
        rate: Account's rate in recipients per second; None while unknown.
        random: Function that returns a random number from 0 up to 1.

    https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html
    """

    def __init__(
        self, rate: float | None = None, *, random: Callable[[], float] = random.random
    ) -> None:
        self._random = random
        self._max_rate = math.inf if rate is None else rate * _USED_SHARE
        self._rate = min(_START_RATE, self._max_rate)
        self._starting = True  # until the first throttle
        self._debt = 0.0  # recipients of calls that aren't paid for, at the time _now
        self._now = -math.inf
        self._limiting = (
            False  # whether calls wait for this rate, so that their success says something
        )
        self._mean_size = 1.0  # recipients per call
        self._throttled_share = 0.0  # of the calls
        self._accepted = 0.0  # recipients accepted since the last cut
        self._rate_before = 0.0  # rate before throttles with nothing accepted in between
        self._recovering = False  # whether the rate grew to half of that since the last cut
        self._last_cut = -math.inf
        self._last_growth = -math.inf

    @property
    def rate(self) -> float:
        """Current rate in recipients per second."""
        return self._rate

    def wait(self, now: float, ahead: int = 0) -> float:
        """Returns the seconds until the next call may leave.

        Args:
            now: Current time in seconds.
            ahead: Recipients of waiting calls that leave before.
        """
        debt = max(0.0, self._debt - self._rate * (now - self._now)) + ahead
        if self._starting and 2 * self._rate <= self._max_rate:
            debt -= _START_BURST - 1
        wait = debt / self._rate - _EARLY
        return wait if wait > _CLOCK_RESOLUTION else 0.0

    def take(self, now: float, recipients: int) -> None:
        """Accounts for a call that leaves."""
        spare = self._settle(now)
        self._limiting = spare < self._mean_size
        self._mean_size += (recipients - self._mean_size) / _AVERAGED_CALLS
        self._debt = min(self._debt + recipients, _MAX_INTERVAL * self._rate)

    def give_back(self, now: float, recipients: int) -> None:
        """Releases recipients of a call that didn't leave."""
        self._settle(now)
        self._debt = max(0.0, self._debt - recipients)

    def accepted(self, now: float, recipients: int) -> None:
        """Applies a response in which SES accepted recipients."""
        self._throttled_share -= self._throttled_share / (_AVERAGED_CALLS + self._rate)
        max_growth = _MAX_GROWTH * min(now - self._last_growth, 1.0)
        self._last_growth = now
        if self._limiting:
            self._settle(now)
            self._accepted += recipients
            growth = min(self._growth(recipients), max_growth)
            self._rate = min(self._rate * math.exp(growth), self._max_rate)

    def throttled(self, now: float) -> bool:
        """Applies a throttled response; returns whether the rate was cut."""
        self._throttled_share += (1 - self._throttled_share) / (_AVERAGED_CALLS + self._rate)
        if now < self._last_cut + _MIN_CUT_INTERVAL:
            return False
        self._settle(now)
        self._last_cut = now
        if self._recovering or self._accepted >= _AVERAGED_CALLS * self._mean_size:
            self._rate_before = self._rate
        self._recovering = False
        self._accepted = 0.0
        self._starting = False
        cut = max(
            _SINGLE_CUT if self._throttled_share < _SEVERAL else _SEVERAL_CUT,
            _FULL_CUT * self._throttled_share**_FULL_CUT_EXPONENT,
        )
        self._rate = max(self._rate * (1 - cut), 1 / _MAX_INTERVAL)
        # A random delay moves this worker's calls away from those that collided with them.
        self._debt = min(self._debt + self._random() * self._mean_size, _MAX_INTERVAL * self._rate)
        return True

    def learn(self, now: float, rate: float) -> None:
        """Sets the account's rate; the current rate keeps its share of it."""
        self._settle(now)
        before, self._max_rate = self._max_rate, rate * _USED_SHARE
        if not self._starting and before < math.inf:
            self._rate *= self._max_rate / before
            self._rate_before *= self._max_rate / before
        self._rate = min(self._rate, self._max_rate)

    def _growth(self, recipients: int) -> float:
        """Returns the growth of the logarithm of the rate for accepted recipients."""
        if self._starting:
            return math.inf
        if self._rate < self._rate_before / 2:
            self._recovering = True
            return math.log(self._rate_before / 2 / self._rate)
        calls = self._rate / self._mean_size  # per second
        cycle = self._mean_size * max(  # recipients from one throttle to the next
            _CYCLE_CALLS * math.pow(calls, _CYCLE_EXPONENT), _MIN_CYCLE * calls
        )
        accelerations = min(
            max(self._accepted / cycle - _CYCLES_BEFORE_ACCELERATION, 0.0), _MAX_ACCELERATIONS
        )
        return _SINGLE_CUT * recipients / cycle * math.pow(_ACCELERATION, accelerations)

    def _settle(self, now: float) -> float:
        """Pays for calls up to now; returns the recipients that could have left in addition."""
        spare = self._rate * (now - self._now) - self._debt
        self._debt = max(0.0, -spare)
        self._now = now
        return spare
