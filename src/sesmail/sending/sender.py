"""Builds the calls of each kind of message, runs them, and returns their results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import uuid4

import anyio

from ..concurrency import run_in_thread
from ..errors import ConfigurationError, InvalidMessageError, SendError
from .attempts.response import read_single
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
_LARGE = 256 * 1024  # bytes; building more blocks the event loop for a millisecond and longer


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Sender:
    """Sends messages through one SES API.

    Attributes:
        dialect: Builder of the API's calls.
        runner: Runner of the calls.
        defaults: Client-wide defaults of message fields; None for none.
        tag_name: SES message tag that carries a message's single tag, too; None for none.
        tag_send_id: Whether the send id is sent as an SES message tag, too.
        assign_send_ids: Whether mails without a send id get a random one.
    """

    dialect: Dialect
    runner: CallRunner
    defaults: Message | None
    tag_name: str | None
    tag_send_id: bool
    assign_send_ids: bool

    async def send(self, message: AnyMessage, state: SendState[SendResult]) -> SendResult:
        """Sends one mail, whose state is complete also if this is cancelled."""
        if not isinstance(message, (Message, RawMessage, TemplateMessage)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidMessageError(
                "it must be a Message, TemplateMessage or RawMessage, "
                f"not a {type(message).__name__}; pass a BulkMessage to send_bulk",
                field="message",
            )
        started = anyio.current_time()
        message = apply_defaults(message, self.defaults)
        state.send_id = self._send_id(message)
        if state.send_id != message.send_id:
            message = message.model_copy(update={"send_id": state.send_id})
        recipients = recipients_of(message)
        call = await self._build(self.dialect.build, message)

        def read(response: Mapping[str, Any]) -> SendResult:
            region = self.runner.region  # known once the client is open
            return read_single(response, recipients, operation=call.operation, region=region)

        await self.runner.run(Batch.of_one(call, len(recipients), read), {0: state}, started)
        return replace(
            state.result_or_raise(), attempts=tuple(state.attempts), send_id=state.send_id
        )

    async def send_bulk(
        self, message: BulkMessage, concurrency: int, account: AccountRate | None
    ) -> BulkResult:
        """Sends a mail to each recipient of a bulk message, in as many calls as needed."""
        if not isinstance(message, BulkMessage):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidMessageError(
                f"it must be a BulkMessage, not a {type(message).__name__}", field="message"
            )
        if concurrency < 1:
            raise ConfigurationError(f"concurrency must be at least 1, not {concurrency!r}")
        message = apply_defaults(message, self.defaults)
        if self.assign_send_ids:
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
        parts = iter(bulk.parts(self._recipients_per_second()))
        failures: list[Exception] = []
        async with anyio.create_task_group() as group:
            for _ in range(concurrency):
                group.start_soon(self._send_parts, bulk, parts, states, failures)
        if failures and all(state.outcome == "not_sent" for state in states):
            raise failures[0]
        return BulkResult(tuple(bulk.result(number, state) for number, state in enumerate(states)))

    async def _build(self, build: Callable[..., Call], message: AnyMessage | BulkMessage) -> Call:
        """Builds the call of a message; in a thread if it is large, to not block the event loop."""
        build_call = partial(build, message, self.tag_name, tag_send_id=self.tag_send_id)
        return build_call() if estimated_size(message) < _LARGE else await run_in_thread(build_call)

    async def _send_parts(
        self,
        bulk: BulkCall,
        parts: Iterator[Sequence[int]],
        states: Sequence[SendState[RecipientResult]],
        failures: list[Exception],
    ) -> None:
        """Sends parts one after the other; several tasks share the iterator."""

        def read(
            response: Mapping[str, Any], numbers: Sequence[int]
        ) -> Sequence[RecipientResult | SendError]:
            return bulk.read(response, numbers, self.runner.region)

        for part in parts:
            batch = Batch({number: bulk.recipients[number] for number in part}, bulk.call, read)
            try:
                await self.runner.run(
                    batch, {number: states[number] for number in part}, anyio.current_time()
                )
            except (ConfigurationError, InvalidMessageError) as err:
                failures.append(err)

    def _recipients_per_second(self) -> float:
        limiter = self.runner.limiter
        return MAX_RECIPIENTS if limiter is None else limiter.account_rate or limiter.rate

    async def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Calls an operation that isn't a send."""
        return await _call(self.runner, Call(operation, dict(params), 0))

    async def read_rate(self) -> object:
        """Reads the account's sending rate in recipients per second, without retries."""
        once = replace(self.runner, timeout=_RATE_TIMEOUT, policy=RetryPolicy(attempts=1))
        return self.dialect.read_rate(await _call(once, Call(self.dialect.RATE_OPERATION, {}, 0)))

    def _send_id(self, mail: AnyMessage | Recipient) -> str | None:
        return uuid4().hex if self.assign_send_ids and mail.send_id is None else mail.send_id


async def _call(runner: CallRunner, call: Call) -> dict[str, Any]:
    state = SendState[dict[str, Any]]()
    batch: Batch[dict[str, Any]] = Batch.of_one(call, 0, dict)
    await runner.run(batch, {0: state}, anyio.current_time())
    return state.result_or_raise()
