"""AWS clients: ``call`` an operation, get its answer or one typed error."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypedDict

import anyio

from ..errors import ConfigurationError, InvalidMessageError, NotSentError, SesmailError, UnknownOutcomeError
from .failure import explain, explain_opening
from .http import http_session

__all__ = ["Aws", "ClientParams"]

_log = logging.getLogger("sesmail.aws")

_POOL = 50
_CLOSE_TIMEOUT = 5.0  # seconds
_CONNECT_TIMEOUT = 10.0  # seconds; a connection that was never made is known not to have sent anything


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


@dataclass(frozen=True, slots=True)
class _Client:
    """An open client: its methods by the operations that they call."""

    methods: Mapping[str, Callable[..., Awaitable[dict[str, Any]]]]


class _Mark:
    """Whether a request may have left: set by ``before-send``, just before the connection is made."""

    __slots__ = ("may_have_left",)

    def __init__(self) -> None:
        self.may_have_left = False


_mark: ContextVar[_Mark] = ContextVar("sesmail_mark")


class Aws:
    """AWS clients of one configuration, opened when they are needed and closed together.

    It makes one attempt per call, follows no redirect, and bounds every call by a deadline.

    Args:
        region: The AWS region; the AWS chain finds it if it isn't given.
        profile: The profile of the AWS configuration files.
        config: Settings for botocore's ``Config``; never changed.
        user_agent: What every request carries in its user agent beside botocore's own.
        params: Passed on to ``create_client``.
    """

    def __init__(
        self,
        region: str | None,
        *,
        profile: str | None,
        config: Mapping[str, Any] | object | None,
        user_agent: str,
        params: ClientParams,
    ) -> None:
        self._region = region
        self._profile = profile
        self._config = config
        self._user_agent = user_agent
        self._params = params
        self._clients: dict[str, _Client] = {}
        self._regions: dict[str, str] = {}
        self._stack = AsyncExitStack()
        self._opening = anyio.Lock()
        self._session: Any = None
        self._places: Any = None
        self._closed = False

    async def open(self, service: str) -> _Client:
        """The client of a service, made at its first use.

        Raises:
            ConfigurationError: No region, a bad setting, a missing extra, or closed already.
            NotSentError: The credentials could not be fetched just now.
        """
        if service in self._clients:
            return self._clients[service]
        async with self._opening:
            self._refuse_closed()
            if service not in self._clients:
                client = await self._connect(service)
                self._refuse_closed()
                self._clients[service] = client
            return self._clients[service]

    async def aclose(self) -> None:
        """Close every connection; closing again does nothing.

        Calls that have left end in an unknown outcome, those that are still waiting never leave.
        """
        self._closed = True
        self._clients.clear()
        with anyio.move_on_after(_CLOSE_TIMEOUT, shield=True):
            await self._stack.aclose()

    def region(self, service: str) -> str:
        """The region in which a service is called, whoever chose it, once it was opened."""
        return self._regions[service]

    def _refuse_closed(self) -> None:
        if self._closed:
            raise ConfigurationError("this client is closed; make a new one")

    async def call(self, service: str, operation: str, params: Mapping[str, Any], *, deadline: float) -> dict[str, Any]:
        """Make one call, once.

        Args:
            service: botocore's name of the service, for instance ``sesv2``.
            operation: The API operation, for instance ``SendEmail``.
            params: Its parameters.
            deadline: When to give up, on anyio's clock.

        Returns:
            The answer, with its ``ResponseMetadata``.

        Raises:
            InvalidMessageError: The operation or a parameter doesn't exist; nothing was sent.
            ConfigurationError: No credentials and the like; nothing was sent.
            SendError: The call did not succeed; its ``outcome`` tells what became of it.
        """
        mark = _Mark()
        with anyio.CancelScope(deadline=deadline) as scope:
            try:
                return await self._attempt(mark, service, operation, params)
            except SesmailError:
                raise
            except anyio.get_cancelled_exc_class():
                if mark.may_have_left and not scope.cancel_called:
                    _log.warning("%s was cancelled after its request may have left: its outcome is unknown", operation)
                raise
            except Exception as err:
                raise explain(err, operation, may_have_left=mark.may_have_left) from err
        if mark.may_have_left:
            raise UnknownOutcomeError("no answer before the deadline", operation=operation)
        raise NotSentError("the deadline passed before the request could leave", operation=operation)

    async def _attempt(self, mark: _Mark, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        client = await self.open(service)
        method = client.methods.get(operation)
        if method is None:
            raise InvalidMessageError(f"{service} has no operation {operation!r}", field="operation")
        # Waiting for a connection happens here, where nothing has left, and not in the pool, where nobody could tell.
        async with self._places:
            self._refuse_closed()
            token = _mark.set(mark)
            try:
                answer: dict[str, Any] = await method(**params)
            finally:
                _mark.reset(token)
        return answer

    async def _connect(self, service: str) -> _Client:
        from aiobotocore.config import AioConfig

        try:
            if self._session is None:
                self._session = self._new_session()
            once = AioConfig(retries={"total_max_attempts": 1}, parameter_validation=True)
            context = self._session.create_client(service, region_name=self._region, config=once, **self._params)
            client = await self._stack.enter_async_context(context)
        except SesmailError:
            raise
        except Exception as err:
            raise explain_opening(err, service) from err
        if self._closed:
            await self._stack.aclose()
        client.meta.events.register("before-send", _set_mark)
        self._regions[service] = client.meta.region_name
        return _Client(
            {operation: getattr(client, name) for name, operation in client.meta.method_to_api_mapping.items()}
        )

    def _new_session(self) -> Any:
        from aiobotocore.session import AioSession

        config = _configured(self._config, self._user_agent)
        if config.max_pool_connections < 1:
            raise ConfigurationError("max_pool_connections is 1 at least")
        session = AioSession(profile=self._profile)
        session.set_default_client_config(config)  # credentials are fetched over the same kind of HTTP session
        self._places = anyio.Semaphore(config.max_pool_connections)
        return session


def _set_mark(**_: object) -> None:
    _mark.get().may_have_left = True


def _configured(config: Mapping[str, Any] | object | None, user_agent: str) -> Any:
    """The caller's settings between sesmail's defaults and what sesmail insists on."""
    from aiobotocore.config import AioConfig

    theirs: Any = AioConfig(**config) if isinstance(config, Mapping) else config or AioConfig()
    ours = AioConfig(
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=None,  # the deadline covers the whole call; a time per read would let a trickle go on for ever
        max_pool_connections=_POOL,
        warm_up_loader_caches=True,
    )
    merged: Any = ours.merge(theirs)
    extra: str | None = merged.user_agent_extra
    session, connector = http_session(getattr(theirs, "http_session_cls", None))
    connector |= getattr(theirs, "connector_args", {})
    if connector.get("force_close"):
        connector["keepalive_timeout"] = None  # aiobotocore puts one in, and aiohttp refuses both together
    return merged.merge(
        AioConfig(
            user_agent_extra=f"{extra} {user_agent}" if extra else user_agent,
            http_session_cls=session,
            connector_args=connector,
        )
    )
