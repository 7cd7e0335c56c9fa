"""State of reading the attachments of one message."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import anyio

from ...concurrency import current_time
from ...errors import InvalidMessageError, NotSentError, SesmailError
from ..limits import MAX_BYTES
from .contents import attachments_of, encoded_size, references_of, with_contents

if TYPE_CHECKING:
    from ..message.bulk_message import BulkMessage
    from ..message.kinds import AnyMessage
    from ..message.stored_object import S3Object
    from .memory import MemoryLimit

__all__ = ["Reading"]

_MEGABYTE = 1024 * 1024
_FREE = _MEGABYTE  # bytes of a message that need none of the shared memory

M = TypeVar("M", bound="AnyMessage | BulkMessage")


class Reading:
    """Objects of a message, what is known of their sizes, and the contents.

    Attributes:
        numbers: The objects, each with the numbers of its attachments.
        contents: Contents of those that were read.
        scope: Scope around the reading, whose deadline grows with the size.
        started: Start of the operation on anyio's clock, plus the seconds that it waited.
        is_short: Whether the shared memory is used up, and the reading was given up for that.
        error: First failure; None without one.

    Args:
        message: The message.
        api: API that it is sent by, ``v1`` or ``v2``.
        rest: Encoded size in bytes of the message without these attachments.
        started: Start of the operation on anyio's clock.
        timeout: Seconds for the first MB; proportionally more above.
        memory: Memory that all messages of a client share.
    """

    def __init__(
        self,
        message: AnyMessage | BulkMessage,
        api: str,
        rest: int,
        started: float,
        timeout: float,
        memory: MemoryLimit,
    ) -> None:
        self.numbers: dict[S3Object, list[int]] = references_of(message)
        self.contents: dict[S3Object, bytes] = {}
        self.started: float = started
        self.is_short: bool = False
        self.error: SesmailError | None = None
        self.scope: anyio.CancelScope
        self._message = message
        self._api = api
        self._rest = rest
        self._timeout = timeout
        self._memory = memory
        self._reserved = 0
        self._begin()

    def _begin(self) -> None:
        self._size, self._encoded = 0, self._rest
        self.is_short = False
        self.scope = anyio.CancelScope(deadline=self.started + self._timeout)

    def field(self, stored: S3Object) -> str:
        """Returns the name of the first attachment of an object, for errors."""
        return f"attachments[{self.numbers[stored][0]}]"

    def admit(self, stored: S3Object, size: int | None) -> int:
        """Checks an object whose size is known, and whose content isn't read yet.

        Returns:
            The number of bytes to read.

        Raises:
            InvalidMessageError: SES wouldn't accept the mail, which is too large with the object.
            NotSentError: The size is unknown.
        """
        if size is None:
            raise NotSentError("the response has no Content-Length")
        self._size += size
        for number in self.numbers[stored]:
            item = attachments_of(self._message)[number]
            self._encoded += encoded_size(self._message, item, size)
        limit = MAX_BYTES[self._api]
        if self._encoded > limit:
            raise InvalidMessageError(
                f"the object {stored.key!r} in the bucket {stored.bucket!r} has {size:,} bytes; "
                f"with it the encoded mail has {self._encoded:,} or more, and SES API {self._api} "
                f"takes {limit:,}; send less, or a link to it",
                field=self.field(stored),
                limit=limit,
                actual=self._encoded,
            )
        self.scope.deadline = self.started + self._timeout * max(1.0, self._size / _MEGABYTE)
        self._reserve()
        return size

    def _reserve(self) -> None:
        """Takes memory for all objects that are known; without enough of it, reading ends."""
        more = self._size - self._reserved
        if self._size <= _FREE or more <= 0:
            return
        if self._memory.try_acquire(more):
            self._reserved += more
        else:
            self.is_short = True
            self.scope.cancel()

    async def wait_for_memory(self) -> None:
        """Waits for as much memory as any message takes, to read all objects from the beginning.

        Nothing is held meanwhile, so that no two messages wait for each other.
        """
        self.free()
        began = current_time()
        await self._memory.acquire(MAX_BYTES[self._api])
        self._reserved = MAX_BYTES[self._api]
        self.started += current_time() - began
        self._begin()

    def raise_error(self) -> None:
        """Raises the failure, if there is one, and forgets it: its traceback refers to this."""
        error, self.error = self.error, None
        if error is not None:
            try:
                raise error
            finally:
                del error

    def complete(self) -> None:
        """Gives back the memory that the contents don't take, when all of them were read."""
        if self._reserved > self._size:
            self._memory.release(self._reserved - self._size)
            self._reserved = self._size

    def completed(self, message: M) -> M:
        """Returns a message, the one whose objects were read, with the contents."""
        return with_contents(message, self.contents)

    def free(self) -> None:
        """Forgets the contents, and gives back their memory."""
        self.contents.clear()
        reserved, self._reserved = self._reserved, 0
        self._memory.release(reserved)
