"""Builds the configuration of AWS clients from the caller's settings and sesmail's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ConfigurationError
from .sessions import choose_session

__all__ = ["build_config", "check_signature_version"]

_MAX_POOL_CONNECTIONS = 50
_CONNECT_TIMEOUT = 10.0  # seconds; a failure to connect is safe to retry


def build_config(
    config: Mapping[str, Any] | object | None,
    user_agent: str,
    *,
    read_timeout: float | None,
    retries: Mapping[str, Any],
) -> Any:
    """Returns an ``AioConfig``.

    Args:
        config: The caller's settings; not modified.
        user_agent: Text that is appended to the User-Agent of botocore and the caller.
        read_timeout: Default for the seconds between two reads of a response; None for no limit.
        retries: Default for botocore's ``retries``.
    """
    from aiobotocore.config import AioConfig

    given: Any = AioConfig(**config) if isinstance(config, Mapping) else config or AioConfig()
    defaults = AioConfig(
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=read_timeout,
        max_pool_connections=_MAX_POOL_CONNECTIONS,
        retries=dict(retries),
        warm_up_loader_caches=False,  # in the default executor, which may be busy
    )
    merged: Any = defaults.merge(given)
    extra: str | None = merged.user_agent_extra
    session, connector = choose_session(getattr(given, "http_session_cls", None))
    connector |= getattr(given, "connector_args", {})
    if connector.get("force_close"):
        # aiobotocore adds a timeout of its own, and aiohttp accepts only one of the two.
        connector["keepalive_timeout"] = None
    return merged.merge(
        AioConfig(
            user_agent_extra=f"{extra} {user_agent}" if extra else user_agent,
            http_session_cls=session,
            connector_args=connector,
        )
    )


def check_signature_version(version: object) -> None:
    """Refuses a signature version that botocore doesn't know.

    Raises:
        ConfigurationError: It isn't None, ``botocore.UNSIGNED`` or the name of one.
    """
    from botocore import UNSIGNED
    from botocore.auth import AUTH_TYPE_MAPS

    known = isinstance(version, str) and version in AUTH_TYPE_MAPS
    if version is not None and version is not UNSIGNED and not known:
        raise ConfigurationError(
            "config: signature_version must be the name of a version that botocore knows, such as "
            "v4; leave it out for the right one"
        )
