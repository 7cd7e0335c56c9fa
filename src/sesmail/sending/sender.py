"""Turns each kind of message into calls, and what became of them into results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import uuid4

import anyio

from ..concurrency import run_in_thread
from ..errors import ConfigurationError, InvalidMessageError, SendError
from .attempts.answer import read_single
from .attempts.retry import RetryPolicy
from .attempts.runner import Batch, CallRunner
from .attempts.state import SendState
from .bulk import BulkCall
from .limits import MAX_RECIPIENTS
from .message.message import AnyMessage, BulkMessage, Message, RawMessage, TemplateMessage
from .message.recipient import Recipient
from .payload.call import Call, estimated_size, recipients_of
from .payload.defaults import apply_defaults
from .payload.dialect import Dialect
from .rate.account import AccountRate
from .result import BulkResult, RecipientResult, SendResult

__all__ = ["Sender"]

_RATE_TIMEOUT = 5.0  # seconds
_LARGE = 256 * 1024  # bytes, which take about a millisecond


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Sender:
    """Sends messages by one SES API.

    Attributes:
        dialect: The API.
        caller: Makes its calls.
        defaults: What stands for what messages don't give.
        tag_name: The SES message tag that a single tag goes out as, too; None for none.
        tag_send_id: Whether a send id goes out as an SES message tag, too.
        identify: Whether each mail gets a send id, if it has none.
    """

    dialect: Dialect
    runner: CallRunner
    defaults: Message | None
    tag_name: str | None
    tag_send_id: bool
    identify: bool

    async def send(self, message: AnyMessage, state: SendState[SendResult]) -> SendResult:
        """Send one mail, whose fate also tells what became of it if this is cancelled."""
        if not isinstance(message, (Message, RawMessage, TemplateMessage)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidMessageError(
                f"send takes a Message, a TemplateMessage or a RawMessage, not a {type(message).__name__}; "
                "a BulkMessage goes by send_bulk",
                field="message",
            )
        started = anyio.current_time()
        message = apply_defaults(message, self.defaults)
        state.send_id = self._send_id(message)
        if state.send_id != message.send_id:
            message = message.model_copy(update={"send_id": state.send_id})
        recipients = recipients_of(message)
        call = await self._build(self.dialect.build, message)

        def read(answer: Mapping[str, Any], _: object) -> Sequence[SendResult]:
            return [
                read_single(answer, recipients, operation=call.operation, region=self.runner.region)
            ]

        await self.runner.run(
            Batch({0: len(recipients)}, lambda _: call, read), {0: state}, started
        )
        return replace(
            state.result_or_raise(), attempts=tuple(state.attempts), send_id=state.send_id
        )

    async def send_bulk(
        self, message: BulkMessage, concurrency: int, account: AccountRate | None
    ) -> BulkResult:
        """Send a mail to each recipient of a bulk message, in as many calls as it takes."""
        if not isinstance(message, BulkMessage):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidMessageError(
                f"send_bulk takes a BulkMessage, not a {type(message).__name__}", field="message"
            )
        if concurrency < 1:
            raise ConfigurationError("concurrency is 1 at least")
        message = apply_defaults(message, self.defaults)
        if self.identify:
            recipients = [
                each.model_copy(update={"send_id": self._send_id(each)})
                for each in message.recipients
            ]
            message = message.model_copy(update={"recipients": tuple(recipients)})
        whole = await self._build(self.dialect.build_bulk, message)
        bulk = BulkCall.of(whole, self.dialect, [recipient.to for recipient in message.recipients])
        if account is not None:
            await account.refresh()
        states = [SendState[RecipientResult](each.send_id) for each in message.recipients]
        parts = iter(bulk.parts(self._most_at_once()))
        failures: list[Exception] = []
        async with anyio.create_task_group() as group:
            for _ in range(concurrency):
                group.start_soon(self._send_parts, bulk, parts, states, failures)
        if failures and all(state.outcome == "not_sent" for state in states):
            raise failures[0]
        return BulkResult(tuple(bulk.result(number, state) for number, state in enumerate(states)))

    async def _build(self, build: Callable[..., Call], message: AnyMessage | BulkMessage) -> Call:
        """The call of a message; that of a large one is built in a thread, while the event loop goes on."""
        builds = partial(build, message, self.tag_name, tag_send_id=self.tag_send_id)
        return builds() if estimated_size(message) < _LARGE else await run_in_thread(builds)

    async def _send_parts(
        self,
        bulk: BulkCall,
        parts: Iterator[Sequence[int]],
        states: Sequence[SendState[RecipientResult]],
        failures: list[Exception],
    ) -> None:
        """Send one part after the other, beside others who do the same."""

        def read(
            answer: Mapping[str, Any], numbers: Sequence[int]
        ) -> Sequence[RecipientResult | SendError]:
            return bulk.read(answer, numbers, self.runner.region)

        for part in parts:
            batch = Batch({number: bulk.recipients[number] for number in part}, bulk.call, read)
            try:
                await self.runner.run(
                    batch, {number: states[number] for number in part}, anyio.current_time()
                )
            except (ConfigurationError, InvalidMessageError) as err:
                failures.append(err)

    def _most_at_once(self) -> float:
        limiter = self.runner.limiter
        return MAX_RECIPIENTS if limiter is None else limiter.account_rate or limiter.rate

    async def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Make a call that isn't a send."""
        return await _call(self.runner, Call(operation, dict(params), 0))

    async def read_rate(self) -> object:
        """Ask for the account's sending rate, once and not for long."""
        once = replace(self.runner, timeout=_RATE_TIMEOUT, policy=RetryPolicy(attempts=1))
        return self.dialect.read_rate(await _call(once, Call(self.dialect.RATE_OPERATION, {}, 0)))

    def _send_id(self, mail: AnyMessage | Recipient) -> str | None:
        return uuid4().hex if self.identify and mail.send_id is None else mail.send_id


async def _call(runner: CallRunner, call: Call) -> dict[str, Any]:
    state = SendState[dict[str, Any]]()
    batch: Batch[dict[str, Any]] = Batch({0: 0}, lambda _: call, lambda answer, _: [dict(answer)])
    await runner.run(batch, {0: state}, anyio.current_time())
    return state.result_or_raise()
