"""Regular expressions that are compiled at their first use."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, AnyStr, cast

__all__ = ["lazy_pattern"]

_ATTRIBUTES = (
    *("findall", "finditer", "flags", "fullmatch", "groups", "match"),
    *("pattern", "search", "split", "sub", "subn"),
)


class _Compiled:
    """Has the attributes of a pattern."""


class _LazyPattern:
    """Compiles a pattern when one of its attributes is used, and becomes a `_Compiled`."""

    def __init__(self, compile_pattern: Callable[[], re.Pattern[Any]]) -> None:
        self._compile = compile_pattern

    def __getattr__(self, name: str) -> Any:
        pattern = self._compile()
        vars(self).update({each: getattr(pattern, each) for each in _ATTRIBUTES})
        # CPython reads attributes of a class with a `__getattr__` at half the speed.
        object.__setattr__(self, "__class__", _Compiled)
        return getattr(pattern, name)


def lazy_pattern(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Returns a pattern that is compiled at its first use.

    Compiling takes most of the time to import the modules that read mails, and one mail needs only
    some of their patterns.
    """
    return cast("re.Pattern[AnyStr]", _LazyPattern(partial(re.compile, pattern, flags)))
