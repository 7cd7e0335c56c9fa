"""Translates exceptions of credential providers to typed errors: wrong settings, or temporary."""

from __future__ import annotations

import errno
import json
import re
from typing import Any, cast

import anyio

from ..errors import ConfigurationError, NotSentError, SesmailError
from ..patterns import lazy_pattern
from .endpoints import check_environment
from .error_texts import describe_error, frames_of
from .sessions import is_permanent, is_refused, is_transport_error

__all__ = ["is_temporary", "provider_of", "translate_credential_error"]

# https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
_TEMPORARY_CODES = frozenset(
    {
        "IDPCommunicationError",
        "RequestLimitExceeded",
        "RequestTimeout",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_TEMPORARY_STATUSES = frozenset({408, 425, 429})
_BUSY = frozenset({errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.EMFILE, errno.ENFILE})

_PROCESS = "custom-process"  # botocore's name of the provider
_PROCESS_OUTPUT = {
    "Unsupported version": "its output must have Version 1",
    "Missing required key": "its output must have AccessKeyId and SecretAccessKey",
}
_INVALID_PARAMETER = lazy_pattern(r"^Invalid \w+ for parameter (\w+)", re.MULTILINE)
_TOKEN = "WebIdentityToken"


def translate_credential_error(error: Exception, method: str | None = None) -> SesmailError:
    """Returns the typed error for credentials that could not be fetched.

    Args:
        error: The exception of aiobotocore, or of the application's credential provider.
        method: botocore's name of the provider, where its traceback doesn't show it.
    """
    original = getattr(error, "kwargs", {}).get("error")
    if isinstance(original, SesmailError):  # of the HTTP session
        return original
    if is_refused(error) or is_refused(original):  # maybe because of its URL
        try:
            check_environment()
        except ConfigurationError as err:
            return err
    provider = provider_of(error) or method
    source = f" by {provider}" if provider else ""
    text = f"the credentials could not be fetched{source}: {_describe(error)}"
    if provider == _PROCESS:
        fault = _process_fault(error)
        text = f"credential_process of the AWS profile: {fault or describe_error(error)}"
    if is_temporary(error):
        return NotSentError(text, retryable=not is_permanent(original or error))
    return ConfigurationError(text)


def provider_of(error: BaseException) -> str | None:
    """Returns botocore's name of the credential provider that raised an exception, if one did."""
    found: str | None = None
    for frame in frames_of(error):
        owner: object = frame.f_locals.get("self")
        method: object = getattr(type(owner), "METHOD", None)
        found = method if isinstance(method, str) else found
    return found


def is_temporary(error: BaseException) -> bool:
    """Returns whether a failure to get credentials may be over soon."""
    from botocore import exceptions as boto

    if isinstance(error, BaseExceptionGroup):
        members = cast("BaseExceptionGroup[BaseException]", error).exceptions
        return all(map(is_temporary, members))
    if isinstance(error, boto.ClientError):  # of the service that issues credentials
        status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code: object = error.response.get("Error", {}).get("Code")
        return not 400 <= status < 500 or code in _TEMPORARY_CODES
    if isinstance(error, boto.CredentialRetrievalError):
        return _output_fault(error) is None
    if isinstance(error, boto.ParamValidationError):
        # A file that is being replaced may be empty.
        return set(_invalid_parameters(error)) == {_TOKEN}
    status_of_response = _status(error)
    if status_of_response is not None:
        return status_of_response >= 500 or status_of_response in _TEMPORARY_STATUSES
    if isinstance(error, OSError):
        return error.filename is None or error.errno in _BUSY
    if isinstance(error, (boto.ConnectionError, boto.HTTPClientError)):
        return not is_refused(error.kwargs.get("error"))
    # botocore's own error for old credentials of an instance whose renewal fails:
    # https://github.com/aio-libs/aiobotocore/blob/3.10.0/aiobotocore/credentials.py#L485
    return (
        isinstance(error, (anyio.BrokenResourceError, anyio.EndOfStream))
        or type(error) is RuntimeError
        or is_transport_error(error)
    )


def _status(error: Any) -> int | None:
    """Returns the HTTP status in an exception of an HTTP library; None without one."""
    owners = (error, getattr(error, "response", None))
    values = (getattr(owner, name, None) for owner in owners for name in ("status", "status_code"))
    return next((each for each in values if isinstance(each, int) and each >= 400), None)


def _describe(error: Exception) -> str:
    from botocore.exceptions import ParamValidationError

    if not isinstance(error, ParamValidationError):
        return describe_error(error)
    names = _invalid_parameters(error)
    hint = "the token file is empty or too short: " if set(names) == {_TOKEN} else ""
    return f"{hint}invalid {', '.join(names)}"


def _invalid_parameters(error: Any) -> list[str]:
    """Returns the parameters of STS that botocore refuses, whose report shows values, too."""
    return _INVALID_PARAMETER.findall(str(error.kwargs["report"]))


def _output_fault(error: Any) -> str | None:
    """Returns the fault in the output of a credential_process; None for another failure."""
    message = str(error.kwargs.get("error_msg"))
    faults = (text for start, text in _PROCESS_OUTPUT.items() if message.startswith(start))
    return next(faults, None) if error.kwargs.get("provider") == _PROCESS else None


def _process_fault(error: Exception) -> str | None:
    """Returns a text for a failure of a credential_process, without its output."""
    from botocore.exceptions import CredentialRetrievalError

    if isinstance(error, CredentialRetrievalError):
        failed = "it failed; its standard error is in __cause__ of this error"
        return _output_fault(error) or failed
    if isinstance(error, json.JSONDecodeError):
        return "its output isn't JSON"
    if isinstance(error, UnicodeError):
        return "its output isn't UTF-8"
    if isinstance(error, AttributeError):  # of a list, or another value
        return "its output must be a JSON object"
    if isinstance(error, TypeError) and "'program'" in str(error):
        return "it is empty"
    modules = ["", *(str(frame.f_globals.get("__name__")) for frame in frames_of(error))]
    is_time = modules[-1].startswith("dateutil")
    return "Expiration in its output must be a time in ISO 8601" if is_time else None
