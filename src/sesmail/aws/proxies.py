"""Checks the types of the settings of proxies and certificates, which aiobotocore ignores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ..arguments import check_mapping, check_text, refuse
from ..errors import ConfigurationError

__all__ = ["check_certificate", "check_proxies", "check_proxies_config"]

_FORWARDING = "proxy_use_forwarding_for_https"


def check_proxies(name: str, value: object) -> None:
    """Refuses anything but a mapping of schemes to URLs; None disables a proxy.

    Raises:
        ConfigurationError: It is another value.
    """
    check_mapping(name, value)
    for scheme, url in cast("Mapping[str, object]", value).items():
        if url is not None:
            check_text(f"{name}[{scheme!r}]", url, "the URL of a proxy")


def check_certificate(name: str, value: object) -> None:
    """Refuses anything but the path of a certificate with its key, or the paths of both.

    Raises:
        ConfigurationError: It is another value.
    """
    paths = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
    if len(paths) > 2 or (isinstance(value, tuple) and len(paths) != 2):
        raise ConfigurationError(
            f"{name} must be the path of a file, or a tuple of two paths, certificate and key; "
            f"it has {len(paths)}"
        )
    for path in paths:
        if not isinstance(path, str):
            refuse(name, "the path of a file as text, or a tuple of two such paths", path)
        check_text(name, path, "the path of a file")


def check_proxies_config(name: str, value: object) -> None:
    """Refuses anything but the options of botocore's ``proxies_config`` that have an effect.

    https://docs.aws.amazon.com/botocore/latest/reference/config.html

    Raises:
        ConfigurationError: It is another value.
    """
    check_mapping(name, value)
    for option, given in cast("Mapping[str, Any]", value).items():
        path = f"{name}[{option!r}]"
        if option == _FORWARDING:
            _check_forwarding(path, given)
        elif option not in _OPTIONS:
            known = ", ".join(_OPTIONS)
            raise ConfigurationError(f"{path} isn't an option of proxies; there are {known}")
        elif given is not None:
            _OPTIONS[option](path, given)


def _check_forwarding(path: str, given: object) -> None:
    # aiobotocore ignores it, and the request would pass through the proxy in a tunnel:
    # https://github.com/aio-libs/aiobotocore/blob/3.10.0/aiobotocore/httpsession.py#L205
    if given:
        raise ConfigurationError(f"{path} isn't supported by aiobotocore; leave it out")


def _check_bundle(path: str, given: object) -> None:
    check_text(path, given, "the path of a file")


_OPTIONS = {"proxy_ca_bundle": _check_bundle, "proxy_client_cert": check_certificate}
