"""Sends any number of messages, and tells of each what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeAlias

import anyio
from anyio.abc import TaskGroup

from ..errors import ConfigurationError, InvalidMessageError, Outcome, SendError
from .account import AccountRate
from .fate import Fate
from .message import AnyMessage
from .result import SendResult

__all__ = ["SendMany", "SendOutcome", "SendProgress"]

Failure: TypeAlias = SendError | InvalidMessageError | ConfigurationError


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """What became of one message of many.

    Attributes:
        index: Its place among the messages, from 0.
        message: The message, as it was given.
        result: What SES accepted; None if it didn't.
        error: What ``send`` would have raised; None if SES accepted it.
    """

    index: int
    message: AnyMessage
    result: SendResult | None = None
    error: Failure | None = None

    @property
    def outcome(self) -> Outcome:
        """``accepted``, ``rejected``, ``not_sent`` or ``unknown``."""
        return "accepted" if self.error is None else self.error.outcome

    @property
    def retryable(self) -> bool:
        """Whether the same message may be sent again later, without changing it and without sending it twice."""
        return self.error is not None and self.error.retryable


@dataclass(frozen=True, slots=True)
class SendProgress:
    """How far many messages have come.

    Attributes:
        accepted: How many SES accepted.
        rejected: How many it refused.
        not_sent: How many weren't sent.
        unknown: Of how many nobody knows.
        under_way: How many were taken and have no outcome yet.
        seconds: How long it has taken.
    """

    accepted: int
    rejected: int
    not_sent: int
    unknown: int
    under_way: int
    seconds: float

    @property
    def done(self) -> int:
        """How many have an outcome."""
        return self.accepted + self.rejected + self.not_sent + self.unknown

    @property
    def rate(self) -> float:
        """Messages that got an outcome, per second, on average."""
        return self.done / self.seconds if self.seconds > 0 else 0.0


class SendMany:
    """The outcomes of many messages, as they become known: ``async with`` it, and iterate.

    Nothing is sent outside of the block. Leaving it early cancels what is still under way; ``progress`` and
    ``undelivered`` then tell what became of every message that was taken.
    """

    def __init__(
        self,
        messages: Iterable[AnyMessage] | AsyncIterable[AnyMessage],
        send: Callable[[AnyMessage, Fate[SendResult]], Awaitable[SendResult]],
        *,
        concurrency: int,
        ordered: bool,
        on_progress: Callable[[SendProgress], None] | None,
        account: AccountRate | None,
    ) -> None:
        if concurrency < 1:
            raise ConfigurationError("concurrency is 1 at least")
        self._source = _Source(messages)
        self._send = send
        self._concurrency = concurrency
        self._ordered = ordered
        self._on_progress = on_progress
        self._account = account
        self._group: TaskGroup | None = None
        self._room = anyio.Semaphore(2 * concurrency, fast_acquire=True)  # for messages taken and not given out
        self._known: dict[int, SendOutcome] = {}
        self._given = 0
        self._counts = Counter[Outcome]()
        self._working = 0
        self._changed = anyio.Event()
        self._began = 0.0
        self._seconds: float | None = None

    async def __aenter__(self) -> Self:
        if self._group is not None:
            raise ConfigurationError("these messages were sent already; call send_many again")
        if self._account is not None:
            await self._account.refresh()
        self._began = anyio.current_time()
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        if self._account is not None:
            self._group.start_soon(self._account.keep_fresh)
        self._working = self._concurrency
        for _ in range(self._concurrency):
            self._group.start_soon(self._work)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        assert self._group is not None
        self._group.cancel_scope.cancel()
        try:
            if isinstance(error, anyio.get_cancelled_exc_class()):
                return await self._group.__aexit__(kind, error, trace)
            await self._group.__aexit__(None, None, None)  # which would wrap any other error into a group
            return None
        finally:
            self._seconds = anyio.current_time() - self._began

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SendOutcome:
        if self._group is None:
            raise ConfigurationError("use it as: async with client.send_many(...) as outcomes")
        while (outcome := self._next()) is None:
            if not self._working:
                self._source.raise_failure()
                raise StopAsyncIteration
            self._changed = anyio.Event()
            await self._changed.wait()
        if self._on_progress is not None:
            self._on_progress(self.progress)
        del self._known[outcome.index]
        self._given += 1
        self._room.release()
        return outcome

    def stop(self) -> None:
        """Take no more messages; the outcomes of those that were taken still come."""
        self._source.stop()

    @property
    def progress(self) -> SendProgress:
        """The counts until now; after the block they are final, and nothing is under way."""
        seconds = anyio.current_time() - self._began if self._seconds is None else self._seconds
        return SendProgress(
            self._counts["accepted"],
            self._counts["rejected"],
            self._counts["not_sent"],
            self._counts["unknown"],
            self._source.taken - self._counts.total(),
            seconds,
        )

    @property
    def undelivered(self) -> tuple[SendOutcome, ...]:
        """The outcomes that are known and that no iteration gave out; after leaving early, all of the rest."""
        return tuple(outcome for _, outcome in sorted(self._known.items()))

    def _next(self) -> SendOutcome | None:
        if self._ordered:
            return self._known.get(self._given)
        return next(iter(self._known.values()), None)

    async def _work(self) -> None:
        try:
            while True:
                await self._room.acquire()
                try:
                    index, message = await self._source.take()
                except StopAsyncIteration:
                    return
                await self._send_one(index, message)
        finally:
            self._working -= 1
            self._changed.set()

    async def _send_one(self, index: int, message: AnyMessage) -> None:
        fate = Fate[SendResult]()
        result: SendResult | None = None
        error: Failure | None = None
        try:
            result = await self._send(message, fate)
        except (SendError, InvalidMessageError, ConfigurationError) as err:
            error = err
        except BaseException:
            error = fate.error()
            raise
        finally:
            self._known[index] = SendOutcome(index, message, result, error)
            self._counts[self._known[index].outcome] += 1
            self._changed.set()


class _Source:
    """Messages out of any iterable, one at a time."""

    def __init__(self, messages: Iterable[AnyMessage] | AsyncIterable[AnyMessage]) -> None:
        self.taken = 0
        self._messages: Iterator[AnyMessage] | AsyncIterator[AnyMessage]
        self._messages = messages.__aiter__() if isinstance(messages, AsyncIterable) else iter(messages)
        self._taking = anyio.Lock(fast_acquire=True)
        self._failure: Exception | None = None
        self._stopped = False

    async def take(self) -> tuple[int, AnyMessage]:
        """The next message and its place; StopAsyncIteration if there is none, or no more is wanted."""
        async with self._taking:
            if self._stopped:
                raise StopAsyncIteration
            try:
                if isinstance(self._messages, AsyncIterator):
                    message = await self._messages.__anext__()
                else:
                    message = next(self._messages)
            except Exception as err:
                self._stopped = True
                if not isinstance(err, (StopIteration, StopAsyncIteration)):
                    self._failure = err
                raise StopAsyncIteration from None
            self.taken += 1
            return self.taken - 1, message

    def stop(self) -> None:
        """Take no more."""
        self._stopped = True

    def raise_failure(self) -> None:
        """Raise what the iterable raised, once."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
