"""Worker of an outbox: claims due mails, sends them, writes their results."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from random import uniform

import anyio
from anyio.abc import TaskGroup

from ..errors import ConfigurationError
from ..sending.attempts.listener import notify
from ..sending.client import Client, sender_for_queue
from ..sending.rate.limiter import RateLimiter
from .claiming import Claim
from .delivery import Delivered, Delivery
from .grouping import LeaveLog, ResultWriter
from .in_flight import InFlight
from .listening import can_listen, listen
from .pausing import Signal
from .progress import WorkListener, WorkProgress, progress_of
from .store import Rotation, Store
from .work_settings import WorkSettings

__all__ = ["Worker"]

_log = logging.getLogger("sesmail.sql")

# Mails that wait for the rate limit can't be overtaken by those that are queued meanwhile, so few
# of them are claimed.
_CLAIMED_SECONDS = 0.25  # of the rate
_CLAIM_LINGER = 0.05  # seconds for which a claim waits for more room
_RETRY = 1.0  # seconds after the database failed, doubled up to
_LONGEST_RETRY = 30.0
_LARGE = 1024 * 1024  # bytes; larger bodies are read one by one
_MAX_LARGE = 2  # in memory at a time
_MAX_BULK = 50  # recipients of a bulk call
# A claim leaves out rows that another transaction has locked, also one that only looks at them.
_EMPTY = 1  # claims without a mail until the queue is empty
_DRAIN = 10.0  # seconds for the last results


class Worker:
    """Worker of an outbox; ``Outbox.worker`` makes it, and ``Outbox.work`` runs one.

    Any number of workers may run in processes and machines. A worker claims mails that it can send
    now, for the seconds of its lease, which it renews; sets each mail to leaving in a transaction
    that is committed before the first byte of the request may leave; and writes the results in
    groups. No transaction is open during a call to SES. Mails of a worker that died return to the
    queue, if they weren't leaving; otherwise they are unknown.

    Args:
        client: The client, whose own send log and retries don't apply here.
        store: The tables.
        channel: Channel of PostgreSQL that wakes it; None to poll only.
        settings: The settings.
        listener: Listener that is notified of what it does.
    """

    def __init__(
        self,
        client: Client,
        store: Store,
        channel: str | None,
        settings: WorkSettings,
        listener: WorkListener,
    ) -> None:
        self._client = client
        self._store = store
        self._channel = channel if can_listen(store.database.engine) else None
        self._settings = settings
        self._listener = listener
        self._leaving = LeaveLog(store.leave)
        self._results = ResultWriter(store.record)
        self._mails = InFlight(self._leaving, self._results, listener)
        self._rotation = Rotation(store)
        self._backlog = False  # whether more mails were due than claimed
        self._woken = Signal()
        self._large = anyio.Semaphore(_MAX_LARGE)
        self._limiter: RateLimiter | None = None
        self._started: float | None = None
        self._seconds: float | None = None
        self._stopping = False

    @property
    def progress(self) -> WorkProgress:
        """Current counts; final once the worker has ended."""
        seconds = self._seconds
        if seconds is None:
            seconds = 0.0 if self._started is None else anyio.current_time() - self._started
        return progress_of(self._mails.counts, len(self._mails), seconds)

    def stop(self) -> None:
        """Claims no more mails; those in flight end, and the others return to the queue.

        Call it in the worker's event loop.
        """
        self._stopping = True
        self._mails.freed.set()
        self._woken.set()

    async def run(self) -> WorkProgress:
        """Works until ``stop``, or until no mail is due with ``until_empty``.

        While the database can't be reached, it tries again. A cancellation ends the calls in
        flight; what is known of them is written.

        Returns:
            The final counts.

        Raises:
            ConfigurationError: It ran before; the client is closed, has no region or no
                credentials; an AsyncEngine on trio; the table is missing, or the engine has
                arguments that its driver doesn't take.
            NotSentError: The client can't fetch its credentials now.
        """
        if self._started is not None:
            raise ConfigurationError("this Worker ran before; create another one")
        self._store.database.check_event_loop()
        self._started = anyio.current_time()
        await self._client.open()
        await self._check_table()
        sender, account = sender_for_queue(self._client, self._leaving)
        self._limiter = sender.runner.limiter
        # A cancellation of this task doesn't end it: there are results to write then.
        writing = anyio.CancelScope(shield=True)
        async with anyio.create_task_group() as services:
            services.start_soon(_within, writing, self._results.run)
            for service in (self._leaving.run, self._renew_leases, self._expire):
                services.start_soon(service)
            if self._channel is not None:
                engine = self._store.database.engine
                services.start_soon(listen, engine, self._channel, self._woken.set)
            try:
                if account is not None:
                    await account.refresh()
                    services.start_soon(account.keep_fresh)
                await self._work(Delivery(sender, self._settings.retry, self._leaving.begin))
            finally:
                self._mails.return_all()
                with anyio.move_on_after(_DRAIN, shield=True):
                    await self._results.drain()
                if self._results.pending:
                    _log.error(
                        "%d results could not be written to the outbox; these mails become unknown",
                        self._results.pending,
                    )
                writing.cancel()
                services.cancel_scope.cancel()
                self._seconds = anyio.current_time() - self._started
        return self.progress

    async def _check_table(self) -> None:
        """Refuses a database without the table; one that can't be reached now is waited for."""
        try:
            exists = await self._store.has_table()
        except TypeError as err:
            raise ConfigurationError(f"the engine can't connect: {err}") from err
        except Exception as err:
            _log.warning("The database can't be read now: %s", type(err).__name__)
            return
        if not exists:
            raise ConfigurationError(
                "the table of the outbox doesn't exist in this database; create it by Alembic, "
                "metadata.create_all, or the statements of ddl"
            )

    async def _work(self, delivery: Delivery) -> None:
        """Claims and sends until the worker stops; then waits for the calls in flight."""
        failures = empty = 0
        async with anyio.create_task_group() as calls:
            while room := await self._room():
                try:
                    claims = await self._claim(room)
                except Exception as err:
                    _log.warning("Mails can't be claimed now: %s", type(err).__name__)
                    await self._woken.wait(min(_LONGEST_RETRY, _RETRY * 2.0**failures))
                    failures = min(failures + 1, 10)
                    continue
                failures = 0
                if claims:
                    empty = 0
                    await self._start(calls, delivery, claims)
                    continue
                empty += self._settings.until_empty and self._mails.idle
                if empty > _EMPTY:
                    break
                await self._woken.wait(self._settings.poll_interval * uniform(0.5, 1.5))
            self._mails.return_waiting()
            calls.cancel_scope.deadline = anyio.current_time() + self._settings.grace

    async def _room(self) -> int:
        """Waits until mails can start; returns their number, 0 once the worker stops."""
        lingered = False
        while not self._stopping:
            pause = self._mails.pause
            seconds = pause.seconds(anyio.current_time())
            budget = room = self._settings.concurrency
            if self._limiter is not None:
                budget = min(budget, max(1, int(self._limiter.rate * _CLAIMED_SECONDS)))
            room = min(room - len(self._mails), budget - self._mails.waiting)
            if pause.probing:
                lingered, room = True, 0 if len(self._mails) or seconds else min(room, 1)
            if room >= max(1, budget // 4) or (room > 0 and lingered):
                return room
            lingered = not await self._mails.freed.wait(seconds or _CLAIM_LINGER)
        return 0

    async def _claim(self, room: int) -> list[Claim]:
        group = await self._rotation.next() if self._backlog else None
        claims = await self._store.claim(room, group)
        self._backlog = len(claims) == room
        return self._mails.hold(claims)

    async def _start(self, calls: TaskGroup, delivery: Delivery, claims: Sequence[Claim]) -> None:
        """Reads the bodies of claimed mails, but large ones, and starts their calls."""
        small = [each.send_id for each in claims if each.size < _LARGE]
        try:
            bodies = await self._store.bodies(small)
        except Exception as err:
            _log.warning("Mails can't be read now: %s", type(err).__name__)
            self._mails.return_unread(claims)
            return
        for group in _calls(claims):
            calls.start_soon(self._send, delivery, group, bodies)

    async def _send(
        self, delivery: Delivery, claims: Sequence[Claim], bodies: dict[str, bytes]
    ) -> None:
        """Sends the mails of one call."""
        with self._mails.call(claims) as delivered:
            if claims[0].size < _LARGE:
                await delivery.send(claims, bodies, delivered)
            else:
                await self._send_large(delivery, claims[0], delivered)
        if self._settings.until_empty:
            self._woken.set()

    async def _send_large(
        self, delivery: Delivery, claim: Claim, delivered: dict[str, Delivered]
    ) -> None:
        """Reads and sends a mail with a large body, of which few are in memory at a time."""
        async with self._large:
            try:
                bodies = {claim.send_id: await self._store.large_body(claim.send_id)}
            except Exception as err:
                _log.warning("A mail can't be read now: %s", type(err).__name__)
                return
            await delivery.send([claim], bodies, delivered)

    async def _renew_leases(self) -> None:
        """Renews the leases of the mails that the worker holds."""
        pause = self._settings.lease / 3
        while True:
            await anyio.sleep(pause)
            pause = self._settings.lease / 3
            try:
                await self._store.extend(self._mails.held())
            except Exception as err:
                _log.warning("Leases can't be renewed now: %s", type(err).__name__)
                pause /= 10

    async def _expire(self) -> None:
        """Sets mails of dead workers to unknown."""
        while True:
            try:
                count = await self._store.expire()
            except Exception as err:
                _log.warning("Expired leases can't be read now: %s", type(err).__name__)
            else:
                self._mails.counts["expired"] += count
                if count:
                    _log.warning("%d mails of workers that died are of unknown outcome", count)
                    notify(self._listener.expired, count)
            await anyio.sleep(self._settings.lease * uniform(0.3, 0.6))


async def _within(scope: anyio.CancelScope, function: Callable[[], Awaitable[None]]) -> None:
    with scope:
        await function()


def _calls(claims: Sequence[Claim]) -> Iterator[Sequence[Claim]]:
    """Yields the mails of each call: those of equal bulk messages together, others alone."""
    groups: dict[str, list[Claim]] = {}
    for each in claims:
        if each.bulk is None or each.size >= _LARGE:
            yield [each]
        else:
            groups.setdefault(each.bulk, []).append(each)
    for group in groups.values():
        for start in range(0, len(group), _MAX_BULK):
            yield group[start : start + _MAX_BULK]
