"""Deliveries of a queue: received, prepared and yielded while their block is open."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import anyio
from anyio.abc import TaskGroup

from ...errors import ConfigurationError, SesmailError
from ..options import Seen
from ..settling import SupportsSettle
from .batches import BatchWriter
from .calls import QueueCalls
from .delivery import Delivery, give_back
from .leases import End, Lease, Leases
from .listener import notify
from .message import read_message
from .polling import Polls
from .preparation import Preparation
from .reading import UnreadableMessages
from .settings import QueueSettings

__all__ = ["Deliveries"]

_log = logging.getLogger("sesmail.queue")

_DELETING = 2  # calls of DeleteMessageBatch at a time
_CHANGING = 1  # of ChangeMessageVisibilityBatch
_CLOSE_TIMEOUT = 5.0  # seconds for giving messages back


class Deliveries:
    """Deliveries of a queue: ``async with`` it, and iterate; several tasks may.

    Inside of the block, messages are received while fewer than ``max_in_flight`` are unfinished,
    and are kept invisible until they are acknowledged or given back. Leaving the block ends the
    polls, waits until SQS has confirmed what was acknowledged, and gives everything else back for
    immediate delivery, in 5 seconds at most.

    Where SQS refuses a call, for instance because the queue doesn't exist or a permission is
    missing, the iteration raises that error. Failures of the moment are repeated.

    Raises:
        ConfigurationError: It is iterated outside of its block, or entered twice; or credentials,
            the region or an extra are missing.
        SendError: SQS refuses a call.
    """

    def __init__(
        self,
        calls: QueueCalls,
        settings: QueueSettings,
        unreadable: UnreadableMessages,
        *,
        seen: Seen | None,
        send_log: SupportsSettle | None,
        max_in_flight: int,
        on_open: Callable[[Deliveries], bool],
        on_close: Callable[[Deliveries], None],
    ) -> None:
        self._calls = calls
        self._settings = settings
        self._max_in_flight = max_in_flight
        self._on_open = on_open
        self._on_close = on_close
        self._group: TaskGroup | None = None
        self._polls: Polls | None = None
        self._deletes, self._changes = (
            BatchWriter(operation, calls.change, on_repeat=self._repeats, on_failure=self._fail)
            for operation in ("DeleteMessageBatch", "ChangeMessageVisibilityBatch")
        )
        self._leases = Leases(
            self._deletes,
            self._changes,
            settings.visibility_timeout,
            on_end=self._ended,
            on_lost=self._lost,
        )
        self._preparation = Preparation(
            settings, self._leases, unreadable, seen=seen, send_log=send_log
        )
        self._ready: deque[tuple[Delivery, Lease]] = deque()
        self._failure: SesmailError | None = None
        self._stopped = False
        self._changed = anyio.Event()

    async def __aenter__(self) -> Self:
        if self._group is not None:
            raise ConfigurationError("these deliveries were received already; call receive again")
        wait_time, polls = await self._calls.open(reserved=_DELETING + _CHANGING)
        self._polls = Polls(
            self._settings,
            self._calls.receive,
            room=lambda: self._max_in_flight - len(self._leases),
            accept=self._accept,
            wait_time=wait_time,
            limit=polls,
            on_repeat=self._repeats,
            on_failure=self._fail,
        )
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        for _ in range(_DELETING):
            self._group.start_soon(self._deletes.work)
        self._group.start_soon(self._changes.work)
        self._group.start_soon(self._leases.keep)
        self._group.start_soon(self._polls.run)
        if not self._on_open(self) or self._stopped:
            self.stop()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        assert self._group is not None
        result: bool | None = None
        self._on_close(self)
        self.stop()
        try:
            with anyio.CancelScope(shield=True, deadline=anyio.current_time() + _CLOSE_TIMEOUT):
                self._give_back(self._leases.held)
                await self._deletes.drain()
                await self._changes.drain()
        finally:
            self._end_writers()
            self._group.cancel_scope.cancel()
            if isinstance(error, anyio.get_cancelled_exc_class()):
                result = await self._group.__aexit__(kind, error, trace)
            else:
                # Without the error, which the task group would wrap into an ExceptionGroup.
                await self._group.__aexit__(None, None, None)
        return result

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Delivery:
        if self._group is None:
            raise ConfigurationError("iterate inside of: async with queue.receive() as deliveries")
        while (found := self._next()) is None:
            if self._failure is not None:
                raise self._failure
            if self._stopped:
                raise StopAsyncIteration
            if self._changed.is_set():
                self._changed = anyio.Event()
            await self._changed.wait()
        delivery, lease = found
        lease.is_yielded = True
        return delivery

    def stop(self) -> None:
        """Ends the polls, gives back what wasn't yielded, and ends the iteration.

        Deliveries that were yielded are kept until they are acknowledged or given back. Messages in
        a response that is on its way are visible again when their visibility timeout ends.
        """
        self._stopped = True
        if self._polls is not None:
            self._polls.stop()
        self._ready.clear()
        self._give_back([lease for lease in self._leases.held if not lease.is_yielded])
        self._changed.set()

    def _next(self) -> tuple[Delivery, Lease] | None:
        """Removes and returns the next delivery that may be yielded.

        In a FIFO queue, it is the first of its message group, and none of the group is unfinished.
        """
        if not self._settings.queue.is_fifo:
            return self._ready.popleft() if self._ready else None
        busy = {lease.info.group for lease in self._leases.unfinished if lease.is_yielded}
        for found in self._ready:
            if found[1].info.group not in busy:
                self._ready.remove(found)
                return found
        return None

    def _accept(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Takes over the messages of a response."""
        assert self._group is not None
        now = datetime.now(UTC)
        found = [read_message(message, now) for message in messages]
        leases = [self._leases.add(received) for received in found if received is not None]
        if self._settings.queue.is_fifo:
            self._group.start_soon(self._prepare_in_order, leases)
        else:
            for lease in leases:
                self._group.start_soon(self._prepare, lease)

    async def _prepare_in_order(self, leases: Iterable[Lease]) -> None:
        for lease in leases:
            await self._prepare(lease)

    async def _prepare(self, lease: Lease) -> None:
        """Prepares a message, and makes it ready for the iteration."""
        if lease.state != "held":  # given back before this task began
            return
        if self._stopped:  # while the response was on its way
            self._give_back([lease])
            return
        try:
            delivery = await self._preparation.prepare(lease)
        except ConfigurationError as err:
            self._fail(err)
        else:
            if delivery is not None:
                self._ready.append((delivery, lease))
                self._changed.set()

    def _ended(self, lease: Lease, end: End) -> None:
        """Makes room for another message, and keeps the order of a FIFO queue."""
        if end == "deleted":
            seconds = anyio.current_time() - lease.began
            notify(self._settings.listener.acknowledged, lease.info, seconds)
        elif end == "gone" and not lease.is_lost:
            self._lost(lease)
        else:
            self._give_back_group(lease)
        assert self._polls is not None
        self._polls.room_changed()
        self._changed.set()

    def _lost(self, lease: Lease) -> None:
        notify(self._settings.listener.lost, lease.info)
        self._give_back_group(lease)

    def _give_back_group(self, lease: Lease) -> None:
        """Gives back the later messages of a group of a FIFO queue, to be received in order."""
        group = lease.info.group
        if self._settings.queue.is_fifo and group is not None:
            later = [
                each
                for each in self._leases.held
                if each is not lease and each.info.group == group and not each.is_yielded
            ]
            self._ready = deque(each for each in self._ready if each[1] not in later)
            self._give_back(later)

    def _give_back(self, leases: Iterable[Lease]) -> None:
        for lease in leases:
            give_back(self._leases, lease, self._settings, 0)

    def _repeats(self, operation: str, error: SesmailError) -> None:
        _log.warning("%s failed and is repeated: %s", operation, error)
        notify(self._settings.listener.call_failed, operation, error)

    def _fail(self, error: SesmailError) -> None:
        """Ends the iteration with an error."""
        self._failure = self._failure or error
        self.stop()

    def _end_writers(self) -> None:
        left = self._deletes.end() + self._changes.end()
        if left:
            _log.warning(
                "SQS has not confirmed the end of %d messages, which may be delivered again", left
            )
