"""Change feed: reports what happens in a fake SES to threads and to tasks of any event loop."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, Literal, Self, TypeAlias, TypeVar

import anyio
import anyio.lowlevel

__all__ = ["Change", "ChangeKind", "Changes", "Feed", "check_no_loop", "is_loop_running"]

T = TypeVar("T")
ChangeKind: TypeAlias = Literal["mail", "event", "delivery", "settings", "reset"]

_MAX_PENDING = 10_000  # changes that one reader has not read; older ones are dropped


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a fake SES.

    Attributes:
        number: Number of the change, counted from 1 since the fake was created.
        kind: ``mail`` for an accepted mail, ``event`` for an event, ``delivery`` for an attempt to
            deliver one, ``settings`` for the account and its resources, ``reset`` when everything
            was deleted.
        item: The mail, event or delivery; None for the other kinds.
    """

    number: int
    kind: ChangeKind
    item: Any = None


class Feed:
    """Publishes changes; may be used from any thread and any event loop."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._listeners: list[Callable[[Change], None]] = []
        self._number = 0

    def publish(self, kind: ChangeKind, item: object = None) -> None:
        """Reports a change to all listeners, in this thread."""
        with self._changed:
            self._number += 1
            change = Change(self._number, kind, item)
            listeners = list(self._listeners)
            self._changed.notify_all()
        for listener in listeners:
            listener(change)

    def listen(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Calls a function with each later change, in the thread that makes the change.

        Returns:
            A function that ends this.
        """
        with self._changed:
            self._listeners.append(listener)

        def stop() -> None:
            with self._changed, suppress(ValueError):
                self._listeners.remove(listener)

        return stop

    def changes(self) -> Changes:
        """Returns a reader of all later changes, for ``with`` and ``for`` or ``async for``."""
        return Changes(self)

    def wait_blocking(self, find: Callable[[], T | None], timeout: float) -> T | None:
        """Waits, blocking the thread, until a function returns something else than None.

        Args:
            find: The function, which is called after each change.
            timeout: Maximum duration in seconds.

        Returns:
            Its result; None if the time is over.
        """
        deadline = monotonic() + timeout
        with self._changed:
            while (found := find()) is None:
                left = deadline - monotonic()
                if left <= 0:
                    return None
                self._changed.wait(left)
        return found

    async def wait(self, find: Callable[[], T | None], timeout: float) -> T | None:  # noqa: ASYNC109
        """Waits as ``wait_blocking`` does, without blocking the event loop."""
        wake = _waker()
        with anyio.move_on_after(timeout):
            while True:
                changed = anyio.Event()
                stop = self.listen(partial(_wake, wake, changed))
                try:
                    if (found := find()) is not None:
                        return found
                    await changed.wait()
                finally:
                    stop()
        return find()


class Changes:
    """Reader of changes, from its creation until ``close`` or the end of its ``with`` block."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._pending: deque[Change] = deque(maxlen=_MAX_PENDING)
        self._closed = False
        self._stop = feed.listen(self._pending.append)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the iteration, once the pending changes are read."""
        self._closed = True
        self._stop()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Change:
        change = None if self._closed else self.get_blocking(float("inf"))
        if change is None:
            change = self._next()
        if change is None:
            raise StopIteration
        return change

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        change = None if self._closed else await self._feed.wait(self._next, float("inf"))
        if change is None:
            change = self._next()
        if change is None:
            raise StopAsyncIteration
        return change

    def get_blocking(self, timeout: float) -> Change | None:
        """Returns the next change; None if there is none within so many seconds."""
        return self._feed.wait_blocking(self._next, min(timeout, threading.TIMEOUT_MAX))

    async def get(self, timeout: float) -> Change | None:  # noqa: ASYNC109
        """Returns the next change; None if there is none within so many seconds."""
        return await self._feed.wait(self._next, timeout)

    def _next(self) -> Change | None:
        try:
            return self._pending.popleft()
        except IndexError:
            return None


def _wake(wake: Callable[[anyio.Event], None], event: anyio.Event, _: Change) -> None:
    wake(event)


def _waker() -> Callable[[anyio.Event], None]:
    """Returns a function that sets an event of the running loop from any thread."""
    loop: Any = anyio.lowlevel.current_token().native_token
    # Both return at once, which anyio.from_thread doesn't: the thread of a server must not wait
    # for the loop of a test.
    call = getattr(loop, "run_sync_soon", None) or loop.call_soon_threadsafe

    def wake(event: anyio.Event) -> None:
        with suppress(RuntimeError):  # the loop has ended
            call(event.set)

    return wake


def check_no_loop() -> None:
    """Refuses to block an event loop, on which a program could not send or receive meanwhile.

    Raises:
        RuntimeError: One is running in this thread.
    """
    if is_loop_running():
        raise RuntimeError("an event loop is running in this thread: await wait() instead")


def is_loop_running() -> bool:
    """Returns whether an event loop is running in this thread."""
    try:
        anyio.lowlevel.current_token()
    except RuntimeError:
        return False
    return True
