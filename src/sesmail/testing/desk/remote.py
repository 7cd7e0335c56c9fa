"""Settings of a ``Receiver`` for a desk that runs in another process."""

from __future__ import annotations

from http.client import HTTPConnection
from urllib.parse import urlsplit

import anyio.to_thread

from ...errors import ConfigurationError
from ..client_settings import FakeTrust, client_settings
from ..signing import CERTIFICATE_FILE
from ..sns import SECRET, TOPIC

__all__ = ["RemoteTrust", "trust"]

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TIMEOUT = 10.0  # seconds
_MAX_CERTIFICATE = 64 * 1024  # bytes


class RemoteTrust(FakeTrust):
    """Arguments of a ``Receiver`` for a desk."""


def trust(url: str = "http://127.0.0.1:8025", *, topic: str = TOPIC) -> RemoteTrust:
    """Returns arguments of a ``Receiver`` that accepts the requests of a desk.

    Every check stays on, as with ``FakeSES.trust``: only the certificate's source, which is the
    desk, and the endpoint of AWS differ from those of production.

    Args:
        url: URL of the desk, with the path that it is mounted at.
        topic: ARN of the topic that the desk publishes to.

    Raises:
        ConfigurationError: The URL isn't an http URL of this machine.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
        raise ConfigurationError(f"url must be an http URL of 127.0.0.1 or localhost, not {url!r}")
    host, port = parts.hostname, parts.port
    path = f"{parts.path.rstrip('/')}/{CERTIFICATE_FILE}"

    def fetch() -> bytes:
        connection = HTTPConnection(host, port, timeout=_TIMEOUT)
        try:
            connection.request("GET", path)
            return connection.getresponse().read(_MAX_CERTIFICATE)
        finally:
            connection.close()

    async def fetch_certificate(_: str) -> bytes:
        return await anyio.to_thread.run_sync(fetch)

    return {
        "secret": SECRET,
        "topics": [topic],
        "fetch_certificate": fetch_certificate,
        **client_settings(topic.split(":")[3], url),
    }
