"""Strict decoders of JSON and base64."""

from __future__ import annotations

import binascii
from marshal import dumps
from typing import Any, cast

from pydantic_core import from_json

__all__ = ["from_base64", "read_json"]

_INFINITY = b"\0\0\0\0\0\0\xf0"  # one more byte tells the sign
_RARE = _INFINITY[-1:]
_PLAIN = frozenset({str, int, bool, type(None)})
_SMALL = 8192  # bytes, which take no time whatever they hold


def read_json(text: bytes | str) -> Any:
    """Read JSON: UTF-8 alone, 200 deep at most, finite numbers; of duplicate keys the last wins.

    Raises:
        ValueError: It is something else, or has far more objects and lists than any event.
    """
    if len(text) > _SMALL:
        _refuse_containers(text)
    try:
        # Without the cache of texts, which costs more than it saves in documents as small as these.
        value = from_json(text, allow_inf_nan=False, cache_strings=False)
    except TypeError:  # from_json's answer to text with half a surrogate pair
        raise ValueError("half a surrogate pair stands alone") from None
    if value.__class__ is dict and _PLAIN.issuperset(
        map(type, value.values())
    ):  # as SNS's messages and most metadata
        return value
    data = dumps(value)  # where a float is its eight bytes: one search in C for a walk in Python
    if _RARE in data and _INFINITY in data and _has_infinity(value):  # 1e999 is one, too
        raise ValueError("a number is larger than any double")
    return value


def _refuse_containers(text: bytes | str) -> None:
    """Refuse what would keep Python's garbage collector busy, which looks at each object and list again and again.

    Inside of texts, such as a mail's, there may be any number of brackets and braces.
    """
    data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    limit = 1000 + len(data) // 32
    if _count(data) > limit:
        outside = b"".join(data.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')[::2])
        if _count(outside) > limit:
            raise ValueError(f"it has more than {limit:,} objects and lists")


def _count(data: bytes) -> int:
    return data.count(b"[") + data.count(b"{")


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


def from_base64(text: str) -> bytes | None:
    """The bytes that a text stands for; None where an encoder would spell them in another way."""
    try:
        data = binascii.a2b_base64(text)
    except ValueError:
        return None
    # Python's own strict mode lets some padding pass, which depends on its version.
    return data if binascii.b2a_base64(data, newline=False).decode() == text else None
