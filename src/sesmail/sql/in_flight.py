"""Mails that a worker holds: from their claim until their results are written."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import anyio

from ..sending.attempts.listener import notify
from .claiming import Claim
from .delivery import Delivered
from .grouping import LeaveLog, ResultWriter
from .leaving import Held
from .pausing import Pause, Signal
from .progress import WorkListener

__all__ = ["InFlight"]

_log = logging.getLogger("sesmail.sql")
_LEVELS = {"accepted": logging.DEBUG, "queued": logging.INFO}  # of others: WARNING

_HELD_DELAY = 1.0  # seconds until a mail is due again that could not begin
_READ_DELAY = 5.0  # seconds until a mail whose body could not be read is due again


class InFlight:
    """Mails that a worker holds, and the counts of those that ended.

    Attributes:
        counts: Mails by the state that they ended in.
        freed: Set when there is room for others.
        pause: Pauses after failures of the account.

    Args:
        leaving: Log that sets mails to leaving.
        results: Writer of the results.
        listener: Listener that is notified.
    """

    def __init__(self, leaving: LeaveLog, results: ResultWriter, listener: WorkListener) -> None:
        self.counts: Counter[str] = Counter()
        self.freed: Signal = Signal()
        self.pause: Pause = Pause()
        self._leaving = leaving
        self._results = results
        self._listener = listener
        self._claims: dict[str, Claim] = {}
        self._calls: dict[anyio.CancelScope, Sequence[Claim]] = {}

    def __len__(self) -> int:
        return len(self._claims)

    @property
    def waiting(self) -> int:
        """Number of mails that aren't leaving yet."""
        return len(self._claims) - len(self._leaving.begun)

    @property
    def idle(self) -> bool:
        """True if no mail is held, and all results are written."""
        return not (self._claims or self._results.pending)

    def hold(self, claims: Sequence[Claim]) -> list[Claim]:
        """Adds claimed mails, and returns them.

        A mail whose lease ended, as this worker stood still, may be claimed by the same worker
        again. It is left out until the first claim has ended, which can't leave any more.
        """
        added: list[Claim] = []
        for each in claims:
            if each.send_id in self._claims:
                self._results.put(Delivered.of_returned(each, _HELD_DELAY).result)
                continue
            self._claims[each.send_id] = each
            self._leaving.tokens[each.send_id] = each.token
            added.append(each)
        if added:
            notify(self._listener.claimed, tuple(each.send_id for each in added))
        return added

    def held(self) -> list[Held]:
        """Returns the mails whose leases are to be renewed."""
        claims = [(each.send_id, each.token) for each in self._claims.values()]
        return claims + self._results.held()

    @contextmanager
    def call(self, claims: Sequence[Claim]) -> Generator[dict[str, Delivered]]:
        """Runs a call of some of the mails, and takes its results from the yielded dict.

        Mails without a result return to the queue.
        """
        delivered: dict[str, Delivered] = {}
        with anyio.CancelScope() as scope:
            self._calls[scope] = claims
            try:
                yield delivered
            finally:
                del self._calls[scope]
                for each in claims:
                    self._end(
                        each,
                        delivered.get(each.send_id) or Delivered.of_returned(each, _READ_DELAY),
                    )
                self.freed.set()

    def return_waiting(self) -> None:
        """Cancels calls of which no mail is leaving."""
        for scope, claims in self._calls.items():
            if not any(each.send_id in self._leaving.begun for each in claims):
                scope.cancel()

    def return_unread(self, claims: Sequence[Claim]) -> None:
        """Returns mails to the queue whose bodies could not be read."""
        for each in claims:
            self._end(each, Delivered.of_returned(each, _READ_DELAY))
        self.freed.set()

    def return_all(self) -> None:
        """Returns the mails to the queue whose calls were cancelled before they began."""
        self.return_unread([*self._claims.values()])

    def _end(self, claim: Claim, delivered: Delivered) -> None:
        del self._claims[claim.send_id]
        if self._leaving.forget(claim.send_id):
            # Changes nothing if the claim is lost; another transaction may only have locked it.
            self.counts["lost"] += 1
            self._results.put(Delivered.of_returned(claim, _HELD_DELAY).result)
            return
        result = delivered.result
        self._results.put(result)
        self.counts["returned" if delivered.returned else result.state] += 1
        if delivered.returned:
            return
        fields = {"send_id": claim.send_id, "state": result.state, "error": result.error}
        level = _LEVELS.get(result.state, logging.WARNING)
        _log.log(level, "Mail %s is %s: %s", *fields.values(), extra=fields)
        notify(self._listener.finished, claim.send_id, result.state, result.error)
        if result.state == "accepted":
            self.pause.succeeded()
        elif delivered.pauses and (seconds := self.pause.failed(anyio.current_time())):
            notify(self._listener.paused, seconds, result.error or "")
