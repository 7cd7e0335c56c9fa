"""`Client.send_many` for a calling thread without an event loop."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from typing import Any, Protocol, Self, TypeVar

import anyio

from ..errors import ConfigurationError
from .client import Client
from .many import MessageResult, SendMany, SendProgress
from .message.message import AnyMessage

__all__ = ["BlockingSendMany"]

T = TypeVar("T")


class RunsOnClient(Protocol):
    """Runs a coroutine with the client on the background loop, and returns its result."""

    def __call__(self, function: Callable[[Client], Coroutine[Any, Any, T]]) -> T: ...


class _Queue:
    """Messages on their way from the calling thread to the event loop, as an asynchronous iterator."""

    def __init__(self) -> None:
        self._messages: deque[AnyMessage] = deque()
        self._changed = anyio.Event()
        self._ended = False

    def put(self, messages: list[AnyMessage], ended: bool) -> None:
        self._messages += messages
        self._ended = self._ended or ended
        self._changed.set()
        self._changed = anyio.Event()

    def __aiter__(self) -> AsyncIterator[AnyMessage]:
        return self

    async def __anext__(self) -> AnyMessage:
        while not self._messages:
            if self._ended:
                raise StopAsyncIteration
            await self._changed.wait()
        return self._messages.popleft()


class BlockingSendMany:
    """The results of many messages, as they become known: a context manager and an iterator.

    Leaving the block early cancels what is in flight; ``progress`` and ``unconsumed`` then report the outcome
    of every message that was taken. What the iterable raises is raised after the last result.
    """

    def __init__(
        self,
        portal: Callable[[], BlockingPortal],
        start: Callable[[_Queue], SendMany],
        messages: Iterable[AnyMessage],
        *,
        concurrency: int,
        on_progress: Callable[[SendProgress], None] | None,
    ) -> None:
        self._portal = portal
        self._start = start
        self._messages = iter(messages)
        self._room = 2 * concurrency  # messages that may be taken ahead of the results
        self._on_progress = on_progress
        self._queue = _Queue()
        self._results: deque[tuple[MessageResult, SendProgress | None]] = deque()
        self._ended = False
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        portal = self._portal()
        self._many = self._start(self._queue)
        self._context = portal.wrap_async_context_manager(self._many)
        self._context.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._context.__exit__(None, None, None)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> MessageResult:
        if not self._results:
            self._results += run(self._portal(), self._known)
        if not self._results:
            failure, self._failure = self._failure, None
            raise failure or StopIteration
        result, progress = self._results[0]
        if self._on_progress is not None and progress is not None:
            self._on_progress(progress)
        self._results.popleft()
        self._room += 1
        return result

    def stop(self) -> None:
        """Take no more messages; the results of those that were taken still come."""
        self._ended = True

    @property
    def progress(self) -> SendProgress:
        """The counts until now; after the block they are final."""
        return self._portal().call(lambda: self._many.progress)

    @property
    def unconsumed(self) -> tuple[MessageResult, ...]:
        """The results that are known and that no iteration gave out; after the block, all of the rest."""
        fetched = [result for result, _ in self._results]
        return tuple(sorted([*fetched, *self._many.unconsumed], key=lambda result: result.index))

    def _take(self) -> list[AnyMessage]:
        """Take as many messages as there is room for, in the calling thread."""
        taken: list[AnyMessage] = []
        while self._room and not self._ended:
            try:
                taken.append(next(self._messages))
                self._room -= 1
            except StopIteration:
                self._ended = True
            except Exception as err:
                self._failure, self._ended = err, True
        return taken
