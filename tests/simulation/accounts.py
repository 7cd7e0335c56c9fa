"""Two ways in which an SES account may count: Amazon says "per second", and not how."""

from typing import Protocol


class Account(Protocol):
    rate: float

    def takes(self, now: float, recipients: int) -> bool: ...


class Bucket:
    """Fills at the rate, up to a second's worth; whoever finds something in it may take more than that.

    Amazon said so of calls for several recipients: they get through while there is any quota left, and nothing else
    does until it is made up for (quoted in https://github.com/django-ses/django-ses/issues/59).
    """

    def __init__(self, rate: float) -> None:
        self.rate = self._level = rate
        self._now = 0.0

    def takes(self, now: float, recipients: int) -> bool:
        self._level = min(self.rate, self._level + (now - self._now) * self.rate)
        self._now = now
        if self._level < 1:
            return False
        self._level -= recipients
        return True


class Window:
    """Counts anew in each second of its own clock: the harshest reading, which knows no bursts."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._second = -1
        self._count = 0

    def takes(self, now: float, recipients: int) -> bool:
        second = int(now + 0.37)  # which isn't where the simulation starts
        if second != self._second:
            self._second, self._count = second, 0
        if self._count and self._count + recipients > self.rate:
            return False
        self._count += recipients
        return True
