"""The rates of operations other than sends, as the service models of AWS describe them."""

from __future__ import annotations

import re
from time import monotonic

from botocore.model import OperationModel

from .api_errors import THROTTLED, ApiError

__all__ = ["CallRates", "rate_of"]

# "You can execute this operation no more than once per second", and two other wordings.
_RATE = re.compile(
    r"(?:no more than|throttled at) (once|one|[0-9]{1,4})(?: times?| requests?)? per second"
)
_WORDS = {"once": 1, "one": 1}


def rate_of(operation: OperationModel) -> int | None:
    """Returns how often SES runs an operation in a second; None if it doesn't say."""
    match = _RATE.search(operation.documentation)
    if match is None:
        return None
    return _WORDS.get(match[1]) or int(match[1])


class CallRates:
    """Counts the calls of each operation in the last second."""

    def __init__(self) -> None:
        self._calls: dict[str, list[float]] = {}

    def clear(self) -> None:
        """Forgets all calls."""
        self._calls.clear()

    def check(self, operation: OperationModel) -> None:
        """Refuses a call above the rate of its operation, and counts it otherwise.

        Raises:
            ApiError: It is too fast.
        """
        rate = rate_of(operation)
        if rate is None:
            return
        time = monotonic()
        recent = [each for each in self._calls.get(operation.name, ()) if each > time - 1]
        self._calls[operation.name] = recent
        if len(recent) >= rate:
            raise ApiError(THROTTLED, "Rate exceeded")
        recent.append(time)
