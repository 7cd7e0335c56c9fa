"""Signature Version 4 of requests to one URL, with a cached signing key."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256
from time import gmtime, strftime
from typing import Any

__all__ = ["Signature"]


class Signature:
    """Signs POST requests to one URL without a query.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

    Args:
        path: Path of the URL, without characters that need encoding.
        region: Region of the credential scope.
        service: Service of the credential scope.
        content_type: Header Content-Type of the requests.
        host: Header Host of the requests.
    """

    def __init__(self, path: str, region: str, service: str, content_type: str, host: str) -> None:
        self._path = path
        self._region = region
        self._service = service
        self._fields = f"content-type:{content_type}\nhost:{host}\n"
        self._key: tuple[str, str, hmac.HMAC] | None = None

    def headers(self, body: str, credentials: Any, seconds: float) -> Mapping[str, str]:
        """Returns the headers that sign a request.

        Args:
            body: SHA-256 of its body, in hexadecimal digits.
            credentials: botocore's, with ``access_key``, ``secret_key`` and ``token``.
            seconds: Time of the request as a Unix timestamp.
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
        mac = self._day_mac(credentials.secret_key, time[:8])
        mac.update(text.encode())
        headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={mac.hexdigest()}"
        )
        return headers

    def _day_mac(self, secret: str, day: str) -> hmac.HMAC:
        """Returns a new HMAC with the signing key of a day; a copy takes half of the time."""
        if self._key is None or self._key[:2] != (secret, day):
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._key = secret, day, hmac.new(key, digestmod="sha256")
        return self._key[2].copy()
