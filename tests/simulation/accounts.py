"""Two models of the rate limit of an SES account; AWS documents only "per second".

https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html
"""

from typing import Protocol


class Account(Protocol):
    rate: float

    def accepts(self, now: float, recipients: int) -> bool: ...


class Bucket:
    """A token bucket that holds the tokens of a second; a call may take more than there are.

    AWS describes calls for several recipients this way: they are accepted while any quota is left,
    and no other call until the deficit is made up for, as quoted in
    https://github.com/django-ses/django-ses/issues/59.
    """

    def __init__(self, rate: float) -> None:
        self.rate = self._tokens = rate
        self._now = 0.0

    def accepts(self, now: float, recipients: int) -> bool:
        self._tokens = min(self.rate, self._tokens + (now - self._now) * self.rate)
        self._now = now
        if self._tokens < 1:
            return False
        self._tokens -= recipients
        return True


class Window:
    """A counter that is reset each second of its own clock: the strictest model."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._second = -1
        self._count = 0

    def accepts(self, now: float, recipients: int) -> bool:
        second = int(now + 0.37)  # its seconds don't start with those of the simulation
        if second != self._second:
            self._second, self._count = second, 0
        if self._count and self._count + recipients > self.rate:
            return False
        self._count += recipients
        return True
