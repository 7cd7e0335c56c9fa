"""Secret in the webhook's URL, which SNS sends by HTTP basic authentication."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from ...errors import ConfigurationError, UnauthenticatedError
from ...patterns import lazy_pattern
from ...strict import from_base64
from .http_headers import Headers, header_values

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["Secret", "Secrets", "challenge", "check_secret"]

Secret: TypeAlias = "str | SecretStr"

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="sesmail"'}  # RFC 7617
_MASKED = lazy_pattern(rb"[^:]*:\*+")
_CONTROL = lazy_pattern(r"[\x00-\x1f\x7f]")


class Secrets:
    """Accepted secrets, each ``user:password``; only their digests are stored.

    The caller deletes its own references to the text before it calls `check`: a traceback may
    show local variables.

    Args:
        secret: One secret, or several during a rotation.
    """

    __slots__ = ("_digests", "_invalid")

    def __init__(self, secret: Secret | Iterable[Secret]) -> None:
        secrets: list[Secret] = (
            list(secret)
            if isinstance(secret, Iterable) and not isinstance(secret, (str, bytes, Mapping))
            else [cast("Secret", secret)]
        )
        reasons = [reason for reason in map(_invalid_reason, secrets) if reason is not None]
        self._invalid = reasons[0] if reasons else None if secrets else "no secret is given"
        self._digests = (
            () if reasons else tuple(sha256(_reveal(each).encode()).digest() for each in secrets)
        )

    def check(self) -> None:
        """Checks that there is at least one secret and that each is valid.

        Raises:
            ConfigurationError: There is none, or one is invalid.
        """
        if self._invalid:
            raise ConfigurationError(self._invalid)

    def __repr__(self) -> str:
        return f"Secrets({len(self._digests)})"

    def error_in(self, headers: Headers) -> str | None:
        """Returns the reason to refuse a request's credentials; None if they are accepted."""
        values = header_values(headers, "authorization")
        if not values:
            return "no Authorization header; SNS sends the secret after a 401 response"
        if len(values) > 1:
            return "more than one Authorization header"
        credentials = _basic_credentials(values[0])
        if credentials is None:
            return "the Authorization header isn't HTTP basic authentication with user:password"
        accepted = False
        digest = sha256(credentials).digest()
        for each in self._digests:  # without a break: the time must not depend on the secret
            accepted |= compare_digest(each, digest)
        if accepted:
            return None
        if _MASKED.fullmatch(credentials):
            return (
                "asterisks instead of the secret: 'Request confirmation' in the SNS console sends "
                "the masked URL; delete the subscription and create it again with the secret"
            )
        return "wrong secret"


def check_secret(headers: Headers, secret: Secrets | Secret | Iterable[Secret]) -> None:
    """Checks that a request carries the webhook's secret.

    The comparison takes the same time whatever the request's credentials are.

    Args:
        headers: The request's headers: a mapping or pairs, of text or bytes, in any case.
        secret: ``user:password`` as in the URL of the subscription, but not percent-encoded, as
            text or ``SecretStr``; or several during a rotation.

    Raises:
        UnauthenticatedError: It is missing or wrong. Respond with the error's ``status`` (401) and
            ``headers``: SNS sends the secret only after such a response.
        ConfigurationError: The secret has no colon or password, only asterisks as its password, a
            control character, or isn't text.

    https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
    """
    secrets = secret if isinstance(secret, Secrets) else Secrets(secret)
    del secret  # a traceback may show local variables
    secrets.check()
    error = secrets.error_in(headers)
    del headers
    if error is not None:
        raise challenge(error)


def challenge(reason: str) -> UnauthenticatedError:
    """Returns the error whose response asks for the secret."""
    return UnauthenticatedError(reason, headers=_CHALLENGE)


def _reveal(secret: Secret) -> str:
    return secret if isinstance(secret, str) else secret.get_secret_value()


def _is_secret_str(value: object) -> bool:
    """Returns True for a ``SecretStr``, without importing pydantic: who made it has done that."""
    module: Any = sys.modules.get("pydantic")
    return module is not None and isinstance(value, module.SecretStr)


def _invalid_reason(secret: Secret) -> str | None:
    """Returns the reason why a secret is invalid, without the secret; None if it is valid."""
    if not isinstance(secret, str) and not _is_secret_str(secret):
        return f"secret must be text, or a list of texts, not {type(secret).__name__}"
    text = _reveal(secret)
    _, colon, password = text.partition(":")
    if not colon:
        return "secret must have the form 'user:password'; it has no colon"
    if not password.strip():
        return "secret must have the form 'user:password'; it has an empty password"
    if not password.strip("*"):
        return "secret has only asterisks as its password, as the SNS console masks it"
    if _CONTROL.search(text):
        return "secret has a control character, perhaps the line break at the end of a file"
    if not _is_unicode(text):
        return "secret isn't valid Unicode"
    return None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _basic_credentials(header: str) -> bytes | None:
    """Returns ``user:password`` of a header; None if it isn't HTTP basic authentication."""
    scheme, _, encoded = header.partition(" ")
    credentials = from_base64(encoded.strip(" ")) if scheme.lower() == "basic" else None
    return credentials if credentials and b":" in credentials and _is_utf8(credentials) else None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
