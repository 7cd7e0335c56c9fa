"""Signature Version 4 for requests to one URL, with the day's signing key kept."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256
from time import gmtime, strftime
from typing import Any

__all__ = ["Signature"]


class Signature:
    """Signs posts to one URL, which has no query.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

    Args:
        path: The path of the URL, which is one that needs no encoding.
        region: The region that signatures are for.
        service: The service that they are for.
        content_type: What they have as Content-Type.
        host: Its name in Host, with the port where that isn't the scheme's own.
    """

    def __init__(self, path: str, region: str, service: str, content_type: str, host: str) -> None:
        self._path = path
        self._region = region
        self._service = service
        self._fields = f"content-type:{content_type}\nhost:{host}\n"
        self._key: tuple[str, str, bytes] = "", "", b""

    def headers(self, body: str, credentials: Any, seconds: float) -> Mapping[str, str]:
        """The headers that sign a request.

        Args:
            body: The SHA-256 of its body, in hexadecimal digits.
            credentials: botocore's, frozen: ``access_key``, ``secret_key`` and ``token``.
            seconds: The time, since 1970.
        """
        time = strftime("%Y%m%dT%H%M%SZ", gmtime(seconds))
        token: str | None = credentials.token
        names, fields = "content-type;host;x-amz-date", f"{self._fields}x-amz-date:{time}\n"
        headers = {"X-Amz-Date": time}
        if token:
            names, fields = (
                f"{names};x-amz-security-token",
                f"{fields}x-amz-security-token:{token}\n",
            )
            headers["X-Amz-Security-Token"] = token
        request = f"POST\n{self._path}\n\n{fields}\n{names}\n{body}"
        scope = f"{time[:8]}/{self._region}/{self._service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        signature = _mac(self._day_key(credentials.secret_key, time[:8]), text).hex()
        headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        return headers

    def _day_key(self, secret: str, day: str) -> bytes:
        """The key of a day, made when the day or the secret changes."""
        if self._key[:2] != (secret, day):
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = _mac(key, part)
            self._key = secret, day, key
        return self._key[2]


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
