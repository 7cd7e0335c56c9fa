"""What a failed call means: told from whether the request may have left, the answer, and the original exception."""

from __future__ import annotations

import re
import traceback
from typing import TYPE_CHECKING, Any

from ..error_codes import rejected_error
from ..errors import (
    ConfigurationError,
    InvalidMessageError,
    NotSentError,
    SesmailError,
    UnknownOutcomeError,
)
from .sessions import never_connected, why_not_connected

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

__all__ = ["clear_frames", "translate_error", "translate_open_error"]

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9._]*")


def translate_error(error: Exception, operation: str, *, may_have_left: bool) -> SesmailError:
    """The typed error for whatever a call raised.

    Args:
        error: What aiobotocore raised, or the HTTP library.
        operation: The API operation.
        may_have_left: Whether it was about to leave, or had left.
    """
    import ssl

    from botocore.exceptions import BotoCoreError, ClientError, SSLError

    if not may_have_left:
        return _before_leaving(error, operation)
    if isinstance(error, ClientError):
        return _answered(error, operation)
    # The original is read from the exception itself: __context__ may be what the caller was handling at the time.
    original = error.kwargs.get("error") if isinstance(error, BotoCoreError) else error
    # httpx's failed TLS handshake arrives as botocore's SSLError around Python's.
    handshake = isinstance(error, SSLError) and isinstance(original, ssl.SSLError)
    if handshake or never_connected(original):
        return NotSentError(f"no connection: {why_not_connected(original)}", operation=operation)
    # Not its text: that may be a proxy's page, or advise to try again.
    kind = type(original or error).__name__
    return UnknownOutcomeError(f"no answer to be relied on ({kind})", operation=operation)


def translate_open_error(error: Exception, service: str) -> SesmailError:
    """The typed error for a client that could not be made: a setting, unless it may pass by itself.

    Args:
        error: What aiobotocore raised.
        service: The service.
    """
    if _may_pass(error):
        return NotSentError(f"no credentials could be fetched for {service}: {error}")
    return ConfigurationError(f"no client for {service}: {error}")


def clear_frames(error: Exception) -> None:
    """Drop the caller's frame from an error, and empty the others: they hold the whole request, and the error, too.

    Args:
        error: What aiobotocore raised, caught where it was called.
    """
    error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
    for each in (error, getattr(error, "kwargs", {}).get("error")):
        if isinstance(each, BaseException):
            traceback.clear_frames(each.__traceback__)


def _may_pass(error: Exception) -> bool:
    """Whether what failed before the request could leave may succeed later: fetching credentials, mostly."""
    from botocore import exceptions as boto

    if isinstance(error, boto.ClientError):  # of the service that gives credentials
        return not 400 <= _status(error) < 500
    return isinstance(
        error, (boto.ConnectionError, boto.CredentialRetrievalError, boto.HTTPClientError)
    )


def _before_leaving(error: Exception, operation: str) -> SesmailError:
    from botocore import exceptions as boto

    set_up = (
        boto.BaseEndpointResolverError,
        boto.ClientError,
        boto.EndpointProviderError,
        boto.MissingDependencyException,
        boto.NoCredentialsError,
        boto.SSOTokenLoadError,
        boto.UnauthorizedSSOTokenError,
    )
    if isinstance(error, boto.ParamValidationError):
        return InvalidMessageError(
            f"{operation} does not take these parameters: {error}", field="params"
        )
    passing = _may_pass(error)
    if isinstance(error, set_up) and not passing:
        return ConfigurationError(f"{operation} could not be signed: {error}")
    return NotSentError(
        f"it failed before it could leave: {error}", operation=operation, retryable=passing
    )


def _answered(error: ClientError, operation: str) -> SesmailError:
    """A no is Amazon's own where it is a 4xx with an error type and a request id; a proxy's proves nothing."""
    response: Any = error.response
    status = _status(error)
    request_id: str | None = response.get("ResponseMetadata", {}).get("RequestId")
    code, message = (_text(response.get("Error", {}).get(key)) for key in ("Code", "Message"))
    code = code if _CODE.fullmatch(code) else ""  # botocore fills in the status where there is none
    if 400 <= status < 500 and status != 408 and code and request_id:
        return rejected_error(
            code, message, operation=operation, request_id=request_id, status=status
        )
    return UnknownOutcomeError(
        f"HTTP status {status} does not tell whether Amazon took it",
        operation=operation,
        code=code or None,
        request_id=request_id,
        answer=response,
    )


def _status(error: ClientError) -> int:
    status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status


def _text(value: object) -> str:
    """What an answer says, which botocore passes on whatever its type is."""
    return value if isinstance(value, str) else ""
