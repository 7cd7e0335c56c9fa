"""Checks of the arguments of public functions, with errors that name argument, type and fix."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal, NoReturn, cast

from .errors import ConfigurationError

__all__ = [
    "check_bool",
    "check_choice",
    "check_coroutine_function",
    "check_function",
    "check_instance",
    "check_integer",
    "check_iterable",
    "check_mapping",
    "check_methods",
    "check_seconds",
    "check_text",
    "check_time",
    "check_unicode",
    "described",
    "refuse",
    "similar",
]


def described(value: object) -> str:
    """Returns the type of a value for an error, with the value only if it is a number or a bool."""
    if value is None:
        return "None"
    if isinstance(value, bool):
        return f"the bool {value}"
    if isinstance(value, (int, float)):
        return f"the {type(value).__name__} {_short(value)}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in tuple('aeiou') else 'a'} {name}"


def _short(number: float) -> str:
    # Text of an int of thousands of digits is refused by Python, and of no use here:
    # https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
    return "of more than 19 digits" if abs(number) >= 2**63 and number < math.inf else repr(number)


def similar(name: str, names: Iterable[str]) -> str | None:
    """Returns the name that a misspelled one is most similar to, for an error; None without one."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, [*names], 1)), None)


def refuse(name: str, expected: str, value: object, fix: str = "") -> NoReturn:
    """Raises the error for an argument of a wrong type.

    Args:
        name: Name of the argument.
        expected: What it must be.
        value: What it is; only its type is shown, since it may be secret.
        fix: What to write instead.

    Raises:
        ConfigurationError: Always.
    """
    way_out = f"; {fix}" if fix else ""
    raise ConfigurationError(f"{name} must be {expected}, not {described(value)}{way_out}")


def check_instance(
    name: str, value: object, kinds: type | tuple[type, ...], expected: str, fix: str = ""
) -> None:
    """Refuses a value that isn't an instance of one of these classes."""
    if not isinstance(value, kinds):
        refuse(name, expected, value, fix)


def check_bool(name: str, value: object) -> None:
    """Refuses anything but True and False."""
    if value is not True and value is not False:
        refuse(name, "True or False", value)


def check_text(name: str, value: object, expected: str = "text") -> None:
    """Refuses anything but text that isn't empty and has no NUL."""
    if not isinstance(value, str):
        refuse(name, expected, value)
    if not value or "\0" in value:
        problem = "has a NUL character" if value else "is empty"
        raise ConfigurationError(f"{name} must be {expected}; it {problem}")


def check_unicode(name: str, value: str) -> None:
    """Refuses anything but text that isn't empty, and that UTF-8 can encode."""
    check_text(name, value)
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ConfigurationError(f"{name} must be text; it has a lone surrogate")


def check_choice(name: str, value: object, choices: Iterable[str]) -> None:
    """Refuses anything but one of these texts."""
    if not isinstance(value, str) or value not in choices:
        given = repr(value[:50]) if isinstance(value, str) else described(value)
        raise ConfigurationError(f"{name} must be {_either(choices)}, not {given}")


def _either(choices: Iterable[str]) -> str:
    *others, last = map(repr, choices)
    return f"{', '.join(others)} or {last}"


def check_seconds(
    name: str,
    value: object,
    *,
    or_zero: bool = False,
    or_infinite: bool = False,
    unit: str = "seconds",
    fix: str = "",
) -> None:
    """Refuses anything but a number of seconds: above 0, or also 0; finite, or also infinite."""
    if (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and (value > 0 or (or_zero and value == 0))
        and (value <= sys.float_info.max or (or_infinite and value == math.inf))
    ):
        return
    number = "number" if or_infinite else "finite number"
    refuse(name, f"a {number} of {unit} {'of at least 0' if or_zero else 'above 0'}", value, fix)


def check_integer(name: str, value: object, minimum: int, fix: str = "") -> None:
    """Refuses anything but an int of at least ``minimum``."""
    if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
        refuse(name, f"a whole number, at least {minimum}", value, fix)


def check_mapping(name: str, value: object, fix: str = "") -> None:
    """Refuses anything but a mapping whose keys are text."""
    if not isinstance(value, Mapping):
        refuse(name, "a mapping", value, fix)
    keys: Iterable[object] = cast("Mapping[object, object]", value)
    for key in keys:
        if not isinstance(key, str):
            refuse(name, "a mapping whose keys are text", key, fix)


def check_iterable(name: str, value: object, expected: str, fix: str) -> None:
    """Refuses one text, bytes, a mapping, and what can't be iterated over."""
    if not isinstance(value, Iterable):
        refuse(name, expected, value, fix)
    if isinstance(value, (str, bytes, bytearray, Mapping, type)):
        refuse(name, expected, cast("object", value), fix)


def check_time(name: str, value: object) -> None:
    """Refuses anything but a datetime with a time zone."""
    if not isinstance(value, datetime):
        refuse(name, "a datetime with a time zone", value, "pass one such as datetime.now(UTC)")
    if value.utcoffset() is None:
        raise ConfigurationError(
            f"{name} must be a datetime with a time zone; pass one such as datetime.now(UTC)"
        )
    try:
        value.astimezone(UTC)
    except OverflowError:
        raise ConfigurationError(f"{name} must be in the years 1 to 9999 of UTC") from None


def check_function(name: str, value: object, fix: str = "") -> None:
    """Refuses what can't be called, classes, and functions that return an awaitable."""
    if not callable(value) or isinstance(value, type):
        refuse(name, "a function", value, fix)
    if _kind(value) in ("async", "generator"):
        raise ConfigurationError(
            f"{name} must be a plain function, not a coroutine function; write def, not async def"
        )


def check_coroutine_function(name: str, value: object, fix: str = "write async def") -> None:
    """Refuses what can't be called, classes, and plain functions.

    A lambda, a builtin and a callable object may return an awaitable: their result is checked when
    it is awaited.
    """
    if not callable(value) or isinstance(value, type):
        refuse(name, "a coroutine function", value, fix)
    if _kind(value) in ("plain", "generator"):
        refuse(name, "a coroutine function", value, fix)


def check_methods(
    name: str, value: object, methods: Iterable[str], expected: str, fix: str
) -> None:
    """Refuses a class, and an object that lacks one of these coroutine methods."""
    if isinstance(value, type) or not all(
        callable(getattr(value, method, None)) for method in methods
    ):
        refuse(name, expected, value, fix)
    for method in methods:
        check_coroutine_function(f"{name}.{method}", getattr(value, method))


def _kind(value: Callable[..., Any]) -> Literal["async", "plain", "generator", "unknown"]:
    """Returns what a callable returns, as far as its code shows."""
    while isinstance(value, partial):
        value = value.func
    routine = inspect.isroutine(value)
    function: Any = inspect.unwrap(value) if routine else type(value).__call__
    if inspect.iscoroutinefunction(value) or inspect.iscoroutinefunction(function):
        return "async"
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        return "generator"
    named = inspect.isfunction(function) or inspect.ismethod(function)
    return "plain" if routine and named and function.__name__ != "<lambda>" else "unknown"
