"""RetryPolicy: delays and settings."""

import math
from typing import Any

import pytest

from sesmail.errors import ConfigurationError
from sesmail.sending.attempts.retry import RetryPolicy


def test_delays_double_with_full_jitter() -> None:
    policy = RetryPolicy(first_delay=1, longest_delay=3)
    assert [policy.delay(count, 1.0) for count in (1, 2, 3, 9)] == [2, 4, 6, 6]
    assert policy.delay(3, 0.0) == 0
    assert policy.delay(100_000, 1.0) == 6


@pytest.mark.parametrize(
    "settings",
    [
        {"attempts": 0},
        {"first_delay": 0},
        {"first_delay": 9},
        {"longest_delay": math.nan},
        {"on_unknown": "ignore"},
    ],
    ids=str,
)
def test_refuses_invalid_settings(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        RetryPolicy(**settings)
