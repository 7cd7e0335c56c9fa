"""Builds the calls of each kind of message, runs them, and returns their results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import anyio

from ..address import Address
from ..arguments import check_integer, described
from ..concurrency import current_time
from ..errors import InvalidMessageError, SendError, SesmailError
from .attempts.batch import Batch
from .attempts.failures import fail
from .attempts.response import read_single, replay_single
from .attempts.retry import RetryPolicy
from .attempts.runner import CallRunner
from .attempts.state import SendState, with_attempts
from .building import LARGE, build, build_part, not_built
from .limits import MAX_RECIPIENTS
from .message.base import BaseMessage
from .message.file_content import has_references
from .message.validation import valid_message
from .payload.call import Call, estimated_size, recipients_of
from .payload.defaults import apply_defaults
from .rate.account import AccountRate
from .references.lazy import References
from .result import RecipientResult, SendResult

if TYPE_CHECKING:
    from .bulk import BulkCall
    from .bulk_result import BulkResult
    from .message.bulk_message import BulkMessage
    from .message.kinds import AnyMessage
    from .message.message import Message
    from .message.recipient import Recipient
    from .payload.dialect import Dialect
    from .references.reading import Reading

__all__ = ["Sender"]

_RATE_TIMEOUT = 5.0  # seconds
# SES refuses a call for more than a second's rate at once:
# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendBulkEmail.html
# A single send that arrives after a bulk call waits until the rate has made up for it.
_CALL_SECONDS = 0.2  # seconds of the rate that a bulk call may use
_MAX_BULK_CALLS = 1000  # in flight; connections are fewer
_SINGLE = frozenset({"Message", "RawMessage", "TemplateMessage"})


@dataclass(eq=False, repr=False)
class Sender:
    """Sends messages through one SES API.

    Attributes:
        dialect: Builder of the API's calls.
        runner: Runner of the calls.
        references: Reader of attachments that are in S3.
        defaults: Client-wide defaults of message fields; None for none.
        tag_name: SES message tag that carries a message's single tag, too; None for none.
        tag_send_id: Whether the send id is sent as an SES message tag, too.
        assign_send_ids: Whether mails without a send id get a random one.
    """

    dialect: Dialect
    runner: CallRunner
    references: References
    defaults: Message | None
    tag_name: str | None
    tag_send_id: bool
    assign_send_ids: bool

    async def send(
        self, message: AnyMessage, state: SendState[SendResult], *, low_priority: bool = False
    ) -> SendResult:
        """Sends one mail, whose state is complete also if this is cancelled."""
        if not isinstance(message, BaseMessage) or message.kind not in _SINGLE:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidMessageError(
                "it must be a Message, TemplateMessage or RawMessage, "
                f"not {described(message)}; pass a BulkMessage to send_bulk",
                field="message",
            )
        started, reading = current_time(), None
        try:
            try:
                message = self._prepared(message, state)
                if has_references(message):
                    if await self._is_recorded(message, state, started):
                        return with_attempts(state.result_or_raise(), state)
                    reading = await self._read(message, state, started)
                    message, started = reading.completed(message), reading.started
                recipients = recipients_of(message)
                call = await build_part(self._builder(message), estimated_size(message))
            except SesmailError:
                raise
            except Exception as err:
                raise not_built(err) from err.with_traceback(None)
            batch = self._batch(call, recipients, low_priority)
            await self.runner.run(batch, {0: state}, started)
            return with_attempts(state.result_or_raise(), state)
        finally:
            if reading is not None:
                reading.free()

    def _builder(self, message: AnyMessage) -> Callable[[], Call]:
        return partial(self.dialect.build, message, self.tag_name, tag_send_id=self.tag_send_id)

    def _batch(
        self, call: Call, recipients: Sequence[Address], low_priority: bool
    ) -> Batch[SendResult]:
        def read(response: Mapping[str, Any], _: Sequence[int]) -> list[SendResult]:
            region = self._region(call)
            return [read_single(response, recipients, operation=call.operation, region=region)]

        def replay(_: int, message_id: str | None) -> SendResult:
            return replay_single(message_id, recipients)

        return Batch({0: len(recipients)}, lambda _: call, read, replay, low_priority)

    async def _is_recorded(
        self, message: AnyMessage, state: SendState[SendResult], started: float
    ) -> bool:
        """Returns whether the send log has the mail, whose attachments aren't needed then.

        They may have been deleted since it was accepted, which must not make it ``not_sent``.
        """
        if not await self.runner.log_writer.is_recorded(state, started + self.runner.timeout):
            return False
        if state.replayed is not None:
            state.result = replay_single(state.replayed.message_id, recipients_of(message))
        return True

    async def _read(
        self, message: AnyMessage, state: SendState[SendResult], started: float
    ) -> Reading:
        """Reads the attachments of a message, after the rest of it was checked."""
        from .references.contents import without_contents  # loaded with references only

        rest = without_contents(message)
        recipients_of(rest)
        call = await build_part(self._builder(rest), estimated_size(rest))
        try:
            return await self.references.read(message, call.size, started)
        except SendError as err:
            err.send_id = state.send_id
            raise

    async def send_bulk(
        self,
        message: BulkMessage,
        concurrency: int,
        account: AccountRate | None,
        states: list[SendState[RecipientResult]] | None = None,
    ) -> BulkResult:
        """Sends a mail to each recipient of a bulk message, in as many calls as needed.

        Args:
            message: The message.
            concurrency: Number of calls at a time.
            account: Reads the account's rate before; None if it isn't read.
            states: Receives the states of the recipients of each call that is begun, which are
                complete also if this is cancelled; it stays empty if the message is invalid.
        """
        if not isinstance(message, BaseMessage) or message.kind != "BulkMessage":  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidMessageError(
                f"it must be a BulkMessage, not {described(message)}", field="message"
            )
        check_integer("concurrency", concurrency, 1)
        # Data of a few recipients may take seconds to encode, and only encoding shows their size.
        bulk = await build(partial(self._bulk_call, message), LARGE)
        if not has_references(bulk.message):
            return await self._send_bulk(bulk, concurrency, account, states)
        reading = await self.references.read(bulk.message, bulk.content.size, current_time())
        try:
            complete = reading.completed(bulk.message)
            bulk = await build(partial(bulk.with_message, complete, self.tag_name), LARGE)
            return await self._send_bulk(bulk, concurrency, account, states)
        finally:
            reading.free()

    async def _send_bulk(
        self,
        bulk: BulkCall,
        concurrency: int,
        account: AccountRate | None,
        states: list[SendState[RecipientResult]] | None,
    ) -> BulkResult:
        """Sends a bulk message that has the defaults and all contents."""
        from .bulk_result import BulkResult  # not loaded to send single mails

        if account is not None:
            await account.refresh()
        parts = bulk.parts(self._recipients_per_call)
        results: dict[int, list[RecipientResult]] = {}
        failures: list[Exception] = []
        async with anyio.create_task_group() as group:
            for _ in range(min(concurrency, len(bulk.recipients), _MAX_BULK_CALLS)):
                group.start_soon(self._send_parts, bulk, parts, results, failures, states)
        found = tuple(chain.from_iterable(results[start] for start in sorted(results)))
        if failures and all(each.outcome == "not_sent" for each in found):
            raise failures[0]
        return BulkResult(found)

    def _prepared(self, message: AnyMessage, state: SendState[SendResult]) -> AnyMessage:
        """Returns the valid message with the defaults and its send id, which the state gets."""
        message = apply_defaults(valid_message(message), self.defaults)
        state.send_id = self._send_id(message)
        if state.send_id == message.send_id:
            return message
        return message.model_copy(update={"send_id": state.send_id})

    def _bulk_call(self, message: BulkMessage) -> BulkCall:
        """Returns the calls of a bulk message, valid and with the defaults and its send ids."""
        from .bulk import BulkCall  # not loaded to send single mails

        message = apply_defaults(valid_message(message), self.defaults)
        send_ids = [self._send_id(each) for each in message.recipients]
        return BulkCall.of(
            message, self.dialect, send_ids, self.tag_name, tag_send_id=self.tag_send_id
        )

    async def _send_parts(
        self,
        bulk: BulkCall,
        parts: Iterator[range],
        results: dict[int, list[RecipientResult]],
        failures: list[Exception],
        states: list[SendState[RecipientResult]] | None,
    ) -> None:
        """Sends parts one after the other; several tasks share the iterator."""
        for numbers in parts:
            part = {number: SendState[RecipientResult](bulk.send_ids[number]) for number in numbers}
            if states is not None:
                states += part.values()
            try:
                await self._send_part(bulk, numbers, part)
            except SesmailError as err:
                failures.append(err)
            results[numbers.start] = [bulk.result(*each) for each in part.items()]

    async def _send_part(
        self, bulk: BulkCall, numbers: range, states: Mapping[int, SendState[RecipientResult]]
    ) -> None:
        def read(
            response: Mapping[str, Any], numbers: Sequence[int]
        ) -> Sequence[RecipientResult | SendError]:
            return bulk.read(response, numbers, self._region(bulk.content))

        try:
            size = sum(bulk.sizes[number] for number in numbers)
            part = await build_part(partial(bulk.part, numbers), size)
        except Exception as err:  # memory is short, or a list in the data was changed meanwhile
            fail(states, err)
            return
        counts = {number: bulk.recipients[number] for number in numbers}
        batch = Batch(counts, part.call, read, bulk.replay, low_priority=True)
        await self.runner.run(batch, states, current_time())

    def _recipients_per_call(self) -> float:
        limiter = self.runner.limiter
        if limiter is None:
            return MAX_RECIPIENTS
        return (limiter.account_rate or limiter.rate) * _CALL_SECONDS

    def _region(self, call: Call) -> str | None:
        """Returns the region that sends a call's mails, once the client is open; None if unknown.

        SES sends from any region of a multi-region endpoint, and doesn't tell which:
        https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_CreateMultiRegionEndpoint.html
        """
        return None if "EndpointId" in call.params else self.runner.region

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
    batch = Batch({0: 0}, lambda _: call, lambda response, _: [dict(response)])
    await runner.run(batch, {0: state}, current_time())
    return state.result_or_raise()
