"""AWS clients: ``call`` an operation and get its response, or one typed error."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel

from ..arguments import similar
from ..concurrency import EventLoopGuard
from ..errors import (
    InvalidMessageError,
    NotSentError,
    SesmailError,
    UnknownOutcomeError,
)
from .bounded_read import BodyLimit, read_body
from .departure import CallScope, Departure, Lifetime, call_scope, closed_error
from .failure import clear_frames, translate_error
from .opening import AwsSettings, ClientOpener

if TYPE_CHECKING:
    from .service_client import ServiceClient

__all__ = ["Aws"]

_log = logging.getLogger("sesmail.aws")

_CLOSE_TIMEOUT = 5.0  # seconds
_MAX_REQUESTS = 20  # of a repeatable call: its attempts, and those that look for a bucket's region

# Maximum size of a response in bytes. They are parsed in the event loop, where XML takes 50 times
# as long as JSON; the response to a send has 10 kB at most, a template in JSON 3 MB.
_SEND_LIMIT = 256 * 1024
_XML_LIMIT = 2 * 1024 * 1024
_LIMIT = 10 * 1024 * 1024
# Ten messages of 1 MiB, whose characters JSON may write in up to three times as many bytes.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
_SQS_LIMIT = 32 * 1024 * 1024


class Aws:
    """AWS clients of one configuration, opened at their first use and closed together.

    Redirects are not followed, and every call ends at a deadline.

    Args:
        settings: The configuration.
    """

    def __init__(self, settings: AwsSettings) -> None:
        self._owner = settings.owner
        self._repeatable = settings.repeatable
        self._opener = ClientOpener(settings)
        self._clients: dict[tuple[str, str | None], ServiceClient] = {}
        self._stack = AsyncExitStack()
        self._opening = anyio.Lock()
        self._lifetime = Lifetime()
        self._loop = EventLoopGuard(settings.owner)

    def __del__(self) -> None:
        if self._clients and not self._lifetime.is_closed:
            warnings.warn(
                f"unclosed {self._owner}; use 'async with', or call aclose() at the end",
                ResourceWarning,
                stacklevel=2,
            )
            for client in self._clients.values():
                client.abandon()

    async def open(self, service: str, region: str | None = None) -> ServiceClient:
        """Returns the client of a service, which the first call opens.

        Args:
            service: botocore's name of the service.
            region: A region other than that of the configuration.

        Raises:
            ConfigurationError: The region or an extra is missing, a setting is invalid, the client
                is closed, or it is used on a second event loop.
            NotSentError: The credentials could not be fetched at the moment.
        """
        client = self._opened(service, region)
        if client is not None:
            return client
        key = service, region
        async with self._opening:
            self._lifetime.check_open()
            if key not in self._clients:
                client = await self._opener.open(service, region, self._stack)
                if self._lifetime.is_closed:
                    await self._stack.aclose()
                self._lifetime.check_open()
                self._clients[key] = client
            return self._clients[key]

    def _opened(self, service: str, region: str | None) -> ServiceClient | None:
        """Returns the client of a service if it is open.

        Raises:
            ConfigurationError: As for ``open``.
        """
        self._loop.check()
        self._lifetime.check_open()
        return self._clients.get((service, region))

    async def learn(self, service: str, operation: str) -> None:
        """Open the client of a service, and discover the fast path of an operation.

        Raises:
            ConfigurationError: As for ``open``.
            NotSentError: As for ``open``.
        """
        client = await self.open(service)
        if not client.has_learned(operation):
            with suppress(Exception):  # which the first call raises, too
                await client.learn(operation)

    async def aclose(self) -> None:
        """Close every connection; closing again does nothing.

        Calls whose request may have left end with an unknown outcome. Those that wait or connect
        end at once, and are not sent.
        """
        with anyio.move_on_after(_CLOSE_TIMEOUT, shield=True):
            await self._lifetime.close()
            await self._stack.aclose()

    def region(self, service: str) -> str:
        """Returns the region of an open client, from the argument or the AWS configuration."""
        return self._clients[service, None].region

    @property
    def connections(self) -> int:
        """Maximum number of calls in flight; 0 until a client was opened."""
        return self._opener.connections

    @property
    def read_timeout(self) -> float:
        """Seconds between two reads of a response; infinite until a client was opened."""
        return self._opener.read_timeout

    async def call(
        self,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        *,
        deadline: float,
        region: str | None = None,
        body_limit: BodyLimit = 0,
        validated: bool = False,
        size: int = 0,
        departure: Departure | None = None,
    ) -> dict[str, Any]:
        """Make one call.

        Args:
            service: botocore's name of the service, for instance ``sesv2``.
            operation: The API operation, for instance ``SendEmail``.
            params: Its parameters.
            deadline: The end of the call, on anyio's clock.
            region: A region other than that of the configuration.
            body_limit: Maximum size in bytes of the response's ``Body``, where it has one, or a
                function that returns it for the Content-Length, and may raise.
            validated: Whether the parameters are known to be valid, which the fast path requires.
            size: Approximate size of the parameters in bytes.
            departure: Counts the requests, for a caller that needs the number when the call raises.

        Returns:
            The response, with its ``ResponseMetadata``.

        Raises:
            InvalidMessageError: The operation or a parameter doesn't exist; nothing was sent.
            ConfigurationError: A setting or the credentials are missing or invalid.
            SendError: The call did not succeed; see its ``outcome``.
            ContentTooLargeError: The ``Body`` is larger than ``body_limit``.
        """
        departure = departure or Departure(_MAX_REQUESTS if self._repeatable else 1)
        client = None
        scope = anyio.CancelScope(deadline=deadline)
        with scope:
            self._lifetime.begin(scope, departure)
            try:
                client = self._opened(service, region) or await self.open(service, region)
                token = call_scope.set(
                    CallScope(departure, self._lifetime, _response_limit(service, operation))
                )
                try:
                    return await self._request(
                        client, operation, params, body_limit, size if validated else None
                    )
                finally:
                    call_scope.reset(token)
            except SesmailError:
                raise
            except anyio.get_cancelled_exc_class():
                # A call that may be repeated, such as a poll, leaves nothing in doubt.
                if departure.may_have_left and not scope.cancel_called and not self._repeatable:
                    _log.warning(
                        "%s was cancelled after its request may have been sent: unknown outcome",
                        operation,
                    )
                raise
            except Exception as err:
                clear_frames(err)
                raise self._translate(err, client, operation, params, departure) from err
            finally:
                self._lifetime.end(scope)
        if departure.may_have_left:
            raise UnknownOutcomeError("no response before the deadline", operation=operation)
        if self._lifetime.is_closed:
            raise closed_error(operation)
        raise NotSentError("the deadline passed before the request was sent", operation=operation)

    def _translate(
        self,
        error: Exception,
        client: ServiceClient | None,
        operation: str,
        params: Mapping[str, Any],
        departure: Departure,
    ) -> SesmailError:
        if client is None:
            return translate_error(error, operation, may_have_left=False)
        if not departure.may_have_left:
            if self._lifetime.is_closed:
                return closed_error(operation)
            region_error = client.region_error(error)
            if region_error is not None:
                return region_error
        return translate_error(
            error,
            operation,
            may_have_left=departure.may_have_left,
            proxy=client.proxy,
            describe_parameters=partial(client.describe_parameters, operation, params),
        )

    async def _request(
        self,
        client: ServiceClient,
        operation: str,
        params: Mapping[str, Any],
        body_limit: BodyLimit,
        validated_size: int | None,
    ) -> dict[str, Any]:
        method = client.methods.get(operation)
        if method is None:
            close = similar(operation, client.methods)
            hint = f"; did you mean {close!r}?" if close else ""
            raise InvalidMessageError(
                f"there is no operation {operation!r}{hint}", field="operation"
            )
        # Calls wait for a connection here and not in the pool, which may give a free connection to
        # a call that is being cancelled.
        slots = self._opener.slots
        if slots.value:  # no call waits while a slot is free
            slots.acquire_nowait()
        else:
            await slots.acquire()
        try:
            await anyio.lowlevel.checkpoint_if_cancelled()  # which a free slot doesn't check
            self._lifetime.check_in_flight()
            if validated_size is not None:
                if not client.has_learned(operation):
                    await client.learn(operation)
                fast_call = client.fast_call(operation, params)
                if fast_call is not None:
                    return await fast_call.send(params, validated_size)
            await client.refresh_credentials()
            return await _call(method, params, body_limit)
        finally:
            slots.release()


async def _call(
    method: Callable[..., Awaitable[dict[str, Any]]],
    params: Mapping[str, Any],
    body_limit: BodyLimit,
) -> dict[str, Any]:
    """Make a call through aiobotocore, and read the stream in its response, if there is one."""
    response = await method(**params)
    if "Body" in response:
        response["Body"] = await read_body(
            response["Body"], response.get("ContentLength"), body_limit
        )
    return response


def _response_limit(service: str, operation: str) -> int:
    """Returns the maximum size in bytes of a response that is parsed at once."""
    if operation.startswith("Send"):
        return _SEND_LIMIT
    return {"ses": _XML_LIMIT, "sqs": _SQS_LIMIT}.get(service, _LIMIT)
