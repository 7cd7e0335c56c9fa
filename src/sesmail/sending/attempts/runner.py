"""Makes calls at the account's pace, and again where it is known that SES did not take them."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import random
from typing import Any, Generic, TypeVar

import anyio

from ...aws import Aws, Departure
from ...errors import (
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
from .listener import CallInfo, Listener, notify
from .log_writer import LogWriter
from .retry import RetryPolicy
from .state import SendState

__all__ = ["Batch", "CallRunner"]

_log = logging.getLogger("sesmail.sending")

_MEGABYTE = 1024 * 1024

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Batch(Generic[T]):
    """Mails that go in one call, each known by a number; what isn't a send is one without recipients.

    Attributes:
        recipients: How many recipients each mail has, over to, cc and bcc.
        call: The call for some of the mails.
        read: What its answer says of each of them; raises a SendError that stands for all.
    """

    recipients: Mapping[int, int]
    call: Callable[[Sequence[int]], Call]
    read: Callable[[Mapping[str, Any], Sequence[int]], Sequence[T | SendError]]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CallRunner:
    """Makes calls of one SES API.

    Attributes:
        aws: Where they leave.
        service: botocore's name of the API.
        timeout: Seconds for a call with all its attempts, for the first MB of content and in proportion above.
        policy: When it is made again.
        limiter: Holds it back to the account's rate; None if nothing does.
        listener: Hears of it.
        ledger: Writes into the send log what becomes of it.
    """

    aws: Aws
    service: str
    timeout: float
    policy: RetryPolicy
    limiter: RateLimiter | None
    listener: Listener
    log_writer: LogWriter

    @property
    def region(self) -> str:
        """Where the calls went, once there was one."""
        return self.aws.region(self.service)

    async def run(
        self, batch: Batch[T], states: Mapping[int, SendState[T]], started: float
    ) -> None:
        """Make the call for all mails, and again for those that SES did not take, as long as that makes sense.

        Args:
            batch: The mails.
            fates: What becomes of them, by the same numbers; it stands there also when this is cancelled.
            started: When it all began, on anyio's clock. The deadline counts from then, but for the time that was
                spent waiting for the account's rate.

        Raises:
            InvalidMessageError: SES has no such operation or parameter; nothing was sent.
            ConfigurationError: No credentials and the like; nothing was sent.
        """
        pending = states
        number = 1
        while True:
            call = batch.call([*pending])
            info = self._info(batch, call, pending, number)
            try:
                started += await self._pace(info)
            except NotSentError as err:
                for state, error in zip(pending.values(), _for_each(err, pending), strict=True):
                    state.failed(error)
                return
            begun = await self._begin(batch, pending)
            if not begun:
                return
            if len(begun) < len(pending):
                call = batch.call([*begun])
                info = self._info(batch, call, begun, number)
            pending = begun
            deadline = started + self.timeout * max(1.0, info.size / _MEGABYTE)
            try:
                await self._attempt(batch, call, info, pending, deadline)
            except (ConfigurationError, InvalidMessageError):
                if number == 1:
                    raise
                return  # an earlier attempt may have reached others, whose results must not be lost
            pending = {
                each: state
                for each, state in pending.items()
                if state.last and self.policy.may_retry(state.last)
            }
            pause = self.policy.delay(number, random())
            if (
                not pending
                or number == self.policy.attempts
                or anyio.current_time() + pause >= deadline
            ):
                return
            _log.info(
                "%s failed for %d of %d; again in %.2f seconds",
                call.operation,
                len(pending),
                len(begun),
                pause,
            )
            notify(self.listener.waiting, info, pause)
            await anyio.sleep(pause)
            number += 1

    async def _attempt(
        self,
        batch: Batch[T],
        call: Call,
        info: CallInfo,
        states: Mapping[int, SendState[T]],
        deadline: float,
    ) -> None:
        departure = Departure()
        notify(self.listener.before_attempt, info)
        began, start = datetime.now(UTC), anyio.current_time()
        ends: Sequence[T | SendError]
        try:
            answer = await self.aws.call(
                self.service,
                call.operation,
                call.params,
                deadline=deadline,
                validated=call.checked,
                size=info.size,
                departure=departure,
            )
            ends = batch.read(answer, [*states])
        except SendError as err:
            ends = _for_each(
                err.with_traceback(None), states
            )  # or its frames would hold it, and the mails, for long
        except BaseException as err:
            await self._ended(
                info, batch, states, _for_each(_lost(err, departure, call), states), began, start
            )
            raise
        await self._ended(info, batch, states, ends, began, start)

    async def _ended(
        self,
        info: CallInfo,
        batch: Batch[T],
        states: Mapping[int, SendState[T]],
        ends: Sequence[T | SendError],
        began: datetime,
        start: float,
    ) -> None:
        """Tell everybody how an attempt ended."""
        seconds = anyio.current_time() - start
        attempts = [
            state.attempted(end, began, seconds)
            for state, end in zip(states.values(), ends, strict=True)
        ]
        notify(self.listener.after_attempt, info, attempts)
        if isinstance(ends[0], NotSentError):
            self._give_back(info.recipients)
        taken = sum(
            batch.recipients[each] for each, state in states.items() if state.result is not None
        )
        if self.limiter is not None and taken:
            self.limiter.accepted(taken)
        if info.recipients and any(isinstance(end, ThrottledError) for end in ends):
            self._throttled(info)
        await self.log_writer.finish(states)

    def _throttled(self, info: CallInfo) -> None:
        rate = None
        if self.limiter is not None:
            self.limiter.throttled()
            rate = self.limiter.rate
        _log.info(
            "SES throttled %s; the pace is %s recipients a second now",
            info.operation,
            rate or "not limited",
        )
        notify(self.listener.throttled, info, rate)

    async def _pace(self, info: CallInfo) -> float:
        """Wait for the account's rate; the seconds that it took."""
        if self.limiter is None or not info.recipients:
            return 0.0
        if (seconds := self.limiter.delay) > 0:
            notify(self.listener.waiting, info, seconds)
        return await self.limiter.acquire(info.recipients)

    async def _begin(
        self, batch: Batch[T], states: Mapping[int, SendState[T]]
    ) -> Mapping[int, SendState[T]]:
        """Write mails down in the send log; those that may not be sent give their places back."""
        begun: Mapping[int, SendState[T]] = {}
        try:
            begun = await self.log_writer.begin(states)
        finally:
            self._give_back(sum(batch.recipients[each] for each in states if each not in begun))
        return begun

    def _give_back(self, recipients: int) -> None:
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
            call.size + sum(call.sizes),
            tuple(state.send_id for state in states.values() if state.send_id is not None),
        )


def _lost(error: BaseException, departure: Departure, call: Call) -> SendError:
    """What became of mails whose call was cancelled, or can't be made at all."""
    if departure.may_have_left:
        return UnknownOutcomeError(
            "it was cancelled after it may have left", operation=call.operation
        )
    if isinstance(error, Exception):
        failed = NotSentError(str(error), operation=call.operation, retryable=False)
        failed.__cause__ = (
            copy.copy(error) if isinstance(error, SesmailError) else error
        )  # its frames hold the fates
        return failed
    return NotSentError("it was cancelled before it could leave", operation=call.operation)


def _for_each(error: SendError, states: Mapping[int, Any]) -> list[SendError]:
    """The error of a whole call, for each of its mails one that is its own."""
    errors = [error]
    while len(errors) < len(states):
        another = copy.copy(error)
        another.__cause__ = error.__cause__
        errors.append(another)
    return errors
