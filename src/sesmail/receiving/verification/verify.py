"""Verification of webhook requests in programs without an event loop."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from functools import partial

from ...arguments import check_function, check_time
from ..transports.json_body import Body
from ..transports.sns import SnsMessage
from .certificates import CertificateCache, fetch_by, verify_fetched
from .checks import Checks, check_request, resume
from .http_headers import Headers
from .policy import VerificationPolicy
from .secret import Secret, Secrets
from .signature import MAX_AGE, MAX_AHEAD, check_ages, check_certificate

__all__ = ["verify"]


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
    """Verifies a request from SNS, for programs without an event loop.

    The checks run in this order, cheap ones first: the secret, the size and form of the body, the
    headers that repeat fields of the body, the topic, the message's age and the form of its
    signature, the signature itself. The certificate is only fetched if all other checks pass.

    A verified message may have been delivered before: SNS repeats a delivery with the same
    ``message_id``.

    Args:
        body: The request's body: bytes, text, or a mapping decoded from JSON.
        headers: The request's headers: a mapping or pairs, of text or bytes, in any case.
        secret: ``user:password`` of the webhook's URL, not percent-encoded, as text or
            ``SecretStr``; or several, any of which is accepted.
        topics: The ARNs of the topics that may post; any topic if None.
        certificate: The signing certificate in PEM, or a function that fetches it from its URL,
            for instance a ``CertificateCache``. Without it no signature is required. An exception
            of the function is a TemporaryError.
        now: The time, with a time zone; the current time if None.
        max_age: Maximum age of a signed message in seconds. SNS retries for up to an hour.
        max_ahead: Maximum number of seconds that a signed message may be ahead of ``now``.
        allow_unproven: Accept less than a secret, or a signature and topics.

    Returns:
        The message, to be passed to ``parse``: other parts of the body aren't verified.

    Raises:
        UnauthenticatedError: The secret is missing or wrong (401).
        MalformedBodyError: The body isn't an SNS message, is larger than 1 MiB, or differs from
            the headers (400).
        ForbiddenTopicError: Another topic posted it (403).
        SignatureError: The signature doesn't match, or the message is too old (403).
        TemporaryError: The certificate couldn't be fetched (503).
        ConfigurationError: The arguments are invalid, require too little, or the extra
            ``signatures`` isn't installed.

    All but the last are WebhookErrors: respond with their ``status`` and ``headers``.

    https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
    """
    secrets = None if secret is None else Secrets(secret)
    del secret  # a traceback may show local variables
    policy = VerificationPolicy(
        secrets=secrets,
        topics=topics,
        signatures=certificate is not None,
        allow_unproven=allow_unproven,
    )
    if callable(certificate):
        check_function("certificate", certificate)
    elif certificate is not None:
        check_certificate("certificate", certificate)
    if now is not None:
        check_time("now", now)
    check_ages(max_age, max_ahead)
    checks = check_request(
        policy,
        body,
        headers,
        clock=lambda: now or datetime.now(UTC),
        max_age=max_age,
        max_ahead=max_ahead,
    )
    del headers
    message = _run(checks, certificate)
    assert message is not None  # raw deliveries aren't allowed
    return message


def _run(checks: Checks, certificate: bytes | Callable[[str], bytes] | None) -> SnsMessage | None:
    """Runs the checks of a request with the certificate, or what fetches it."""
    try:
        url = next(checks)
    except StopIteration as verified:
        message: SnsMessage | None = verified.value
        return message
    finish = partial(resume, checks)
    if isinstance(certificate, CertificateCache):
        return certificate.use(url, finish)
    if callable(certificate):
        return verify_fetched(fetch_by(certificate, url), finish)
    return finish(bytes(certificate or b""))
