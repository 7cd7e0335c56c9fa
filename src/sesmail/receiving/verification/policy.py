"""What must be proven of a request to a webhook before it is believed, in one order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from ...errors import ConfigurationError, ForbiddenTopicError, MalformedBodyError
from ..transports.json_body import Body
from ..transports.sns import SnsMessage
from .certificates import fetched
from .http_headers import Headers, header_pairs, header_values
from .secret import Secret, Secrets, raise_for_flaw
from .signature import MAX_AGE, MAX_AHEAD, check_cryptography, read_signature, require_sns_message
from .topic import read_topic

__all__ = ["RequestHeaders", "VerificationPolicy", "verify"]

# What SNS repeats in HTTP headers, and where it stands in the body.
_REPEATED = {
    "x-amz-sns-message-type": "Type",
    "x-amz-sns-message-id": "MessageId",
    "x-amz-sns-topic-arn": "TopicArn",
}


class VerificationPolicy:
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

    def read(self, headers: Headers) -> RequestHeaders:
        """What matters of a request's headers."""
        headers = list(header_pairs(headers))  # some can be read but once
        flaw = None if self._secrets is None else self._secrets.flaw(headers)
        return RequestHeaders(flaw, {name: header_values(headers, name) for name in _REPEATED})

    def check_topic(self, message: SnsMessage) -> None:
        """Check that the message comes from one of the topics, if there are any.

        Raises:
            ForbiddenTopicError: It doesn't.
        """
        if self._topics is not None and message.topic_arn not in self._topics:
            raise ForbiddenTopicError(
                f"the topic {message.topic_arn[:300]!r} may not post", topic_arn=message.topic_arn
            )


class RequestHeaders(NamedTuple):
    """What matters of a request's headers, and not the secret: a traceback may show local variables.

    Attributes:
        flaw: What is wrong with its secret; None if it is right, or none is demanded.
        repeated: What SNS repeats of the body, by the headers' names.
    """

    flaw: str | None
    repeated: Mapping[str, list[str]]

    def check_secret(self) -> None:
        """Check the secret.

        Raises:
            UnauthenticatedError: It isn't there, or wrong.
        """
        raise_for_flaw(self.flaw)

    def check_message(self, message: SnsMessage) -> None:
        """Check that what is repeated is what the body says. It isn't signed, so nothing but the body decides.

        Raises:
            MalformedBodyError: It differs, or isn't there.
        """
        said = {
            "Type": message.type,
            "MessageId": message.message_id,
            "TopicArn": message.topic_arn,
        }
        for name, path in _REPEATED.items():
            values = self.repeated[name]
            if not values and path != "TopicArn":
                raise MalformedBodyError(
                    f"the header {name} is missing, which SNS sends with each message", path=path
                )
            if any(value != said[path] for value in values):
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
) -> SnsMessage:
    """Check all that can be checked of a request from SNS, for programs without an event loop.

    In this order: the secret, the body's size and form, the headers, the signature, the topic. A proven message may
    still be one that came before: SNS repeats itself, with the same ``message_id``.

    Args:
        body: The request's body, as it came.
        headers: Its headers, as the framework has them.
        secret: ``user:password`` of the webhook's URL, or several, any of which is good.
        topics: The ARNs of the topics that may post.
        certificate: The signing certificate, or a function that fetches it from a URL, for instance a
            ``CertificateCache``; no signature is demanded without.
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
    policy = VerificationPolicy(
        secrets=secrets,
        topics=topics,
        signatures=certificate is not None,
        allow_unproven=allow_unproven,
    )
    said = policy.read(headers)
    del headers
    said.check_secret()
    message = require_sns_message(body)
    said.check_message(message)
    if certificate is not None:
        now = now or datetime.now(UTC)
        unverified = read_signature(message, now=now, max_age=max_age, max_ahead=max_ahead)
        file = (
            fetched(certificate(unverified.certificate_url))
            if callable(certificate)
            else bytes(certificate)
        )
        unverified.check(file, now=now)
    policy.check_topic(message)
    return message


def _checked_topics(topics: Collection[str]) -> frozenset[str]:
    """The topics as a set; one that could never match is a mistake."""
    arns = () if isinstance(topics, str) else tuple(topics)
    if not arns:
        raise ConfigurationError("topics is a list of ARNs, with one at least")
    for arn in arns:
        if read_topic(arn) is None:
            raise ConfigurationError(f"not the ARN of an SNS topic: {arn!r}")
    return frozenset(arns)
