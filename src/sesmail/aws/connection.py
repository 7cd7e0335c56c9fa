"""AWS clients: ``call`` an operation and get its response, or one typed error."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from difflib import get_close_matches
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypedDict, get_type_hints

import anyio
import anyio.lowlevel

from ..concurrency import EventLoopGuard, run_in_thread
from ..errors import (
    ConfigurationError,
    InvalidMessageError,
    NotSentError,
    SesmailError,
    UnknownOutcomeError,
)
from .arguments import check_settings
from .bounded_read import read_body
from .departure import Departure, count_request
from .failure import clear_frames, translate_error, translate_open_error
from .settings import build_config

if TYPE_CHECKING:
    from .service_client import ServiceClient

__all__ = ["Aws", "ClientParams"]

_log = logging.getLogger("sesmail.aws")

_CLOSE_TIMEOUT = 5.0  # seconds
_READ_TIMEOUT = 10.0  # seconds between two reads of a response to a repeatable call
_MAX_REQUESTS = 20  # of a repeatable call: its attempts, and those that look for a bucket's region

# Explicit, as botocore 1.44 changes its default mode from "legacy", with 5 attempts, to "standard":
# https://aws.amazon.com/blogs/developer/updated-default-retry-behavior-for-aws-sdks-and-tools/
_REPEATABLE_RETRIES = {"mode": "standard", "total_max_attempts": 3}
_NO_RETRIES = {"mode": "standard", "total_max_attempts": 1}


class ClientParams(TypedDict, total=False):
    """Parameters of aiobotocore's ``create_client`` that are passed on unchanged."""

    endpoint_url: str
    use_ssl: bool
    verify: bool | str
    api_version: str
    aws_access_key_id: str
    aws_secret_access_key: str
    aws_session_token: str
    aws_account_id: str


@cache
def _param_types() -> dict[str, Any]:
    return get_type_hints(ClientParams)


class Aws:
    """AWS clients of one configuration, opened at their first use and closed together.

    Redirects are not followed, and every call ends at a deadline.

    Args:
        region: The AWS region; None for the one of the AWS configuration.
        profile: A profile of the AWS configuration files.
        config: Settings for botocore's ``Config``; not modified.
        user_agent: Text that is appended to botocore's User-Agent.
        params: Passed on to ``create_client``.
        repeatable: Whether repeating a call has no further effect, as for S3's GetObject. Then
            aiobotocore makes up to 3 attempts in the mode ``standard``, unless ``config`` sets
            ``retries``. Otherwise each call is one request.
        fast_path: Whether calls may skip the parts of aiobotocore that they don't need.

    Raises:
        ConfigurationError: A setting has a wrong type, or ``params`` a name that doesn't exist.
    """

    def __init__(
        self,
        region: str | None,
        *,
        profile: str | None,
        config: Mapping[str, Any] | object | None,
        user_agent: str,
        params: ClientParams,
        repeatable: bool = False,
        fast_path: bool = True,
    ) -> None:
        check_settings(region, profile, config, params, _param_types())
        self._region = region
        self._profile = profile
        self._config = config
        self._user_agent = user_agent
        self._params = params
        self._repeatable = repeatable
        self._fast_path = fast_path
        self._clients: dict[tuple[str, str | None], ServiceClient] = {}
        self._stack = AsyncExitStack()
        self._opening = anyio.Lock()
        self._session: Any = None
        self._call_slots: Any = None
        self._closed = False
        self._loop = EventLoopGuard()

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
        key = service, region
        self._loop.check()
        self._check_open()
        if key in self._clients:
            return self._clients[key]
        async with self._opening:
            self._check_open()
            if key not in self._clients:
                client = await self._connect(service, region or self._region)
                self._check_open()
                self._clients[key] = client
            return self._clients[key]

    async def aclose(self) -> None:
        """Close every connection; closing again does nothing.

        Calls that are in flight end with an unknown outcome; those that wait for a connection are
        not sent.
        """
        self._closed = True
        with anyio.move_on_after(_CLOSE_TIMEOUT, shield=True):
            await self._stack.aclose()

    def region(self, service: str) -> str:
        """Returns the region of an open client, from the argument or the AWS configuration."""
        return self._clients[service, None].region

    def _check_open(self) -> None:
        if self._closed:
            raise ConfigurationError("this client is closed; create a new one")

    async def call(
        self,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        *,
        deadline: float,
        region: str | None = None,
        body_limit: int = 0,
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
            body_limit: Maximum size in bytes of the response's ``Body``, where it has one.
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
        with anyio.CancelScope(deadline=deadline) as scope:
            try:
                client = await self.open(service, region)
                count = partial(self._count_request, departure)
                return await self._request(
                    client, operation, params, count, body_limit, size if validated else None
                )
            except SesmailError:
                raise
            except anyio.get_cancelled_exc_class():
                if departure.may_have_left and not scope.cancel_called:
                    _log.warning(
                        "%s was cancelled after its request may have been sent: unknown outcome",
                        operation,
                    )
                raise
            except Exception as err:
                clear_frames(err)
                raise translate_error(
                    err, operation, may_have_left=departure.may_have_left
                ) from err
        if departure.may_have_left:
            raise UnknownOutcomeError("no response before the deadline", operation=operation)
        raise NotSentError("the deadline passed before the request was sent", operation=operation)

    async def _request(
        self,
        client: ServiceClient,
        operation: str,
        params: Mapping[str, Any],
        count: Callable[[], None],
        body_limit: int,
        validated_size: int | None,
    ) -> dict[str, Any]:
        method = client.methods.get(operation)
        if method is None:
            close = get_close_matches(operation, client.methods, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise InvalidMessageError(
                f"there is no operation {operation!r}{hint}", field="operation"
            )
        # Calls wait for a connection here and not in the pool: when one is cancelled there, nothing
        # shows whether its request was sent.
        async with self._call_slots:
            await anyio.lowlevel.checkpoint_if_cancelled()  # which a free slot doesn't check
            self._check_open()
            if validated_size is not None:
                fast_call = await client.fast_call(operation, params)
                if fast_call is not None:
                    return await fast_call.send(params, validated_size, count)
            token = count_request.set(count)
            try:
                response: dict[str, Any] = await method(**params)
                if "Body" in response:
                    response["Body"] = await read_body(
                        response["Body"], response.get("ContentLength"), body_limit
                    )
            finally:
                count_request.reset(token)
        return response

    def _count_request(self, departure: Departure) -> None:
        """Count a request that is about to be sent, unless the client was closed meanwhile."""
        self._check_open()
        departure.count()

    async def _connect(self, service: str, region: str | None) -> ServiceClient:
        try:
            if self._session is None:
                self._session = self._new_session(await run_in_thread(_load))
            from aiobotocore.config import AioConfig

            from .service_client import ServiceClient

            ours = AioConfig(parameter_validation=True)
            if not self._repeatable:
                ours = ours.merge(AioConfig(retries=_NO_RETRIES))
            context = self._session.create_client(
                service, region_name=region, config=ours, **self._params
            )
            client = await self._stack.enter_async_context(context)
        except SesmailError:
            raise
        except Exception as err:
            raise translate_open_error(err, service) from err
        if self._closed:
            await self._stack.aclose()
        return ServiceClient(client, fast_path=self._fast_path)

    def _new_session(self, kind: type[Any]) -> Any:
        from .service_models import ServiceModelLoader

        # The deadline covers a call that is one request. A timeout per read never ends a response
        # that arrives byte by byte.
        config = build_config(
            self._config,
            self._user_agent,
            read_timeout=_READ_TIMEOUT if self._repeatable else None,
            retries=_REPEATABLE_RETRIES,
        )
        if config.max_pool_connections < 1:
            raise ConfigurationError("max_pool_connections has to be at least 1")
        session = kind(profile=self._profile)
        session.register_component(
            "data_loader", ServiceModelLoader(session.get_component("data_loader").search_paths)
        )
        session.set_default_client_config(
            config
        )  # credentials are fetched over the same kind of HTTP session
        self._call_slots = anyio.Semaphore(config.max_pool_connections, fast_acquire=True)
        return session


def _load() -> type[Any]:
    """Import aiobotocore, which takes half a second, in a thread."""
    from aiobotocore.session import AioSession

    return AioSession
