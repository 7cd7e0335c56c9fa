"""Runs API calls under the rate limit and retries those that SES definitely did not accept."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import random
from typing import Any, TypeVar

import anyio

from ...aws import Aws, Departure
from ...concurrency import current_time
from ...errors import (
    Attempt,
    ConfigurationError,
    InvalidMessageError,
    NotSentError,
    SendError,
    SesmailError,
    ThrottledError,
    UnknownOutcomeError,
)
from ..payload.call import Call
from ..rate.limiter import RateLimiter
from .batch import Batch
from .failures import fail, for_each, interrupted
from .listener import CallInfo, Listener, notify
from .log_writer import LogWriter
from .retry import RetryPolicy
from .state import SendState

__all__ = ["CallRunner"]

_log = logging.getLogger("sesmail.sending")

_MEGABYTE = 1024 * 1024

T = TypeVar("T")


@dataclass(eq=False, repr=False)
class CallRunner:
    """Runs calls of one SES API.

    Attributes:
        aws: Clients that make the calls.
        service: botocore's name of the API.
        timeout: Seconds for a call with all its attempts, for the first MB of content;
            proportionally more above.
        policy: Policy of the retries.
        limiter: Rate limiter; None for no rate limit.
        listener: Listener that is notified of each attempt.
        log_writer: Writer of the send log.
    """

    aws: Aws
    service: str
    timeout: float
    policy: RetryPolicy
    limiter: RateLimiter | None
    listener: Listener
    log_writer: LogWriter

    @property
    def listens_to_waits(self) -> bool:
        """True if the listener overrides ``waiting``, for which the wait is computed before."""
        return getattr(self.listener.waiting, "__func__", None) is not Listener.waiting

    @property
    def region(self) -> str:
        """Region of the calls, known once the client is open."""
        return self.aws.region(self.service)

    async def run(
        self, batch: Batch[T], states: Mapping[int, SendState[T]], started: float
    ) -> None:
        """Makes the call for all sends, and retries those that SES did not accept.

        Args:
            batch: The sends.
            states: Their states, by the same numbers; complete also if this is cancelled.
            started: Start of the operation on anyio's clock. The deadline counts from here,
                without the time spent waiting for the rate limit.

        Raises:
            InvalidMessageError: The operation or a parameter doesn't exist; nothing was sent.
            ConfigurationError: Missing credentials or a wrong setting; nothing was sent.
        """
        pending, number = states, 1
        while pending:
            try:
                pending, started = await self._attempt(batch, pending, number, started)
            except (ConfigurationError, InvalidMessageError):
                if number == 1:
                    raise
                return  # raising would lose the results of the attempts before
            except Exception as err:
                _log.exception("An internal error ended the send; its outcome is reported.")
                fail(pending, err)
                return
            number += 1

    async def _attempt(
        self, batch: Batch[T], pending: Mapping[int, SendState[T]], number: int, started: float
    ) -> tuple[Mapping[int, SendState[T]], float]:
        """Makes one attempt; returns the sends to retry, and ``started`` plus the time waited."""
        call = batch.call([*pending])
        info = self._info(batch, call, pending, number)

        # 1. Wait for the rate limit.
        try:
            started += await self._wait_for_rate(info, batch.low_priority)
        except NotSentError as err:
            for state, error in zip(pending.values(), for_each(err, pending), strict=True):
                state.failed(error)
            return {}, started

        # 2. Record the sends in the send log; those that it refuses are left out of the call.
        deadline = started + self.timeout * max(1.0, info.size / _MEGABYTE)
        recorded = await self._record(batch, pending, deadline)
        if not recorded:
            return {}, started
        if len(recorded) < len(pending):
            call = batch.call([*recorded])
            info = self._info(batch, call, recorded, number)

        # 3. Make the call.
        departure, began, start = Departure(), datetime.now(UTC), current_time()
        results: Sequence[Any] = ()
        try:
            results = await self._call(batch, call, info, recorded, deadline, departure)
        except BaseException as err:
            results = for_each(interrupted(err, departure, call), recorded)
            if not isinstance(err, Exception) or (
                isinstance(err, SesmailError) and not departure.may_have_left
            ):
                raise
            _log.exception("An internal error ended a call; its outcome is reported.")
        finally:
            # 4. Apply the results to the states, the rate limiter, the log and the listener.
            attempts = self._apply(batch, info, recorded, results, began, start)
            try:
                await self.log_writer.finish(recorded, deadline)
            except Exception:
                _log.exception("The send log could not record outcomes; the send continues.")
            finally:
                self._report(info, results, attempts)

        # 5. Choose the sends to retry, and wait before the next attempt.
        return await self._choose_retries(recorded, info, deadline), started

    async def _wait_for_rate(self, info: CallInfo, low_priority: bool) -> float:
        """Waits for the rate limit; returns the seconds waited."""
        if self.limiter is None or not info.recipients:
            return 0.0
        # A subclass of RateLimiter may have an acquire with one argument.
        priority = {"low_priority": True} if low_priority else {}
        if self.listens_to_waits and (seconds := self.limiter.expected_wait(**priority)) > 0:
            notify(self.listener.waiting, info, seconds)
        return await self.limiter.acquire(info.recipients, **priority)

    async def _record(
        self, batch: Batch[T], states: Mapping[int, SendState[T]], deadline: float
    ) -> Mapping[int, SendState[T]]:
        """Records sends in the send log, and releases what the refused ones acquired."""
        recorded: Mapping[int, SendState[T]] = {}
        try:
            recorded = await self.log_writer.begin(states, deadline)
        finally:
            if recorded is not states:  # which it is without a log
                refused = [each for each in states if each not in recorded]
                self._release(sum(batch.recipients[each] for each in refused))
                for number, state in states.items():
                    if batch.replay is not None and state.replayed is not None:
                        state.result = batch.replay(number, state.replayed.message_id)
        return recorded

    async def _call(
        self,
        batch: Batch[T],
        call: Call,
        info: CallInfo,
        states: Mapping[int, SendState[T]],
        deadline: float,
        departure: Departure,
    ) -> Sequence[T | SendError]:
        """Makes the call; returns a result or an error for each send."""
        notify(self.listener.before_attempt, info)
        try:
            response = await self.aws.call(
                self.service,
                call.operation,
                call.params,
                deadline=deadline,
                validated=call.checked,
                size=info.size,
                departure=departure,
            )
            return _read(batch, response, states)
        except SendError as err:
            # Without its traceback, whose frames would keep the messages alive with the error.
            return for_each(err.with_traceback(None), states)

    def _apply(
        self,
        batch: Batch[T],
        info: CallInfo,
        states: Mapping[int, SendState[T]],
        results: Sequence[T | SendError],
        began: datetime,
        start: float,
    ) -> list[Attempt]:
        """Applies results to the states and the rate limiter; an internal error is logged."""
        seconds = current_time() - start
        attempts: list[Attempt] = []
        accepted = 0
        for (number, state), result in zip(states.items(), results, strict=True):
            try:
                attempts.append(state.attempted(result, began, seconds))
            except Exception:
                _log.exception("An attempt could not be recorded; its outcome is kept.")
                state.apply(result)
            if state.result is not None:
                accepted += batch.recipients[number]
        if self.limiter is None:
            return attempts
        try:
            if isinstance(results[0], NotSentError):
                self._release(info.recipients)
            if accepted:
                self.limiter.accepted(accepted)
            if _throttled(info, results):
                self.limiter.throttled()
        except Exception:
            _log.exception("The rate limiter failed after a response; the send continues.")
        return attempts

    def _report(self, info: CallInfo, results: Sequence[object], attempts: list[Attempt]) -> None:
        """Notifies the listener, after the log: it may raise what ends the process."""
        notify(self.listener.after_attempt, info, attempts)
        if _throttled(info, results):
            rate = None if self.limiter is None else self.limiter.rate
            _log.info(
                "SES throttled %s; sending at %s recipients per second",
                info.operation,
                rate or "any number of",
            )
            notify(self.listener.throttled, info, rate)

    async def _choose_retries(
        self, states: Mapping[int, SendState[T]], info: CallInfo, deadline: float
    ) -> Mapping[int, SendState[T]]:
        """Returns the sends to retry after the retry delay; none where time or attempts are up."""
        try:
            retried, delay = self._plan_retries(states, info.number)
        except Exception:
            _log.exception("The retry policy failed; the call isn't retried.")
            return {}
        if not retried:
            return {}
        if current_time() + delay >= deadline:
            return {}
        _log.info(
            "%s failed for %d of %d sends; retrying in %.2f seconds",
            info.operation,
            len(retried),
            len(states),
            delay,
        )
        notify(self.listener.waiting, info, delay)
        await anyio.sleep(delay)
        return retried

    def _plan_retries(
        self, states: Mapping[int, SendState[T]], number: int
    ) -> tuple[Mapping[int, SendState[T]], float]:
        """Returns the sends to retry after an attempt of this number, and the delay."""
        retried = {
            each: state
            for each, state in states.items()
            if state.last and self.policy.may_retry(state.last)
        }
        if not retried or number == self.policy.attempts:
            return {}, 0.0
        return retried, self.policy.delay(number, random())

    def _release(self, recipients: int) -> None:
        if self.limiter is not None and recipients:
            self.limiter.give_back(recipients)

    def _info(
        self, batch: Batch[T], call: Call, states: Mapping[int, SendState[T]], number: int
    ) -> CallInfo:
        recipients = [batch.recipients[each] for each in states]
        return CallInfo(
            self.service,
            call.operation,
            number,
            sum(map(bool, recipients)),
            sum(recipients),
            call.size,
            tuple(state.send_id for state in states.values() if state.send_id is not None),
        )


def _read(
    batch: Batch[T], response: dict[str, Any], states: Mapping[int, Any]
) -> Sequence[T | SendError]:
    """Reads a response; an internal error makes the outcome unknown, with the response."""
    try:
        return batch.read(response, [*states])
    except SendError:
        raise
    except Exception as err:
        _log.exception("A response could not be read; its outcome is unknown.")
        raise UnknownOutcomeError(
            f"the response could not be read ({type(err).__name__})", answer=response
        ) from err.with_traceback(None)


def _throttled(info: CallInfo, results: Sequence[object]) -> bool:
    return info.recipients > 0 and any(isinstance(result, ThrottledError) for result in results)
