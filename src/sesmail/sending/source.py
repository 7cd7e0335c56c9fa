"""Takes messages from any iterable, asynchronous or not."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import anyio

if TYPE_CHECKING:
    from .message.kinds import AnyMessage

__all__ = ["Source"]


class Source:
    """Messages of an iterable, whose exception is kept until the end.

    Attributes:
        taken: Number of messages taken.
        wanted: Cancel scope around the taking, cancelled when no more messages are wanted.
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
        """Returns the next message and its index; raises StopAsyncIteration if there is none."""
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
            # Not the cancellation of this task, but of an asyncio task that the iterable awaited.
            self._failure = err
            raise StopAsyncIteration from None
        self.taken += 1
        return self.taken - 1, message

    def stop(self) -> None:
        """Stops taking messages, also while the next one is awaited."""
        self.wanted.cancel()

    async def aclose(self) -> None:
        """Closes an asynchronous generator; called by the task that has iterated over it."""
        messages: Any = self._messages
        if isinstance(messages, AsyncGenerator):
            try:
                await messages.aclose()
            except Exception as err:
                self._failure = self._failure or err

    def raise_failure(self) -> None:
        """Raises the exception of the iterable, if there is one; only once."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
