"""Long polls of a queue: as many as there is room for, and none when full."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import anyio

from ...errors import SesmailError
from .message import ATTRIBUTES
from .settings import QueueSettings, is_temporary, repeat_delay

__all__ = ["Polls"]

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
_MAX_MESSAGES = 10
# Seconds; an empty response that is faster is of an emulator, which would be polled without end.
_EARLY = 0.25

Receive = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


class Polls:
    """Long polls that keep up to so many messages in flight.

    A poll that waits for fewer messages than a response can have is the only one, so that messages
    which follow each other share responses.

    Args:
        settings: Settings of the queue.
        receive: Makes a call of ReceiveMessage.
        room: Returns how many more messages may be in flight.
        accept: Takes the messages of a response over, before another call is made for their room.
        wait_time: Seconds that a poll waits at SQS.
        limit: Maximum number of polls at a time.
        on_repeat: Called with the operation and the error of a poll that failed for the moment.
        on_failure: Called with the error of a poll that SQS refuses.
    """

    def __init__(
        self,
        settings: QueueSettings,
        receive: Receive,
        *,
        room: Callable[[], int],
        accept: Callable[[Sequence[Mapping[str, Any]]], None],
        wait_time: int,
        limit: int,
        on_repeat: Callable[[str, SesmailError], None],
        on_failure: Callable[[SesmailError], None],
    ) -> None:
        self._receive = receive
        self._room = room
        self._accept = accept
        self._limit = limit
        self._on_repeat = on_repeat
        self._on_failure = on_failure
        self._is_fifo = settings.queue.is_fifo
        self._params = {
            "MessageSystemAttributeNames": list(ATTRIBUTES),
            "VisibilityTimeout": settings.visibility_timeout,
            "WaitTimeSeconds": wait_time,
        }
        self._polling = 0
        self._reserved = 0
        self._failures = 0
        self._changed = anyio.Event()
        self._scope = anyio.CancelScope()

    async def run(self) -> None:
        """Polls until ``stop``, or until SQS refuses a poll."""
        with self._scope:
            async with anyio.create_task_group() as tasks:
                while True:
                    while count := self._next_count():
                        self._polling += 1
                        self._reserved += count
                        tasks.start_soon(self._poll, count)
                    self._changed = anyio.Event()
                    await self._changed.wait()

    def stop(self) -> None:
        """Ends the polls, also those that wait at SQS."""
        self._scope.cancel()

    def room_changed(self) -> None:
        """Lets a new poll begin if there is room for it."""
        self._changed.set()

    def _next_count(self) -> int:
        """Returns the number of messages that a new poll may ask for; 0 for no poll."""
        room = self._room() - self._reserved
        if room < 1 or self._polling >= (1 if self._failures else self._limit):
            return 0
        return min(room, _MAX_MESSAGES) if room >= _MAX_MESSAGES or not self._polling else 0

    async def _poll(self, count: int) -> None:
        failures = self._failures
        try:
            await anyio.sleep(repeat_delay(failures) if failures else 0)
            params: dict[str, Any] = {**self._params, "MaxNumberOfMessages": count}
            if self._is_fifo:
                # With it, a repeated request returns the messages of a response that was lost.
                params["ReceiveRequestAttemptId"] = uuid.uuid4().hex
            began = anyio.current_time()
            response = await self._receive(params)
            messages = response.get("Messages") or ()
            if not messages and anyio.current_time() - began < _EARLY:
                await anyio.sleep(_EARLY)
        except SesmailError as err:
            if not is_temporary(err):
                self._on_failure(err)
                self.stop()
                return
            self._failures = failures + 1
            self._on_repeat("ReceiveMessage", err)
        else:
            self._failures = 0
            self._accept(messages)
        finally:
            self._polling -= 1
            self._reserved -= count
            self._changed.set()
