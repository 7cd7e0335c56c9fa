"""Sends claimed mails, alone or together in a bulk call, and returns a result for each."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import random

from ..concurrency import run_in_thread
from ..errors import InvalidMessageError, NotSentError, SendError, SesmailError
from ..sending.attempts.retry import RetryPolicy
from ..sending.attempts.state import SendState
from ..sending.message.bulk_message import BulkMessage
from ..sending.message.kinds import AnyMessage
from ..sending.result import RecipientResult, SendResult
from ..sending.sender import Sender
from .bodies import read_body
from .claiming import Claim
from .deciding import Decision, decide, described_error
from .leaving import MailResult
from .tables import PRIORITIES

__all__ = ["Delivered", "Delivery"]

_log = logging.getLogger("sesmail.sql")

_LARGE = 256 * 1024  # bytes; reading more blocks the event loop for a millisecond and longer
_ACCEPTED = Decision("accepted")


@dataclass(frozen=True, slots=True)
class Delivered:
    """Result of one mail, and what it says about the account.

    Attributes:
        result: The result.
        returned: Whether nothing was tried, because the worker stops.
        pauses: Whether the account can't send now.
    """

    result: MailResult
    returned: bool = False
    pauses: bool = False

    @classmethod
    def of_returned(cls, claim: Claim, delay: float | None = None) -> Delivered:
        """Returns the result of a mail that was not tried."""
        return cls(MailResult(claim.send_id, claim.token, "queued", delay=delay), returned=True)


class Delivery:
    """Sends claimed mails.

    Args:
        sender: Sender whose log sets mails to leaving.
        retry: Number of attempts that count, and their delays.
        begin: Sets a mail to leaving; raises ClaimLostError where another worker took it.
    """

    def __init__(
        self, sender: Sender, retry: RetryPolicy, begin: Callable[[str], Awaitable[None]]
    ) -> None:
        self._sender = sender
        self._retry = retry
        self._begin = begin

    async def send(
        self,
        claims: Sequence[Claim],
        bodies: dict[str, bytes],
        delivered: dict[str, Delivered],
    ) -> None:
        """Sends mails that share a call, or one; ``delivered`` is complete also if cancelled.

        The body of a single mail is taken out of ``bodies``, as it is large beside the message.
        """
        group = _Group(claims, bodies)
        try:
            if claims[0].bulk is None:
                await self._send_one(group)
            else:
                await self._send_bulk(group)
            group.completed = True
        finally:
            for each in claims:
                delivered[each.send_id] = self._delivered(each, group)

    async def _send_one(self, group: _Group) -> None:
        (claim,) = group.claims
        state = SendState[SendResult](claim.send_id)
        group.states[claim.send_id] = state
        low = claim.priority != PRIORITIES["high"]
        try:
            message = await self._read(group, claim)
            if isinstance(message, BulkMessage):
                raise InvalidMessageError("the stored body is of another kind", field="message")
            await self._sender.send(message, state, low_priority=low)
        except Exception as err:
            group.errors[claim.send_id] = _known(err)

    async def _send_bulk(self, group: _Group) -> None:
        states: list[SendState[RecipientResult]] = []
        try:
            message = _joined([await self._read(group, each) for each in group.claims])
            try:
                await self._sender.send_bulk(message, 1, None, states)
            finally:
                group.states |= {state.send_id: state for state in states if state.send_id}
        except Exception as err:
            # One of them is invalid, the others aren't; a failed read of a file is that of all.
            if not isinstance(err, SendError) and len(group.claims) > 1 and not states:
                for each in group.claims:
                    await self._send_bulk(group.of(each))
                return
            group.errors |= {each.send_id: _known(err) for each in group.claims}

    async def _read(self, group: _Group, claim: Claim) -> AnyMessage | BulkMessage:
        message = await group.read(claim)
        if message is not None:
            return message
        try:
            await self._begin(claim.send_id)
        except Exception as err:
            # A worker that stood still reads no body of a mail that was sent meanwhile.
            raise NotSentError("the worker doesn't hold the mail any more") from err
        raise InvalidMessageError("the mail has no stored body", field="message")

    def _delivered(self, claim: Claim, group: _Group) -> Delivered:
        """Returns the result of a mail, from the state of its send and what the send raised."""
        state = group.states.get(claim.send_id)
        if state is not None and state.result is not None:
            return self._result(claim, _ACCEPTED, state.result.message_id, None)
        error = group.errors.get(claim.send_id)
        # A send that was cancelled and did not leave was not tried.
        if state is not None and (
            state.outcome == "unknown"
            or (error is None and (group.completed or state.outcome != "not_sent"))
        ):
            error = state.error()
        if error is None:
            return Delivered.of_returned(claim)
        decision = decide(error, claim.attempts, self._retry)
        return self._result(claim, decision, None, described_error(error))

    def _result(
        self, claim: Claim, decision: Decision, message_id: str | None, error: str | None
    ) -> Delivered:
        delay = decision.delay * 2 * random() if decision.state == "queued" else None
        result = MailResult(
            claim.send_id,
            claim.token,
            decision.state,
            message_id,
            error,
            delay,
            decision.counted,
        )
        return Delivered(result, pauses=decision.pauses)


class _Group:
    """Mails of one call, and what is known of them.

    Attributes:
        claims: The mails.
        states: States of their sends, by send id.
        errors: What their sends raised, by send id.
        completed: Whether the send ended, rather than was cancelled.
    """

    def __init__(self, claims: Sequence[Claim], bodies: dict[str, bytes]) -> None:
        self.claims = claims
        self.states: dict[str, SendState[SendResult] | SendState[RecipientResult]] = {}
        self.errors: dict[str, SesmailError] = {}
        self.completed = False
        self._bodies = bodies

    def of(self, claim: Claim) -> _Group:
        """Returns the group of one of the mails, which shares the results."""
        single = _Group([claim], self._bodies)
        single.states, single.errors = self.states, self.errors
        return single

    async def read(self, claim: Claim) -> AnyMessage | BulkMessage | None:
        """Returns the message of a mail; None without a body.

        Raises:
            InvalidMessageError: The body can't be read.
        """
        if not self._bodies.get(claim.send_id):
            return None
        # The last one that reads a body takes it, so that only the reader of its text has it.
        take = self._bodies.pop if len(self.claims) == 1 else self._bodies.__getitem__
        if claim.size < _LARGE:
            return read_body(take(claim.send_id))
        return await run_in_thread(lambda: read_body(take(claim.send_id)))


def _joined(messages: Sequence[AnyMessage | BulkMessage]) -> BulkMessage:
    """Returns one bulk message of those of single recipients, which are equal otherwise."""
    bulk = [each for each in messages if isinstance(each, BulkMessage)]
    if len(bulk) < len(messages):
        raise InvalidMessageError("the stored body is of another kind", field="message")
    recipients = tuple(recipient for each in bulk for recipient in each.recipients)
    return bulk[0].model_copy(update={"recipients": recipients})


def _known(error: Exception) -> SesmailError:
    """Returns an error of sesmail; any other one is logged, and nothing left by it."""
    if isinstance(error, SesmailError):
        return error.with_traceback(None)
    _log.error("An internal error ended a send: %s", type(error).__name__, exc_info=error)
    return NotSentError(f"internal error ({type(error).__name__})", retryable=False)
