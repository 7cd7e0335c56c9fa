"""Strict decoders of JSON and base64."""

from __future__ import annotations

import binascii
from collections.abc import Callable
from typing import Any, cast

from pydantic_core import SchemaValidator, from_json

__all__ = ["check_json", "from_base64", "read_json"]


def _search(pattern: str) -> Callable[[str | bytes], bool]:
    return SchemaValidator({"type": "str", "pattern": pattern}).isinstance_python


# A number is infinite only if it has an exponent, or at least 309 digits, of which at least 10 are
# among the characters at every 30th position. The search for the first pattern looks for pairs of
# bytes with vector instructions: https://docs.rs/regex/latest/regex/#performance
_SPECIAL_NUMBER = _search(r"[eE]\+?[0-9]+[,\]} \t\r\n]|NaN|Infinity")
_LONG_NUMBER = _search("[0-9]{10}")
_SMALL = 8192  # bytes, of which any content is parsed quickly


def read_json(text: bytes | str) -> Any:
    """Returns the value of a JSON document.

    The document is UTF-8, nested at most 200 deep, and has only finite numbers. The last of
    duplicate keys is used.

    Raises:
        ValueError: The document isn't such JSON, or has far more objects and lists than any event.
    """
    if len(text) > _SMALL:
        _check_container_count(text)
    try:
        # Cached keys have a hash already when their fields are looked up.
        value = from_json(text, allow_inf_nan=False, cache_strings="keys")
    except TypeError:  # which from_json raises for a str with a lone surrogate
        raise ValueError("it has a lone surrogate") from None
    # from_json returns infinity for numbers such as 1e999.
    if (_may_have_infinity(text) or value.__class__ is float) and _has_infinity(value):
        raise ValueError("a number is larger than any double")
    return value


def check_json(text: str) -> None:
    """Checks what `read_json` checks, except what any parser of pydantic checks.

    Raises:
        ValueError: `read_json` refuses the document.
    """
    if len(text) > _SMALL or _may_have_infinity(text):
        read_json(text)


def _may_have_infinity(text: bytes | str) -> bool:
    if _SPECIAL_NUMBER(text):
        return True
    if len(text) < 300:
        return False
    sample = text[::30]
    return _LONG_NUMBER(sample if isinstance(sample, str) else sample.decode("latin-1"))


def _check_container_count(text: bytes | str) -> None:
    """Check the number of objects and lists, each of which the garbage collector traverses.

    Brackets and braces in strings don't count: a notification may contain a whole mail.
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
    for each in values:  # which grows in the loop
        kind = cast("type[object]", type(each))
        if kind is dict:
            values += each.values()
        elif kind is list:
            values += each
        elif kind is float and each - each != 0.0:
            return True
    return False


def from_base64(text: str) -> bytes | None:
    """Returns decoded base64; None unless it is exactly what an encoder produces."""
    try:
        data = binascii.a2b_base64(text)
    except ValueError:
        return None
    # The strict mode of a2b_base64 accepts other padding in some releases:
    # https://docs.python.org/3/library/binascii.html#binascii.a2b_base64
    return data if binascii.b2a_base64(data, newline=False).decode() == text else None
