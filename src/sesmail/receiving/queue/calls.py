"""Calls of SQS for one queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio

from ...aws import Aws
from ...errors import ConfigurationError, UnknownOutcomeError
from .settings import QueueSettings

__all__ = ["QueueCalls"]


class QueueCalls:
    """Calls of SQS for one queue.

    Args:
        aws: AWS clients.
        settings: Settings of the queue.
    """

    def __init__(self, aws: Aws, settings: QueueSettings) -> None:
        self._aws = aws
        self._url = settings.queue.url
        self._region = settings.queue.region
        self._timeout = settings.timeout
        # A call that hangs must leave time for the next heartbeats.
        self._change_timeout = min(settings.timeout, settings.visibility_timeout / 3)
        self._wait_time = settings.wait_time

    async def open(self, reserved: int) -> tuple[int, int]:
        """Opens the client.

        Args:
            reserved: Number of connections that are needed besides those of polls.

        Returns:
            The seconds that a poll may wait at SQS, and the number of polls at a time.

        Raises:
            ConfigurationError: Credentials, the region or an extra are missing, or the pool has too
                few connections.
            NotSentError: The credentials could not be fetched at the moment.
        """
        await self._aws.open("sqs", self._region)
        polls = self._aws.connections - reserved
        if polls < 1:
            raise ConfigurationError(
                f"config: max_pool_connections must be at least {reserved + 1}, so that polls "
                f"leave connections for other calls, not {self._aws.connections}"
            )
        # A shorter timeout of the caller's configuration would end every poll that waits.
        self._wait_time = int(max(0, min(self._wait_time, self._aws.read_timeout - 1)))
        return self._wait_time, polls

    async def receive(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Calls ReceiveMessage."""
        return await self._call("ReceiveMessage", params, self._wait_time + self._timeout)

    async def change(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Calls an operation that changes messages."""
        return await self._call(operation, params, self._change_timeout)

    async def _call(
        self, operation: str, params: Mapping[str, Any], limit: float
    ) -> Mapping[str, Any]:
        response = await self._aws.call(
            "sqs",
            operation,
            {"QueueUrl": self._url, **params},
            deadline=anyio.current_time() + limit,
            region=self._region,
        )
        metadata: Mapping[str, Any] = response["ResponseMetadata"]
        is_json = "json" in metadata.get("HTTPHeaders", {}).get("content-type", "")
        if not is_json and "RequestId" not in metadata:
            # botocore reads the page of a proxy as a response without messages.
            raise UnknownOutcomeError("the response isn't one of SQS", operation=operation)
        return response
