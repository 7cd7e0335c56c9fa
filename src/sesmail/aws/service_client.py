"""An open aiobotocore client of one service, and the fast path of its operations."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ..private_names import AIOBOTOCORE, check_private_names
from .departure import count_before_send
from .fast_path import FAST_OPERATIONS, FastCall, capture, discover
from .hooks import HookDetector

__all__ = ["ServiceClient"]

_log = logging.getLogger("sesmail.aws")


class ServiceClient:
    """An open client.

    Args:
        client: aiobotocore's, just opened.
        fast_path: Whether its calls may take the fast path.

    Attributes:
        client: aiobotocore's.
        region: The region that it calls.
        methods: Its methods by the operations that they call.

    Raises:
        ConfigurationError: aiobotocore has renamed something that sesmail needs.
    """

    def __init__(self, client: Any, *, fast_path: bool) -> None:
        check_private_names(AIOBOTOCORE, lambda: {"client": client})
        self.client = client
        self.region: str = client.meta.region_name
        operations: Mapping[str, str] = client.meta.method_to_api_mapping
        self.methods: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
            operation: getattr(client, name) for name, operation in operations.items()
        }
        self._service: str = client.meta.service_model.service_name
        self._fast_calls: dict[str, FastCall | None] = {}
        self._was_logged = False
        self._hooks: HookDetector | None = None
        client.meta.events.register("before-send", count_before_send)
        fast = {
            operation: name
            for name, operation in operations.items()
            if (self._service, operation) in FAST_OPERATIONS
        }
        if fast_path and fast:
            client.meta.events.register_last("before-call", capture)
            self._hooks = HookDetector(client, fast)

    async def fast_call(self, operation: str, params: Mapping[str, Any]) -> FastCall | None:
        """Returns the fast path of an operation, which its first call discovers.

        Args:
            operation: The API operation.
            params: Its parameters.

        Returns:
            None where the call has to pass through aiobotocore: other code hooks into it, or the
            operation, its parameters or the configuration need more than the fast path does.
        """
        if self._hooks is None:
            return None
        if reason := self._hooks.reason():
            self._log_once(reason)
            return None
        if operation not in self._fast_calls:
            self._fast_calls[operation] = await discover(self.client, operation)
        call = self._fast_calls[operation]
        return call if call is not None and call.accepts(params) else None

    def _log_once(self, reason: str) -> None:
        if not self._was_logged:
            self._was_logged = True
            _log.info("the fast path of %s is off: %s", self._service, reason)
