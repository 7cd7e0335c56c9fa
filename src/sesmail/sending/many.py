"""Sends any number of messages, and tells of each what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeAlias

import anyio
from anyio.abc import TaskGroup

from ..errors import ConfigurationError, InvalidMessageError, Outcome, SendError
from ..values import Value
from .attempts.state import SendState
from .message.message import AnyMessage
from .rate.account import AccountRate
from .result import SendResult
from .source import Source

__all__ = ["MessageResult", "SendMany", "SendProgress"]

Failure: TypeAlias = SendError | InvalidMessageError | ConfigurationError


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MessageResult(Value):
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


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SendProgress(Value):
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
    in_flight: int
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
        send: Callable[[AnyMessage, SendState[SendResult]], Awaitable[SendResult]],
        *,
        concurrency: int,
        ordered: bool,
        on_progress: Callable[[SendProgress], None] | None,
        account: AccountRate | None,
    ) -> None:
        if concurrency < 1:
            raise ConfigurationError("concurrency is 1 at least")
        self._source = Source(messages)
        self._send = send
        self._ordered = ordered
        self._on_progress = on_progress
        self._account = account
        self._group: TaskGroup | None = None
        self._room = anyio.Semaphore(
            2 * concurrency, fast_acquire=True
        )  # for messages taken and not given out
        self._free = anyio.Semaphore(
            concurrency, fast_acquire=True
        )  # for those that are sent just now
        self._known: dict[int, MessageResult] = {}
        self._given = 0
        self._counts = Counter[Outcome]()
        self._taking = False
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
        self._taking = True
        self._group.start_soon(self._take)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        assert self._group is not None
        self._group.cancel_scope.cancel()
        try:
            if isinstance(error, anyio.get_cancelled_exc_class()):
                return await self._group.__aexit__(kind, error, trace)
            await self._group.__aexit__(
                None, None, None
            )  # which would wrap any other error into a group
            return None
        finally:
            self._seconds = anyio.current_time() - self._began

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> MessageResult:
        if self._group is None:
            raise ConfigurationError("use it as: async with client.send_many(...) as outcomes")
        while (outcome := self._next()) is None:
            if not self._taking and self._source.taken == self._counts.total():
                self._source.raise_failure()
                raise StopAsyncIteration
            if self._changed.is_set():
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
    def unconsumed(self) -> tuple[MessageResult, ...]:
        """The outcomes that are known and that no iteration gave out; after leaving early, all of the rest."""
        return tuple(outcome for _, outcome in sorted(self._known.items()))

    def _next(self) -> MessageResult | None:
        if self._ordered:
            return self._known.get(self._given)
        return next(iter(self._known.values()), None)

    async def _take(self) -> None:
        """Take messages while there is room, all in one task, to which what an iterable holds open may belong."""
        assert self._group is not None
        try:
            with self._source.wanted:
                while True:
                    await self._room.acquire()
                    await self._free.acquire()
                    index, message = await self._source.take()
                    self._group.start_soon(self._send_one, index, message)
        except StopAsyncIteration:
            pass
        finally:
            await self._source.aclose()
            self._taking = False
            self._changed.set()

    async def _send_one(self, index: int, message: AnyMessage) -> None:
        state = SendState[SendResult]()
        result: SendResult | None = None
        error: Failure | None = None
        try:
            result = await self._send(message, state)
        except (SendError, InvalidMessageError, ConfigurationError) as err:
            error = err.with_traceback(
                None
            )  # or its frames would hold what was built of the message
        except BaseException:
            result, error = state.result, None if state.result else state.error()
            raise
        finally:
            self._known[index] = MessageResult(index, message, result, error)
            self._counts[self._known[index].outcome] += 1
            self._free.release()
            self._changed.set()
