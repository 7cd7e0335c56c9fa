"""Translates exceptions of aiobotocore and the HTTP libraries to typed errors."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..error_codes import rejected_error
from ..errors import (
    ConfigurationError,
    InvalidMessageError,
    NotSentError,
    SesmailError,
    UnknownOutcomeError,
)
from ..patterns import lazy_pattern
from .credential_errors import is_temporary, provider_of, translate_credential_error
from .error_texts import describe_error
from .sessions import (
    describe_connection_error,
    is_connection_error,
    is_permanent,
    is_transport_error,
)

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

__all__ = ["clear_frames", "translate_error", "translate_open_error"]

_CODE = lazy_pattern(r"[A-Za-z][A-Za-z0-9._]*")


def translate_error(
    error: Exception,
    operation: str,
    *,
    may_have_left: bool,
    proxy: str | None = None,
    describe_parameters: Callable[[], str] = str,
) -> SesmailError:
    """Returns the typed error for an exception of a call.

    Args:
        error: The exception of aiobotocore or the HTTP library.
        operation: The API operation.
        may_have_left: Whether a request of the call may have been sent.
        proxy: URL of the proxy of the request; None without one.
        describe_parameters: Returns the faults of its parameters, without their values.
    """
    import ssl

    from botocore.exceptions import BotoCoreError, ClientError, SSLError

    # Not from __context__, which may be an exception that the caller was handling.
    wrapped = error.kwargs.get("error") if isinstance(error, BotoCoreError) else None
    original = wrapped if isinstance(error, BotoCoreError) else error
    if isinstance(original, SesmailError):  # of the HTTP session
        return original
    # aiobotocore raises a failed TLS handshake of httpx as botocore's SSLError around Python's.
    handshake = isinstance(error, SSLError) and isinstance(original, ssl.SSLError)
    # An operating system's error that isn't wrapped is one of a handler, such as a mock's.
    failed = is_transport_error(original) and (wrapped is not None or not _is_plain(error))
    if handshake or is_connection_error(original) or (failed and not may_have_left):
        return NotSentError(
            f"no connection: {describe_connection_error(original, proxy)}",
            operation=operation,
            retryable=not is_permanent(original),
        )
    if isinstance(error, ClientError) and (may_have_left or error.operation_name == operation):
        return _error_response(error, operation)
    if not may_have_left:
        return _before_sending(error, operation, describe_parameters)
    # Not its text: that may be a page of a proxy, or advise to retry.
    kind = type(original or error).__name__
    return UnknownOutcomeError(f"no valid response ({kind})", operation=operation)


def _is_plain(error: Exception) -> bool:
    return type(error).__module__ == "builtins"


def translate_open_error(error: Exception, service: str) -> SesmailError:
    """Returns the typed error for a client that could not be opened.

    Args:
        error: The exception of aiobotocore.
        service: botocore's name of the service.
    """
    from botocore.exceptions import CredentialRetrievalError

    if provider_of(error) is not None or isinstance(error, CredentialRetrievalError):
        return translate_credential_error(error)
    text = f"the client for {service} could not be opened: {describe_error(error)}"
    return NotSentError(text) if is_temporary(error) else ConfigurationError(text)


def clear_frames(error: Exception) -> None:
    """Remove the local variables from the traceback of an error, which hold the whole request.

    Args:
        error: The exception of aiobotocore, caught where it was called.
    """
    error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
    for each in (error, getattr(error, "kwargs", {}).get("error")):
        if isinstance(each, BaseException):
            traceback.clear_frames(each.__traceback__)


def _before_sending(
    error: Exception, operation: str, describe_parameters: Callable[[], str]
) -> SesmailError:
    from botocore import exceptions as boto

    configuration_errors = (
        boto.BaseEndpointResolverError,
        boto.ClientError,
        boto.EndpointProviderError,
        boto.MissingDependencyException,
        boto.NoCredentialsError,
        boto.SSOTokenLoadError,
        boto.UnauthorizedSSOTokenError,
        boto.UnknownSignatureVersionError,
        boto.UnsupportedSignatureVersionError,
    )
    if isinstance(error, boto.ParamValidationError):
        faults = describe_parameters() or "see the error's __cause__"
        return InvalidMessageError(f"invalid parameters of {operation}: {faults}", field="params")
    text = describe_error(error)
    transient = isinstance(error, (boto.BotoCoreError, boto.ClientError)) and is_temporary(error)
    if isinstance(error, configuration_errors) and not transient:
        return ConfigurationError(f"{operation} could not be signed: {text}")
    return NotSentError(f"nothing was sent: {text}", operation=operation, retryable=transient)


def _error_response(error: ClientError, operation: str) -> SesmailError:
    """Returns the error for a response, which is one of AWS if it has a code and a request id.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html
    """
    response: Any = error.response
    status = _status(error)
    request_id: str | None = response.get("ResponseMetadata", {}).get("RequestId")
    code, message = (_text(response.get("Error", {}).get(key)) for key in ("Code", "Message"))
    code = code if _CODE.fullmatch(code) else ""  # botocore sets the status if there is none
    if 400 <= status < 500 and status != 408 and code and request_id:
        return rejected_error(
            code, message, operation=operation, request_id=request_id, status=status
        )
    return UnknownOutcomeError(
        f"HTTP status {status} doesn't show whether AWS accepted the call",
        operation=operation,
        code=code or None,
        request_id=request_id,
        answer=response,
    )


def _status(error: ClientError) -> int:
    status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status


def _text(value: object) -> str:
    """Returns a value of a response as text; botocore doesn't check types in error responses."""
    return value if isinstance(value, str) else ""
