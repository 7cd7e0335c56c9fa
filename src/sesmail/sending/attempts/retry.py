"""Which calls are made again: those of which it is known that SES did not take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...errors import ConfigurationError, SendError, UnknownOutcomeError
from ...values import Value

__all__ = ["RetryPolicy"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RetryPolicy(Value):
    """How often, and after how long, a call is made again that SES did not take.

    Made again is what never left (``NotSentError``), and what SES refused for a moment only (``ThrottledError``, a
    transient failure). The used-up daily quota isn't: it takes hours. Everything happens within the call's deadline.

    Args:
        attempts: How often a call is made at most, the first time included.
        first_delay: The mean of the first pause in seconds; each further one is twice as long. A pause lasts anything
            from nothing to twice its mean ("full jitter"), so that many clients don't come back together.
        longest_delay: The mean of the longest pause in seconds.
        on_unknown: ``retry`` makes a call again though SES may have taken it: the mail may arrive twice.

    Raises:
        ConfigurationError: A setting can't be.

    https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
    https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """

    attempts: int = 4
    first_delay: float = 0.25
    longest_delay: float = 5.0
    on_unknown: Literal["raise", "retry"] = "raise"

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ConfigurationError("attempts is 1 at least")
        if not 0 < self.first_delay <= self.longest_delay:
            raise ConfigurationError("first_delay is above 0, and not above longest_delay")
        if self.on_unknown not in ("raise", "retry"):
            raise ConfigurationError(f"on_unknown is 'raise' or 'retry', not {self.on_unknown!r}")

    def may_retry(self, error: SendError) -> bool:
        """Whether a call that ended so may be made again."""
        return error.retryable or (
            self.on_unknown == "retry" and isinstance(error, UnknownOutcomeError)
        )

    def delay(self, attempts: int, chance: float) -> float:
        """The seconds to wait before the next attempt.

        Args:
            attempts: How many there were.
            chance: A random number from 0 to 1.
        """
        doublings = min(attempts - 1, 1000)  # a float ends soon after
        return min(self.longest_delay, self.first_delay * 2.0**doublings) * 2 * chance
