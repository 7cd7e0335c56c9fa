"""Faults that a fake has on request: throttling, quota, latency, broken connections."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from time import monotonic
from typing import Literal, TypeAlias

from .api_errors import QUOTA, THROTTLED, TRANSIENT, ApiError, ErrorKind

__all__ = ["Fault", "FaultKind", "Faults"]

FaultKind: TypeAlias = Literal[
    "error", "status", "latency", "hang", "garbage", "reset_before", "reset_after", "lost_response"
]


@dataclass(slots=True)
class Fault:
    """One fault.

    Attributes:
        kind: What happens.
        times: How often it happens, counted down; None for always.
        error: Error of the service, for ``error``.
        status: HTTP status, for ``status``.
        seconds: Duration, for ``latency``.
    """

    kind: FaultKind
    times: int | None = 1
    error: ApiError | None = None
    status: int = 503
    seconds: float = 0.0


class Faults:
    """The faults of a fake; each applies to the next send operations, in the order of the calls.

    ``times`` is the number of operations that have the fault, or None for all until ``clear``.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[Fault] = []
        self._max_rate: float | None = None
        self._recent: list[tuple[float, int]] = []

    def clear(self) -> None:
        """Removes all faults."""
        with self._lock:
            self._pending.clear()
            self._recent.clear()
            self._max_rate = None

    def throttle(self, times: int | None = 1) -> None:
        """Refuses operations as too fast: a client may retry."""
        self.error(THROTTLED, "Maximum sending rate exceeded.", times)

    def throttle_above(self, rate: float) -> None:
        """Refuses recipients above so many in a second."""
        self._max_rate = rate

    def daily_quota(self, times: int | None = 1) -> None:
        """Refuses operations for the daily quota: a client must not retry."""
        self.error(QUOTA, "Daily message quota exceeded.", times)

    def transient(self, times: int | None = 1) -> None:
        """Fails operations by an error of the service, which accepted nothing."""
        self.error(TRANSIENT, "Service is temporarily unavailable.", times)

    def error(self, kind: ErrorKind, text: str, times: int | None = 1) -> None:
        """Refuses operations by any error of ``sesmail.testing.api_errors``."""
        self.add(Fault("error", times, ApiError(kind, text)))

    def status(self, status: int, times: int | None = 1) -> None:
        """Responds with an HTTP status and a page that isn't of SES; nothing is accepted."""
        self.add(Fault("status", times, status=status))

    def latency(self, seconds: float, times: int | None = None) -> None:
        """Delays responses; the mails are accepted before."""
        self.add(Fault("latency", times, seconds=seconds))

    def hang(self, times: int | None = 1) -> None:
        """Never responds to operations, whose mails are accepted."""
        self.add(Fault("hang", times))

    def garbage(self, times: int | None = 1) -> None:
        """Responds to operations, whose mails are accepted, with bytes that aren't HTTP."""
        self.add(Fault("garbage", times))

    def reset_before(self, times: int | None = 1) -> None:
        """Resets connections when a request begins, before it is read; nothing is accepted."""
        self.add(Fault("reset_before", times))

    def reset_after(self, times: int | None = 1) -> None:
        """Resets connections after a request was read; its mails are not accepted."""
        self.add(Fault("reset_after", times))

    def lost_response(self, times: int | None = 1) -> None:
        """Resets connections instead of responding to operations, whose mails are accepted."""
        self.add(Fault("lost_response", times))

    def add(self, fault: Fault) -> None:
        """Adds a fault, after those that were added before."""
        with self._lock:
            self._pending.append(fault)

    def take(self, *kinds: FaultKind) -> Fault | None:
        """Returns the next fault if it is one of these kinds, and counts it; None otherwise.

        A latency applies beside the other faults.
        """
        with self._lock:
            for fault in self._pending:
                if (fault.kind == "latency") == ("latency" in kinds):
                    return self._counted(fault) if fault.kind in kinds else None
            return None

    def _counted(self, fault: Fault) -> Fault:
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self._pending.remove(fault)
        return fault

    def check_rate(self, recipients: int) -> None:
        """Refuses a call that exceeds the rate of ``throttle_above``.

        Raises:
            ApiError: It does.
        """
        with self._lock:
            if self._max_rate is None:
                return
            time = monotonic()
            self._recent = [each for each in self._recent if each[0] > time - 1]
            if sum(count for _, count in self._recent) + recipients > self._max_rate:
                raise ApiError(THROTTLED, "Maximum sending rate exceeded.")
            self._recent.append((time, recipients))
