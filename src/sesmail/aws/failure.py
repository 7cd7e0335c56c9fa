"""What a failed call means: told from whether the request may have left, the answer, and the original exception."""

from __future__ import annotations

import re
import ssl

from ..errors import (
    ConfigurationError,
    InvalidMessageError,
    NotSentError,
    SesmailError,
    UnknownOutcomeError,
)
from ..rejections import is_amazons_word, rejection
from .http import never_connected

__all__ = ["explain", "explain_opening"]

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9._]*")


def explain(error: Exception, operation: str, *, may_have_left: bool) -> SesmailError:
    """The typed error for whatever aiobotocore raised.

    Args:
        error: What it raised.
        operation: The API operation.
        may_have_left: Whether ``before-send`` had fired.
    """
    from botocore.exceptions import BotoCoreError, ClientError, SSLError

    if not may_have_left:
        return _before_leaving(error, operation)
    if isinstance(error, ClientError):
        return _answered(error, operation)
    # The original is read from the exception itself: __context__ may be what the caller was handling at the time.
    original = error.kwargs.get("error") if isinstance(error, BotoCoreError) else None
    # httpx's failed TLS handshake arrives as botocore's SSLError around Python's.
    handshake = isinstance(error, SSLError) and isinstance(original, ssl.SSLError)
    if handshake or never_connected(original):
        return NotSentError(f"no connection: {error}", operation=operation)
    # Not its text: that may be a proxy's page, or advise to try again.
    kind = type(original or error).__name__
    return UnknownOutcomeError(f"no answer to be relied on, but a {kind}", operation=operation)


def explain_opening(error: Exception, service: str) -> SesmailError:
    """The typed error for a client that could not be made: a setting, unless it may pass by itself.

    Args:
        error: What aiobotocore raised.
        service: The service.
    """
    from botocore import exceptions as boto

    passing = (boto.ClientError, boto.ConnectionError, boto.CredentialRetrievalError, boto.HTTPClientError)
    if isinstance(error, passing):
        return NotSentError(f"no credentials could be fetched: {error}")
    return ConfigurationError(f"no client for {service}: {error}")


def _before_leaving(error: Exception, operation: str) -> SesmailError:
    from botocore import exceptions as boto

    set_up = (
        boto.BaseEndpointResolverError,
        boto.EndpointProviderError,
        boto.MissingDependencyException,
        boto.NoCredentialsError,
        boto.SSOTokenLoadError,
        boto.UnauthorizedSSOTokenError,
    )
    if isinstance(error, boto.ParamValidationError):
        return InvalidMessageError(f"{operation} does not take these parameters: {error}", field="params")
    if isinstance(error, set_up):
        return ConfigurationError(str(error))
    return NotSentError(f"it failed before it could leave: {error}", operation=operation)


def _answered(error: Exception, operation: str) -> SesmailError:
    """A no is Amazon's own where it is a 4xx with an error type of Amazon's; a proxy's or a server's proves nothing."""
    response = getattr(error, "response", {})
    meta = response.get("ResponseMetadata", {})
    status, request_id = meta.get("HTTPStatusCode", 0), meta.get("RequestId")
    code, message = response.get("Error", {}).get("Code", ""), response.get("Error", {}).get("Message", "")
    amazons = _CODE.fullmatch(code) and (request_id or is_amazons_word(code))
    if 400 <= status < 500 and status != 408 and amazons:
        return rejection(code, message, operation=operation, request_id=request_id, status=status)
    return UnknownOutcomeError(
        f"HTTP status {status} does not tell whether SES took it",
        operation=operation,
        code=code if _CODE.fullmatch(code) else None,  # botocore fills in the status where there is none
        request_id=request_id,
        answer=response,
    )
