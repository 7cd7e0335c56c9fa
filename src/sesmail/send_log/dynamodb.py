"""Send log in a table of Amazon DynamoDB."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Self, Unpack

import anyio
from anyio.abc import AsyncResource

from ..arguments import check_function, check_instance, check_seconds, check_text
from ..aws import Aws, AwsSettings, ClientParams, role_of
from ..errors import (
    ConfigurationError,
    Outcome,
    RejectedError,
    SesmailError,
    UnknownOutcomeError,
)
from ..patterns import lazy_pattern
from ..version import __version__
from . import dynamodb_items as items
from .protocol import SendRecord
from .records import Clock, ReadPage, RecordLog, duplicate, in_utc, now

__all__ = ["DynamoSendLog"]

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html (TableName)
_TABLE = lazy_pattern(
    r"[A-Za-z0-9_.-]{3,255}|arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9_.-]{3,255}"
)
_CONFLICT = "ConditionalCheckFailedException"
_TRIES = 3  # of a begin whose record others change at the same time
_UNDO_TIMEOUT = 0.4  # seconds; a client waits 0.5 seconds for a log after a cancellation


class DynamoSendLog(RecordLog, AsyncResource):
    """Send log in a table of Amazon DynamoDB, which programs on several machines may share.

    The table has the partition key ``send_id`` of type String, and no sort key. ``begin`` and
    ``settle`` are conditional writes, so that of several programs that send one id at the same
    time, one does. Each mail takes two writes of at most 1 kB. A request whose response is lost is
    repeated, and recognised by a token in the item. An instance belongs to one event loop. Use it
    as ``async with DynamoSendLog(table) as log``, or call ``aclose`` at the end.

    A ``begin`` that is cancelled, or gets no response, is set to ``not_sent`` again if possible;
    otherwise it stays ``unknown``. Errors of AWS are raised as ``SendError``. IAM has to allow
    ``dynamodb:PutItem``, ``dynamodb:UpdateItem`` and ``dynamodb:GetItem``, and ``dynamodb:Scan``
    for ``unknown``, which reads the whole table; DynamoDB charges that.

    Args:
        table: Name or ARN of the table.
        expire_after: Time after which DynamoDB may delete a record of known outcome, from the
            attribute ``expires_at``, which has to be set as the table's "time to live" attribute.
            A send id that was deleted may be sent again. None keeps records forever; those of
            unknown outcome are always kept.
        clock: Function that returns the time, as an aware datetime; the system's time by default.
        region: The AWS region of the table; by default that of the AWS configuration.
        profile: A profile of the AWS configuration files.
        session: ``aiobotocore.session.AioSession`` whose credentials are used; not modified.
        role_arn: ARN of a role to assume; its credentials are renewed before they expire.
        external_id: External id that the trust policy of the role asks for.
        timeout: Maximum duration of a call in seconds, with its retries.
        config: Settings for botocore's ``Config``: a mapping or an instance, which isn't changed.
        **params: Further arguments of aiobotocore's ``create_client``: ``endpoint_url``,
            ``verify``, ``aws_access_key_id`` and so on.

    Raises:
        ConfigurationError: An argument is invalid.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
    """

    def __init__(
        self,
        table: str,
        *,
        expire_after: timedelta | None = None,
        clock: Clock | None = None,
        region: str | None = None,
        profile: str | None = None,
        session: object = None,
        role_arn: str | None = None,
        external_id: str | None = None,
        timeout: float = 5.0,
        config: Mapping[str, Any] | object | None = None,
        **params: Unpack[ClientParams],
    ) -> None:
        check_text("table", table, "the name or ARN of a DynamoDB table")
        if _TABLE.fullmatch(table) is None:
            raise ConfigurationError(
                "table must be the name or ARN of a DynamoDB table, such as sends"
            )
        if expire_after is not None:
            check_instance("expire_after", expire_after, timedelta, "a timedelta or None")
            check_seconds("expire_after", expire_after.total_seconds())
        if clock is not None:
            check_function("clock", clock)
        check_seconds("timeout", timeout)
        self._table = table
        self._expire_after = expire_after
        self._clock = now if clock is None else clock
        self._timeout = timeout
        self._aws = Aws(
            AwsSettings(
                region,
                profile=profile,
                session=session,
                role=role_of(role_arn, external_id),
                config=config,
                user_agent=f"sesmail/{__version__}",
                params=params,
                owner="sesmail.DynamoSendLog",
                repeatable=True,
            )
        )

    async def __aenter__(self) -> Self:
        """Opens the client, which the first method called would do otherwise.

        Raises:
            ConfigurationError: Credentials, the region or an extra are missing.
        """
        await self._aws.open("dynamodb")
        return self

    async def aclose(self) -> None:
        """Closes all connections to AWS; does nothing if they are closed."""
        await self._aws.aclose()

    async def _begin(self, send_id: str) -> datetime:
        began, token = in_utc(self._clock()), uuid.uuid4().hex
        try:
            await self._put(send_id, began, token)
        except (UnknownOutcomeError, anyio.get_cancelled_exc_class()):
            with anyio.move_on_after(_UNDO_TIMEOUT, shield=True), suppress(SesmailError):
                await self._change(items.undo(send_id, token), token)
            raise
        return began

    async def _settle(self, send_id: str, outcome: Outcome, message_id: str | None) -> bool:
        expires_at = None
        if self._expire_after is not None:
            expires_at = int((in_utc(self._clock()) + self._expire_after).timestamp())
        token = uuid.uuid4().hex
        return await self._change(
            items.settle(send_id, outcome, message_id, token, expires_at), token
        )

    async def _get(self, send_id: str) -> SendRecord | None:
        item = await self._item(send_id)
        return None if item is None else items.read_record(item)

    def _reader(self, before: datetime | None) -> ReadPage:
        key: Mapping[str, Any] | None = {}

        async def read(_: SendRecord | None) -> Iterable[SendRecord]:
            nonlocal key
            while key is not None:
                response = await self._call("Scan", items.unknown(before, key or None))
                key = response.get("LastEvaluatedKey") or None
                if found := response.get("Items"):
                    return [items.read_record(item) for item in found]
            return ()

        return read

    async def _put(self, send_id: str, began: datetime, token: str) -> None:
        tries = 0
        while True:
            tries += 1
            try:
                await self._call("PutItem", items.begin(send_id, began, token))
                return
            except RejectedError as err:
                if err.code != _CONFLICT:
                    raise
                item = await self._item(send_id)
                if item is not None and items.token_of(item) == token:
                    return  # stored by a request whose response was lost
                if item is not None and item["outcome"]["S"] in ("accepted", "unknown"):
                    raise duplicate(items.read_record(item)) from None
                if tries == _TRIES:
                    raise

    async def _change(self, params: Mapping[str, Any], token: str) -> bool:
        """Changes an item; returns whether this change took effect."""
        try:
            await self._call("UpdateItem", params)
        except RejectedError as err:
            if err.code != _CONFLICT:
                raise
            response: Mapping[str, Any] = getattr(err.__cause__, "response", {})
            return items.token_of(response.get("Item")) == token
        return True

    async def _item(self, send_id: str) -> Mapping[str, Any] | None:
        response = await self._call("GetItem", items.look_up(send_id))
        found: Mapping[str, Any] | None = response.get("Item") or None
        return found

    async def _call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return await self._aws.call(
            "dynamodb",
            operation,
            {"TableName": self._table, **params},
            deadline=anyio.current_time() + self._timeout,
        )
