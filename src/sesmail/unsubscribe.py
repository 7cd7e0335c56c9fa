"""Signed links for one-click unsubscribing, as RFC 8058 defines it."""

from __future__ import annotations

import binascii
import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .address import Address, as_address
from .arguments import check_instance, check_time, described
from .errors import ConfigurationError, InvalidMessageError, InvalidTokenError
from .patterns import lazy_pattern
from .values import Value

__all__ = ["Unsubscribe", "Unsubscription"]

_PURPOSE = b"sesmail unsubscribe 1\n"  # signatures for other purposes differ
_TOKEN = lazy_pattern(r"([A-Za-z0-9_-]{1,1500})\.([A-Za-z0-9_-]{43})")
_MIN_SECRET = 16  # bytes
_MAX_LIST = 64  # characters; with the longest address, the link fits into a header line
_URL = lazy_pattern(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?][!\"$-~]*)?")  # printable ASCII
_PLACEHOLDER = "{token}"
_FORM_NAME = lazy_pattern(rb'[;\s]name="?List-Unsubscribe"?(?:[;\s]|\Z)', re.IGNORECASE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_BODY = 64 * 1024  # bytes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Unsubscription(Value):
    """The content of a verified unsubscribe token.

    Attributes:
        recipient: The email address, as `Address` normalises it.
        list_name: The name of the mailing list; empty if the link was made without one.
        expires_at: When the link expires, in UTC; None if it never does.
    """

    recipient: str
    list_name: str = ""
    expires_at: datetime | None = None


class Unsubscribe:
    """Makes signed unsubscribe links, and reads their tokens back.

    Gmail and Yahoo require one-click unsubscribing of bulk senders: pass ``link(...)`` as
    ``unsubscribe=`` of a message or recipient, and handle the POST request that the mail provider
    sends to it. A GET request of the link, which scanners send too, must not unsubscribe: show a
    page with a button instead.

    A token holds the recipient and the list in readable form, signed with HMAC-SHA256. It isn't
    encrypted.

    Args:
        secrets: One secret, or several for rotation: the first one signs, all of them verify. Each
            has 16 bytes or more, from a generator such as ``secrets.token_urlsafe(32)``; text is
            encoded as UTF-8.
        url: The https URL of the page or endpoint. ``{token}`` in it is replaced by the token;
            without, ``token=...`` is added to its query.

    Raises:
        ConfigurationError: A secret is too short or of another type, or the URL isn't https.

    https://www.rfc-editor.org/rfc/rfc8058
    https://support.google.com/a/answer/81126
    """

    def __init__(self, *, secrets: str | bytes | Iterable[str | bytes], url: str) -> None:
        self._secrets = _checked_secrets(secrets)
        self._url = _checked_url(url)

    def link(
        self, recipient: str | Address, list_name: str = "", *, expires_at: datetime | None = None
    ) -> str:
        """Returns the link for one recipient.

        Args:
            recipient: The address that unsubscribes by it.
            list_name: The name of the mailing list, at most 64 characters.
            expires_at: When the link expires, with a time zone; never by default, since mails are
                kept for years.

        Raises:
            InvalidMessageError: ``recipient`` isn't one address, or ``list_name`` is too long.
            ConfigurationError: ``expires_at`` isn't a datetime with a time zone.
        """
        for field, value in (("recipient", recipient), ("list_name", list_name)):
            if not isinstance(value, (str, Address)):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise InvalidMessageError(f"it must be text, not {described(value)}", field=field)
        try:
            address = as_address(recipient)
            fields: list[str | int] = [address.email, list_name]
            if len(list_name) > _MAX_LIST:
                raise InvalidMessageError(
                    f"the name has {len(list_name)} characters, at most {_MAX_LIST} are allowed",
                    field="list_name",
                    limit=_MAX_LIST,
                    actual=len(list_name),
                )
            if expires_at is not None:
                fields.append(_timestamp(expires_at))
            payload = json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
        except (TypeError, UnicodeEncodeError) as err:
            raise InvalidMessageError(f"it must be Unicode text: {err}", field="list_name") from err
        token = f"{_encode(payload)}.{_encode(_sign(self._secrets[0], payload))}"
        if _PLACEHOLDER in self._url:
            return self._url.replace(_PLACEHOLDER, token)
        return f"{self._url}{'&' if '?' in self._url else '?'}token={token}"

    def read(self, token: str, *, now: datetime | None = None) -> Unsubscription:
        """Verifies a token, comparing signatures in constant time, and returns its content.

        Args:
            token: The token from the link's URL.
            now: The time with its time zone, if not the present.

        Raises:
            InvalidTokenError: The token is malformed, signed with another secret, or expired.
            ConfigurationError: ``now`` isn't a datetime with a time zone.
        """
        if now is not None:
            check_time("now", now)
        if not isinstance(token, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidTokenError(f"the token must be text, not {described(token)}")
        found = _TOKEN.fullmatch(token)
        payload = None if found is None else _decode(found[1])
        signature = None if found is None else _decode(found[2])
        if payload is None or signature is None:
            raise InvalidTokenError("the token is malformed")
        if not sum(hmac.compare_digest(_sign(each, payload), signature) for each in self._secrets):
            raise InvalidTokenError("the token is signed with another secret, or changed")
        recipient, list_name, *expiry = json.loads(payload)
        expires_at = datetime.fromtimestamp(expiry[0], UTC) if expiry else None
        if expires_at is not None and (now or datetime.now(UTC)) >= expires_at:
            raise InvalidTokenError(f"the token expired at {expires_at:%Y-%m-%d %H:%M} UTC")
        return Unsubscription(recipient, list_name, expires_at)

    @staticmethod
    def is_one_click(body: bytes) -> bool:
        """Reports whether the body of a POST request is a one-click unsubscribe request.

        RFC 8058 defines the form field ``List-Unsubscribe=One-Click``, in a body that is
        URL-encoded or ``multipart/form-data``. A body over 64 kB is none.

        Raises:
            ConfigurationError: ``body`` isn't bytes.
        """
        check_instance("body", body, (bytes, bytearray), "the request's body as bytes")
        if len(body) > _MAX_BODY:
            return False
        body = body.strip()
        if b"List-Unsubscribe=One-Click" in body.split(b"&"):
            return True
        boundary, _, _ = body.partition(b"\n")
        if not boundary.startswith(b"--"):
            return False
        parts = body.replace(b"\r\n", b"\n").split(boundary.strip())
        fields = [part.strip().partition(b"\n\n") for part in parts]
        return any(
            _FORM_NAME.search(head) and text.strip() == b"One-Click" for head, _, text in fields
        )


def _checked_secrets(secrets: str | bytes | Iterable[str | bytes]) -> tuple[bytes, ...]:
    given: tuple[object, ...] = (
        (secrets,)
        if isinstance(secrets, (str, bytes)) or not isinstance(secrets, Iterable)  # pyright: ignore[reportUnnecessaryIsInstance]
        else tuple(secrets)
    )
    keys: list[bytes] = []
    for secret in given:
        if not isinstance(secret, (str, bytes)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(f"secrets must be text or bytes, not {type(secret).__name__}")
        try:
            key = secret.encode() if isinstance(secret, str) else secret
        except UnicodeEncodeError:
            raise ConfigurationError("secrets must be Unicode text, or bytes") from None
        if len(key) < _MIN_SECRET:
            raise ConfigurationError(
                f"each of secrets must have {_MIN_SECRET} bytes: use secrets.token_urlsafe(32)"
            )
        keys.append(key)
    if not keys:
        raise ConfigurationError("secrets must have at least one secret")
    return tuple(keys)


def _checked_url(url: str) -> str:
    if not isinstance(url, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(f"url must be text, not {type(url).__name__}")
    if _URL.fullmatch(url) is None:
        raise ConfigurationError(
            f"url must be an https URL of printable ASCII without a fragment, not {url[:200]!r}"
        )
    return url


def _timestamp(expires_at: datetime) -> int:
    check_time("expires_at", expires_at)
    return (expires_at - _EPOCH) // timedelta(seconds=1)


def _sign(secret: bytes, payload: bytes) -> bytes:
    return hmac.digest(secret, _PURPOSE + payload, "sha256")


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes | None:
    """Returns the bytes of base64url without padding; None unless this is their only spelling."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return None
    return data if _encode(data) == text else None
