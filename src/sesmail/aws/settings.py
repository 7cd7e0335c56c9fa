"""What every AWS client is configured with: the caller's settings between our defaults and what we insist on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .sessions import choose_session

__all__ = ["build_config"]

_POOL = 50
_CONNECT_TIMEOUT = (
    10.0  # seconds; a connection that was never made is known not to have sent anything
)


def build_config(
    config: Mapping[str, Any] | object | None, user_agent: str, read_timeout: float | None
) -> Any:
    """An ``AioConfig``.

    Args:
        config: The caller's settings, which aren't changed.
        user_agent: What the user agent carries beside botocore's and the caller's words.
        read_timeout: The default of how many seconds an answer may pause; None for no limit.
    """
    from aiobotocore.config import AioConfig

    theirs: Any = AioConfig(**config) if isinstance(config, Mapping) else config or AioConfig()
    ours = AioConfig(
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=read_timeout,
        max_pool_connections=_POOL,
        warm_up_loader_caches=True,
    )
    merged: Any = ours.merge(theirs)
    extra: str | None = merged.user_agent_extra
    session, connector = choose_session(getattr(theirs, "http_session_cls", None))
    connector |= getattr(theirs, "connector_args", {})
    if connector.get("force_close"):
        connector["keepalive_timeout"] = (
            None  # aiobotocore puts one in, and aiohttp refuses both together
        )
    return merged.merge(
        AioConfig(
            user_agent_extra=f"{extra} {user_agent}" if extra else user_agent,
            http_session_cls=session,
            connector_args=connector,
        )
    )
