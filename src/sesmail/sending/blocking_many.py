"""`Client.send_many` for a calling thread without an event loop."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractContextManager
from functools import partial
from types import TracebackType
from typing import Self

import anyio

from ..background import run_in_background, running_portal
from ..errors import ConfigurationError
from .client import Client
from .many import MessageResult, SendMany, SendProgress, check_messages, check_settings
from .message.message import AnyMessage

__all__ = ["BlockingSendMany"]

_log = logging.getLogger("sesmail.sending")


class _Queue:
    """Messages that the calling thread hands to the event loop, as an asynchronous iterator."""

    def __init__(self) -> None:
        self._messages: deque[AnyMessage] = deque()
        self._changed: anyio.Event | None = None
        self._ended = False

    def put(self, messages: list[AnyMessage], ended: bool) -> None:
        """Appends messages; called on the event loop."""
        self._messages += messages
        self._ended = ended
        if self._changed is not None:  # pragma: no branch
            self._changed.set()

    def __aiter__(self) -> AsyncIterator[AnyMessage]:
        return self

    async def __anext__(self) -> AnyMessage:
        while not self._messages:
            if self._ended:
                raise StopAsyncIteration
            self._changed = anyio.Event()
            await self._changed.wait()
        return self._messages.popleft()


class BlockingSendMany:
    """The results of many messages, as they become known: a context manager and an iterator.

    Leaving the block early cancels what is in flight; ``progress`` and ``unconsumed`` then report
    the outcome of every message that was taken. An exception of the iterable is raised after the
    last result.
    """

    def __init__(
        self,
        client: Client,
        messages: Iterable[AnyMessage],
        *,
        concurrency: int,
        ordered: bool,
        on_progress: Callable[[SendProgress], None] | None,
        progress_interval: float | None = None,
    ) -> None:
        check_messages(messages, "pass a list or a generator; asynchronous ones need Client")
        check_settings(concurrency, ordered, on_progress, progress_interval)
        self._messages = iter(messages)
        self._queue = _Queue()
        self._portal = running_portal()
        start = partial(client.send_many, self._queue, concurrency=concurrency, ordered=ordered)
        self._many: SendMany = self._portal.call(start)
        self._room = 2 * concurrency  # messages that may be taken ahead of the results
        self._on_progress = on_progress
        self._interval = progress_interval
        self._due = -math.inf  # time of the next call of on_progress
        self._results: deque[tuple[MessageResult, SendProgress]] = deque()
        self._ended = False
        self._failure: Exception | None = None
        self._context: AbstractContextManager[SendMany] | None = None

    def __enter__(self) -> Self:
        if self._context is not None:
            raise ConfigurationError("these messages have been sent: call send_many again")
        self._context = self._portal.wrap_async_context_manager(self._many)
        self._context.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._context is not None
        self._context.__exit__(None, None, None)
        if self._interval is not None:
            self._notify(self.progress)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> MessageResult:
        if self._context is None:
            raise ConfigurationError("use it as: with client.send_many(...) as results")
        if not self._results:
            taken = self._take()
            self._results += run_in_background(self._portal, partial(self._next, taken))
        if not self._results:
            failure, self._failure = self._failure, None
            raise failure or StopIteration
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + (self._interval or 0.0)
            self._notify(self._results[0][1])
        self._room += 1
        return self._results.popleft()[0]

    def stop(self) -> None:
        """Takes no more messages; the results of those that were taken still come."""
        self._ended = True

    @property
    def progress(self) -> SendProgress:
        """The counts until now; after the block they are final."""
        return self._portal.call(lambda: self._many.progress)

    @property
    def unconsumed(self) -> tuple[MessageResult, ...]:
        """Known results that the iteration didn't return; after the block, all of the rest."""
        fetched = [result for result, _ in self._results]
        return tuple(sorted([*fetched, *self._many.unconsumed], key=lambda each: each.index))

    def _notify(self, progress: SendProgress) -> None:
        try:
            if self._on_progress is not None:
                self._on_progress(progress)
        except Exception:
            _log.exception("on_progress raised an exception; the sends continue.")

    def _take(self) -> list[AnyMessage]:
        """Takes messages while there is room, in the calling thread."""
        taken: list[AnyMessage] = []
        try:
            while self._room > 0 and not self._ended:
                taken.append(next(self._messages))
                self._room -= 1
        except StopIteration:
            self._ended = True
        except Exception as err:
            self._failure, self._ended = err, True
        return taken

    async def _next(self, taken: list[AnyMessage]) -> list[tuple[MessageResult, SendProgress]]:
        """Hands messages over, waits for a result, and returns all that are known."""
        self._queue.put(taken, self._ended)
        found: list[tuple[MessageResult, SendProgress]] = []
        async for result in self._many:
            found.append((result, self._many.progress))
            if not self._many.unconsumed:
                break
        return found
