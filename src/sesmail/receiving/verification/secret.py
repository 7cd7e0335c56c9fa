"""The secret in a webhook's URL, which SNS sends by HTTP basic authentication."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest
from typing import TypeAlias

from pydantic import SecretStr

from ...errors import ConfigurationError, UnauthenticatedError
from ...strict import from_base64
from .http_headers import Headers, header_values

__all__ = ["Secret", "Secrets", "check_secret", "raise_for_flaw"]

Secret: TypeAlias = str | SecretStr

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="sesmail"'}
_MASK = re.compile(rb"[^:]*:\*+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


class Secrets:
    """Secrets as ``user:password``, any of which is good; only their digests are kept.

    Whoever makes them lets go of the text before they are checked: a traceback may show local variables.

    Args:
        secret: One secret, or several while one takes the place of another.
    """

    __slots__ = ("_digests", "_misfit")

    def __init__(self, secret: Secret | Iterable[Secret]) -> None:
        given = [secret] if isinstance(secret, (str, bytes, SecretStr)) else list(secret)
        self._misfit = (
            next(filter(None, map(_misfit, given)), None) if given else "no secret is given"
        )
        self._digests = (
            () if self._misfit else tuple(sha256(_reveal(each).encode()).digest() for each in given)
        )

    def check(self) -> None:
        """Check that there is one, and that each protects something.

        Raises:
            ConfigurationError: There is none, or one that protects nothing.
        """
        if self._misfit:
            raise ConfigurationError(self._misfit)

    def __repr__(self) -> str:
        return f"Secrets({len(self._digests)})"

    def flaw(self, headers: Headers) -> str | None:
        """What is wrong with a request's credentials; None if they are one of these."""
        values = header_values(headers, "authorization")
        if not values:
            return "no secret: SNS sends it when it is asked by this answer"
        if len(values) > 1:
            return "more than one Authorization header"
        credentials = _credentials(values[0])
        if credentials is None:
            return "the Authorization header isn't HTTP basic authentication, as base64 of UTF-8 of user:password"
        found = False
        digest = sha256(credentials).digest()
        for each in self._digests:  # all of them, so that the time tells nothing
            found |= compare_digest(each, digest)
        if found:
            return None
        if _MASK.fullmatch(credentials):
            return (
                "asterisks instead of the secret: 'Request confirmation' in the SNS console sends what the console "
                "shows; delete the subscription and create it again with the secret in its URL"
            )
        return "wrong secret"


def check_secret(headers: Headers, secret: Secrets | Secret | Iterable[Secret]) -> None:
    """Check that a request carries the webhook's secret.

    Args:
        headers: The request's headers, as the framework has them.
        secret: ``user:password`` as in the URL that SNS was given, but not percent-encoded; several for rotation.

    Raises:
        UnauthenticatedError: It doesn't. Answer with its status and headers: SNS never sends the secret before.
        ConfigurationError: The secret protects nothing.

    https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
    """
    secrets = secret if isinstance(secret, Secrets) else Secrets(secret)
    del secret
    secrets.check()
    flaw = secrets.flaw(headers)
    del headers
    raise_for_flaw(flaw)


def raise_for_flaw(flaw: str | None) -> None:
    """Answer what is wrong with a request's credentials by asking for the right ones.

    Raises:
        UnauthenticatedError: There is something wrong.
    """
    if flaw:
        raise UnauthenticatedError(flaw, headers=_CHALLENGE)


def _reveal(secret: Secret) -> str:
    return secret.get_secret_value() if isinstance(secret, SecretStr) else secret


def _misfit(secret: Secret) -> str | None:
    """Why something can't be a secret; never with the secret itself."""
    if not isinstance(secret, (str, SecretStr)):  # pyright: ignore[reportUnnecessaryIsInstance]
        return f"a secret is a text, and one is a {type(secret).__name__}"
    text = _reveal(secret)
    _, colon, password = text.partition(":")
    if not colon:
        return "a secret has the form 'user:password', and one has no colon"
    if not password.strip():
        return "a secret has the form 'user:password', and one has an empty password"
    if not password.strip("*"):
        return "a secret's password is only asterisks: the SNS console shows it so, to hide it"
    if _CONTROLS.search(text):
        return "a secret has a control character, perhaps the line break at the end of a file"
    if not _encodable(text):
        return "a secret isn't valid Unicode"
    return None


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _credentials(header: str) -> bytes | None:
    """What HTTP basic authentication carries; None if it is another scheme, malformed, or has no colon."""
    scheme, _, encoded = header.partition(" ")
    credentials = from_base64(encoded.strip(" ")) if scheme.lower() == "basic" else None
    return credentials if credentials and b":" in credentials and _decodable(credentials) else None


def _decodable(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
