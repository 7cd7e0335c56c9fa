"""Receivers for tests, and webhook requests of SNS."""

import json
from typing import Any

from sesmail import Receiver
from support import signing

SECRET = "amazon:correct horse battery staple"
Posted = tuple[bytes, dict[str, str]]


async def good_certificate(url: str) -> bytes:
    """Return the certificate of the tests for any URL."""
    return signing.good_certificate()


def new_receiver(url: str | None = None, session: str = "aiohttp", **settings: Any) -> Receiver:
    """Return a receiver with all checks enabled, and the AWS endpoint at a URL."""
    defaults: dict[str, Any] = {
        "secret": SECRET,
        "topics": [signing.TOPIC],
        "fetch_certificate": good_certificate,
        "clock": lambda: signing.NOW,
    }
    if url is not None:
        defaults["endpoint_url"] = url
    if session.startswith("httpx"):
        from aiobotocore.httpxsession import HttpxSession

        settings["config"] = {**settings.get("config", {}), "http_session_cls": HttpxSession}
    return Receiver(**{**defaults, **settings})


def post(message: dict[str, Any], secret: str | None = SECRET) -> Posted:
    """Return the body and the headers of the request for an SNS message."""
    credentials = {} if secret is None else signing.basic(secret)
    return json.dumps(message).encode(), signing.headers_of(message) | credentials


def notification(event: dict[str, Any], **changes: Any) -> Posted:
    """Return the signed request for an event."""
    return post(signing.message(Message=json.dumps(event), **changes))
