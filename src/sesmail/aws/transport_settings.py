"""Checks the TLS files and the proxy of an HTTP session, when a client opens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from ..errors import ConfigurationError, NotSentError
from .error_texts import hide_password

__all__ = ["PASSWORD_HINT", "check_proxy", "check_response", "check_status", "load_tls"]

PASSWORD_HINT = "; it asks for a user and a password in its URL"

_PROXY_AUTHENTICATION_REQUIRED = 407

T = TypeVar("T")

_HINT = "check HTTPS_PROXY, HTTP_PROXY or config's proxies"


def check_proxy(url: str) -> None:
    """Check the URL of a proxy.

    Raises:
        ConfigurationError: It can't be used.
    """
    # botocore prepends http:// to URLs of other schemes.
    rest = url.removeprefix("http://")
    url = rest if "://" in rest else url
    shown = _without_password(url)
    try:
        parts = urlsplit(url)
    except ValueError:  # of brackets
        raise ConfigurationError(f"the proxy {shown!r} has no valid host name; {_HINT}") from None
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
        raise ConfigurationError(f"the proxy {shown!r} has no valid port; {_HINT}")
    if not parts.hostname:
        raise ConfigurationError(f"the proxy {shown!r} has no host name")


def check_status(status: int, url: str, proxy: str | None) -> None:
    """Check that a response is one of the endpoint.

    A proxy that responds with 407 hasn't passed the request on. Through a tunnel, only the endpoint
    responds. https://www.rfc-editor.org/rfc/rfc9110#section-15.5.8

    Args:
        status: HTTP status of the response.
        url: URL of the request.
        proxy: URL of its proxy; None without one.

    Raises:
        NotSentError: The proxy asks for a password.
    """
    if status == _PROXY_AUTHENTICATION_REQUIRED and proxy and url.startswith("http:"):
        raise NotSentError(
            f"the proxy {hide_password(proxy)} responded with {status}{PASSWORD_HINT}",
            retryable=False,
        )


async def check_response(response: Any, url: str, proxy: str | None) -> Any:
    """Returns a response of aiobotocore if it is one of the endpoint, as ``check_status`` does.

    Raises:
        NotSentError: The proxy asks for a password.
    """
    if response.status_code == _PROXY_AUTHENTICATION_REQUIRED:
        await response.content  # which releases the connection
    check_status(response.status_code, url, proxy)
    return response


def load_tls(session: Any, build: Callable[[], T]) -> T:
    """Returns the TLS contexts of a session.

    Args:
        session: aiobotocore's session.
        build: Loads the files; runs in a thread.

    Raises:
        ConfigurationError: A file is missing or invalid, or a private key is encrypted.
    """
    # OpenSSL would ask for the pass phrase of a key on the terminal. aiobotocore doesn't load the
    # certificate for a proxy whose URL begins with http:// on httpx.
    for setting, path, load in _certificates(session):
        if (fault := _fault(setting, path, load)) is not None:
            raise ConfigurationError(fault)
    try:
        return build()
    except Exception as err:
        raise ConfigurationError(_find_fault(session) or f"invalid TLS settings: {err}") from err


def _find_fault(session: Any) -> str | None:
    """Returns a text for the first authority that can't be loaded; OpenSSL doesn't name files."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authorities = {
        "the CA bundle (verify, AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE or ca_bundle)": session._verify,
        "the setting proxy_ca_bundle": session._proxy_config.settings.get("proxy_ca_bundle"),
    }
    faults = (
        _fault(setting, path, partial(context.load_verify_locations, path))
        for setting, path in authorities.items()
        if path and not isinstance(path, (bool, ssl.SSLContext))
    )
    return next((each for each in faults if each is not None), None)


def _fault(setting: str, path: Any, load: Callable[[], None]) -> str | None:
    """Returns a text for a file that can't be loaded; None for another."""
    try:
        load()
    except _EncryptedKeyError:
        return (
            f"{setting} is {path!r}, whose private key is encrypted; decrypt it with "
            "'openssl pkey', as nobody can be asked for its pass phrase"
        )
    except (OSError, TypeError, ValueError) as err:
        reason = getattr(err, "strerror", None) or err
        return f"{setting} is {path!r}, which can't be loaded: {reason}"
    return None


class _EncryptedKeyError(Exception):
    """A private key needs a pass phrase."""


def _refuse_encrypted() -> str:
    raise _EncryptedKeyError


def _certificates(session: Any) -> Iterator[tuple[str, Any, Callable[[], None]]]:
    """Yields the name of each setting, its file, and a function that loads it."""
    import ssl

    certificates = {
        "the setting client_cert": (session._cert_file, session._key_file),
        "the setting proxy_client_cert": _pair(
            session._proxy_config.settings.get("proxy_client_cert")
        ),
    }
    for setting, (certificate, key) in certificates.items():
        if certificate:
            path = f"{certificate}, {key}" if key else certificate
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            load = partial(context.load_cert_chain, certificate, key, _refuse_encrypted)
            yield setting, path, load


def _pair(value: Any) -> tuple[Any, Any]:
    if not isinstance(value, tuple):
        return value, None
    certificate, key = cast("tuple[Any, Any]", value)
    return certificate, key


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
