"""Reads the attachments of messages from Amazon S3, by the settings of a client."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from ...aws import Aws, AwsSettings, get_object
from ...errors import NotSentError
from .failures import OPERATION, not_read
from .memory import MemoryLimit
from .reading import Reading

if TYPE_CHECKING:
    from ..message.bulk_message import BulkMessage
    from ..message.kinds import AnyMessage
    from ..message.stored_object import S3Object

__all__ = ["ReferenceReader"]

_AT_ONCE = 4  # objects of one message that are read at a time
_MEMORY = 128 * 1024 * 1024  # bytes; three of the largest mails
# Settings for the host of SES, which is another one than that of S3.
_OF_SES_ONLY = frozenset({"api_version", "endpoint_url", "use_ssl"})


class ReferenceReader:
    """Reader of attachments; S3's client is opened when the first one is read.

    Args:
        settings: AWS settings of the client that sends. Its endpoint isn't that of S3.
        api: API of that client, ``v1`` or ``v2``.
        timeout: Seconds for the operation, for the first MB; proportionally more above.
    """

    def __init__(self, settings: AwsSettings, api: str, timeout: float) -> None:
        given: Any = settings.params
        params: Any = {name: value for name, value in given.items() if name not in _OF_SES_ONLY}
        # Clients of its own, as downloads must not take the connections of sends.
        self._aws = Aws(replace(settings, params=params, repeatable=True, fast_path=False))
        self._api = api
        self._timeout = timeout
        self._memory = MemoryLimit(_MEMORY)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._aws.aclose()

    async def read(self, message: AnyMessage | BulkMessage, rest: int, started: float) -> Reading:
        """Reads the attachments of a message that are references.

        The contents of all messages that are read at the same time are limited: others wait. A
        message with up to one megabyte never waits.

        Args:
            message: The message.
            rest: Encoded size in bytes of the message without these attachments.
            started: Start of the operation on anyio's clock.

        Returns:
            The contents, which are in memory until its ``free``.

        Raises:
            InvalidMessageError: SES wouldn't accept the mail, which is too large with an object.
            ConfigurationError: No credentials, another wrong setting, or a closed client.
            NotSentError: An object can't be read.
            AccessDeniedError: S3 doesn't accept the credentials; the outcome is ``not_sent``.
        """
        reading = Reading(message, self._api, rest, started, self._timeout, self._memory)
        try:
            await self._read(reading)
            if reading.is_short:
                await reading.wait_for_memory()
                await self._read(reading)
            reading.complete()
        except BaseException:
            reading.free()
            raise
        return reading

    async def _read(self, reading: Reading) -> None:
        """Reads the objects of a message, some at a time; gives up if memory is short."""
        waiting = iter(reading.numbers)
        with reading.scope as scope:
            async with anyio.create_task_group() as group:
                for _ in range(min(_AT_ONCE, len(reading.numbers))):
                    group.start_soon(self._read_some, reading, waiting)
        reading.raise_error()
        if scope.cancelled_caught and not reading.is_short:
            raise NotSentError(
                "attachments: they could not be read from S3 before the deadline",
                operation=OPERATION,
            )

    async def _read_some(self, reading: Reading, waiting: Iterator[S3Object]) -> None:
        """Reads objects one after the other; several tasks share the iterator."""
        for stored in waiting:
            params = {"Bucket": stored.bucket, "Key": stored.key}
            if stored.version_id is not None:
                params["VersionId"] = stored.version_id
            admit = partial(reading.admit, stored)
            try:
                response = await get_object(self._aws, params, deadline=math.inf, limit=admit)
            except Exception as err:
                reading.error = reading.error or not_read(err, stored, reading.field(stored))
                reading.scope.cancel()
                return
            reading.contents[stored] = response["Body"]
