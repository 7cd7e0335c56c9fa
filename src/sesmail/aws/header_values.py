"""Checks of header values before an HTTP library refuses them, maybe with the value in its text."""

from __future__ import annotations

from collections.abc import Mapping

from ..arguments import check_text
from ..errors import ConfigurationError
from ..patterns import lazy_pattern

__all__ = ["check_headers", "check_user_agent", "key_fault"]

# Other characters are sent as UTF-8, which is obs-text of a field value:
# https://www.rfc-editor.org/rfc/rfc9110#section-5.5
_INVALID = lazy_pattern(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
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
    if value.strip(" \t") == value and (value.isprintable() or not _INVALID.search(value)):
        return None
    if "\n" in value or "\r" in value:
        return "a line break"
    found = _INVALID.search(value)
    if found is None:
        return "a blank at an end"
    return "a control character" if found[0].isascii() else "a lone surrogate"


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
    if not isinstance(value, str):
        return f"must be text, not {'None' if value is None else type(value).__name__}"
    if value.isascii() and value.isprintable() and value and " " not in value:
        return None
    if not value:
        return "is empty"
    other = "a character that isn't ASCII" if not value.isascii() else "a blank"
    return f"has {_fault(value) or other}; remove it"
