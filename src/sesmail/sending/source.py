"""Takes messages out of any iterable."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any

import anyio

from .message.message import AnyMessage

__all__ = ["Source"]


class Source:
    """The messages of an iterable; what it raises comes last.

    Attributes:
        taken: How many there were.
        wanted: Where they are taken; cancelled when no more are wanted.
    """

    def __init__(self, messages: Iterable[AnyMessage] | AsyncIterable[AnyMessage]) -> None:
        self.taken: int = 0
        self.wanted: anyio.CancelScope = anyio.CancelScope()
        self._messages: Iterator[AnyMessage] | AsyncIterator[AnyMessage]
        self._messages = (
            messages.__aiter__() if isinstance(messages, AsyncIterable) else iter(messages)
        )
        self._failure: BaseException | None = None

    async def take(self) -> tuple[int, AnyMessage]:
        """The next message and its place; StopAsyncIteration if there is none."""
        try:
            if isinstance(self._messages, AsyncIterator):
                message = await self._messages.__anext__()
            else:
                message = next(self._messages)
        except (StopIteration, StopAsyncIteration):
            raise StopAsyncIteration from None
        except Exception as err:
            self._failure = err
            raise StopAsyncIteration from None
        except anyio.get_cancelled_exc_class() as err:
            if anyio.current_effective_deadline() == -math.inf:
                raise
            self._failure = err  # of a task of asyncio's that the iterable has waited for
            raise StopAsyncIteration from None
        self.taken += 1
        return self.taken - 1, message

    def stop(self) -> None:
        """Take no more, also if the next one is waited for."""
        self.wanted.cancel()

    async def aclose(self) -> None:
        """Close an asynchronous generator, in the task that has it run."""
        messages: Any = self._messages
        if isinstance(messages, AsyncGenerator):
            try:
                await messages.aclose()
            except Exception as err:
                self._failure = self._failure or err

    def raise_failure(self) -> None:
        """Raise what the iterable raised, once."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
