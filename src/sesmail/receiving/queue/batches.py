"""Entries of SQS's batch operations: collected into calls, read one by one, repeated."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
import anyio.lowlevel

from ...error_codes import rejected_error
from ...errors import SesmailError, UnknownOutcomeError
from .settings import is_temporary, repeat_delay

__all__ = ["BatchWriter", "Entry"]

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html
_MAX_ENTRIES = 10

# Codes of entries whose receipt handle is of no use any more: the message was deleted, received
# again, isn't in flight, or was in flight for twelve hours.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html#API_ChangeMessageVisibility_Errors
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html#API_DeleteMessage_Errors
_GONE = {
    "InvalidIdFormat",
    "InvalidParameterValue",
    "MessageNotInflight",
    "ReceiptHandleIsInvalid",
}

Call = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


class Entry:
    """An entry of a batch operation.

    Args:
        handle: Receipt handle of the message.
        fields: Further fields of the entry.

    Attributes:
        withdrawn: Whether it is no longer wanted: it isn't repeated, and ``on_end`` isn't called.
        on_end: Called with the result, True or False, unless SQS refuses the call.
    """

    __slots__ = (
        "_done",
        "_error",
        "_succeeded",
        "due",
        "failures",
        "fields",
        "handle",
        "on_end",
        "withdrawn",
    )

    def __init__(self, handle: str, fields: Mapping[str, Any]) -> None:
        self.handle: str = handle
        self.fields: Mapping[str, Any] = fields
        self.failures: int = 0
        self.due: float = 0.0
        self.withdrawn: bool = False
        self.on_end: Callable[[bool], None] | None = None
        self._succeeded = False
        self._error: SesmailError | None = None
        self._done = anyio.Event()

    def end(self, succeeded: bool, error: SesmailError | None = None) -> None:
        """Sets the result."""
        self._succeeded, self._error = succeeded, error
        self._done.set()
        if self.on_end is not None and error is None and not self.withdrawn:
            self.on_end(succeeded)

    async def wait(self) -> bool:
        """Waits for the result: True, or False if the receipt handle is gone.

        Raises:
            SesmailError: SQS refuses the call, or it wasn't confirmed until the writer ended.
        """
        await self._done.wait()
        if self._error is not None:
            raise self._error
        return self._succeeded


class BatchWriter:
    """Writes the entries of one batch operation; entries that arrive during a call share the next.

    An entry that fails for the moment is repeated until it succeeds, or the writer ends. So is a
    call without a response, which may be repeated: deleting again, or setting the same visibility
    timeout again, has no further effect.

    Args:
        operation: The API operation.
        call: Makes a call of an operation with parameters, without the URL of the queue.
        on_repeat: Called with the operation and the error of a call that is repeated.
        on_failure: Called with the error of a call that SQS refuses.
    """

    def __init__(
        self,
        operation: str,
        call: Call,
        *,
        on_repeat: Callable[[str, SesmailError], None],
        on_failure: Callable[[SesmailError], None],
    ) -> None:
        self._operation = operation
        self._call = call
        self._on_repeat = on_repeat
        self._on_failure = on_failure
        self._waiting: deque[Entry] = deque()
        self._in_flight: set[Entry] = set()
        self._changed = anyio.Event()
        self._failures = 0
        self._scopes: list[anyio.CancelScope] = []
        self._ended = False

    def put(
        self, handle: str, on_end: Callable[[bool], None] | None = None, **fields: Any
    ) -> Entry:
        """Queues an entry and returns it."""
        entry = Entry(handle, fields)
        entry.on_end = on_end
        self._waiting.append(entry)
        self._notify()
        return entry

    def withdraw(self, entry: Entry) -> None:
        """Removes an entry that is no longer wanted, or lets it end if it is in flight."""
        entry.withdrawn = True
        if entry in self._waiting:
            self._waiting.remove(entry)
            entry.end(False)
            self._notify()

    async def work(self) -> None:
        """Writes entries until ``end``; a cancellation from outside doesn't end it.

        Several tasks may work; then entries aren't written in their order.
        """
        with anyio.CancelScope(shield=True) as scope:
            self._scopes.append(scope)
            while not self._ended:
                # Others that are ready to run may put entries that fit into the same call.
                await anyio.lowlevel.checkpoint()
                batch = self._take()
                if batch:
                    await self._write(batch)
                else:
                    await self._wait()

    async def drain(self) -> None:
        """Waits until every entry has a result."""
        while self._waiting or self._in_flight:
            await self._next_change()

    def end(self) -> int:
        """Ends the work; returns the number of entries that SQS hasn't confirmed."""
        self._ended = True  # a task may not have begun yet
        for scope in self._scopes:
            scope.cancel()
        left = [entry for entry in (*self._waiting, *self._in_flight) if not entry.withdrawn]
        self._waiting.clear()
        for entry in left:
            text = "SQS has not confirmed it: the message may be delivered again"
            entry.end(False, UnknownOutcomeError(text, operation=self._operation))
        return len(left)

    def _take(self) -> list[Entry]:
        """Removes and returns the next entries that are due."""
        now = anyio.current_time()
        batch: list[Entry] = []
        later: list[Entry] = []
        while self._waiting and len(batch) < _MAX_ENTRIES:
            entry = self._waiting.popleft()
            (later if entry.due > now else batch).append(entry)
        self._waiting.extendleft(reversed(later))
        self._in_flight.update(batch)
        return batch

    async def _wait(self) -> None:
        """Waits for an entry, or until one is due."""
        due = min((entry.due for entry in self._waiting), default=math.inf)
        with anyio.CancelScope(deadline=due):
            await self._next_change()

    async def _next_change(self) -> None:
        if self._changed.is_set():
            self._changed = anyio.Event()
        await self._changed.wait()

    def _notify(self) -> None:
        self._changed.set()

    async def _write(self, batch: list[Entry]) -> None:
        entries = [
            {"Id": str(number), "ReceiptHandle": entry.handle, **entry.fields}
            for number, entry in enumerate(batch)
        ]
        try:
            response = await self._call(self._operation, {"Entries": entries})
        except SesmailError as err:
            if is_temporary(err):
                self._failures += 1
                self._on_repeat(self._operation, err)
                self._repeat(batch)
            else:
                for entry in batch:
                    entry.end(False, err)
                self._on_failure(err)
        else:
            self._failures = 0
            self._read(batch, response)
        self._in_flight.difference_update(batch)
        self._notify()

    def _read(self, batch: list[Entry], response: Mapping[str, Any]) -> None:
        """Ends the entries that succeeded, or never can; repeats those that failed, or are missing.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_BatchResultErrorEntry.html
        """
        succeeded = {each.get("Id") for each in response.get("Successful") or ()}
        failed = {each.get("Id"): each for each in response.get("Failed") or ()}
        repeated: list[Entry] = []
        for number, entry in enumerate(batch):
            failure = failed.get(str(number))
            if str(number) in succeeded:
                entry.end(True)
            elif failure is None or failure.get("SenderFault") is not True:
                repeated.append(entry)
            else:
                self._fail(entry, failure, repeated)
        if repeated:
            text = f"{len(repeated)} of {len(batch)} entries failed for the moment"
            self._on_repeat(self._operation, UnknownOutcomeError(text, operation=self._operation))
            self._repeat(repeated)

    def _fail(self, entry: Entry, failure: Mapping[str, Any], repeated: list[Entry]) -> None:
        """Ends an entry that SQS refuses, unless it does so for the moment."""
        code = str(failure.get("Code") or "")
        if code.rpartition(".")[2] in _GONE:
            entry.end(False)
            return
        error = rejected_error(code, str(failure.get("Message") or ""), operation=self._operation)
        if is_temporary(error):
            repeated.append(entry)
        else:
            entry.end(False, error)
            self._on_failure(error)

    def _repeat(self, batch: list[Entry]) -> None:
        now = anyio.current_time()
        for entry in reversed(batch):
            if entry.withdrawn:
                entry.end(False)
                continue
            entry.failures += 1
            entry.due = now + repeat_delay(max(entry.failures, self._failures))
            self._waiting.appendleft(entry)
