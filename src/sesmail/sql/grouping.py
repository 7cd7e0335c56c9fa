"""Writes of concurrent tasks that share one statement."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import anyio

from ..errors import Outcome
from .leaving import Held, MailResult

__all__ = ["ClaimLostError", "LeaveLog", "ResultWriter"]

_log = logging.getLogger("sesmail.sql")

# Seconds for which the first of a group waits for others: little beside the call of SES.
_LEAVE_LINGER = 0.005
_RESULT_LINGER = 0.02
_LAST_WAIT = 5.0  # seconds for a write whose mail was cancelled
_FIRST_RETRY = 0.1  # seconds
_LONGEST_RETRY = 5.0

T = TypeVar("T")


class ClaimLostError(Exception):
    """The worker doesn't hold a mail any more: it was cancelled, moved, or its lease ended."""


class _Queue(Generic[T]):
    """Items that wait for the next write."""

    def __init__(self, linger: float) -> None:
        self.items: list[T] = []
        self._linger = linger
        self._added = anyio.Event()

    def put(self, item: T) -> None:
        self.items.append(item)
        self._added.set()

    async def take(self) -> list[T]:
        """Waits for items, and a moment for more of them."""
        while not self.items:
            self._added = anyio.Event()
            await self._added.wait()
        await anyio.sleep(self._linger)
        taken, self.items = self.items, []
        return taken


@dataclass(slots=True, eq=False)
class _Leaving:
    held: Held
    done: anyio.Event = field(default_factory=anyio.Event)
    error: Exception | None = None


class LeaveLog:
    """The send log of a worker: a mail begins when the database has it as leaving.

    The outcome isn't recorded here: a worker writes it with what follows from it.

    Args:
        write: Writes that mails leave; returns the send ids of those that the worker still holds.
    """

    def __init__(self, write: Callable[[Sequence[Held]], Awaitable[set[str]]]) -> None:
        self._write = write
        self._queue = _Queue[_Leaving](_LEAVE_LINGER)
        self.tokens: dict[str, str] = {}
        self.begun: set[str] = set()
        self._lost: set[str] = set()

    async def begin(self, send_id: str) -> None:
        """Waits until the mail is leaving.

        Raises:
            ClaimLostError: The worker doesn't hold the mail any more.
        """
        leaving = _Leaving((send_id, self.tokens[send_id]))
        self._queue.put(leaving)
        try:
            await leaving.done.wait()
        except BaseException:
            if leaving in self._queue.items:
                self._queue.items.remove(leaving)
            else:  # it is being written, and the mail's result has to be written after that
                with anyio.move_on_after(_LAST_WAIT, shield=True):
                    await leaving.done.wait()
            raise
        if isinstance(leaving.error, ClaimLostError):
            self._lost.add(send_id)
        if leaving.error is not None:
            raise leaving.error
        self.begun.add(send_id)

    async def finish(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> None:
        """Does nothing: the worker writes the outcome."""

    async def settle(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> bool:
        """Changes nothing; a receiver has the log of the outbox."""
        return False

    def forget(self, send_id: str) -> bool:
        """Forgets a mail whose send ended; returns whether the worker had lost it."""
        del self.tokens[send_id]
        self.begun.discard(send_id)
        lost = send_id in self._lost
        self._lost.discard(send_id)
        return lost

    async def run(self) -> None:
        """Writes groups until this is cancelled."""
        while True:
            group = await self._queue.take()
            try:
                held = await self._write([each.held for each in group])
            except Exception as err:
                for each in group:
                    each.error = err
                    each.done.set()
                continue
            for each in group:
                if each.held[0] not in held:
                    each.error = ClaimLostError()
                each.done.set()


class ResultWriter:
    """Writes results in groups, again while the database can't be reached.

    Args:
        write: Writes results.
    """

    def __init__(self, write: Callable[[Sequence[MailResult]], Awaitable[None]]) -> None:
        self._write = write
        self._queue = _Queue[MailResult](_RESULT_LINGER)
        self._writing: list[MailResult] = []
        self._written = anyio.Event()

    @property
    def pending(self) -> int:
        """Results that aren't written yet."""
        return len(self._writing) + len(self._queue.items)

    def held(self) -> list[Held]:
        """Returns the mails whose results aren't written yet."""
        return [(each.send_id, each.token) for each in [*self._writing, *self._queue.items]]

    def put(self, result: MailResult) -> None:
        """Adds a result."""
        self._queue.put(result)

    async def run(self) -> None:
        """Writes groups until this is cancelled."""
        while True:
            self._writing = await self._queue.take()
            await self._write_surely(self._writing)
            self._writing = []
            self._written.set()
            self._written = anyio.Event()

    async def drain(self) -> None:
        """Waits until all results are written."""
        while self.pending:
            await self._written.wait()

    async def _write_surely(self, results: Sequence[MailResult]) -> None:
        delay = _FIRST_RETRY
        while True:
            try:
                return await self._write(results)
            except Exception as err:
                _log.warning(
                    "%d results can't be written to the outbox now: %s",
                    len(results),
                    type(err).__name__,
                )
            await anyio.sleep(delay)
            delay = min(2 * delay, _LONGEST_RETRY)
