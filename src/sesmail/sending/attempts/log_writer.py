"""Writes the beginning and the outcome of each send to the send log."""

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

_TIMEOUT = 10.0  # seconds for each call to the log, which can't be cancelled meanwhile

T = TypeVar("T")


class LogWriter:
    """Writer of a send log, before a call leaves and after it ended; does nothing without a log.

    A send that can't be recorded isn't made. Where the outcome of a send can't be recorded, the
    send stays unknown in the log.

    Args:
        log: The log.
    """

    def __init__(self, log: SendLog | None) -> None:
        self._send_log = log

    async def begin(self, states: Mapping[int, SendState[T]]) -> Mapping[int, SendState[T]]:
        """Records that sends are about to leave, and returns those that the log accepted."""
        if self._send_log is None:
            return states
        try:
            await _write_all(
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
        """Records the outcomes of sends after an attempt."""
        await _write_all(self._finish, [state for state in states.values() if state.begun])

    async def _begin(self, state: SendState[T]) -> None:
        assert self._send_log is not None
        assert state.send_id is not None
        try:
            with anyio.fail_after(_TIMEOUT, shield=True):
                await self._send_log.begin(state.send_id)
        except DuplicateSendError as err:
            state.failed(err)
        except Exception as err:
            error = NotSentError("not sent, because the send log could not record it")
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
                "The send log could not record the outcome %s of send %s.",
                state.outcome,
                state.send_id,
            )
        # Also after an error: the log may have stored the outcome before it failed, and another
        # process may have begun the send since.
        state.begun = state.outcome == "unknown"


async def _write_all(
    write: Callable[[SendState[Any]], Coroutine[Any, Any, None]], states: Sequence[SendState[Any]]
) -> None:
    """Writes for all sends concurrently; shielded, so that the states agree with the log.

    Even a single write runs in a task of its own: asyncio's ``Task.cancel`` ignores anyio's shield
    in the task that it cancels. https://anyio.readthedocs.io/en/stable/cancellation.html
    """
    if not states:
        return
    with anyio.CancelScope(shield=True):
        async with anyio.create_task_group() as group:
            for state in states:
                group.start_soon(write, state)
