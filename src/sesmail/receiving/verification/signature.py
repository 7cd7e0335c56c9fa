"""Signatures of SNS messages, verified with a certificate that is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ...arguments import check_instance, check_seconds, check_time
from ...errors import ConfigurationError, SignatureError
from ...strict import from_base64
from ..transports.json_body import Body
from ..transports.sns import SnsMessage, require_sns_message
from .canonical import canonical_text
from .signing_certificate import WrongCertificateError, load_certificate
from .topic import read_topic

__all__ = [
    "MAX_AGE",
    "MAX_AHEAD",
    "UnverifiedSignature",
    "check_ages",
    "check_certificate",
    "check_signature",
    "read_signature",
]

# SNS retries a delivery to an HTTP endpoint for at most 3600 s.
# https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
MAX_AGE = 3900.0
"""Default maximum age of a message in seconds."""
MAX_AHEAD = 300.0
"""Default maximum number of seconds that a message may be ahead of the clock."""

_VERSIONS = ("1", "2")


@dataclass(slots=True)  # not frozen, which costs more than a microsecond
class UnverifiedSignature:
    """A signature and the text that it should sign, before it is verified.

    Attributes:
        certificate_url: URL of the certificate, which belongs to the topic's region.
        host_name: Host name that the certificate must be issued for.
        version: Version of the signature, which selects the hash function.
        text: The signed text.
        signature: The signature.
    """

    certificate_url: str
    host_name: str
    version: str
    text: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def check(self, certificate: bytes, *, now: datetime) -> None:
        """Verifies the signature with the file at `certificate_url`.

        That file doesn't include the chain above the certificate, so the chain isn't checked: the
        certificate is trusted since it was downloaded from SNS over TLS.

        Raises:
            SignatureError: The certificate isn't valid, is for another host, or its key didn't
                make the signature.
        """
        signer = load_certificate(certificate)
        if not signer.not_before <= now <= signer.not_after:
            raise WrongCertificateError("the signing certificate isn't valid at this time")
        if self.host_name not in signer.host_names:
            raise WrongCertificateError(f"the signing certificate isn't for {self.host_name}")
        if not signer.verifies(self.version, self.signature, self.text):
            raise SignatureError("the signature doesn't match the message")


def check_signature(
    message: SnsMessage | Body,
    certificate: bytes,
    *,
    now: datetime,
    max_age: float = MAX_AGE,
    max_ahead: float = MAX_AHEAD,
) -> SnsMessage:
    """Checks that Amazon SNS signed a message, and that it is recent.

    A signature doesn't prove whose topic it is: anybody may subscribe any URL to their own topic.
    Compare ``topic_arn`` too, or use ``verify``.

    Args:
        message: The message, or the request body that contains it.
        certificate: The content of the file at the message's ``signing_cert_url``, in PEM.
        now: The time, with a time zone; for a stored message the time when it was received, since
            certificates expire.
        max_age: Maximum age of the message in seconds. SNS retries for up to an hour.
        max_ahead: Maximum number of seconds that the message may be ahead of ``now``.

    Returns:
        The message, to be passed to ``parse``: other parts of the body aren't signed.

    Raises:
        SignatureError: The signature doesn't match, the message is too old or ahead of the clock,
            or the certificate isn't one of SNS for the topic's region.
        MalformedBodyError: The body isn't an SNS message.
        ConfigurationError: An argument has a wrong type, ``now`` has no time zone, or the extra
            ``signatures`` isn't installed.

    https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
    """
    check_certificate("certificate", certificate)
    check_time("now", now)
    check_ages(max_age, max_ahead)
    sns_message = message if isinstance(message, SnsMessage) else require_sns_message(message)
    signature = read_signature(sns_message, now=now, max_age=max_age, max_ahead=max_ahead)
    signature.check(certificate, now=now)
    return sns_message


def check_certificate(name: str, certificate: object) -> None:
    """Refuses a certificate that isn't bytes."""
    check_instance(
        name,
        certificate,
        (bytes, bytearray),
        "the certificate as bytes in PEM",
        "encode text with .encode()",
    )


def check_ages(max_age: object, max_ahead: object) -> None:
    """Refuses limits of a message's age that aren't numbers of seconds."""
    check_seconds("max_age", max_age, or_infinite=True)
    check_seconds("max_ahead", max_ahead, or_zero=True, or_infinite=True)


def read_signature(
    message: SnsMessage, *, now: datetime, max_age: float = MAX_AGE, max_ahead: float = MAX_AHEAD
) -> UnverifiedSignature:
    """Checks everything that needs no certificate, and returns the rest with the certificate's URL.

    Raises:
        SignatureError: The signature is malformed, the message too old or ahead of the clock, or
            the URL isn't one of the topic's region.
    """
    text = canonical_text(message)
    _check_age(message.timestamp, now, max_age, max_ahead)
    topic = read_topic(message.topic_arn)
    url = message.signing_cert_url
    if topic is None or not isinstance(url, str) or not topic.is_certificate_url(url):
        raise SignatureError("SigningCertURL isn't a certificate URL of the topic's region")
    if message.signature_version not in _VERSIONS:
        raise SignatureError("SignatureVersion is neither 1 nor 2")
    signature = from_base64(message.signature) if isinstance(message.signature, str) else None
    if not signature:
        raise SignatureError("Signature isn't base64")
    return UnverifiedSignature(
        url, topic.certificate_host, str(message.signature_version), text, signature
    )


def _check_age(timestamp: str, now: datetime, max_age: float, max_ahead: float) -> None:
    if now.utcoffset() is None:
        raise ConfigurationError("the time needs a time zone, for instance datetime.now(UTC)")
    try:
        age = (now - datetime.fromisoformat(timestamp)).total_seconds()
    except ValueError:
        raise SignatureError("Timestamp isn't a time") from None
    # Negated, so that NaN is refused.
    if not age <= max_age:
        raise SignatureError(f"the message is {age:.1f} s old, more than {max_age:g} s")
    if not age >= -max_ahead:
        raise SignatureError(
            f"the message is {-age:.1f} s ahead of the clock, more than {max_ahead:g} s"
        )
