"""A bulk message of any length as calls that SES takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..address import Address
from ..errors import SendError
from .attempts.response import read_bulk
from .attempts.state import SendState
from .limits import MAX_RECIPIENTS, check_recipient_count
from .payload.call import Call
from .payload.dialect import Dialect
from .result import RecipientResult

__all__ = ["BulkCall"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BulkCall:
    """A bulk message, from whose entries calls are made.

    Attributes:
        whole: The call with all entries.
        dialect: The API.
        addresses: The recipient of each entry.
        recipients: How many recipients each entry has, over to, cc and bcc.
    """

    whole: Call
    dialect: Dialect
    addresses: Sequence[Address]
    recipients: Sequence[int]

    @classmethod
    def of(cls, whole: Call, dialect: Dialect, addresses: Sequence[Address]) -> BulkCall:
        """The call of a bulk message, as its dialect has built it.

        Raises:
            InvalidMessageError: One mail has more recipients than SES takes in a call.
        """
        counts = [
            sum(map(len, entry["Destination"].values())) for entry in whole.params[dialect.ENTRIES]
        ]
        for number, count in enumerate(counts):
            check_recipient_count(count, f"recipients[{number}]", "give fewer cc and bcc")
        return cls(whole, dialect, addresses, counts)

    def parts(self, rate: float) -> Iterator[range]:
        """The entries cut into calls of 50 recipients at most, and no more than the account's rate, if that can be.

        Args:
            rate: Recipients a second.
        """
        most = min(MAX_RECIPIENTS, max(1, int(rate)))
        start = together = 0
        for number, count in enumerate(self.recipients):
            if together + count > most and number > start:
                yield range(start, number)
                start, together = number, 0
            together += count
        yield range(start, len(self.recipients))

    def call(self, numbers: Sequence[int]) -> Call:
        """The call for some of the entries."""
        entries = self.whole.params[self.dialect.ENTRIES]
        params = {
            **self.whole.params,
            self.dialect.ENTRIES: [entries[number] for number in numbers],
        }
        return replace(
            self.whole, params=params, sizes=tuple(self.whole.sizes[number] for number in numbers)
        )

    def read(
        self, answer: Mapping[str, Any], numbers: Sequence[int], region: str
    ) -> list[RecipientResult | SendError]:
        """What an answer says of these entries."""
        addresses = [self.addresses[number] for number in numbers]
        entries = self.dialect.read_bulk(answer)
        return read_bulk(answer, entries, addresses, operation=self.whole.operation, region=region)

    def result(self, number: int, state: SendState[RecipientResult]) -> RecipientResult:
        """The result of an entry at the end."""
        attempts, send_id = tuple(state.attempts), state.send_id
        if state.result is not None:
            return replace(state.result, attempts=attempts, send_id=send_id)
        error = state.error()
        email = self.addresses[number].email
        return RecipientResult(
            email, state.outcome, None, None, error.code, error, attempts, send_id
        )
