"""Keeps the send log in step with what becomes of mails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

import anyio

from ...errors import DuplicateSendError, NotSentError
from ...send_log.protocol import SendLog
from .state import SendState

__all__ = ["LogWriter"]

_log = logging.getLogger("sesmail.sending")

_TIMEOUT = 10.0  # seconds that the log may take, during which nothing is cancelled

T = TypeVar("T")


class LogWriter:
    """Writes into the send log, before a call leaves and after it ended; does nothing without a log.

    A mail that can't be written down isn't sent. One that was sent and whose end can't be written down stays unknown
    in the log.

    Args:
        log: The log.
    """

    def __init__(self, log: SendLog | None) -> None:
        self._send_log = log

    async def begin(self, states: Mapping[int, SendState[T]]) -> Mapping[int, SendState[T]]:
        """Those mails that may be sent; the others' fates say why not."""
        if self._send_log is None:
            return states
        try:
            await _all(
                self._begin,
                [
                    state
                    for state in states.values()
                    if state.send_id is not None and not state.begun
                ],
            )
        except BaseException:
            await self.finish(states)
            raise
        return {
            number: state
            for number, state in states.items()
            if state.begun or state.send_id is None
        }

    async def finish(self, states: Mapping[int, SendState[T]]) -> None:
        """An attempt to send these mails has ended."""
        await _all(self._finish, [state for state in states.values() if state.begun])

    async def _begin(self, state: SendState[T]) -> None:
        assert self._send_log is not None
        assert state.send_id is not None
        try:
            with anyio.fail_after(_TIMEOUT, shield=True):
                await self._send_log.begin(state.send_id)
        except DuplicateSendError as err:
            state.failed(err)
        except Exception as err:
            error = NotSentError("the send log could not write it down, so it was not sent")
            error.__cause__ = err
            state.failed(error)
        else:
            state.begun = True

    async def _finish(self, state: SendState[T]) -> None:
        assert self._send_log is not None
        assert state.send_id is not None
        try:
            with anyio.fail_after(_TIMEOUT, shield=True):
                await self._send_log.finish(
                    state.send_id, state.outcome, getattr(state.result, "message_id", None)
                )
        except Exception:
            _log.exception(
                "the send log could not write down that %s ended as %s",
                state.send_id,
                state.outcome,
            )
        # Whatever it said: it may have written that down, and let somebody else begin.
        state.begun = state.outcome == "unknown"


async def _all(
    write: Callable[[SendState[Any]], Coroutine[Any, Any, None]], states: Sequence[SendState[Any]]
) -> None:
    """Write all down at once, and don't be cancelled between what the log has and what a fate says.

    Each is a task of its own, even one alone: asyncio's ``Task.cancel`` ignores the shield of the task that it cancels.
    """
    if not states:
        return
    with anyio.CancelScope(shield=True):
        async with anyio.create_task_group() as group:
            for state in states:
                group.start_soon(write, state)
