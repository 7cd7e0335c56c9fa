"""Counts calls, which grow like the time that code takes and are equal in every run."""

import sys
from collections.abc import Callable
from types import FrameType


def count_calls(function: Callable[..., object], *arguments: object) -> int:
    """Return the number of calls of Python and C functions that a function makes.

    It is called once before, so that patterns are compiled.
    """
    function(*arguments)
    count = 0

    def profile(frame: FrameType, event: str, value: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        function(*arguments)
    finally:
        sys.setprofile(before)
    return count
