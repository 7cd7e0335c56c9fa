"""Whether Amazon signed an SNS message, given the certificate."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from ...errors import ConfigurationError, MalformedBodyError, SignatureError
from ...strict import from_base64
from ..transports.json_body import Body
from ..transports.sns import SnsMessage, read_sns_message
from .canonical import signed_text
from .topic import read_topic

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

__all__ = [
    "MAX_AGE",
    "MAX_AHEAD",
    "UnverifiedSignature",
    "check_certificate",
    "check_cryptography",
    "check_signature",
    "read_signature",
    "require_sns_message",
]

MAX_AGE = 3900.0
"""Seconds that SNS may need to deliver: it tries again for an hour at most."""
MAX_AHEAD = 300.0
"""Seconds that our clock may be behind Amazon's."""

_PEM = re.compile(
    rb"\s*-----BEGIN CERTIFICATE-----\r?\n(?:[A-Za-z0-9+/=]+\r?\n)+-----END CERTIFICATE-----\s*"
)
_VERSIONS = ("1", "2")
_SMALLEST_KEY = 2048  # bits


@dataclass(slots=True)  # not frozen, which costs more than a microsecond
class UnverifiedSignature:
    """What a message claims about itself, to be checked against a certificate.

    Attributes:
        certificate_url: Where the certificate lies, if Amazon signed the message.
        certificate_name: The host name that it must have.
        version: The version of the signature, which names the hash.
        text: What is signed.
        signature: The signature.
    """

    certificate_url: str
    certificate_name: str
    version: str
    text: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def check(self, certificate: bytes, *, now: datetime) -> None:
        """Check it against the certificate, the content of the file at `certificate_url`.

        The chain above the certificate isn't in that file and isn't checked: what proves the certificate is the TLS
        connection that it came by.

        Raises:
            SignatureError: Amazon didn't sign it, as far as this certificate tells.
        """
        signer = _signer(certificate)
        if not signer.not_before <= now <= signer.not_after:
            raise SignatureError("the signing certificate isn't valid at this time")
        if self.certificate_name not in signer.names:
            raise SignatureError(f"the signing certificate isn't for {self.certificate_name}")
        if not signer.signed(self.version, self.signature, self.text):
            raise SignatureError("the signature doesn't match the message")


def check_signature(
    message: SnsMessage | Body,
    certificate: bytes,
    *,
    now: datetime,
    max_age: float = MAX_AGE,
    max_ahead: float = MAX_AHEAD,
) -> SnsMessage:
    """Check that Amazon SNS signed a message, lately.

    It proves nothing about whose topic it is: anybody's topic can post to any URL. Compare the topic too.

    Args:
        message: The message, or the body that it came in.
        certificate: The file that the message's SigningCertURL names, in PEM.
        now: The time, aware of its zone; for a stored message when it came, for certificates expire.
        max_age: How many seconds old the message may be.
        max_ahead: How many seconds the message may be ahead of ``now``.

    Returns:
        The message, for ``parse``: what else the body says isn't signed.

    Raises:
        SignatureError: It isn't proven.
        MalformedBodyError: The body has no envelope of SNS.
        ConfigurationError: The extra ``signatures`` isn't installed.
    """
    sns_message = message if isinstance(message, SnsMessage) else require_sns_message(message)
    read_signature(sns_message, now=now, max_age=max_age, max_ahead=max_ahead).check(
        certificate, now=now
    )
    return sns_message


def require_sns_message(body: Body) -> SnsMessage:
    """The envelope that a body is; one that SNS delivered raw has nothing that could be proven.

    Raises:
        MalformedBodyError: There is none.
    """
    sns_message = read_sns_message(body)
    if sns_message is None:
        raise MalformedBodyError(
            "it has no envelope, so it has no signature and no topic: is raw delivery on?"
        )
    return sns_message


def read_signature(
    message: SnsMessage, *, now: datetime, max_age: float = MAX_AGE, max_ahead: float = MAX_AHEAD
) -> UnverifiedSignature:
    """Check everything that needs no certificate, and tell which certificate the rest needs.

    Raises:
        SignatureError: It is malformed, too old, or names a certificate that isn't its topic's.
    """
    text = signed_text(message)
    _check_age(message.timestamp, now, max_age, max_ahead)
    topic = read_topic(message.topic_arn)
    url = message.signing_cert_url
    if topic is None or not isinstance(url, str) or not topic.signs_at(url):
        raise SignatureError(
            "SigningCertURL isn't the one where its topic's region keeps certificates"
        )
    if message.signature_version not in _VERSIONS:
        raise SignatureError("SignatureVersion is neither 1 nor 2")
    signature = from_base64(message.signature) if isinstance(message.signature, str) else None
    if not signature:
        raise SignatureError("Signature isn't base64")
    return UnverifiedSignature(
        url, topic.certificate_name, str(message.signature_version), text, signature
    )


def check_certificate(certificate: bytes) -> None:
    """Check that this is one certificate with a strong RSA key; what it may sign for is checked with a message.

    Raises:
        SignatureError: It isn't.
    """
    _signer(certificate)


def check_cryptography() -> None:
    """Check that signatures can be verified here.

    Raises:
        ConfigurationError: The extra ``signatures`` isn't installed.
    """
    if find_spec("cryptography") is None:
        raise ConfigurationError(
            "cryptography is missing, which signatures need: pip install 'sesmail[signatures]'"
        )


def _check_age(timestamp: str, now: datetime, max_age: float, max_ahead: float) -> None:
    if now.utcoffset() is None:
        raise ConfigurationError("the time must be aware of its zone: datetime.now(UTC)")
    try:
        age = (now - datetime.fromisoformat(timestamp)).total_seconds()
    except ValueError:
        raise SignatureError("Timestamp isn't a time") from None
    if not age <= max_age:
        raise SignatureError(f"the message is {age:.1f} s old, more than {max_age:g} s")
    if not age >= -max_ahead:
        raise SignatureError(
            f"the message is {-age:.1f} s ahead of the clock, more than {max_ahead:g} s"
        )


class _Signer(NamedTuple):
    """What a certificate says: from when till when, for which hosts, and whether its key signed a text."""

    not_before: datetime
    not_after: datetime
    names: frozenset[str]
    signed: Callable[[str, bytes, bytes], bool]


@lru_cache(maxsize=32)  # keeps no failures
def _signer(certificate: bytes) -> _Signer:
    check_cryptography()
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if not _PEM.fullmatch(certificate):
        raise SignatureError("the signing certificate isn't one PEM block, and nothing else")
    try:
        parsed = x509.load_pem_x509_certificate(certificate)
        key = parsed.public_key()
        names = _names(parsed)
    except Exception as err:  # cryptography raises what it likes, and not only classes of its own
        raise SignatureError("the signing certificate is malformed") from err
    if not isinstance(key, RSAPublicKey) or key.key_size < _SMALLEST_KEY:
        raise SignatureError(
            f"the signing certificate has no RSA key of {_SMALLEST_KEY} bits or more"
        )
    return _Signer(parsed.not_valid_before_utc, parsed.not_valid_after_utc, names, _verifier(key))


def _names(certificate: x509.Certificate) -> frozenset[str]:
    """The host names in a certificate: its common name counts only where it has no alternative names."""
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return frozenset(
            str(each.value)
            for each in certificate.subject.get_attributes_for_oid(x509.OID_COMMON_NAME)
        )
    return frozenset(found.value.get_values_for_type(x509.DNSName))


def _verifier(key: RSAPublicKey) -> Callable[[str, bytes, bytes], bool]:
    """The question whether this key signed a text, with everything imported that it takes."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256

    padding = PKCS1v15()
    hashes = {"1": SHA1(), "2": SHA256()}

    def signed(version: str, signature: bytes, text: bytes) -> bool:
        try:
            key.verify(signature, text, padding, hashes[version])
        except InvalidSignature:
            return False
        except UnsupportedAlgorithm as err:  # SHA1, where the system's OpenSSL forbids it
            raise ConfigurationError("no SHA1 here: set the topic's SignatureVersion to 2") from err
        return True

    return signed
