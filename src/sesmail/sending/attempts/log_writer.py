"""Writes the beginning and the outcome of each send to the send log."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.lowlevel

from ...errors import ConfigurationError, DuplicateSendError, NotSentError
from .state import SendState

if TYPE_CHECKING:
    from ...send_log.protocol import SendLog

__all__ = ["LogWriter"]

_log = logging.getLogger("sesmail.sending")

_TIMEOUT = 10.0  # seconds for each call to the log
# For a database to end a transaction: a begin that is cut short may be stored all the same.
_GRACE = 0.5  # seconds after the deadline, and after a cancellation

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

    async def is_recorded(self, state: SendState[Any], deadline: float) -> bool:
        """Returns whether a send may not begin; the state gets the reason then.

        It changes nothing, so that it can be asked before work that ``begin`` must not precede. A
        log of the application isn't asked, and after a failure ``begin`` decides, too.

        Raises:
            ConfigurationError: The log is closed, or of another event loop.
        """
        from ...send_log.records import RecordLog, duplicate  # loaded with references only

        if not isinstance(self._send_log, RecordLog) or state.send_id is None:
            return False
        record = None
        now = anyio.current_time()
        with anyio.move_on_after(min(max(deadline - now, _GRACE), _TIMEOUT)):
            try:
                record = await self._send_log.get(state.send_id)
            except ConfigurationError:
                raise
            except Exception as err:
                _log.info("The send log could not be read: %s", type(err).__name__)
        if record is None or record.outcome in ("not_sent", "rejected"):
            return False
        state.duplicate(duplicate(record))
        return True

    async def begin(
        self, states: Mapping[int, SendState[T]], deadline: float = math.inf
    ) -> Mapping[int, SendState[T]]:
        """Records that sends are about to leave, and returns those that the log accepted.

        Raises:
            ConfigurationError: The log is closed, of another event loop, or unusable.
        """
        if self._send_log is None:
            return states
        failures: list[ConfigurationError] = []
        new = [state for state in states.values() if state.send_id is not None and not state.begun]
        try:
            await _write_all(partial(self._begin, failures), new, deadline)
            if failures:
                raise failures[0]
            if not any(state.begun or state.replayed for state in states.values()):
                await anyio.lowlevel.checkpoint_if_cancelled()
        except BaseException:
            await self.finish(states)
            raise
        return {
            number: state
            for number, state in states.items()
            if state.begun or state.send_id is None
        }

    async def finish(self, states: Mapping[int, SendState[T]], deadline: float = 0.0) -> None:
        """Records the outcomes of sends after an attempt."""
        begun = [state for state in states.values() if state.begun]
        await _write_all(self._finish, begun, deadline)

    async def _begin(self, failures: list[ConfigurationError], state: SendState[Any]) -> None:
        assert self._send_log is not None
        assert state.send_id is not None
        try:
            state.began = await self._send_log.begin(state.send_id)
        except DuplicateSendError as err:
            state.duplicate(err)
        except (ConfigurationError, TypeError, AttributeError, NotImplementedError) as err:
            failures.append(_unusable(self._send_log, err))
        except Exception as err:
            error = NotSentError("not sent, because the send log could not record it")
            error.__cause__ = err
            state.failed(error)
        except anyio.get_cancelled_exc_class():
            state.failed(NotSentError("not sent, because the send log did not record it in time"))
            raise
        else:
            state.begun = True

    async def _finish(self, state: SendState[Any]) -> None:
        assert self._send_log is not None
        assert state.send_id is not None
        message_id: str | None = getattr(state.result, "message_id", None)
        # Set first: the log may store the outcome and fail then, and another process may begin the
        # send after that.
        state.begun, state.unfinished = state.outcome == "unknown", True
        try:
            await self._send_log.finish(state.send_id, state.outcome, message_id)
        except Exception:
            _log.exception(_FINISH_FAILED, state.outcome, state.send_id)
        except anyio.get_cancelled_exc_class():
            _log.error(_FINISH_FAILED + " in time", state.outcome, state.send_id)
            raise
        else:
            state.unfinished = False


_FINISH_FAILED = "The send log could not record the outcome %s of send %s"


def _unusable(log: SendLog, error: Exception) -> ConfigurationError:
    if isinstance(error, ConfigurationError):
        return error
    failure = ConfigurationError(
        f"send_log must have the methods of SendLog; begin of {type(log).__name__} failed: "
        f"{error!r}"
    )
    failure.__cause__ = error
    return failure


async def _write_all(
    write: Callable[[SendState[Any]], Coroutine[Any, Any, None]],
    states: Sequence[SendState[Any]],
    deadline: float,
) -> None:
    """Writes for all sends concurrently, so that the states agree with the log.

    It goes on for some time after a cancellation, which is delivered again later. Even a single
    write runs in a task of its own: asyncio's ``Task.cancel`` ignores anyio's shield in the task
    that it cancels. https://anyio.readthedocs.io/en/stable/cancellation.html
    """
    if not states:
        return
    now = anyio.current_time()
    deadline = min(max(deadline, now + _GRACE), now + _TIMEOUT)
    limits = [anyio.CancelScope(deadline=deadline, shield=True) for _ in states]
    running, done = [*limits], anyio.Event()

    async def write_one(state: SendState[Any], limit: anyio.CancelScope) -> None:
        try:
            with limit:
                await write(state)
        finally:
            running.remove(limit)
            if not running:
                done.set()

    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:
            for state, limit in zip(states, limits, strict=True):
                group.start_soon(write_one, state, limit)
            try:
                await done.wait()
            except anyio.get_cancelled_exc_class():
                for limit in limits:
                    limit.deadline = min(limit.deadline, anyio.current_time() + _GRACE)
                cancelled_by_scope = anyio.current_effective_deadline() == -math.inf
                scope.shield = True
                if not cancelled_by_scope:
                    raise
