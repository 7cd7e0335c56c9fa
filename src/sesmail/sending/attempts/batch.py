"""Sends that share one API call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ...errors import SendError
from ..payload.call import Call

__all__ = ["Batch"]

T = TypeVar("T")


@dataclass(slots=True, eq=False, repr=False)
class Batch(Generic[T]):
    """Sends that share one API call, by number; an operation that isn't a send has no recipients.

    Attributes:
        recipients: Number of recipients of each send, over to, cc and bcc.
        call: Builds the call for some of the sends.
        read: Reads the response to such a call: a result or an error for each send. Raises a
            SendError that applies to all of them.
        replay: Returns the result of a send that the send log has as accepted, by its number and
            message id; None where no send has a send id.
        low_priority: Whether other calls overtake its calls at the rate limit.
    """

    recipients: Mapping[int, int]
    call: Callable[[Sequence[int]], Call]
    read: Callable[[Mapping[str, Any], Sequence[int]], Sequence[T | SendError]]
    replay: Callable[[int, str | None], T] | None = None
    low_priority: bool = False
