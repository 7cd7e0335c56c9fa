"""Policy of the retries: calls that SES definitely did not accept are retried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...arguments import check_choice, check_integer, check_seconds
from ...errors import ConfigurationError, SendError, UnknownOutcomeError
from ...values import Value

__all__ = ["RetryPolicy"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RetryPolicy(Value):
    """Number and delays of the retries of a call that SES did not accept.

    Retried are calls whose request never left (``NotSentError``) and calls that SES rejects
    temporarily (``ThrottledError``, a transient failure). A used-up daily quota isn't retried,
    since it lasts for hours. Delays and attempts all count towards the deadline of the call: there
    is no retry that would begin after it.

    Args:
        attempts: Maximum number of attempts, the first one included; 1 disables retries.
        first_delay: Mean of the first delay in seconds, above 0. It doubles with each retry. A
            delay is drawn at random between 0 and twice its mean ("full jitter"), so that clients
            which failed together don't retry together.
        longest_delay: Upper limit of the mean in seconds, ``first_delay`` at least.
        on_unknown: ``raise`` doesn't retry a call with an unknown outcome. ``retry`` does, although
            SES may have accepted it: the mail may arrive twice.

    Raises:
        ConfigurationError: A setting is invalid.

    https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
    https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """

    attempts: int = 4
    first_delay: float = 0.25
    longest_delay: float = 5.0
    on_unknown: Literal["raise", "retry"] = "raise"

    def __post_init__(self) -> None:
        check_integer("attempts", self.attempts, 1, "1 disables retries")
        check_seconds("first_delay", self.first_delay)
        check_seconds("longest_delay", self.longest_delay)
        if self.first_delay > self.longest_delay:
            raise ConfigurationError(
                "first_delay must be at most longest_delay, "
                f"not {self.first_delay!r} and {self.longest_delay!r}"
            )
        check_choice("on_unknown", self.on_unknown, ("raise", "retry"))

    def may_retry(self, error: SendError) -> bool:
        """Returns True if a call that failed with this error may be retried."""
        return error.retryable or (
            self.on_unknown == "retry" and isinstance(error, UnknownOutcomeError)
        )

    def delay(self, attempts: int, chance: float) -> float:
        """Returns the seconds to wait before the next attempt.

        Args:
            attempts: Number of attempts made.
            chance: Random number from 0 to 1.
        """
        doublings = min(attempts - 1, 1000)  # a float overflows at 1024
        return min(self.longest_delay, self.first_delay * 2.0**doublings) * 2 * chance
