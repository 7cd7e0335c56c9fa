"""Fetches credentials, whose failures are never the fault of a message."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import Any

from ..errors import ConfigurationError, NotSentError, SesmailError

__all__ = ["ask_only_terminals", "fetch_credentials", "is_transient"]


async def fetch_credentials(signer: Any, service: str, region: str) -> Any:
    """Returns the credentials of a client, which are refreshed if they expire; None without any.

    Args:
        signer: botocore's signer of the client.
        service: Service of the credential scope.
        region: Region of the credential scope.

    Raises:
        ConfigurationError: They can't be fetched with these settings.
        NotSentError: They could not be fetched at the moment.
    """
    try:
        return (await signer.get_auth_instance(service, region, "v4")).credentials
    except SesmailError:
        raise
    except Exception as err:
        raise _translate(err) from err


def ask_only_terminals(session: Any) -> None:
    """Let a session ask for an MFA code only on a terminal; it would wait forever for a pipe.

    Args:
        session: aiobotocore's session.
    """
    session.get_component("credential_provider").get_provider("assume-role")._prompter = _ask


def is_transient(error: Exception) -> bool:
    """Returns whether a failure before the request may be temporary, mostly to get credentials."""
    from botocore import exceptions as boto

    if isinstance(error, boto.ClientError):  # of the service that issues credentials
        status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return not 400 <= status < 500
    return isinstance(
        error, (boto.ConnectionError, boto.CredentialRetrievalError, boto.HTTPClientError)
    )


def _translate(error: Exception) -> SesmailError:
    from botocore.exceptions import ParamValidationError

    original = getattr(error, "kwargs", {}).get("error")
    if isinstance(original, SesmailError):  # of the HTTP session
        return original
    text = f"the credentials could not be fetched: {error}"
    is_temporary = (
        is_transient(error)
        or (isinstance(error, OSError) and error.filename is None)
        # A file that is being replaced may be empty.
        or (isinstance(error, ParamValidationError) and "WebIdentityToken" in text)
        # botocore's own error for old credentials of an instance whose renewal fails:
        # https://github.com/aio-libs/aiobotocore/blob/3.10.0/aiobotocore/credentials.py#L485
        or isinstance(error, RuntimeError)
    )
    return NotSentError(text) if is_temporary else ConfigurationError(text)


def _ask(prompt: str) -> str:
    if sys.stdin is None or not sys.stdin.isatty():
        raise ConfigurationError(
            "the AWS profile needs an MFA code (mfa_serial), and there is no terminal to ask for "
            "it; use a role without MFA, or temporary credentials"
        )
    return getpass(prompt)
