"""JSON read strictly: no half characters, no numbers that are none, no endless depth."""

from __future__ import annotations

import marshal
from typing import Any, cast

from pydantic_core import from_json

__all__ = ["read_json"]

_INFINITY = b"\0\0\0\0\0\0\xf0"  # the last byte tells the sign
_TEXTS = frozenset({str})


def read_json(text: bytes | str) -> Any:
    """Read JSON: UTF-8 alone, 200 deep at most, finite numbers; of duplicate keys the last wins.

    Raises:
        ValueError: It is something else.
    """
    try:
        # Without the cache of texts, which costs more than it saves in documents as small as these.
        value = from_json(text, allow_inf_nan=False, cache_strings=False)
    except TypeError:  # from_json's answer to text with half a surrogate pair
        raise ValueError("half a surrogate pair stands alone") from None
    # 1e999 is an infinity, too. In marshal's form a float is its eight bytes: one search in C for a walk in Python.
    if not _is_flat(value) and _INFINITY in marshal.dumps(value) and _has_infinity(value):
        raise ValueError("a number is larger than any double")
    return value


def _is_flat(value: Any) -> bool:
    """Whether it is an object of nothing but texts, as SNS's are."""
    return type(value) is dict and _TEXTS.issuperset(map(type, cast("dict[str, Any]", value).values()))


def _has_infinity(value: Any) -> bool:
    values: list[Any] = [value]
    for each in values:  # which grow on the way
        kind = cast("type[object]", type(each))
        if kind is dict:
            values += each.values()
        elif kind is list:
            values += each
        elif kind is float and each - each != 0.0:
            return True
    return False
