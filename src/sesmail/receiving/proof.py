"""What must be proven of a request to a webhook before it is believed, in one order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime

from ..errors import ConfigurationError, ForbiddenTopicError, MalformedBodyError
from .decode import Body
from .envelope import Envelope
from .headers import Headers, header_values
from .secret import Secret, Secrets, check_secret
from .topic import read_topic
from .verify import MAX_AGE, MAX_AHEAD, check_cryptography, read_claim, read_message

__all__ = ["Proof", "check_headers", "verify"]


class Proof:
    """What a webhook demands: a secret, messages of certain topics, signatures.

    Args:
        secrets: The secrets in the webhook's URL, if there are any.
        topics: The ARNs of the topics that may post.
        signatures: Whether Amazon's signature is demanded.
        allow_unproven: Demand less than a secret, or signatures and topics.

    Raises:
        ConfigurationError: It proves too little, a secret or topic can't be one, or an extra is missing.
    """

    __slots__ = ("_secrets", "_topics", "signatures")

    def __init__(
        self,
        *,
        secrets: Secrets | None,
        topics: Collection[str] | None,
        signatures: bool,
        allow_unproven: bool = False,
    ) -> None:
        self.signatures: bool = signatures
        if secrets is not None:
            secrets.check()
        self._secrets = secrets
        self._topics = None if topics is None else _checked_topics(topics)
        if not self.is_enough and not allow_unproven:
            raise ConfigurationError(
                "a webhook needs a secret, or signatures and the topics that may post: a signature alone doesn't tell "
                "whose topic it is; allow_unproven=True goes without"
            )
        if signatures:
            check_cryptography()

    @property
    def has_secret(self) -> bool:
        """Whether a secret is demanded."""
        return self._secrets is not None

    @property
    def is_enough(self) -> bool:
        """Whether it proves that what passes is meant for us: a signature alone doesn't tell whose topic it is."""
        return self.has_secret or bool(self.signatures and self._topics)

    def check_secret(self, headers: Headers) -> None:
        """Check the secret, if there is one.

        Raises:
            UnauthenticatedError: It isn't there, or wrong.
        """
        if self._secrets is not None:
            check_secret(headers, self._secrets)

    def check_topic(self, message: Envelope) -> None:
        """Check that the message comes from one of the topics, if there are any.

        Raises:
            ForbiddenTopicError: It doesn't.
        """
        if self._topics is not None and message.topic_arn not in self._topics:
            raise ForbiddenTopicError(
                f"the topic {message.topic_arn[:300]!r} may not post", topic_arn=message.topic_arn
            )


def check_headers(headers: Headers, message: Envelope) -> None:
    """Check that what SNS repeats in HTTP headers is what the body says.

    The headers aren't signed, so nothing but the body decides.

    Raises:
        MalformedBodyError: They differ, or aren't there.
    """
    for name, path, expected in (
        ("x-amz-sns-message-type", "Type", message.type),
        ("x-amz-sns-message-id", "MessageId", message.message_id),
        ("x-amz-sns-topic-arn", "TopicArn", message.topic_arn),
    ):
        values = header_values(headers, name)
        if not values and path != "TopicArn":
            raise MalformedBodyError(f"the header {name} is missing, which SNS sends with each message", path=path)
        if any(value != expected for value in values):
            raise MalformedBodyError(f"the header {name} says something else", path=path)


def verify(
    body: Body,
    headers: Headers,
    *,
    secret: Secret | Iterable[Secret] | None = None,
    topics: Collection[str] | None = None,
    certificate: bytes | Callable[[str], bytes] | None = None,
    now: datetime | None = None,
    max_age: float = MAX_AGE,
    max_ahead: float = MAX_AHEAD,
    allow_unproven: bool = False,
) -> Envelope:
    """Check all that can be checked of a request from SNS, for programs without an event loop.

    In this order: the secret, the body's size and form, the headers, the signature, the topic. A proven message may
    still be one that came before: SNS repeats itself, with the same ``message_id``.

    Args:
        body: The request's body, as it came.
        headers: Its headers, as the framework has them.
        secret: ``user:password`` of the webhook's URL, or several, any of which is good.
        topics: The ARNs of the topics that may post.
        certificate: The signing certificate, or a function that fetches it from a URL, for instance
            ``functools.lru_cache(fetch_certificate)``; no signature is demanded without.
        now: The time, aware of its zone, if not the present.
        max_age: How many seconds old a signed message may be.
        max_ahead: How many seconds a signed message may be ahead of ``now``.
        allow_unproven: Demand less than a secret, or a signature and topics.

    Returns:
        The message, for ``parse``: what else the body says isn't proven.

    Raises:
        WebhookError: It isn't proven; answer with its ``status`` and ``headers``.
        ConfigurationError: It would prove too little.
    """
    secrets = None if secret is None else Secrets(secret)
    del secret
    proof = Proof(secrets=secrets, topics=topics, signatures=certificate is not None, allow_unproven=allow_unproven)
    proof.check_secret(headers)
    message = read_message(body)
    check_headers(headers, message)
    if certificate is not None:
        now = now or datetime.now(UTC)
        claim = read_claim(message, now=now, max_age=max_age, max_ahead=max_ahead)
        file = certificate if isinstance(certificate, bytes) else certificate(claim.certificate_url)
        claim.check(file, now=now)
    proof.check_topic(message)
    return message


def _checked_topics(topics: Collection[str]) -> frozenset[str]:
    """The topics as a set; one that could never match is a mistake."""
    if isinstance(topics, str) or not topics:
        raise ConfigurationError("topics is a list of ARNs, with one at least")
    for arn in topics:
        if read_topic(arn) is None:
            raise ConfigurationError(f"not the ARN of an SNS topic: {arn!r}")
    return frozenset(topics)
