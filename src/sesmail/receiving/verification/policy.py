"""Checks that a webhook requires."""

from __future__ import annotations

from collections.abc import Collection

from ...arguments import check_bool, check_iterable, refuse
from ...errors import ConfigurationError, ForbiddenTopicError
from ..transports.sns import SnsMessage
from .secret import Secrets
from .signing_certificate import check_cryptography
from .topic import is_known_region, read_topic

__all__ = ["VerificationPolicy", "valid_topics"]


class VerificationPolicy:
    """The checks that a webhook requires: a secret, signatures, certain topics.

    Args:
        secrets: Accepted secrets of the webhook's URL; None if no secret is required.
        topics: ARNs of the topics that may post; None for any.
        signatures: Whether the signature of SNS is required.
        allow_raw: Whether raw deliveries are accepted, which have no topic and no signature.
        allow_unproven: Whether less than a secret, or signatures and topics, may be required.

    Raises:
        ConfigurationError: The checks don't suffice, a secret or topic is invalid, or an extra
            isn't installed.
    """

    __slots__ = ("_topics", "allow_raw", "secrets", "signatures")

    def __init__(
        self,
        *,
        secrets: Secrets | None,
        topics: Collection[str] | None,
        signatures: bool,
        allow_raw: bool = False,
        allow_unproven: bool = False,
    ) -> None:
        check_bool("signatures", signatures)
        check_bool("allow_raw", allow_raw)
        check_bool("allow_unproven", allow_unproven)
        self.signatures: bool = signatures
        self.allow_raw: bool = allow_raw
        if secrets is not None:
            secrets.check()
        self.secrets: Secrets | None = secrets
        self._topics = None if topics is None else valid_topics(topics)
        if not self.is_sufficient and not allow_unproven:
            raise ConfigurationError(
                "a webhook needs a secret, or signatures and topics: a signature alone doesn't "
                "prove whose topic it is; allow_unproven=True accepts less"
            )
        if signatures:
            check_cryptography()
        if allow_raw and secrets is None:
            raise ConfigurationError(
                "allow_raw needs a secret: a raw delivery has no signature and no topic"
            )

    @property
    def is_sufficient(self) -> bool:
        """True if a request that passes comes from one of the application's own topics.

        A signature alone doesn't prove that: anybody may subscribe any URL to their topic.
        """
        return self.secrets is not None or bool(self.signatures and self._topics)

    def check_topic(self, message: SnsMessage) -> None:
        """Checks that a message comes from one of the topics.

        If any topic may post, and no secret proves who posts, its region must at least exist: an
        invented one is a host name that takes seconds to look up.

        Raises:
            ForbiddenTopicError: It comes from another topic.
        """
        arn = message.topic_arn
        if self._topics is not None and arn not in self._topics:
            raise ForbiddenTopicError(f"the topic {arn[:300]!r} may not post", topic_arn=arn)
        if self._topics is None and self.secrets is None:
            topic = read_topic(arn)
            if topic is not None and not is_known_region(topic.region):
                raise ForbiddenTopicError(
                    f"botocore has no region {topic.region!r}: if it is new, name the topic in "
                    "topics, or update botocore",
                    topic_arn=arn,
                )


def valid_topics(topics: Collection[str]) -> frozenset[str]:
    """Returns the topics as a set, each of which can match.

    Raises:
        ConfigurationError: It isn't a collection of ARNs of topics, or is empty.
    """
    check_iterable("topics", topics, "a collection of topic ARNs", "pass a list, even for one")
    arns = tuple(topics)
    if not arns:
        raise ConfigurationError("topics must be a collection of at least one topic ARN")
    for arn in arns:
        if not isinstance(arn, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            refuse("topics", "a collection of topic ARNs", arn)
        if read_topic(arn) is None:
            raise ConfigurationError(f"topics: {arn!r} is not the ARN of an SNS topic")
    return frozenset(arns)
