"""Checks of header values before an HTTP library refuses them, maybe with the value in its text."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..arguments import check_text
from ..errors import ConfigurationError

__all__ = ["check_headers", "check_user_agent", "key_fault"]

# A field value without obs-text, which httpx doesn't encode:
# https://www.rfc-editor.org/rfc/rfc9110#section-5.5
_VALUE = re.compile(r"(?:[!-~](?:[\t -~]*[!-~])?)?")
_SETTINGS = {
    "authorization": (
        "the access key id (aws_access_key_id, AWS_ACCESS_KEY_ID or the AWS profile) or the region"
    ),
    "user-agent": "the user agent (config: user_agent and user_agent_extra)",
    "x-amz-security-token": (
        "the session token (aws_session_token, AWS_SESSION_TOKEN or the AWS profile)"
    ),
}


def _fault(value: str) -> str | None:
    """Returns a description of the invalid characters of a value; None if it is valid."""
    if value.isascii() and value.isprintable() and value.strip() == value:
        return None  # without the pattern, which takes five times as long
    if _VALUE.fullmatch(value):
        return None
    if "\n" in value or "\r" in value:
        return "a line break"
    if not value.isascii():
        return "a character that isn't ASCII"
    return "a blank at an end" if value.strip(" \t") != value else "a control character"


def check_headers(headers: Mapping[str, str | bytes]) -> None:
    """Check the headers of a request.

    Raises:
        ConfigurationError: A value is invalid; the setting that it comes from is named.
    """
    for name, value in headers.items():
        fault = _fault(value if isinstance(value, str) else value.decode("latin-1"))
        if fault is not None:
            setting = _SETTINGS.get(name.lower(), f"the header {name}")
            raise ConfigurationError(
                f"{setting} has {fault}, which can't be sent in a header; remove it"
            )


def check_user_agent(name: str, value: object) -> None:
    """Check a part of the user agent.

    Raises:
        ConfigurationError: It isn't text, or invalid in a header.
    """
    check_text(name, value)
    fault = _fault(str(value))
    if fault is not None:
        raise ConfigurationError(f"{name} has {fault}, which can't be sent in a header; remove it")


def key_fault(value: object) -> str | None:
    """Returns a description of the fault of a part of the credentials, without its value.

    AWS issues them as printable ASCII without blanks.
    """
    if isinstance(value, str):
        if value.isascii() and value.isprintable() and value and " " not in value:
            return None
        found = _fault(value) or "a blank"
        return f"has {found}; remove it" if value else "is empty"
    return f"must be text, not {'None' if value is None else type(value).__name__}"
