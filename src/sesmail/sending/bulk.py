"""Splits a bulk message of any length into calls that SES accepts."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..errors import SendError
from .attempts.response import read_bulk
from .attempts.state import SendState, with_attempts
from .limits import MAX_RECIPIENTS, check_recipient_count
from .message.file_content import has_references
from .payload.call import Call, add_entries
from .result import RecipientResult

if TYPE_CHECKING:
    from .message.bulk_message import BulkMessage
    from .payload.dialect import Dialect

__all__ = ["BulkCall", "BulkPart"]


@dataclass(slots=True, eq=False, repr=False)
class BulkCall:
    """A bulk message whose entries are divided among calls, and built for one call at a time.

    Attributes:
        message: The message, of which every entry was built once, and so is valid.
        content: Call without entries.
        dialect: Builder of the API's calls.
        tag_send_id: Whether the send ids are sent as SES message tags, too.
        send_ids: Send id of each recipient's mail; None without one.
        recipients: Number of recipients of each entry, over to, cc and bcc.
        sizes: Approximate size of each entry in bytes.
    """

    message: BulkMessage
    content: Call
    dialect: Dialect
    tag_send_id: bool
    send_ids: Sequence[str | None]
    recipients: Sequence[int]
    sizes: Sequence[int]

    @classmethod
    def of(
        cls,
        message: BulkMessage,
        dialect: Dialect,
        send_ids: Sequence[str | None],
        tag_name: str | None = None,
        *,
        tag_send_id: bool = False,
    ) -> BulkCall:
        """Returns the bulk call of a message, which may take long if that has many recipients.

        Attachments that are references are left empty; see ``with_message``.

        Raises:
            InvalidMessageError: The API doesn't support the message, or one entry has more
                recipients than SES accepts in a call.
        """
        rest = message
        if has_references(message):
            from .references.contents import without_contents  # loaded with references only

            rest = without_contents(message)
        content = dialect.build_content(rest, tag_name, tag_send_id=tag_send_id)
        counts, sizes = bytearray(), array("L")
        for number, send_id in enumerate(send_ids):
            size, entry = dialect.build_entry(message, number, send_id, tag_send_id=tag_send_id)
            count = sum(map(len, entry["Destination"].values()))
            check_recipient_count(count, f"recipients[{number}]", "give fewer cc and bcc")
            counts.append(count)
            sizes.append(size)
        return cls(message, content, dialect, tag_send_id, send_ids, counts, sizes)

    def with_message(self, message: BulkMessage, tag_name: str | None = None) -> BulkCall:
        """Returns the bulk call of the same message with the contents of its attachments.

        Raises:
            InvalidMessageError: The mail is too large.
        """
        content = self.dialect.build_content(message, tag_name, tag_send_id=self.tag_send_id)
        return replace(self, message=message, content=content)

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

    def part(self, numbers: Sequence[int]) -> BulkPart:
        """Returns some of the entries, built."""
        return BulkPart(
            self.content,
            self.dialect.ENTRIES,
            {
                number: self.dialect.build_entry(
                    self.message, number, self.send_ids[number], tag_send_id=self.tag_send_id
                )
                for number in numbers
            },
        )

    def read(
        self, response: Mapping[str, Any], numbers: Sequence[int], region: str | None
    ) -> list[RecipientResult | SendError]:
        """Reads the response to a call for these entries."""
        addresses = [self.message.recipients[number].to for number in numbers]
        entries = self.dialect.read_bulk(response)
        return read_bulk(
            response, entries, addresses, operation=self.content.operation, region=region
        )

    def replay(self, number: int, message_id: str | None) -> RecipientResult:
        """Returns the result of an entry that the send log has as accepted."""
        email = self.message.recipients[number].to.email
        return RecipientResult(email, "accepted", message_id, replayed=True)

    def result(self, number: int, state: SendState[RecipientResult]) -> RecipientResult:
        """Returns the final result of an entry."""
        if state.result is not None:
            return with_attempts(state.result, state)
        error = state.error()
        email = self.message.recipients[number].to.email
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


@dataclass(slots=True, eq=False, repr=False)
class BulkPart:
    """Entries that are sent in one call.

    Attributes:
        content: Call without entries.
        name: Name of the parameter with the entries.
        entries: Approximate size of each entry in bytes, and the entry, by number.
    """

    content: Call
    name: str
    entries: Mapping[int, tuple[int, dict[str, Any]]]

    def call(self, numbers: Sequence[int]) -> Call:
        """Returns the call for some of the entries."""
        return add_entries(self.content, self.name, [self.entries[number] for number in numbers])
