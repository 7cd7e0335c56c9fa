"""Errors of sends whose call was interrupted, or failed by an internal error."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ...aws import Departure
from ...errors import NotSentError, SendError, SesmailError, UnknownOutcomeError
from ..payload.call import Call
from .state import SendState

__all__ = ["fail", "for_each", "interrupted"]


def fail(states: Mapping[int, SendState[Any]], error: Exception) -> None:
    """Applies an internal error before a request to sends, none of which has a result."""
    for state in states.values():
        failed = NotSentError(_reason(error), retryable=isinstance(error, MemoryError))
        failed.__cause__ = error.with_traceback(None)
        state.failed(failed)


def _reason(error: Exception) -> str:
    if isinstance(error, SesmailError):
        return str(error)
    if isinstance(error, MemoryError):
        return "not enough memory"
    return f"internal error ({type(error).__name__}: {error})"


def interrupted(error: BaseException, departure: Departure, call: Call) -> SendError:
    """Returns the error of sends whose call was cancelled, or could not be made at all."""
    if departure.may_have_left:
        what = _reason(error) if isinstance(error, Exception) else "cancelled"
        unknown = UnknownOutcomeError(
            f"{what} after the request may have left", operation=call.operation
        )
        unknown.__cause__ = error if isinstance(error, Exception) else None
        return unknown
    if isinstance(error, Exception):
        failed = NotSentError(
            _reason(error), operation=call.operation, retryable=isinstance(error, MemoryError)
        )
        # A copy, since the frames of the raised error refer to the states.
        failed.__cause__ = copy.copy(error) if isinstance(error, SesmailError) else error
        return failed
    return NotSentError("cancelled before the request could leave", operation=call.operation)


def for_each(error: SendError, states: Mapping[int, Any]) -> list[SendError]:
    """Returns the error of a whole call once for each send, as different objects."""
    errors = [error]
    while len(errors) < len(states):
        another = copy.copy(error)
        another.__cause__ = error.__cause__
        errors.append(another)
    return errors
