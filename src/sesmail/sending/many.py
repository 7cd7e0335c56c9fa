"""Sends any number of messages concurrently, with one result for each."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeAlias

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from ..arguments import (
    check_bool,
    check_function,
    check_integer,
    check_iterable,
    check_seconds,
    refuse,
)
from ..errors import ConfigurationError, InvalidMessageError, Outcome, SendError
from ..values import Value
from .attempts.listener import notify
from .attempts.state import SendState
from .message.kinds import AnyMessage
from .message.model import Model
from .rate.account import AccountRate
from .result import SendResult
from .source import Source

__all__ = ["MessageResult", "SendMany", "SendProgress", "check_messages", "check_settings"]

_log = logging.getLogger("sesmail.sending")

_AT_ONCE = 5  # sends that start in one turn of the event loop, at a third of a millisecond each

Failure: TypeAlias = SendError | InvalidMessageError | ConfigurationError


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MessageResult(Value):
    """Result of one message of ``send_many``.

    Attributes:
        index: Position of the message in the iterable, from 0.
        message: The message as it was passed.
        result: Result of the send; None unless accepted.
        error: Exception that ``send`` would have raised; None if accepted.
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
        """True if the same message can be sent later, unchanged and without sending it twice."""
        return self.error is not None and self.error.retryable


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SendProgress(Value):
    """Counts of ``send_many`` at one moment, in messages.

    Attributes:
        accepted: Messages that SES accepted.
        rejected: Messages that SES rejected.
        not_sent: Messages whose request never left, invalid ones included.
        unknown: Messages that SES may have accepted.
        in_flight: Messages that were taken from the iterable and have no outcome yet.
        seconds: Seconds since the block was entered; constant after it was left.
        replayed: Accepted messages that the send log had as accepted, so that nothing was sent now.
    """

    accepted: int
    rejected: int
    not_sent: int
    unknown: int
    in_flight: int
    seconds: float
    replayed: int = 0

    @property
    def done(self) -> int:
        """Messages that have an outcome."""
        return self.accepted + self.rejected + self.not_sent + self.unknown

    @property
    def rate(self) -> float:
        """Messages per second that got an outcome, on average; 0.0 at the start."""
        return self.done / self.seconds if self.seconds > 0 else 0.0


class SendMany:
    """Results of many messages, yielded as they complete: ``async with`` it, and iterate.

    Nothing is sent before the block is entered, and only once. Several tasks may iterate; each
    result is yielded to one of them. Leaving the block early, by ``break``, an exception or a
    cancellation, cancels the sends in flight: those whose request may have left are ``unknown``,
    the others ``not_sent``. Then ``progress`` counts every message that was taken, and
    ``unconsumed`` holds the results that weren't yielded.

    Raises:
        ConfigurationError: It is iterated outside of its block, or entered twice.
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
        progress_interval: float | None = None,
    ) -> None:
        _check_messages(messages)
        check_settings(concurrency, ordered, on_progress, progress_interval)
        self._source = Source(messages)
        self._send = send
        self._ordered = ordered
        self._on_progress = on_progress
        self._interval = progress_interval
        self._account = account
        self._group: TaskGroup | None = None
        # Messages that were taken and whose results aren't consumed yet.
        self._held = anyio.Semaphore(2 * concurrency, fast_acquire=True)
        self._sending = anyio.Semaphore(concurrency, fast_acquire=True)
        self._results: dict[int, MessageResult] = {}  # completed and not consumed, by index
        self._consumed = 0
        self._counts = Counter[Outcome]()
        self._replayed = 0
        self._taking = False
        self._changed = anyio.Event()
        self._started = 0.0
        self._seconds: float | None = None

    async def __aenter__(self) -> Self:
        if self._group is not None:
            raise ConfigurationError(
                "the messages of this SendMany were sent already; call send_many again"
            )
        if self._account is not None:
            await self._account.refresh()
        self._started = anyio.current_time()
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        if self._account is not None:
            self._group.start_soon(self._account.keep_fresh)
        self._taking = True
        self._group.start_soon(self._take)
        if self._interval is not None:
            self._group.start_soon(self._report_progress, self._interval)
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
            # Without the error, which the task group would wrap into an ExceptionGroup.
            await self._group.__aexit__(None, None, None)
            return None
        finally:
            self._seconds = anyio.current_time() - self._started
            if self._interval is not None:
                self._notify()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> MessageResult:
        if self._group is None:
            raise ConfigurationError(
                "iterate inside of: async with client.send_many(...) as results"
            )
        while (result := self._next()) is None:
            if not self._taking and self._source.taken == self._counts.total():
                # A cancelled scope ends the tasks of the group, on asyncio before this one notices.
                await anyio.lowlevel.checkpoint_if_cancelled()
                self._source.raise_failure()
                raise StopAsyncIteration
            if self._changed.is_set():
                self._changed = anyio.Event()
            await self._changed.wait()
        if self._interval is None:
            self._notify()
        del self._results[result.index]
        self._consumed += 1
        self._held.release()
        return result

    def stop(self) -> None:
        """Takes no more messages; the sends in flight complete, and their results are yielded."""
        self._source.stop()

    @property
    def progress(self) -> SendProgress:
        """Current counts; final after the block, where nothing is in flight."""
        seconds = anyio.current_time() - self._started if self._seconds is None else self._seconds
        return SendProgress(
            self._counts["accepted"],
            self._counts["rejected"],
            self._counts["not_sent"],
            self._counts["unknown"],
            self._source.taken - self._counts.total(),
            seconds,
            self._replayed,
        )

    @property
    def unconsumed(self) -> tuple[MessageResult, ...]:
        """Results that weren't yielded, by index; complete once the block was left."""
        return tuple(result for _, result in sorted(self._results.items()))

    def _next(self) -> MessageResult | None:
        if self._ordered:
            return self._results.get(self._consumed)
        return next(iter(self._results.values()), None)

    def _notify(self) -> None:
        if self._on_progress is not None:
            notify(self._on_progress, self.progress)

    async def _report_progress(self, interval: float) -> None:
        while True:
            await anyio.sleep(interval)
            self._notify()

    async def _take(self) -> None:
        """Takes messages while fewer are held than allowed.

        One task does it, because task groups and cancel scopes around a ``yield`` of an
        asynchronous generator belong to the task that iterates.
        """
        assert self._group is not None
        try:
            with self._source.wanted:
                while True:
                    await self._held.acquire()
                    await self._sending.acquire()
                    index, message = await self._source.take()
                    self._group.start_soon(self._send_one, index, message)
                    if index % _AT_ONCE == 0:
                        await anyio.lowlevel.checkpoint()
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
            # Without its traceback, whose frames would keep the encoded message alive.
            error = err.with_traceback(None)
        except BaseException as err:
            result, error = state.result, None if state.result else state.error()
            if not isinstance(err, Exception):
                raise
            _log.exception("An internal error ended a send; its outcome is reported.")
        finally:
            self._results[index] = MessageResult(index, message, result, error)
            self._counts[self._results[index].outcome] += 1
            self._replayed += result is not None and result.replayed
            self._sending.release()
            self._changed.set()


def _check_messages(messages: object) -> None:
    if not isinstance(messages, AsyncIterable) or isinstance(messages, type):
        check_messages(messages, "pass a list, a generator or an asynchronous generator")


def check_messages(messages: object, fix: str) -> None:
    """Refuses a single message, and what can't be iterated over."""
    if isinstance(messages, Model):  # which pydantic makes iterable, over its fields
        refuse("messages", "an iterable of messages", messages, "write send_many([message])")
    if callable(messages):
        fix = "call the function that yields them"
    check_iterable("messages", messages, "an iterable of messages", fix)


def check_settings(
    concurrency: object, ordered: object, on_progress: object, progress_interval: object
) -> None:
    """Refuses wrong settings of ``send_many``."""
    check_integer("concurrency", concurrency, 1)
    check_bool("ordered", ordered)
    if on_progress is not None:
        check_function("on_progress", on_progress)
    if progress_interval is not None:
        check_seconds("progress_interval", progress_interval)
