"""Checks the URL of an endpoint, which has several sources."""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import IPv6Address
from typing import Any
from urllib.parse import urlsplit

from ..errors import ConfigurationError
from ..patterns import lazy_pattern

__all__ = ["check_endpoint", "check_endpoints", "check_environment"]

_SOURCE = "endpoint_url of the AWS profile"
_MAX_HOST = 255
_LABEL = lazy_pattern(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_UNSAFE = lazy_pattern(r"[\x00-\x20\x7f]")


def check_endpoint(url: str, source: str) -> None:
    """Check the URL of an endpoint.

    Args:
        url: The URL; it isn't shown, as it may have a password.
        source: Name of the setting.

    Raises:
        ConfigurationError: It can't be the URL of an endpoint.
    """
    fault = _fault(url)
    if fault is not None:
        raise ConfigurationError(
            f"{source} {fault}; write a URL such as https://email.eu-west-1.amazonaws.com"
        )


def check_endpoints(session: Any, service: str, params: Mapping[str, Any], ignored: bool) -> None:
    """Check the URL that botocore will use as the endpoint of a service, if one is configured.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html

    Args:
        session: aiobotocore's session.
        service: botocore's name of the service.
        params: Parameters of ``create_client``.
        ignored: Whether ``config`` says that only the parameter counts.

    Raises:
        ConfigurationError: It can't be the URL of an endpoint.
    """
    if params.get("endpoint_url") or ignored:
        return
    if session.get_config_variable("ignore_configured_endpoint_urls"):
        return
    for name in (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL"):
        if os.environ.get(name):
            check_endpoint(os.environ[name], name)
            return
    found = _profile_url(session, service)
    if found:
        check_endpoint(found, _SOURCE)


def check_environment() -> None:
    """Check the endpoints in the environment, also those of services that issue credentials.

    Raises:
        ConfigurationError: One can't be the URL of an endpoint.
    """
    for name, url in os.environ.items():
        if name.startswith("AWS_ENDPOINT_URL") and url:
            check_endpoint(url, name)


def _profile_url(session: Any, service: str) -> str | None:
    profile: Mapping[str, Any] = session.get_scoped_config()
    services: Mapping[str, Mapping[str, Any]] = session.full_config.get("services", {})
    section = services.get(str(profile.get("services")), {})
    settings: Mapping[str, Any] = section.get(service, {})
    return settings.get("endpoint_url") or profile.get("endpoint_url")


def _fault(url: str) -> str | None:
    """Returns a description of the fault of a URL; None for a valid one."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
        if ":" in host:
            IPv6Address(host)
    except ValueError:  # of a port, or of brackets
        return "has no valid host and port"
    if parts.scheme not in ("http", "https") or "://" not in url:
        return "must begin with http:// or https://"
    if _UNSAFE.search(url):
        return "has a blank, a line break or another character that isn't allowed in a URL"
    labels = host.removesuffix(".").split(".")
    are_valid = len(host) <= _MAX_HOST and all(map(_LABEL.fullmatch, labels))
    if port == 0 or not (":" in host or are_valid):
        return "has no valid host and port"
    if parts.username is not None or parts.password is not None:
        return "must not have a user or a password"
    if "?" in url or "#" in url:
        return "must not have a query or a fragment"
    return None
