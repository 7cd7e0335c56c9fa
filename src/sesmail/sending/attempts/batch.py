"""Sends that share one API call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from ...errors import SendError
from ..payload.call import Call

__all__ = ["Batch"]

R = TypeVar("R")
T = TypeVar("T")


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

    def __init__(
        self,
        recipients: Mapping[int, int],
        call: Callable[[Sequence[int]], Call],
        read: Callable[[Mapping[str, Any], Sequence[int]], Sequence[T | SendError]],
        replay: Callable[[int, str | None], T] | None = None,
        low_priority: bool = False,
    ) -> None:
        self.recipients = recipients
        self.call = call
        self.read = read
        self.replay = replay
        self.low_priority = low_priority

    @classmethod
    def of_one(
        cls,
        call: Call,
        recipients: int,
        read: Callable[[Mapping[str, Any]], R],
        replay: Callable[[str | None], R] | None = None,
        *,
        low_priority: bool = False,
    ) -> Batch[R]:
        """Returns a batch of a single send, numbered 0, whose call is built already."""
        return Batch(
            {0: recipients},
            lambda _: call,
            lambda response, _: [read(response)],
            replay and (lambda _, message_id: replay(message_id)),
            low_priority,
        )
