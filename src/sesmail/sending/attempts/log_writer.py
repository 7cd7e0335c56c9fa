"""Keeps the send log in step with what becomes of mails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

import anyio

from ...errors import DuplicateSendError, NotSentError
from ...send_log.protocol import SendLog
from .state import Fate

__all__ = ["Ledger"]

_log = logging.getLogger("sesmail.sending")

_TIMEOUT = 10.0  # seconds that the log may take, during which nothing is cancelled

T = TypeVar("T")


class Ledger:
    """Writes into the send log, before a call leaves and after it ended; does nothing without a log.

    A mail that can't be written down isn't sent. One that was sent and whose end can't be written down stays unknown
    in the log.

    Args:
        log: The log.
    """

    def __init__(self, log: SendLog | None) -> None:
        self._send_log = log

    async def begin(self, fates: Mapping[int, Fate[T]]) -> Mapping[int, Fate[T]]:
        """Those mails that may be sent; the others' fates say why not."""
        if self._send_log is None:
            return fates
        try:
            await _all(self._begin, [fate for fate in fates.values() if fate.send_id is not None and not fate.begun])
        except BaseException:
            await self.finish(fates)
            raise
        return {number: fate for number, fate in fates.items() if fate.begun or fate.send_id is None}

    async def finish(self, fates: Mapping[int, Fate[T]]) -> None:
        """An attempt to send these mails has ended."""
        await _all(self._finish, [fate for fate in fates.values() if fate.begun])

    async def _begin(self, fate: Fate[T]) -> None:
        assert self._send_log is not None
        assert fate.send_id is not None
        try:
            with anyio.fail_after(_TIMEOUT, shield=True):
                await self._send_log.begin(fate.send_id)
        except DuplicateSendError as err:
            fate.failed(err)
        except Exception as err:
            error = NotSentError("the send log could not write it down, so it was not sent")
            error.__cause__ = err
            fate.failed(error)
        else:
            fate.begun = True

    async def _finish(self, fate: Fate[T]) -> None:
        assert self._send_log is not None
        assert fate.send_id is not None
        try:
            with anyio.fail_after(_TIMEOUT, shield=True):
                await self._send_log.finish(fate.send_id, fate.outcome, getattr(fate.result, "message_id", None))
        except Exception:
            _log.exception("the send log could not write down that %s ended as %s", fate.send_id, fate.outcome)
        # Whatever it said: it may have written that down, and let somebody else begin.
        fate.begun = fate.outcome == "unknown"


async def _all(write: Callable[[Fate[Any]], Coroutine[Any, Any, None]], fates: Sequence[Fate[Any]]) -> None:
    """Write all down at once, and don't be cancelled between what the log has and what a fate says.

    Each is a task of its own, even one alone: asyncio's ``Task.cancel`` ignores the shield of the task that it cancels.
    """
    if not fates:
        return
    with anyio.CancelScope(shield=True):
        async with anyio.create_task_group() as group:
            for fate in fates:
                group.start_soon(write, fate)
