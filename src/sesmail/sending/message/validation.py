"""Validation of messages that were made without it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from ...errors import InvalidMessageError
from .model import explained, is_validated, own_class, validated

__all__ = ["invalid_message", "valid_message"]


def valid_message(message: Any) -> Any:
    """Returns a message that is valid: itself, or an instance of sesmail's own class.

    Raises:
        InvalidMessageError: It was made without validation, and a field is invalid.
    """
    if is_validated(message):
        return message
    kind = own_class(message)
    try:
        return validated(message, kind)
    except ValidationError as err:
        raise invalid_message(kind, err) from None


def invalid_message(kind: type[BaseModel], error: ValidationError) -> InvalidMessageError:
    """Returns the error of sesmail for one of pydantic; it shows no values."""
    first = explained(kind, error).errors()[0]
    field = "".join(
        f"[{each}]" if isinstance(each, int) else f".{each}" for each in first["loc"]
    ).lstrip(".")
    return InvalidMessageError(first["msg"].removeprefix("Value error, "), field=field or "message")
