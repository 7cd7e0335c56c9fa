"""Checks of the settings that a test gives to a fake."""

from __future__ import annotations

from collections.abc import Collection, Iterable

__all__ = ["NOTIFICATIONS", "PREFERENCES", "REASONS", "check_number", "check_words"]

NOTIFICATIONS = ("Bounce", "Complaint", "Delivery")
PREFERENCES = ("OPT_IN", "OPT_OUT")
REASONS = ("BOUNCE", "COMPLAINT")


def check_number(name: str, value: object, least: int) -> None:
    """Refuses anything but None or a number of at least so much.

    Raises:
        ValueError: It is another value.
    """
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= least:
        raise ValueError(f"{name} must be a number of at least {least}, not {value!r}")


def check_words(name: str, values: Iterable[object], known: Collection[str]) -> None:
    """Refuses words that aren't among those known.

    Raises:
        ValueError: One isn't.
    """
    for value in [values] if isinstance(values, str) else values:
        if value not in known or isinstance(values, str):
            raise ValueError(f"{name}: {value!r} isn't one of {', '.join(known)}, in a list")
