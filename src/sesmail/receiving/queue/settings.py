"""Settings of an event queue, and the delays that follow from them."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Collection
from dataclasses import dataclass

from ...arguments import check_integer, check_iterable, check_seconds, refuse
from ...errors import ConfigurationError, SendError, SesmailError
from .listener import QueueListener
from .queue_url import QueueUrl

__all__ = [
    "MAX_VISIBILITY",
    "QueueSettings",
    "check_delay",
    "check_numbers",
    "check_signals",
    "is_temporary",
    "repeat_delay",
]

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
MAX_VISIBILITY = 43_200
"""Seconds that a message can be invisible in total after a receipt: 12 hours."""
_MAX_WAIT = 20  # seconds, of SQS
# https://man7.org/linux/man-pages/man7/signal.7.html
_HANDLED = {each for each in signal.Signals if each.name not in {"SIGKILL", "SIGSTOP"}}

_FIRST_REPEAT, _LONGEST_REPEAT = 0.1, 5.0  # seconds


@dataclass(frozen=True, slots=True, eq=False)
class QueueSettings:
    """Settings of an event queue, as the arguments of ``EventQueue``."""

    queue: QueueUrl
    topics: frozenset[str] | None
    visibility_timeout: int
    wait_time: int
    first_delay: float
    longest_delay: float
    timeout: float
    listener: QueueListener

    def delay(self, receive_count: int) -> float:
        """Returns the seconds after which a failed message is visible again.

        Random within a quarter around the doubled delay, so that messages which failed together
        aren't all repeated together.
        """
        doublings = min(receive_count - 1, 40)
        mean = min(self.longest_delay, self.first_delay * 2.0**doublings)
        return min(mean * random.uniform(0.75, 1.25), self.longest_delay)


def repeat_delay(failures: int) -> float:
    """Returns the seconds before a failed call to SQS is repeated, random around its mean."""
    mean = min(_LONGEST_REPEAT, _FIRST_REPEAT * 2.0 ** min(failures - 1, 20))
    return mean * random.uniform(0.5, 1.5)


def is_temporary(error: SesmailError) -> bool:
    """Returns True if a call that failed may succeed later, when it is repeated."""
    if not isinstance(error, SendError):
        return False  # of the configuration or the parameters
    return error.outcome == "unknown" or error.retryable


def check_numbers(
    visibility_timeout: int, wait_time: int, first_delay: float, longest_delay: float
) -> None:
    """Checks the numbers among the arguments of ``EventQueue``.

    Raises:
        ConfigurationError: One has a wrong type, or is out of range.
    """
    _check_range("visibility_timeout", visibility_timeout, 2, MAX_VISIBILITY)
    _check_range("wait_time", wait_time, 1, _MAX_WAIT)
    check_delay("longest_delay", longest_delay)
    check_delay("first_delay", first_delay)
    if first_delay > longest_delay:
        raise ConfigurationError(
            f"first_delay must be at most longest_delay, not {first_delay!r} and {longest_delay!r}"
        )


def check_delay(name: str, value: float) -> None:
    """Refuses anything but a number of seconds that a message can be invisible."""
    check_seconds(name, value, or_zero=True)
    if value > MAX_VISIBILITY:
        raise ConfigurationError(
            f"{name} must be at most {MAX_VISIBILITY:,} seconds, which SQS allows, not {value!r}"
        )


def _check_range(name: str, value: int, least: int, most: int) -> None:
    check_integer(name, value, least, f"it is a number of seconds, at most {most:,}")
    if value > most:
        refuse(name, f"a whole number from {least} to {most:,}", value)


def check_signals(signals: Collection[int]) -> None:
    """Refuses anything but a collection of signals that this thread can handle.

    Raises:
        ConfigurationError: It is something else.
    """
    expected, fix = "a collection of signals", "pass a list such as [signal.SIGTERM]"
    check_iterable("signals", signals, expected, fix)
    for each in signals:
        check_integer("signals", each, 1, fix)
        if each not in _HANDLED:
            raise ConfigurationError(f"signals has {each}, which can't be handled; {fix}")
    if signals and threading.current_thread() is not threading.main_thread():
        raise ConfigurationError(
            "signals are handled in the main thread only; handle them there, and call stop"
        )
