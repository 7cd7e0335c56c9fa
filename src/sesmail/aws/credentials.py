"""Fetches credentials, whose failures are never the fault of a message."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import Any
from weakref import WeakKeyDictionary

from ..errors import ConfigurationError, SesmailError
from .credential_errors import translate_credential_error
from .header_values import key_fault

__all__ = ["ask_only_terminals", "check_static", "fetch_credentials"]

# By the attribute of botocore's credentials: the environment variable, and the name in a text.
_PARTS = {
    "access_key": ("AWS_ACCESS_KEY_ID", "access key id"),
    "secret_key": ("AWS_SECRET_ACCESS_KEY", "secret access key"),
    "token": ("AWS_SESSION_TOKEN", "session token"),
}

# By botocore's signer: the credentials that were checked last.
_checked: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


async def fetch_credentials(signer: Any) -> Any:
    """Returns the credentials of a client, which are refreshed if they expire; None without any.

    Args:
        signer: botocore's signer of the client.

    Raises:
        ConfigurationError: They can't be fetched with these settings, or can't be right.
        NotSentError: They could not be fetched at the moment.
    """
    source = signer._credentials
    try:
        found = None if source is None else await source.get_frozen_credentials()
    except SesmailError:
        raise
    except Exception as err:
        raise translate_credential_error(err, _method(source)) from err
    if found is not None and found != _checked.get(signer):
        _check_parts(found, source)
        _checked[signer] = found
    return found


def check_static(credentials: Any) -> None:
    """Check credentials that aren't fetched, when a client opens.

    Args:
        credentials: botocore's credentials; None without any.

    Raises:
        ConfigurationError: They can't be right.
    """
    from aiobotocore.credentials import AioCredentials

    if type(credentials) is AioCredentials:
        _check_parts(credentials, credentials)


def _check_parts(credentials: Any, source: Any) -> None:
    """Check the values of credentials; a request can't be signed and sent with others."""
    for attribute, (variable, name) in _PARTS.items():
        value: object = getattr(credentials, attribute, None)
        if attribute == "token" and (value is None or value == ""):
            continue
        fault = key_fault(value)
        if fault is not None:
            method = _method(source) or "the credential provider"
            setting = variable if method == "env" else f"the {name} from {method}"
            raise ConfigurationError(f"{setting} {fault}")


def _method(source: Any) -> str | None:
    """Returns botocore's name of the provider of credentials; None for one of the application."""
    method: object = getattr(source, "method", None)
    return method if isinstance(method, str) and method != "explicit" else None


def ask_only_terminals(session: Any) -> None:
    """Let a session ask for an MFA code only on a terminal; it would wait forever for a pipe.

    Args:
        session: aiobotocore's session.
    """
    session.get_component("credential_provider").get_provider("assume-role")._prompter = _ask


def _ask(prompt: str) -> str:
    if sys.stdin is None or not sys.stdin.isatty():
        raise ConfigurationError(
            "the AWS profile needs an MFA code (mfa_serial), and there is no terminal to ask for "
            "it; use a role without MFA, or temporary credentials"
        )
    return getpass(prompt)
