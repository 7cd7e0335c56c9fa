"""Subscriptions of a program's endpoints to the topics of a fake."""

from __future__ import annotations

from .endpoints import Endpoint, FunctionEndpoint, HttpEndpoint, PostFunction
from .in_process import AsgiApp, AsgiEndpoint, WsgiApp, WsgiEndpoint
from .operations.topics import subscribe
from .service import SesService
from .signing import SignatureVersion
from .topics import Subscription

__all__ = ["Subscribing"]


class Subscribing:
    """Method of ``FakeSES`` that subscribes endpoints."""

    topic_arn: str
    secret: str
    _service: SesService

    def subscribe(
        self,
        url: str | None = None,
        *,
        asgi: AsgiApp | None = None,
        wsgi: WsgiApp | None = None,
        post: PostFunction | None = None,
        path: str = "/",
        topic: str | None = None,
        secret: str | None = None,
        confirm: bool = True,
        version: SignatureVersion = "1",
        raw: bool = False,
        retries: int = 3,
        retry_delay: float = 0.0,
        duplicates: int = 0,
        delay: float = 0.0,
    ) -> Subscription:
        """Subscribes an endpoint to a topic, and delivers events to it as SNS does.

        First comes the message that the endpoint has to confirm; ``Receiver`` does so. Each request
        is made without credentials, and after a 401 with them. A response of 5xx, or none, is
        retried; one of 4xx isn't.

        Args:
            url: URL of the endpoint; credentials in it replace ``secret``.
            asgi: An ASGI application in this process, instead of a URL. It is called on the running
                event loop, or on one of its own if none is running. Its lifespan isn't run.
            wsgi: A WSGI application in this process, instead of a URL.
            post: A function of body and headers, instead of a URL, that returns a status or a
                response with ``status_code``: for instance one that calls a test client.
            path: Path of ``asgi`` or ``wsgi``.
            topic: ARN of the topic; by default ``topic_arn``.
            secret: Credentials ``user:password``; by default those of ``trust``.
            confirm: Whether the endpoint has to confirm; False confirms at once.
            version: Version of the signature.
            raw: Whether raw message delivery is on.
            retries: Maximum number of further attempts.
            retry_delay: Seconds between attempts.
            duplicates: Number of times that each event is delivered again.
            delay: Seconds before each delivery.

        Raises:
            ValueError: Not exactly one of ``url``, ``asgi``, ``wsgi`` and ``post`` is given, or the
                URL is invalid.
        """
        endpoint, given = _new_endpoint(url, asgi, wsgi, post, path)
        return subscribe(
            self._service,
            endpoint,
            topic=self.topic_arn if topic is None else topic,
            secret=given or secret or self.secret,
            confirm=confirm,
            version=version,
            raw=raw,
            retries=retries,
            retry_delay=retry_delay,
            duplicates=duplicates,
            delay=delay,
        )


def _new_endpoint(
    url: str | None,
    asgi: AsgiApp | None,
    wsgi: WsgiApp | None,
    post: PostFunction | None,
    path: str,
) -> tuple[Endpoint, str | None]:
    """Returns an endpoint, and the credentials in its URL.

    Raises:
        ValueError: Not exactly one is given, or the URL is invalid.
    """
    if sum(each is not None for each in (url, asgi, wsgi, post)) != 1:
        raise ValueError("give exactly one of url, asgi, wsgi and post")
    if url is not None:
        http = HttpEndpoint(url)
        return http, http.secret
    if asgi is not None:
        return AsgiEndpoint(asgi, path), None
    if wsgi is not None:
        return WsgiEndpoint(wsgi, path), None
    assert post is not None
    return FunctionEndpoint(post), None
