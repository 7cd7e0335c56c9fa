"""A delivery: the events of one message, to be acknowledged or given back."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel

from ...arguments import check_coroutine_function
from ...concurrency import await_result
from ...errors import ConfigurationError
from ..dedup import SeenMessages
from ..events.event import Event
from .batches import Entry
from .leases import Lease, Leases
from .listener import notify
from .message import QueueMessage
from .reading import dedup_id
from .settings import QueueSettings, check_delay

__all__ = ["Delivery", "give_back"]

_log = logging.getLogger("sesmail.queue")


class Delivery:
    """The events of one message of a queue, which is invisible to other consumers meanwhile.

    ``ack`` it once its events are handled. Without that, or if the process dies, SQS delivers the
    message again, by the same id.

    Attributes:
        events: The events, at least one.
        message: The message, with its id, receive count, age and lag.
    """

    def __init__(
        self,
        events: tuple[Event, ...],
        lease: Lease,
        leases: Leases,
        settings: QueueSettings,
        seen: object,
    ) -> None:
        self.events = events
        self.message: QueueMessage = lease.info
        self._lease = lease
        self._leases = leases
        self._settings = settings
        self._seen = seen
        self._deletion: Entry | None = None

    @property
    def dedup_id(self) -> str:
        """Id that ``seen`` was asked for: of the SNS message, or without one of the SQS message."""
        return dedup_id(self.events, self.message)

    @property
    def is_held(self) -> bool:
        """True until it is acknowledged or given back, and while no other consumer may get it."""
        return self._lease.state == "held" and not self._lease.is_lost

    @property
    def is_finished(self) -> bool:
        """True once it was acknowledged or given back."""
        return self._lease.state != "held"

    async def ack(self) -> bool:
        """Deletes the message, whose events are handled, and waits until SQS has confirmed it.

        Deletions share calls, and are repeated until SQS confirms them. A cancellation doesn't take
        a deletion back. Where ``seen`` is a ``SeenMessages``, the message is added to it.

        Returns:
            Whether it is deleted. False if its receipt handle is gone, for instance because its
            visibility timeout has ended: it may be delivered again.

        Raises:
            SendError: SQS refuses the call, or didn't confirm it before the block was left.
            ConfigurationError: The message was given back, or its block was left.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html
        """
        if self._deletion is None:
            self._check_open()
            if isinstance(self._seen, SeenMessages):
                self._seen.add_id(self.dedup_id)
            self._deletion = self._leases.delete(self._lease)
        return await self._deletion.wait()

    async def retry(self, after: float | None = None) -> bool:
        """Gives the message back, and waits until SQS has confirmed it.

        Its receive count grows, and the redrive policy of the queue takes it when that is reached.

        Args:
            after: Seconds until it is visible again, 0 to 43,200 (12 hours), rounded up; by default
                a delay that grows with its receive count. SQS counts 12 hours from the receipt.

        Returns:
            Whether it was given back. False if its receipt handle is gone: it may be delivered
            again already.

        Raises:
            SendError: SQS refuses the call, or didn't confirm it before the block was left.
            ConfigurationError: ``after`` is invalid, the message was acknowledged or given back, or
                its block was left.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
        """
        if after is not None:
            check_delay("after", after)
        self._check_open()
        return await self._give_back(after, None).wait()

    async def run(self, handle: Callable[[Delivery], Awaitable[object]]) -> None:
        """Calls a handler with this delivery, then acknowledges it, as ``EventQueue.run`` does.

        If the handler raises, the exception is logged, and the message is given back. Nothing more
        is done where the handler has acknowledged it or given it back.

        Args:
            handle: A coroutine function.

        Raises:
            SendError: SQS refuses the call, or didn't confirm it before the block was left.
            ConfigurationError: ``handle`` isn't a coroutine function.
        """
        check_coroutine_function("handle", handle)
        try:
            await await_result("handle", handle(self))
        except Exception as err:
            await self._fail(err)
        except anyio.get_cancelled_exc_class() as err:
            # Of the handler's own making, as of an awaited asyncio task that was cancelled, unless
            # this task is cancelled, too.
            await anyio.lowlevel.checkpoint_if_cancelled()
            await self._fail(err)
        else:
            if not self.is_finished:
                await self.ack()

    def _check_open(self) -> None:
        if self.is_finished:
            raise ConfigurationError(
                "this delivery was acknowledged or given back, which leaving its block does, too; "
                "call ack or retry once, inside of the block"
            )

    def _give_back(self, after: float | None, error: Exception | None) -> Entry:
        return give_back(self._leases, self._lease, self._settings, after, error)

    async def _fail(self, error: BaseException) -> None:
        """Gives the message back after its handler raised, unless the handler finished it."""
        _log.error(
            "the handler of message %s raised an exception (receive count %d)",
            self.message.message_id,
            self.message.receive_count,
            exc_info=error,
        )
        if not self.is_finished:
            reason = error if isinstance(error, Exception) else None
            await self._give_back(None, reason).wait()


def give_back(
    leases: Leases,
    lease: Lease,
    settings: QueueSettings,
    after: float | None,
    error: Exception | None = None,
) -> Entry:
    """Begins to give a message back, and tells the listener.

    Args:
        leases: The messages of the block.
        lease: The message.
        settings: Settings of the queue.
        after: Seconds until it is visible; None for a delay that grows with its receive count.
        error: Reason of it; None without.
    """
    seconds = settings.delay(lease.info.receive_count) if after is None else after
    notify(settings.listener.retried, lease.info, seconds, error)
    return leases.give_back(lease, seconds)
