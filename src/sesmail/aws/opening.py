"""Opens aiobotocore clients from the caller's settings."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypedDict, get_type_hints

import anyio

from ..concurrency import run_in_thread
from ..errors import ConfigurationError, SesmailError
from .arguments import check_settings
from .endpoints import check_endpoints
from .failure import translate_open_error
from .regions import check_region, check_spelling
from .settings import build_config, check_signature_version

if TYPE_CHECKING:
    from .roles import Role
    from .service_client import ServiceClient

__all__ = ["AwsSettings", "ClientOpener", "ClientParams"]

_READ_TIMEOUT = 10.0  # seconds between two reads of a response to a repeatable call

# Explicit, as botocore 1.44 changes its default mode from "legacy", with 5 attempts, to "standard":
# https://aws.amazon.com/blogs/developer/updated-default-retry-behavior-for-aws-sdks-and-tools/
_REPEATABLE_RETRIES = {"mode": "standard", "total_max_attempts": 3}
_NO_RETRIES = {"mode": "standard", "total_max_attempts": 1}


class ClientParams(TypedDict, total=False):
    """Parameters of aiobotocore's ``create_client``; None stands for one that isn't given."""

    endpoint_url: str | None
    use_ssl: bool | None
    verify: bool | str | None
    api_version: str | None
    aws_access_key_id: str | None
    aws_secret_access_key: str | None
    aws_session_token: str | None
    aws_account_id: str | None


@cache
def _param_types() -> dict[str, Any]:
    return get_type_hints(ClientParams)


@dataclass(eq=False, repr=False)
class AwsSettings:
    """Settings of AWS clients.

    Attributes:
        region: The AWS region; None for the one of the AWS configuration.
        profile: A profile of the AWS configuration files.
        session: aiobotocore's session of the caller; not modified.
        role: A role whose credentials are used.
        config: Settings for botocore's ``Config``; not modified.
        user_agent: Text that is appended to botocore's User-Agent.
        params: Passed on to ``create_client``, without those that are None.
        owner: Name of the public class that is to be closed.
        repeatable: Whether repeating a call has no further effect, as for S3's GetObject. Then
            aiobotocore makes up to 3 attempts in the mode ``standard``, unless ``config`` sets
            ``retries``. Otherwise each call is one request.
        fast_path: Whether calls may skip the parts of aiobotocore that they don't need.
        read_timeout: Default for the seconds between two reads of a response to a repeatable call;
            one that waits at AWS needs more.

    Raises:
        ConfigurationError: A setting has a wrong type, ``params`` a name that doesn't exist, the
            session isn't one of aiobotocore, or it excludes another setting.
    """

    region: str | None
    profile: str | None
    config: Mapping[str, Any] | object | None
    user_agent: str
    params: ClientParams
    owner: str = "sesmail.Client"
    session: Any = None
    role: Role | None = None
    repeatable: bool = False
    fast_path: bool = True
    read_timeout: float = _READ_TIMEOUT

    def __post_init__(self) -> None:
        check_settings(self.region, self.profile, self.config, self.params, _param_types())
        given: Any = {name: value for name, value in self.params.items() if value is not None}
        self.params = given
        if self.session is None:
            return
        module = sys.modules.get("aiobotocore.session")
        if module is None or not isinstance(self.session, module.AioSession):
            raise ConfigurationError(
                "session must be an aiobotocore.session.AioSession, "
                f"not a {type(self.session).__name__}"
            )
        if self.profile is not None or self.role is not None:
            raise ConfigurationError(
                "session can't be combined with profile or role_arn; set them on the session"
            )


class ClientOpener:
    """Opens clients of one configuration.

    Attributes:
        slots: Limits the calls in flight to the connections of the pool.
        connections: Number of these connections; 0 until a client was opened.
        read_timeout: Seconds between two reads of a response, from the settings or the
            configuration; infinite without one, and until a client was opened.
    """

    def __init__(self, settings: AwsSettings) -> None:
        self._settings = settings
        self._session: Any = None
        self._config: Any = None
        self.slots: Any = None
        self.connections: int = 0
        self.read_timeout: float = math.inf

    async def open(self, service: str, region: str | None, stack: AsyncExitStack) -> ServiceClient:
        """Returns the client of a service.

        Args:
            service: botocore's name of the service.
            region: A region other than that of the configuration.
            stack: Closes the client.

        Raises:
            ConfigurationError: A setting is missing or invalid.
            NotSentError: The credentials could not be fetched at the moment.
        """
        try:
            return await self._open(service, region, stack)
        except SesmailError:
            raise
        except Exception as err:
            raise translate_open_error(err, service) from err

    async def _open(self, service: str, region: str | None, stack: AsyncExitStack) -> ServiceClient:
        settings = self._settings
        if self._session is None:
            self._session = self._prepare_session(await run_in_thread(_load), region)
        from aiobotocore.config import AioConfig

        from .service_client import ServiceClient

        config = self._config.merge(AioConfig(parameter_validation=True))
        if not settings.repeatable:
            config = config.merge(AioConfig(retries=_NO_RETRIES))
        await run_in_thread(
            partial(
                self._session.warm_up_loader_caches, service, settings.params.get("api_version")
            )
        )
        params: Mapping[str, Any] = settings.params
        if settings.role is not None:
            params = settings.role.without_keys(params)
        check_endpoints(self._session, service, params, config.ignore_configured_endpoint_urls)
        async with AsyncExitStack() as opening:
            client = await opening.enter_async_context(
                self._session.create_client(
                    service, region_name=region or self._region(), config=config, **params
                )
            )
            check_region(self._session, client)
            opened = ServiceClient(client, self._session, fast_path=settings.fast_path)
            await opened.prepare()
            stack.push_async_exit(opening.pop_all().__aexit__)
        return opened

    def _region(self) -> str | None:
        """Returns the region of the settings; None for that of botocore's configuration.

        Other SDKs read AWS_REGION, botocore only AWS_DEFAULT_REGION:
        https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
        """
        found: str | None = self._settings.region
        if not found and self._settings.session is not None:
            found = self._settings.session.get_config_variable("region")
        if not found and not os.environ.get("AWS_DEFAULT_REGION"):
            found = os.environ.get("AWS_REGION")
        return check_spelling(found) if found else None

    def _prepare_session(self, kind: type[Any], region: str | None) -> Any:
        settings = self._settings
        # The deadline covers a call that is one request. A timeout per read never ends a response
        # that arrives byte by byte.
        config = build_config(
            settings.config,
            settings.user_agent,
            read_timeout=settings.read_timeout if settings.repeatable else None,
            retries=_REPEATABLE_RETRIES,
        )
        check_signature_version(config.signature_version)
        self._config = config
        self.connections = config.max_pool_connections
        self.read_timeout = config.read_timeout or math.inf
        self.slots = anyio.Semaphore(self.connections, fast_acquire=True)
        return settings.session or self._new_session(kind, config, region)

    def _new_session(self, kind: type[Any], config: Any, region: str | None) -> Any:
        from .credentials import ask_only_terminals
        from .service_models import ServiceModelLoader

        session = kind(profile=self._settings.profile)
        session.register_component(
            "data_loader", ServiceModelLoader(session.get_component("data_loader").search_paths)
        )
        # Credentials are fetched over the same kind of HTTP session, in the same region.
        session.set_default_client_config(config)
        found: str | None = self._region() or session.get_config_variable("region") or region
        session.set_config_variable("region", found and check_spelling(found))
        session.register("provide-client-params.sts", _check_role)
        role, params = self._settings.role, self._settings.params
        if role is not None or "aws_access_key_id" not in params:  # else no provider is asked
            ask_only_terminals(session)
        if role is not None:
            role.install(session, params)
        return session


def _check_role(params: Mapping[str, Any], **_: object) -> None:
    from .roles import check_role_parameters  # loaded with roles only

    check_role_parameters(params)


def _load() -> type[Any]:
    """Import aiobotocore, which takes half a second, in a thread."""
    from .service_session import ServiceSession

    return ServiceSession
