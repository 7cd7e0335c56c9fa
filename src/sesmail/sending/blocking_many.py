"""`Client.send_many` for a calling thread without an event loop."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Self

import anyio

from ..background import is_running, run_in_background, running_portal
from ..errors import ConfigurationError, NotSentError
from .many import MessageResult, SendMany, SendProgress, check_messages

if TYPE_CHECKING:
    from .message.kinds import AnyMessage

__all__ = ["BlockingSendMany"]


class BlockingSendMany:
    """The results of many messages, as they become known: a context manager and an iterator.

    Leaving the block early cancels what is in flight; ``progress`` and ``unconsumed`` then report
    the outcome of every message that was taken. An exception of the iterable is raised after the
    last result.
    """

    def __init__(
        self,
        messages: Iterable[AnyMessage],
        send_many: Callable[[AsyncIterator[AnyMessage]], SendMany],
        concurrency: int,
    ) -> None:
        check_messages(messages, "pass a list or a generator; asynchronous ones need Client")
        self._messages = iter(messages)
        self._end: Exception | None = None  # that ended the iterable
        self._count = 0  # messages that the event loop got
        self._unsent: list[MessageResult] = []  # taken, and not handed to the event loop
        self._results = deque[MessageResult]()
        # These belong to the event loop.
        self._queue: deque[AnyMessage] = deque()
        self._ended = False
        self._changed: anyio.Event | None = None
        self._portal = running_portal()
        self._many = self._portal.call(send_many, self._pass_on())
        self._room = 2 * concurrency  # messages that may be taken ahead of the results
        self._context: AbstractContextManager[SendMany] | None = None

    def __enter__(self) -> Self:
        if self._context is not None:
            raise ConfigurationError("these messages have been sent: call send_many again")
        self._check_running()
        self._context = self._portal.wrap_async_context_manager(self._many)
        self._context.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._context is not None
        if is_running(self._portal):  # pragma: no branch  # not in forked processes
            self._context.__exit__(None, None, None)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> MessageResult:
        if self._context is None:
            raise ConfigurationError("use it as: with client.send_many(...) as results")
        if not self._results:
            self._check_running()
            taken = self._take()
            step = partial(self._next, taken, self._end is not None)
            self._results += run_in_background(self._portal, step)
        if not self._results:
            raise StopIteration
        self._room += 1
        return self._results.popleft()

    def stop(self) -> None:
        """Takes no more messages; the results of those that were taken still come."""
        self._end = self._end or StopIteration()

    @property
    def progress(self) -> SendProgress:
        """The counts until now; after the block they are final."""
        self._check_running()
        now = self._portal.call(lambda: self._many.progress)
        return replace(now, not_sent=now.not_sent + len(self._unsent))

    @property
    def unconsumed(self) -> tuple[MessageResult, ...]:
        """Known results that the iteration didn't return; after the block, all of the rest."""
        rest = [*self._results, *self._many.unconsumed, *self._unsent]
        return tuple(sorted(rest, key=lambda each: each.index))

    def _check_running(self) -> None:
        if not is_running(self._portal):
            raise ConfigurationError(
                "these messages are sent by another process, or the background event loop has ended"
            )

    def _take(self) -> list[AnyMessage]:
        """Takes messages while there is room, in the calling thread."""
        taken: list[AnyMessage] = []
        try:
            while self._room > 0 and self._end is None:
                taken.append(next(self._messages))
                self._room -= 1
        except Exception as err:
            self._end = err
        except BaseException as err:  # such as KeyboardInterrupt, after which nothing is sent
            self._end = StopIteration()
            error = NotSentError(f"{type(err).__name__} ended the iteration before it was sent")
            self._unsent = [
                MessageResult(number, each, None, error)
                for number, each in enumerate(taken, self._count)
            ]
            raise
        self._count += len(taken)
        return taken

    async def _pass_on(self) -> AsyncIterator[AnyMessage]:
        """Yields the messages that were taken, on the event loop."""
        while self._queue or not self._ended:
            if self._queue:
                yield self._queue.popleft()
            else:
                self._changed = anyio.Event()
                await self._changed.wait()
        if self._end is not None and not isinstance(self._end, StopIteration):
            raise self._end

    async def _next(self, taken: list[AnyMessage], ended: bool) -> list[MessageResult]:
        """Hands messages over, waits for a result, and returns all that are known."""
        self._queue += taken
        self._ended = ended
        if self._changed is not None:  # pragma: no branch
            self._changed.set()
        found: list[MessageResult] = []
        async for result in self._many:
            found.append(result)
            if not self._many.unconsumed:
                break
        return found
