"""How fast one worker may send, from what it knows of the account's rate and what became of its calls."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

__all__ = ["Pace"]

_START = 14.0  # recipients a second: a thousand workers that start at once each at the account's rate would flood it
_SHARE = 0.97  # of a known rate: jitter on the way to SES must not put more than the rate into one of its seconds
_EARLY = 0.03  # seconds: what _SHARE leaves of each, and what makes up for timers that ring late
_RESOLUTION = 1e-6  # seconds: less may not move a clock on
_LONGEST = 600.0  # seconds from one call to the next: how long Amazon says to wait, at most
_HOLD = 0.5  # seconds in which the answers to calls that left before a cut come in
_DOUBLING = math.log(2)  # a second: the fastest growth
_SOFT = 0.05  # the cut for a single throttle: more would leave the account idle, and workers unequal by chance
_MEDIUM = (
    0.12  # the cut where more than a single call was throttled lately: less would take too long
)
_HARD = 0.5  # the cut where every call is throttled
_MANY = 0.12  # share of the calls
_POWER = 12  # so that a cut is hard only where nearly every call was throttled lately: chance plays no part there
_LATELY = 8.0  # calls
_CALLS = (
    200.0  # from one throttle to the next in the long run, of a worker that makes a call a second
)
_ELASTICITY = 0.3  # a slower worker is throttled less seldom: that is what brings workers together
_CYCLE = 10.0  # seconds from one throttle to the next, at least: an account that counts by the second shows them late
_QUIET = 6.0  # times as long without a throttle can't be luck: something has changed, and growth itself grows
_HURRY = 6.0
_MOST_HURRIES = 5.0


class Pace:
    """A rate that follows the account's, and when the next call may leave by it.

    A call leaves when those before it are paid for, and is paid for afterwards, as SES itself does it: a call for more
    recipients than a second's rate gets through, and nothing leaves until they are made up for. So no call starves,
    whatever its size. SES tolerates short bursts, but doesn't say of which length, and several workers would make
    theirs at once; nearly none is made here.

    The rate starts at 14 a second, or the account's where that is less, and doubles in each second that it is used, up
    to the account's or the first throttle. It falls by 5% at a throttle, once per round trip, by more where many calls
    are throttled, and grows by as much until the next one is due: after some 200 calls, but not within 10
    seconds. Where none comes, it grows faster and faster. After throttles without anything accepted between them, as
    in an outage, it doubles again until it has half of what it had before. Seconds may count from anywhere, but never
    run backwards.

    Args:
        rate: The account's rate in recipients a second; None while unknown.
        random: A number from 0 up to 1, at random.

    https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html
    """

    def __init__(
        self, rate: float | None = None, *, random: Callable[[], float] = random.random
    ) -> None:
        self._random = random
        self._ceiling = math.inf if rate is None else rate * _SHARE
        self._rate = min(_START, self._ceiling)
        self._starting = True  # until the first throttle
        self._debt = 0.0  # recipients that left and aren't paid for, at the time _now
        self._now = -math.inf
        self._pressed = False  # whether it is this pace that holds the calls back
        self._size = 1.0  # recipients of a call, lately
        self._refused = 0.0  # share of the calls, lately
        self._since = 0.0  # recipients accepted since the last cut
        self._good = 0.0  # the rate before throttles that came one upon the other
        self._regaining = False  # whether half of that is being regained, since the last cut
        self._cut = -math.inf
        self._grown = -math.inf

    @property
    def rate(self) -> float:
        """Recipients a second, now."""
        return self._rate

    def wait(self, now: float, ahead: int = 0) -> float:
        """Seconds until the next call may leave, if nothing happens before.

        Args:
            now: The time in seconds.
            ahead: Recipients of calls that leave before it.
        """
        debt = max(0.0, self._debt - self._rate * (now - self._now)) + ahead
        wait = debt / self._rate - _EARLY
        return wait if wait > _RESOLUTION else 0.0

    def take(self, now: float, recipients: int) -> None:
        """A call for so many recipients leaves."""
        spare = self._settle(now)
        self._pressed = spare < self._size
        self._size += (recipients - self._size) / _LATELY
        self._debt = min(self._debt + recipients, _LONGEST * self._rate)

    def give_back(self, now: float, recipients: int) -> None:
        """A call for so many recipients didn't leave after all."""
        self._settle(now)
        self._debt = max(0.0, self._debt - recipients)

    def accepted(self, now: float, recipients: int) -> None:
        """SES took a call for so many recipients."""
        self._refused -= self._refused / (_LATELY + self._rate)
        most = _DOUBLING * min(now - self._grown, 1.0)
        self._grown = now
        if self._pressed:
            self._settle(now)
            self._since += recipients
            self._rate = min(
                self._rate * math.exp(min(self._growth(recipients), most)), self._ceiling
            )

    def throttled(self, now: float) -> bool:
        """SES refused a call for its rate; whether the pace changed, which it does once per round trip."""
        self._refused += (1 - self._refused) / (_LATELY + self._rate)
        if now < self._cut + _HOLD:
            return False
        self._settle(now)
        self._cut = now
        if self._regaining or self._since >= _LATELY * self._size:
            self._good = self._rate
        self._regaining = False
        self._since = 0.0
        self._starting = False
        cut = max(_SOFT if self._refused < _MANY else _MEDIUM, _HARD * self._refused**_POWER)
        self._rate = max(self._rate * (1 - cut), 1 / _LONGEST)
        # Another place between the calls of the others, since this one was taken.
        self._debt = min(self._debt + self._random() * self._size, _LONGEST * self._rate)
        return True

    def learn(self, now: float, rate: float) -> None:
        """The account's rate is so many recipients a second: another share of it becomes the same share of this."""
        self._settle(now)
        before, self._ceiling = self._ceiling, rate * _SHARE
        if not self._starting and before < math.inf:
            self._rate *= self._ceiling / before
            self._good *= self._ceiling / before
        self._rate = min(self._rate, self._ceiling)

    def _growth(self, recipients: int) -> float:
        """By how much the logarithm of the rate grows with a call that SES took."""
        if self._starting:
            return math.inf
        if self._rate < self._good / 2:
            self._regaining = True
            return math.log(self._good / 2 / self._rate)
        calls = self._rate / self._size
        span = self._size * max(_CALLS * math.pow(calls, _ELASTICITY), _CYCLE * calls)
        hurries = min(max(self._since / span - _QUIET, 0.0), _MOST_HURRIES)
        return _SOFT * recipients / span * math.pow(_HURRY, hurries)

    def _settle(self, now: float) -> float:
        """Pay for what has left; what could have left besides."""
        spare = self._rate * (now - self._now) - self._debt
        self._debt = max(0.0, -spare)
        self._now = now
        return spare
