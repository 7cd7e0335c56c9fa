"""Splits a bulk message of any length into calls that SES accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..address import Address
from ..errors import SendError
from .attempts.response import read_bulk
from .attempts.state import SendState, with_attempts
from .limits import MAX_RECIPIENTS, check_recipient_count
from .payload.call import Call
from .payload.dialect import Dialect
from .result import RecipientResult

__all__ = ["BulkCall"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BulkCall:
    """A bulk message whose entries are divided among calls.

    Attributes:
        whole: Call with all entries, which SES wouldn't accept if they are many.
        dialect: Builder of the API's calls.
        addresses: Address of each entry's recipient.
        recipients: Number of recipients of each entry, over to, cc and bcc.
    """

    whole: Call
    dialect: Dialect
    addresses: Sequence[Address]
    recipients: Sequence[int]

    @classmethod
    def of(cls, whole: Call, dialect: Dialect, addresses: Sequence[Address]) -> BulkCall:
        """Returns the bulk call of a call that the dialect has built.

        Raises:
            InvalidMessageError: One entry has more recipients than SES accepts in a call.
        """
        counts = [
            sum(map(len, entry["Destination"].values())) for entry in whole.params[dialect.ENTRIES]
        ]
        for number, count in enumerate(counts):
            check_recipient_count(count, f"recipients[{number}]", "give fewer cc and bcc")
        return cls(whole, dialect, addresses, counts)

    def parts(self, limit: Callable[[], float]) -> Iterator[range]:
        """Yields ranges of entries for one call each: at most 50 recipients, and at most ``limit``.

        An entry with more recipients than that is a call of its own.

        Args:
            limit: Returns the maximum number of recipients of a call, which may change.
        """
        start = total = 0
        for number, count in enumerate(self.recipients):
            if number > start and total + count > min(MAX_RECIPIENTS, max(1, int(limit()))):
                yield range(start, number)
                start, total = number, 0
            total += count
        yield range(start, len(self.recipients))

    def call(self, numbers: Sequence[int]) -> Call:
        """Returns the call for some of the entries."""
        entries = self.whole.params[self.dialect.ENTRIES]
        params = {
            **self.whole.params,
            self.dialect.ENTRIES: [entries[number] for number in numbers],
        }
        return replace(
            self.whole, params=params, sizes=tuple(self.whole.sizes[number] for number in numbers)
        )

    def read(
        self, response: Mapping[str, Any], numbers: Sequence[int], region: str | None
    ) -> list[RecipientResult | SendError]:
        """Reads the response to a call for these entries."""
        addresses = [self.addresses[number] for number in numbers]
        entries = self.dialect.read_bulk(response)
        return read_bulk(
            response, entries, addresses, operation=self.whole.operation, region=region
        )

    def replay(self, number: int, message_id: str | None) -> RecipientResult:
        """Returns the result of an entry that the send log has as accepted."""
        email = self.addresses[number].email
        return RecipientResult(email, "accepted", message_id, replayed=True)

    def result(self, number: int, state: SendState[RecipientResult]) -> RecipientResult:
        """Returns the final result of an entry."""
        if state.result is not None:
            return with_attempts(state.result, state)
        error = state.error()
        email = self.addresses[number].email
        return RecipientResult(
            email,
            state.outcome,
            None,
            None,
            error.code,
            error,
            tuple(state.attempts),
            state.send_id,
        )
