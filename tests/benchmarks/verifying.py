"""Verify: whether Amazon signed a message, its certificate in the cache."""

import base64
import json

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from sesmail.receiving.transports.sns import require_sns_message
from sesmail.receiving.verification.signature import check_signature
from support.ses_events import published
from support.signing import NOW, good_certificate, message, signed_text

from .contest import Comparison, Contestant, Setting, timed, within


def signed() -> bytes:
    return json.dumps(message(Message=json.dumps(published("Bounce")))).encode()


def ours(_: Setting) -> Contestant:
    """All checks of a message that is read already."""
    sns_message, certificate = require_sns_message(signed()), good_certificate()
    return timed(lambda: check_signature(sns_message, certificate, now=NOW))


def from_the_body(_: Setting) -> Contestant:
    """The same, and the reading of the JSON."""
    body, certificate = signed(), good_certificate()
    return timed(lambda: check_signature(body, certificate, now=NOW))


def operation(_: Setting) -> Contestant:
    """What cryptography does: the hash and the RSA operation."""
    body = json.loads(signed())
    key = x509.load_pem_x509_certificate(good_certificate()).public_key()
    assert isinstance(key, RSAPublicKey)
    signature, text, padding, algorithm = (
        base64.b64decode(body["Signature"]),
        signed_text(body),
        PKCS1v15(),
        SHA256(),
    )
    return timed(lambda: key.verify(signature, text, padding, algorithm))


COMPARISONS = [
    Comparison(
        "verify a signature",
        {"sesmail": ours, "the RSA operation": operation},
        [within("the RSA operation", 1.2)],
    ),
    Comparison(
        "verify a signature, JSON included",
        {"sesmail": from_the_body, "the RSA operation": operation},
    ),
]
