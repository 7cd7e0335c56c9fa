"""Signed SNS requests of events that a test made by hand, without a server.

```python
body, headers = sns.post(sesmail.Bounced(...))
receiver = sesmail.Receiver(**sns.trust())
```
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypedDict

from ..receiving.events.base import TrackingEvent
from ..receiving.events.received import Received
from ..receiving.verification.topic import read_topic
from .event_json import received_document, tracking_document
from .messages import authorisation, confirmation, encode, notification, post_headers
from .signing import SignatureVersion, certificate

__all__ = ["SECRET", "TOPIC", "Trust", "confirm", "post", "trust"]

TOPIC = "arn:aws:sns:eu-west-1:123456789012:ses-events"
"""ARN of the topic, if no other is given."""
SECRET = "sns:a secret of the tests"
"""Credentials of the requests, if no others are given."""


class Trust(TypedDict):
    """Arguments of a ``Receiver`` that accepts what is signed here; no check is off."""

    secret: str
    topics: Sequence[str]
    fetch_certificate: Callable[[str], Awaitable[bytes]]


def post(
    event: TrackingEvent | Received | Mapping[str, Any],
    *,
    topic: str = TOPIC,
    secret: str | None = SECRET,
    version: SignatureVersion = "1",
) -> tuple[bytes, dict[str, str]]:
    """Returns body and headers of the request that delivers an event.

    Args:
        event: An event. Its ``raw`` is used if it has one; otherwise it is written as event
            publishing does, or as a notification without ``message_tags``.  A mapping is used as
            it is.
        topic: ARN of the topic.
        secret: Credentials ``user:password``; None for the request without, which SNS makes first.
        version: Version of the signature.

    Returns:
        Arguments of ``Receiver.receive``, which parses an equal event.

    Raises:
        TypeError: The event is of another class.
    """
    if isinstance(event, TrackingEvent):
        document: Mapping[str, Any] = event.raw or tracking_document(event)
    elif isinstance(event, Received):
        document = event.raw or received_document(event)
    elif isinstance(event, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        document = event
    else:
        raise TypeError(f"event must be a tracking or Received event, not {type(event).__name__}")
    return _request(notification(topic, document, version), secret)


def confirm(
    *,
    topic: str = TOPIC,
    token: str = "a-token",
    secret: str | None = SECRET,
    version: SignatureVersion = "1",
    kind: str = "SubscriptionConfirmation",
) -> tuple[bytes, dict[str, str]]:
    """Returns body and headers of the request that asks to confirm a subscription.

    Args:
        topic: ARN of the topic.
        token: Token of the subscription.
        secret: As for ``post``.
        version: Version of the signature.
        kind: ``SubscriptionConfirmation`` or ``UnsubscribeConfirmation``.
    """
    return _request(confirmation(topic, token, version, kind), secret)


def trust(*, topic: str = TOPIC, secret: str = SECRET) -> Trust:
    """Returns the arguments of a ``Receiver`` that accepts these requests."""
    return {"secret": secret, "topics": [topic], "fetch_certificate": fetch_certificate}


async def fetch_certificate(url: str) -> bytes:
    """Returns the certificate for the region in the URL of one of SNS."""
    region = url.partition("://sns.")[2].partition(".")[0]
    return certificate(f"arn:{_partition(region)}:sns:{region}:123456789012:topic")


def _partition(region: str) -> str:
    found = [name for name in ("aws", "aws-cn", "aws-us-gov") if _is_in(name, region)]
    return found[0] if found else "aws"


def _is_in(partition: str, region: str) -> bool:
    return read_topic(f"arn:{partition}:sns:{region}:123456789012:topic") is not None


def _request(message: Mapping[str, str], secret: str | None) -> tuple[bytes, dict[str, str]]:
    return encode(message), post_headers(message) | authorisation(secret)
