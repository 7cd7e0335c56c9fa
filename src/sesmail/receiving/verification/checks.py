"""Sequence of the checks of one webhook request, without I/O."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import NamedTuple, TypeAlias

from ...errors import MalformedBodyError
from ..transports.json_body import Body
from ..transports.sns import SnsMessage, read_sns_message, require_sns_message
from .certificates import Clock
from .http_headers import Headers, header_pairs, header_values
from .policy import VerificationPolicy
from .secret import Secrets, challenge
from .signature import MAX_AHEAD, read_signature

__all__ = ["Checks", "RequestHeaders", "check_request", "resume"]

Checks: TypeAlias = Generator[str, "bytes | None", "SnsMessage | None"]
"""Yields at most one URL, is sent the certificate there, and returns the verified message."""

# HTTP headers in which SNS repeats fields of the body.
# https://docs.aws.amazon.com/sns/latest/dg/http-header.html
_REPEATED = {
    "x-amz-sns-message-type": "Type",
    "x-amz-sns-message-id": "MessageId",
    "x-amz-sns-topic-arn": "TopicArn",
}


def check_request(
    policy: VerificationPolicy,
    body: Body,
    headers: Headers,
    *,
    clock: Clock,
    max_age: float,
    max_ahead: float = MAX_AHEAD,
) -> Checks:
    """Checks a request in the one order that `verify` and `Receiver.receive` share.

    1. The secret: SNS sends its first request without it and expects a 401, whatever the body.
    2. The size and form of the body: every later check reads its fields.
    3. The headers that repeat fields of the body: a comparison of strings.
    4. The topic, or its region: a comparison of strings, since anybody can name another topic,
       whose certificate must not cost a download.
    5. The signature's form and the message's age: the URL of the certificate is only trusted once
       it is known to be the one of the topic's region.
    6. The certificate and the signature: a download, unless it is cached, and an RSA operation.

    Args:
        policy: The checks that are required.
        body: The request's body.
        headers: The request's headers; no frame of this module keeps the secret in them.
        clock: Returns the time, read once for each check that depends on it.
        max_age: Maximum age of a signed message in seconds.
        max_ahead: Maximum number of seconds that a signed message may be ahead of the clock.

    Returns:
        The verified message; None for a raw delivery, which only the secret verifies.

    Raises:
        WebhookError: A check failed.
    """
    request = RequestHeaders.read(headers, policy.secrets)
    del headers  # a traceback may show local variables
    request.check_secret()
    message = read_sns_message(body) if policy.allow_raw else require_sns_message(body)
    if message is None:
        return None
    request.check_repeated(message)
    policy.check_topic(message)
    if policy.signatures:
        signature = read_signature(message, now=clock(), max_age=max_age, max_ahead=max_ahead)
        certificate = yield signature.certificate_url
        signature.check(certificate or b"", now=clock())
    return message


def resume(checks: Checks, certificate: bytes) -> SnsMessage | None:
    """Completes checks that yielded the URL of a certificate, and returns their result."""
    try:
        checks.send(certificate)
    except StopIteration as verified:
        message: SnsMessage | None = verified.value
        return message
    raise AssertionError("the checks need one certificate")


class RequestHeaders(NamedTuple):
    """The relevant headers of a request, without the secret: a traceback may show local variables.

    Attributes:
        secret_error: Reason why the secret was refused; None if it is right or none is required.
        repeated: Values of the headers that repeat fields of the body, by header name.
    """

    secret_error: str | None
    repeated: Mapping[str, list[str]]

    @classmethod
    def read(cls, headers: Headers, secrets: Secrets | None) -> RequestHeaders:
        """Reads the headers of a request, and compares its secret if one is required."""
        headers = list(header_pairs(headers))  # an iterator can be read only once
        error = None if secrets is None else secrets.error_in(headers)
        return cls(error, {name: header_values(headers, name) for name in _REPEATED})

    def check_secret(self) -> None:
        """Checks that the secret was right.

        Raises:
            UnauthenticatedError: It is missing or wrong.
        """
        if self.secret_error is not None:
            raise challenge(self.secret_error)

    def check_repeated(self, message: SnsMessage) -> None:
        """Checks that the repeated fields equal those of the body.

        The headers aren't signed, so the body decides.

        Raises:
            MalformedBodyError: A header is missing or differs.
        """
        fields = {
            "Type": message.type,
            "MessageId": message.message_id,
            "TopicArn": message.topic_arn,
        }
        for name, key in _REPEATED.items():
            values = self.repeated[name]
            if not values and key != "TopicArn":
                raise MalformedBodyError(
                    f"the request header {name} is missing; SNS sends it with each message",
                    path=key,
                )
            if any(value != fields[key] for value in values):
                raise MalformedBodyError(
                    f"the request header {name} differs from the body", path=key
                )
