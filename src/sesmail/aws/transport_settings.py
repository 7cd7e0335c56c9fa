"""Checks the TLS files and the proxy of an HTTP session, when a client opens."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from ..errors import ConfigurationError

__all__ = ["check_proxy", "load_tls"]

T = TypeVar("T")


def check_proxy(url: str) -> None:
    """Check the URL of a proxy.

    Raises:
        ConfigurationError: It can't be used.
    """
    # botocore prepends http:// to URLs of other schemes.
    rest = url.removeprefix("http://")
    url = rest if "://" in rest else url
    shown = _without_password(url)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise ConfigurationError(
            f"the proxy {shown!r} has the scheme {parts.scheme!r}; "
            "only http and https proxies are supported"
        )
    try:
        port_is_valid = parts.port != 0
    except ValueError:
        port_is_valid = False
    if not port_is_valid:
        raise ConfigurationError(
            f"the proxy {shown!r} has no valid port; "
            "check HTTPS_PROXY, HTTP_PROXY or config's proxies"
        )
    if not parts.hostname:
        raise ConfigurationError(f"the proxy {shown!r} has no host name")


def load_tls(session: Any, build: Callable[[], T]) -> T:
    """Returns the TLS contexts of a session.

    Args:
        session: aiobotocore's session.
        build: Loads the files; runs in a thread.

    Raises:
        ConfigurationError: A file is missing or invalid.
    """
    try:
        return build()
    except Exception as err:
        raise ConfigurationError(_find_fault(session) or f"invalid TLS settings: {err}") from err


def _find_fault(session: Any) -> str | None:
    """Returns a text for the first file that can't be loaded, as OpenSSL's errors don't name it."""
    for setting, path, load in _files(session):
        try:
            load()
        except (OSError, TypeError, ValueError) as err:
            reason = getattr(err, "strerror", None) or err
            return f"{setting} is {path!r}, which can't be loaded: {reason}"
    return None


def _files(session: Any) -> Iterator[tuple[str, Any, Callable[[], None]]]:
    """Yields the name of each setting, its file, and a function that loads it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    settings: Any = session._proxy_config.settings
    authorities = {
        "the CA bundle (verify, AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE or ca_bundle)": session._verify,
        "the setting proxy_ca_bundle": settings.get("proxy_ca_bundle"),
    }
    for setting, path in authorities.items():
        if path and not isinstance(path, (bool, ssl.SSLContext)):
            yield setting, path, partial(context.load_verify_locations, path)
    certificates = {
        "the setting client_cert": (session._cert_file, session._key_file),
        "the setting proxy_client_cert": _pair(settings.get("proxy_client_cert")),
    }
    for setting, (certificate, key) in certificates.items():
        if certificate:
            path = f"{certificate}, {key}" if key else certificate
            yield setting, path, partial(context.load_cert_chain, certificate, key)


def _pair(value: Any) -> tuple[Any, Any]:
    if not isinstance(value, tuple):
        return value, None
    certificate, key = cast("tuple[Any, Any]", value)
    return certificate, key


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
