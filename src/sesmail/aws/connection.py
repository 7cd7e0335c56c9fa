"""AWS clients: ``call`` an operation, get its answer or one typed error."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict

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
from .bounded_read import read_body
from .departure import Departure, before_send, leaving
from .failure import forget_frames, translate_error, translate_open_error
from .settings import build_config

if TYPE_CHECKING:
    from .fast_path import FastCall

__all__ = ["Aws", "ClientParams"]

_log = logging.getLogger("sesmail.aws")

_CLOSE_TIMEOUT = 5.0  # seconds
_READ_TIMEOUT = 10.0  # seconds, of a call that may be repeated
_MOST_REQUESTS = 20  # of a call that may be repeated


class ClientParams(TypedDict, total=False):
    """What aiobotocore's ``create_client`` takes beside the region and the configuration; passed on as it is."""

    endpoint_url: str
    use_ssl: bool
    verify: bool | str
    api_version: str
    aws_access_key_id: str
    aws_secret_access_key: str
    aws_session_token: str
    aws_account_id: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Client:
    """An open client: its region, its methods by the operations that they call, and the operations that are lean."""

    client: Any
    region: str
    methods: Mapping[str, Callable[..., Awaitable[dict[str, Any]]]]
    fast_path_call: dict[str, FastCall | None]


class Aws:
    """AWS clients of one configuration, opened when they are needed and closed together.

    It follows no redirect and bounds every call by a deadline.

    Args:
        region: The AWS region; the AWS chain finds it if it isn't given.
        profile: The profile of the AWS configuration files.
        config: Settings for botocore's ``Config``; never changed.
        user_agent: What every request carries in its user agent beside botocore's own.
        params: Passed on to ``create_client``.
        repeatable: Whether every call does the same when it is made twice: then aiobotocore repeats what fails.
            Otherwise each is made once.

    Raises:
        TypeError: ``params`` has something that aiobotocore doesn't take.
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
    ) -> None:
        if unknown := params.keys() - ClientParams.__annotations__.keys():
            raise TypeError(f"got unexpected arguments: {', '.join(sorted(unknown))}")
        self._region = region
        self._profile = profile
        self._config = config
        self._user_agent = user_agent
        self._params = params
        self._repeatable = repeatable
        self._clients: dict[tuple[str, str | None], _Client] = {}
        self._stack = AsyncExitStack()
        self._opening = anyio.Lock()
        self._session: Any = None
        self._places: Any = None
        self._closed = False
        self._loop = EventLoopGuard()

    async def open(self, service: str, region: str | None = None) -> _Client:
        """The client of a service, made at its first use.

        Args:
            service: botocore's name of the service.
            region: Another region than that of the configuration.

        Raises:
            ConfigurationError: No region, a bad setting, a missing extra, closed already, or another event loop.
            NotSentError: The credentials could not be fetched just now.
        """
        key = service, region
        self._loop.check()
        self._refuse_closed()
        if key in self._clients:
            return self._clients[key]
        async with self._opening:
            self._refuse_closed()
            if key not in self._clients:
                client = await self._connect(service, region or self._region)
                self._refuse_closed()
                self._clients[key] = client
            return self._clients[key]

    async def aclose(self) -> None:
        """Close every connection; closing again does nothing.

        Calls that have left end in an unknown outcome, those that are still waiting never leave.
        """
        self._closed = True
        with anyio.move_on_after(_CLOSE_TIMEOUT, shield=True):
            await self._stack.aclose()

    def region(self, service: str) -> str:
        """The region in which a service is called, whoever chose it, once it was opened."""
        return self._clients[service, None].region

    def _refuse_closed(self) -> None:
        if self._closed:
            raise ConfigurationError("this client is closed; make a new one")

    async def call(
        self,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        *,
        deadline: float,
        region: str | None = None,
        body_limit: int = 0,
        checked: bool = False,
        size: int = 0,
        departure: Departure | None = None,
    ) -> dict[str, Any]:
        """Make one call.

        Args:
            service: botocore's name of the service, for instance ``sesv2``.
            operation: The API operation, for instance ``SendEmail``.
            params: Its parameters.
            deadline: When to give up, on anyio's clock.
            region: Another region than that of the configuration.
            body_limit: How many bytes the ``Body`` of the answer may have, which is read here, where it has one.
            checked: Whether the parameters are known to be what the operation takes. Then it may be called lean.
            size: About how many bytes they have.
            mark: What tells the caller, whatever happens, whether the request may have left.

        Returns:
            The answer, with its ``ResponseMetadata``.

        Raises:
            InvalidMessageError: The operation or a parameter doesn't exist; nothing was sent.
            ConfigurationError: No credentials and the like; nothing was sent.
            SendError: The call did not succeed; its ``outcome`` tells what became of it.
            ContentTooLargeError: The body of the answer has more bytes.
        """
        departure = departure or Departure(_MOST_REQUESTS if self._repeatable else 1)
        with anyio.CancelScope(deadline=deadline) as scope:
            try:
                client = await self.open(service, region)
                leave = partial(self._leave, departure)
                return await self._attempt(
                    client, operation, params, leave, body_limit, size if checked else None
                )
            except SesmailError:
                raise
            except anyio.get_cancelled_exc_class():
                if departure.may_have_left and not scope.cancel_called:
                    _log.warning(
                        "%s was cancelled after its request may have left: its outcome is unknown",
                        operation,
                    )
                raise
            except Exception as err:
                forget_frames(err)
                raise translate_error(
                    err, operation, may_have_left=departure.may_have_left
                ) from err
        if departure.may_have_left:
            raise UnknownOutcomeError("no answer before the deadline", operation=operation)
        raise NotSentError(
            "the deadline passed before the request could leave", operation=operation
        )

    async def _attempt(
        self,
        client: _Client,
        operation: str,
        params: Mapping[str, Any],
        leave: Callable[[], None],
        body_limit: int,
        checked_size: int | None,
    ) -> dict[str, Any]:
        method = client.methods.get(operation)
        if method is None:
            raise InvalidMessageError(f"there is no operation {operation!r}", field="operation")
        # Waiting for a connection happens here, where nothing has left, and not in the pool, where nobody could tell.
        async with self._places:
            await (
                anyio.lowlevel.checkpoint_if_cancelled()
            )  # a free place doesn't say that it was cancelled
            self._refuse_closed()
            if (
                checked_size is not None
                and (fast_path_call := await _fast_call(client, operation, params)) is not None
            ):
                return await fast_path_call.send(params, checked_size, leave)
            token = leaving.set(leave)
            try:
                answer: dict[str, Any] = await method(**params)
                if "Body" in answer:
                    answer["Body"] = await read_body(
                        answer["Body"], answer.get("ContentLength"), body_limit
                    )
            finally:
                leaving.reset(token)
        return answer

    def _leave(self, departure: Departure) -> None:
        """Note that a request leaves; none does that was still being prepared when everything was closed."""
        self._refuse_closed()
        departure.count()

    async def _connect(self, service: str, region: str | None) -> _Client:
        try:
            if self._session is None:
                self._session = self._new_session(await run_in_thread(_load))
            from aiobotocore.config import AioConfig

            from .fast_path import capture

            ours = AioConfig(parameter_validation=True)
            if not self._repeatable:
                ours = ours.merge(AioConfig(retries={"total_max_attempts": 1, "mode": "standard"}))
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
        client.meta.events.register("before-send", before_send)
        client.meta.events.register_last("before-call", capture)
        methods = {
            operation: getattr(client, name)
            for name, operation in client.meta.method_to_api_mapping.items()
        }
        return _Client(client, client.meta.region_name, methods, {})

    def _new_session(self, kind: type[Any]) -> Any:
        from .service_models import ServiceModelLoader

        # Where a call is made once, the deadline covers it: a time per read would let a trickle go on for ever.
        config = build_config(
            self._config, self._user_agent, _READ_TIMEOUT if self._repeatable else None
        )
        if config.max_pool_connections < 1:
            raise ConfigurationError("max_pool_connections is 1 at least")
        session = kind(profile=self._profile)
        session.register_component(
            "data_loader", ServiceModelLoader(session.get_component("data_loader").search_paths)
        )
        session.set_default_client_config(
            config
        )  # credentials are fetched over the same kind of HTTP session
        self._places = anyio.Semaphore(config.max_pool_connections, fast_acquire=True)
        return session


def _load() -> type[Any]:
    """Import what takes half a second: in a thread, so that the event loop goes on."""
    from aiobotocore.session import AioSession

    return AioSession


async def _fast_call(client: _Client, operation: str, params: Mapping[str, Any]) -> FastCall | None:
    """The lean way to make a call, learnt at the first; None if there is none."""
    if operation not in client.fast_path_call:
        from .fast_path import discover

        client.fast_path_call[operation] = await discover(client.client, operation)
    fast_path_call = client.fast_path_call[operation]
    return fast_path_call if fast_path_call is not None and fast_path_call.accepts(params) else None
