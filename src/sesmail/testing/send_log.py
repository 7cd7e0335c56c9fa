"""The contract of send logs as a test, for logs in other databases."""

from __future__ import annotations

import secrets
import string
from datetime import datetime

import anyio

from ..errors import DuplicateSendError, Outcome
from ..send_log.protocol import SendLog

__all__ = ["check_send_log"]

_CONCURRENT = 10
_LONGEST = 256
_KNOWN: tuple[Outcome, ...] = ("accepted", "rejected", "not_sent")


async def check_send_log(log: SendLog) -> None:
    """Checks that a send log keeps the contract of ``SendLog``; for a test, on any event loop.

    It uses random send ids, so that the log may have records of other sends, and leaves its own
    records there.

    Args:
        log: The log.

    Raises:
        AssertionError: It breaks a rule, which the message names.
    """
    check = _Check(log)
    await check.begins_once()
    await check.keeps_ids_apart()
    for outcome in _KNOWN:
        await check.finishes(outcome)
        await check.settles(outcome)
    await check.accepted_is_final()
    await check.unknown_changes_nothing()
    await check.nothing_for_unbegun_sends()
    await check.one_of_concurrent_sends_begins()


class _Check:
    def __init__(self, log: SendLog) -> None:
        self._log = log

    async def begins_once(self) -> None:
        send_id = _new_id()
        began = await self._begin(send_id, "a new send")
        if began is not None:
            _require(began.tzinfo is not None, "begin must return a time with a time zone, or None")
        error = await self._refused(send_id, "a send that is in flight")
        _require(
            error.recorded_outcome == "unknown",
            f"a send that began must be recorded as unknown, not {error.recorded_outcome}",
        )
        _require(
            began is None or error.began == began,
            f"DuplicateSendError.began must be the time that begin returned, not {error.began}",
        )

    async def keeps_ids_apart(self) -> None:
        prefix = _new_id()
        longest = (prefix + string.ascii_letters + string.digits + "_-" + "x" * _LONGEST)[:_LONGEST]
        ids = {
            "upper case": f"{prefix}A",
            "lower case": f"{prefix}a",
            "an underscore": f"{prefix}_",
            "a hyphen": f"{prefix}-",
            "256 characters": longest,
            "other 256 characters": longest[:-1] + "y",
        }
        for name, send_id in ids.items():
            await self._begin(send_id, f"a send id with {name}, which is another one,")

    async def finishes(self, outcome: Outcome) -> None:
        send_id = _new_id()
        await self._begin(send_id, "a new send")
        await self._log.finish(send_id, outcome, _message_id(outcome))
        await self._check_recorded(send_id, outcome, "finish")

    async def settles(self, outcome: Outcome) -> None:
        send_id = _new_id()
        await self._begin(send_id, "a new send")
        changed = await self._log.settle(send_id, outcome, _message_id(outcome))
        _require(changed is True, f"settle must return True when it records {outcome}")
        changed = await self._log.settle(send_id, outcome, _message_id(outcome))
        _require(changed is False, "settle must return False when the record is the same")
        await self._check_recorded(send_id, outcome, "settle")

    async def accepted_is_final(self) -> None:
        send_id = _new_id()
        await self._begin(send_id, "a new send")
        await self._log.finish(send_id, "rejected")
        changed = await self._log.settle(send_id, "not_sent")
        _require(changed is False, "only accepted may replace rejected")
        changed = await self._log.settle(send_id, "accepted", "message-1")
        _require(changed is True, "accepted must replace rejected, as an event proves it")
        changed = await self._log.settle(send_id, "rejected")
        _require(changed is False, "nothing may replace accepted")
        await self._log.finish(send_id, "not_sent")
        await self._check_recorded(send_id, "accepted", "an event that was faster than finish")

    async def unknown_changes_nothing(self) -> None:
        send_id = _new_id()
        await self._begin(send_id, "a new send")
        await self._log.finish(send_id, "unknown")
        changed = await self._log.settle(send_id, "unknown")
        _require(changed is False, "settle must return False for unknown")
        error = await self._refused(send_id, "a send of unknown outcome")
        _require(error.recorded_outcome == "unknown", "unknown must change nothing")

    async def nothing_for_unbegun_sends(self) -> None:
        send_id = _new_id()
        changed = await self._log.settle(send_id, "accepted", "message-1")
        _require(changed is False, "settle must return False for a send that never began")
        await self._log.finish(send_id, "accepted", "message-1")
        await self._begin(send_id, "a send that only an event, or another log, knows,")

    async def one_of_concurrent_sends_begins(self) -> None:
        send_id = _new_id()
        begun: list[int] = []

        async def begin(number: int) -> None:
            try:
                await self._log.begin(send_id)
            except DuplicateSendError:
                return
            begun.append(number)

        async with anyio.create_task_group() as tasks:
            for number in range(_CONCURRENT):
                tasks.start_soon(begin, number)
        _require(
            len(begun) == 1,
            f"one of {_CONCURRENT} concurrent sends of one id must begin, not {len(begun)}",
        )

    async def _check_recorded(self, send_id: str, outcome: Outcome, after: str) -> None:
        """Checks that a send of this outcome may begin again, or not."""
        if outcome != "accepted":
            await self._begin(send_id, f"a send that {after} recorded as {outcome}")
            return
        error = await self._refused(send_id, f"a send that {after} recorded as accepted")
        _require(
            (error.recorded_outcome, error.message_id) == ("accepted", "message-1"),
            "DuplicateSendError must have recorded_outcome 'accepted' and the message id, not "
            f"{error.recorded_outcome!r} and {error.message_id!r}",
        )

    async def _begin(self, send_id: str, what: str) -> datetime | None:
        try:
            return await self._log.begin(send_id)
        except DuplicateSendError as err:
            raise AssertionError(f"{what} must begin, but begin raised {err!r}") from err

    async def _refused(self, send_id: str, what: str) -> DuplicateSendError:
        try:
            await self._log.begin(send_id)
        except DuplicateSendError as err:
            return err
        raise AssertionError(f"begin must raise DuplicateSendError for {what}")


def _new_id() -> str:
    return f"check-{secrets.token_hex(8)}"


def _message_id(outcome: Outcome) -> str | None:
    return "message-1" if outcome == "accepted" else None


def _require(condition: bool, rule: str) -> None:
    if not condition:
        raise AssertionError(rule)
