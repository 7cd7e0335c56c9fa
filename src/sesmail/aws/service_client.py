"""An open aiobotocore client of one service, and the fast path of its operations."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from botocore import UNSIGNED

from ..errors import ConfigurationError
from ..private_names import check_private_names
from .credentials import check_static, fetch_credentials
from .departure import count_request, delegate_request, reclaim_request
from .fast_path import FAST_OPERATIONS, FastCall, capture, discover
from .hooks import HookDetector
from .parameters import describe_parameters
from .private_names import AIOBOTOCORE
from .regions import unknown_region_error
from .sessions import is_unknown_host

__all__ = ["ServiceClient"]

_log = logging.getLogger("sesmail.aws")


class ServiceClient:
    """An open client.

    Args:
        client: aiobotocore's, just opened.
        session: aiobotocore's session.
        fast_path: Whether its calls may take the fast path.

    Attributes:
        client: aiobotocore's.
        region: The region that it calls.
        methods: Its methods by the operations that they call.
        proxy: URL of the proxy of its requests; None without one.

    Raises:
        ConfigurationError: aiobotocore has renamed something that sesmail needs.
    """

    def __init__(self, client: Any, session: Any, *, fast_path: bool) -> None:
        check_private_names(AIOBOTOCORE, lambda: _private_names(client))
        self.client = client
        self._session = session
        self._http_session: Any = client._endpoint.http_session
        self.region: str = client.meta.region_name
        self.proxy: str | None = None
        operations: Mapping[str, str] = client.meta.method_to_api_mapping
        self.methods: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
            operation: getattr(client, name) for name, operation in operations.items()
        }
        self._service: str = client.meta.service_model.service_name
        self._fast_calls: dict[str, FastCall | None] = {}
        self._was_logged = False
        self._hooks: HookDetector | None = None
        self._http_session.departing = count_request
        self._http_session.starting = reclaim_request
        client.meta.events.register_last("before-send", _before_send)
        fast = {
            operation: name
            for name, operation in operations.items()
            if (self._service, operation) in FAST_OPERATIONS
        }
        if fast_path and fast:
            client.meta.events.register_last("before-call", capture)
            self._hooks = HookDetector(client, fast)

    async def prepare(self) -> None:
        """Load TLS files and create the HTTP client.

        Raises:
            ConfigurationError: A file, the proxy or the credentials can't be used.
        """
        check_static(self.client._request_signer._credentials)
        await self._http_session.prepare(self.client.meta.endpoint_url)
        self.proxy = self._http_session.proxy

    def describe_parameters(self, operation: str, params: Mapping[str, Any]) -> str:
        """Returns the faults of the parameters of an operation, without their values."""
        model: Any = self.client.meta.service_model.operation_model(operation)
        return describe_parameters(model.input_shape, params)

    def abandon(self) -> None:
        """Close all connections at once, without a warning of the HTTP library."""
        self._http_session.abandon()

    async def refresh_credentials(self) -> None:
        """Refresh credentials that expire, so that a failure isn't one of the request.

        Raises:
            ConfigurationError: They can't be fetched with these settings.
            NotSentError: They could not be fetched at the moment.
        """
        signer = self.client._request_signer
        if signer.signature_version is not UNSIGNED:
            await fetch_credentials(signer)

    def region_error(self, error: Exception) -> ConfigurationError | None:
        """Returns the error for a region that doesn't exist, if that is the reason of another.

        Args:
            error: The exception of aiobotocore or the HTTP library.
        """
        return unknown_region_error(self._session, self.client) if is_unknown_host(error) else None

    def has_learned(self, operation: str) -> bool:
        """Returns whether it is known if an operation has a fast path."""
        return operation in self._fast_calls

    async def learn(self, operation: str) -> None:
        """Discovers the fast path of an operation, unless other code hooks into its calls."""
        if self._hooks is not None and not self._hooks.reason():
            self._fast_calls[operation] = await discover(self.client, operation)

    def fast_call(self, operation: str, params: Mapping[str, Any]) -> FastCall | None:
        """Returns the fast path of an operation.

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
        call = self._fast_calls.get(operation)
        return call if call is not None and call.accepts(params) else None

    def _log_once(self, reason: str) -> None:
        if not self._was_logged:
            self._was_logged = True
            _log.info("the fast path of %s is off: %s", self._service, reason)


def _before_send(**_: object) -> None:
    """Handles aiobotocore's event ``before-send`` after all other handlers.

    One of them may have returned a response, as mocks do, and then the request isn't sent. Or the
    HTTP session, or its method, may be another than sesmail's.
    """
    delegate_request()


def _private_names(client: Any) -> dict[str, Any]:
    from botocore.credentials import AssumeRoleProvider
    from botocore.validate import ValidationErrors

    return {
        "client": client,
        "AssumeRoleProvider": AssumeRoleProvider,
        "ValidationErrors": ValidationErrors,
    }
