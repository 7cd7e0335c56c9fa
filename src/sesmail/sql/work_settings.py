"""Settings of a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from ..arguments import check_bool, check_integer, check_seconds
from ..errors import ConfigurationError
from ..sending.attempts.retry import RetryPolicy
from .progress import WorkListener

__all__ = ["WorkArguments", "WorkSettings"]

_SHORTEST_LEASE = 5.0  # seconds


class WorkArguments(TypedDict, total=False):
    """Keyword arguments of ``Outbox.work``."""

    concurrency: int
    max_attempts: int
    first_delay: float
    longest_delay: float
    lease: float
    poll_interval: float
    grace: float
    until_empty: bool
    listener: WorkListener | None


@dataclass(frozen=True, slots=True)
class WorkSettings:
    """Settings of a worker; see ``Outbox.work``.

    Raises:
        ConfigurationError: A setting is invalid.
    """

    concurrency: int
    max_attempts: int
    first_delay: float
    longest_delay: float
    lease: float
    poll_interval: float
    grace: float
    until_empty: bool

    def __post_init__(self) -> None:
        check_integer("concurrency", self.concurrency, 1)
        check_integer("max_attempts", self.max_attempts, 1)
        for name in ("lease", "poll_interval"):
            check_seconds(name, getattr(self, name))
        check_seconds("grace", self.grace, or_zero=True)
        check_bool("until_empty", self.until_empty)
        if self.lease < _SHORTEST_LEASE:
            raise ConfigurationError(
                f"lease must be at least {_SHORTEST_LEASE} seconds, not {self.lease}: a worker "
                "renews it at a third of that"
            )
        self.retry  # noqa: B018 (checks the delays)

    @property
    def retry(self) -> RetryPolicy:
        """Attempts and delays as a policy."""
        return RetryPolicy(self.max_attempts, self.first_delay, self.longest_delay)
