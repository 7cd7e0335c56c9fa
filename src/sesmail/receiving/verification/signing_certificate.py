"""Signing certificates of SNS: parsing them and verifying a signature with their key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from ...errors import ConfigurationError, SignatureError
from ...patterns import lazy_pattern

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

__all__ = ["SigningCertificate", "WrongCertificateError", "check_cryptography", "load_certificate"]

_PEM = lazy_pattern(
    rb"\s*-----BEGIN CERTIFICATE-----\r?\n(?:[A-Za-z0-9+/=]+\r?\n)+-----END CERTIFICATE-----\s*"
)
_MIN_KEY_BITS = 2048


class WrongCertificateError(SignatureError):
    """The certificate isn't the one that a message names: an expired one, or of another host."""


class SigningCertificate(NamedTuple):
    """A parsed certificate.

    Attributes:
        not_before: Start of its validity.
        not_after: End of its validity.
        host_names: The host names that it is issued for.
        verifies: Whether its key made a signature: called with the version of the signature, the
            signature and the signed text.
    """

    not_before: datetime
    not_after: datetime
    host_names: frozenset[str]
    verifies: Callable[[str, bytes, bytes], bool]


@lru_cache(maxsize=128)  # exceptions aren't cached
def load_certificate(pem: bytes) -> SigningCertificate:
    """Parses a file of one certificate with an RSA key of at least 2048 bits.

    Raises:
        SignatureError: The file has another content.
        ConfigurationError: The extra ``signatures`` isn't installed.
    """
    check_cryptography()
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if not _PEM.fullmatch(pem):
        raise SignatureError("the signing certificate isn't exactly one PEM block")
    try:
        parsed = x509.load_pem_x509_certificate(pem)
        key = parsed.public_key()
        host_names = _host_names(parsed)
    except Exception as err:  # cryptography raises more than ValueError and its own exceptions
        raise SignatureError("the signing certificate is malformed") from err
    if not isinstance(key, RSAPublicKey) or key.key_size < _MIN_KEY_BITS:
        raise SignatureError(
            f"the signing certificate has no RSA key of at least {_MIN_KEY_BITS} bits"
        )
    return SigningCertificate(
        parsed.not_valid_before_utc, parsed.not_valid_after_utc, host_names, _verifier(key)
    )


def check_cryptography() -> None:
    """Checks that the package that verifies signatures is installed.

    Raises:
        ConfigurationError: The extra ``signatures`` isn't installed.
    """
    if find_spec("cryptography") is None:
        raise ConfigurationError(
            "verifying signatures needs cryptography: pip install 'sesmail[signatures]'"
        )


def _host_names(certificate: x509.Certificate) -> frozenset[str]:
    """Returns a certificate's host names.

    The common name only counts if there are no alternative names:
    https://www.rfc-editor.org/rfc/rfc6125#section-6.4.4
    """
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return frozenset(
            str(each.value)
            for each in certificate.subject.get_attributes_for_oid(x509.OID_COMMON_NAME)
        )
    return frozenset(names.value.get_values_for_type(x509.DNSName))


def _verifier(key: RSAPublicKey) -> Callable[[str, bytes, bytes], bool]:
    """Returns a function that verifies signatures, with its imports and hashes prepared."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256

    padding = PKCS1v15()
    # https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
    hashes = {"1": SHA1(), "2": SHA256()}

    def verifies(version: str, signature: bytes, text: bytes) -> bool:
        try:
            key.verify(signature, text, padding, hashes[version])
        except InvalidSignature:
            return False
        except UnsupportedAlgorithm as err:  # SHA-1, where the system's OpenSSL forbids it
            raise ConfigurationError(
                "SHA-1 is disabled on this system: set the topic's SignatureVersion to 2"
            ) from err
        return True

    return verifies
