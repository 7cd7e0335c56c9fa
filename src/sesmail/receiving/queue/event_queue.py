"""Events from a queue of Amazon SQS."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from signal import Signals
from typing import TYPE_CHECKING, Any, Unpack

import anyio
from anyio.abc import AsyncResource

from ...arguments import (
    check_coroutine_function,
    check_instance,
    check_integer,
    check_seconds,
)
from ...aws import Aws, AwsSettings, ClientParams, role_of
from ...errors import SesmailError
from ...version import __version__
from ..events.received import Received
from ..events.stored import MailStored
from ..fetching import MailFetcher
from ..options import Seen, check_options
from ..settling import SupportsSettle
from ..storage.inbound_storage import InboundStorage
from ..verification.policy import valid_topics
from .calls import QueueCalls
from .deliveries import Deliveries
from .delivery import Delivery
from .listener import QueueListener
from .queue_url import read_queue_url
from .reading import UnreadableMessages
from .settings import QueueSettings, check_numbers, check_signals

if TYPE_CHECKING:
    from ..inbound.mail import InboundMail

__all__ = ["EventQueue"]

_READ_MARGIN = 10.0  # seconds after the wait of a poll


class EventQueue(AsyncResource):
    """Receives events of SES from a queue of Amazon SQS, without a public webhook.

    The queue gets them from SNS, with or without raw message delivery, from EventBridge, or from
    S3, which reports stored mail. Messages of the queue aren't signed: the queue's access policy
    has to allow ``sqs:SendMessage`` to these sources only.

    Delivery is at least once: SQS may deliver a message again, so handlers have to be idempotent;
    ``event.dedup_key`` and ``seen`` help. A message is deleted only after its events are handled.
    One that fails is visible again after a delay that grows with its receive count, and the queue's
    redrive policy moves it to a dead-letter queue when its ``maxReceiveCount`` is reached. A
    message that can't be read is left for that policy, and is logged once. Shutting down and lost
    responses add to the receive count, too: allow 5 at least.

    In a FIFO queue, the messages of a message group are delivered one after the other, in order;
    the next one follows when the one before is deleted. SNS topics of SES are standard topics.

    One queue object serves one event loop, and any number of processes may receive from one queue.
    Use it as ``async with EventQueue(...) as queue``, or call ``aclose`` at the end.

    Args:
        queue_url: URL of the queue, as ``aws sqs get-queue-url`` prints it.
        topics: ARNs of the SNS topics that are accepted; any if None. A message from another topic
            is left like one that can't be read. One that SNS didn't wrap has no topic, and is
            accepted.
        send_log: The send log in which a send is settled as accepted once an event reports it,
            before its events are delivered.
        seen: An async function that reports whether a message was handled before, by the id of its
            SNS message, or of the SQS message without SNS: then it is deleted. A ``SeenMessages``
            gets the id of each message that is acknowledged; another function has to learn them
            (``delivery.dedup_id``) from the handler.
        storage: Location and restrictions of stored mail: bucket, account, key, size.
        visibility_timeout: Seconds after which a message of a process that died is delivered again,
            2 to 43,200. While it is held, a heartbeat renews it three times as often.
        wait_time: Seconds that a poll waits at SQS for a message, 1 to 20 (long polling). It is
            reduced to what a ``read_timeout`` in ``config`` allows.
        first_delay: Seconds until a message that failed at its first receipt is visible again, 0 to
            ``longest_delay``. The delay doubles with each receipt, and varies randomly by a
            quarter.
        longest_delay: Upper limit of the delay in seconds, at most 43,200.
        listener: Is told about messages and failed calls, for metrics.
        region: The AWS region of the queue, S3 and KMS; by default that in ``queue_url``.
        profile: A profile of the AWS configuration files.
        session: ``aiobotocore.session.AioSession`` whose credentials are used; not modified.
        role_arn: ARN of a role to assume; its credentials are renewed before they expire.
        external_id: External id that the trust policy of the role asks for.
        timeout: Maximum duration in seconds of a call to AWS with its retries, besides the wait of
            a poll.
        config: Settings for botocore's ``Config``: a mapping or an instance, which isn't changed.
            ``max_pool_connections`` (50 by default) limits the number of polls at a time, each of
            at most 10 messages; 3 connections are kept for other calls.
        **params: Further arguments of aiobotocore's ``create_client``: ``endpoint_url``,
            ``verify``, ``aws_access_key_id`` and so on.

    Raises:
        ConfigurationError: An argument is invalid.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/working-with-messages.html
    """

    def __init__(
        self,
        queue_url: str,
        *,
        topics: Collection[str] | None = None,
        send_log: SupportsSettle | None = None,
        seen: Seen | None = None,
        storage: InboundStorage | None = None,
        visibility_timeout: int = 60,
        wait_time: int = 20,
        first_delay: float = 10.0,
        longest_delay: float = 900.0,
        listener: QueueListener | None = None,
        region: str | None = None,
        profile: str | None = None,
        session: object = None,
        role_arn: str | None = None,
        external_id: str | None = None,
        timeout: float = 8.0,
        config: Mapping[str, Any] | object | None = None,
        **params: Unpack[ClientParams],
    ) -> None:
        check_options(seen, send_log, storage)
        if listener is not None:
            fix = "pass an instance of a subclass of QueueListener"
            check_instance("listener", listener, QueueListener, "a QueueListener", fix)
        check_seconds("timeout", timeout)
        check_numbers(visibility_timeout, wait_time, first_delay, longest_delay)
        self._settings = QueueSettings(
            queue=read_queue_url(queue_url, region),
            topics=None if topics is None else valid_topics(topics),
            visibility_timeout=visibility_timeout,
            wait_time=wait_time,
            first_delay=first_delay,
            longest_delay=longest_delay,
            timeout=timeout,
            listener=QueueListener() if listener is None else listener,
        )
        aws_settings = AwsSettings(
            region or self._settings.queue.region,
            profile=profile,
            session=session,
            role=role_of(role_arn, external_id),
            config=config,
            user_agent=f"sesmail/{__version__}",
            params=params,
            owner="sesmail.EventQueue",
            repeatable=True,
            read_timeout=wait_time + _READ_MARGIN,
        )
        self._aws = Aws(aws_settings)
        # Of its own: downloads by many handlers must not delay heartbeats.
        self._storage_aws = Aws(aws_settings)
        self._fetcher = MailFetcher(self._storage_aws, storage, timeout=timeout)
        self._calls = QueueCalls(self._aws, self._settings)
        self._unreadable = UnreadableMessages(self._settings.listener)
        self._seen = seen
        self._send_log = send_log
        self._open: set[Deliveries] = set()
        self._stopped = False

    async def aclose(self) -> None:
        """Closes all connections to AWS; does nothing if they are closed."""
        await self._aws.aclose()
        await self._storage_aws.aclose()

    def receive(self, *, max_in_flight: int = 10) -> Deliveries:
        """Returns the deliveries of the queue, for ``async with`` and then ``async for``.

        Args:
            max_in_flight: Maximum number of messages that are received and neither acknowledged nor
                given back. Nothing is received while there are so many.

        Raises:
            ConfigurationError: ``max_in_flight`` is invalid.
        """
        check_integer("max_in_flight", max_in_flight, 1)
        return Deliveries(
            self._calls,
            self._settings,
            self._unreadable,
            seen=self._seen,
            send_log=self._send_log,
            max_in_flight=max_in_flight,
            on_open=self._opened,
            on_close=self._open.discard,
        )

    async def run(
        self,
        handle: Callable[[Delivery], Awaitable[object]],
        *,
        concurrency: int = 10,
        signals: Collection[int] = (),
    ) -> None:
        """Receives messages and handles them, until ``stop``.

        A message is acknowledged after its handler returned, unless the handler did that, or gave
        it back (``delivery.retry``). If the handler raises, the exception is logged and the message
        is given back. There is no time limit for handlers, other than 12 hours.

        Args:
            handle: A coroutine function, called with each delivery.
            concurrency: Maximum number of handlers at a time; no more messages are received.
            signals: Signals that call ``stop``, such as ``[signal.SIGTERM]``; in the main thread
                only.

        Raises:
            SendError: SQS refuses a call, for instance because the queue doesn't exist
                (NotFoundError) or a permission is missing (AccessDeniedError). The handlers end
                before.
            ConfigurationError: An argument is invalid, or credentials, the region or an extra are
                missing.
        """
        check_coroutine_function("handle", handle)
        check_integer("concurrency", concurrency, 1)
        check_signals(signals)
        failure: SesmailError | None = None
        if signals:
            async with anyio.create_task_group() as watching:
                watching.start_soon(self._stop_at, signals)
                failure = await self._handle_all(handle, concurrency)
                watching.cancel_scope.cancel()
        else:
            failure = await self._handle_all(handle, concurrency)
        if failure is not None:
            raise failure

    def stop(self) -> None:
        """Ends every block of this queue and ``run``: a shutdown without a loss.

        No more messages are received, those that weren't handed out are given back for immediate
        delivery, and handlers that run may complete. It can't be undone: a ``run`` or ``receive``
        that begins later ends at once.
        """
        self._stopped = True
        for deliveries in tuple(self._open):
            deliveries.stop()

    async def fetch(self, event: Received | MailStored) -> InboundMail:
        """Fetches the mail of an event, as ``Receiver.fetch``, with the same errors."""
        return await self._fetcher.fetch(event)

    async def fetch_object(self, bucket: str, key: str) -> InboundMail:
        """Fetches a mail that SES stored in S3, as ``Receiver.fetch_object``."""
        return await self._fetcher.fetch_object(bucket, key)

    async def delete_object(self, event: Received | MailStored) -> None:
        """Deletes the mail of an event from S3, as ``Receiver.delete_object``."""
        await self._fetcher.delete_object(event)

    def _opened(self, deliveries: Deliveries) -> bool:
        self._open.add(deliveries)
        return not self._stopped

    async def _stop_at(self, signals: Collection[int]) -> None:
        with anyio.open_signal_receiver(*map(Signals, signals)) as received:
            async for _ in received:
                self.stop()

    async def _handle_all(
        self, handle: Callable[[Delivery], Awaitable[object]], concurrency: int
    ) -> SesmailError | None:
        """Handles messages until the end; returns the error that ended it."""
        try:
            async with self.receive(max_in_flight=concurrency) as deliveries:
                return await _hand_out(handle, deliveries)
        except SesmailError as err:
            return err


async def _hand_out(
    handle: Callable[[Delivery], Awaitable[object]], deliveries: Deliveries
) -> SesmailError | None:
    async with anyio.create_task_group() as handlers:
        try:
            async for delivery in deliveries:
                handlers.start_soon(_handle, handle, delivery)
        except SesmailError as err:  # the task group would cancel the handlers
            return err
    return None


async def _handle(handle: Callable[[Delivery], Awaitable[object]], delivery: Delivery) -> None:
    # What SQS refuses ends the iteration, which raises it; what it didn't confirm is logged.
    with suppress(SesmailError):
        await delivery.run(handle)
