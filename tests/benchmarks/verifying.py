"""Verifying: the signature of an SNS message, with its certificate in the cache."""

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

from .comparison import Comparison, Options, Round, cpu_of


def signed_body() -> bytes:
    return json.dumps(message(Message=json.dumps(published("Bounce")))).encode()


def ours(_: Options) -> Round:
    """All checks of a parsed message."""
    sns_message, certificate = require_sns_message(signed_body()), good_certificate()
    return cpu_of(lambda: check_signature(sns_message, certificate, now=NOW))


def ours_with_json(_: Options) -> Round:
    body, certificate = signed_body(), good_certificate()
    return cpu_of(lambda: check_signature(body, certificate, now=NOW))


def rsa(_: Options) -> Round:
    """Hash and RSA operation of cryptography, the lower bound."""
    body = json.loads(signed_body())
    key = x509.load_pem_x509_certificate(good_certificate()).public_key()
    assert isinstance(key, RSAPublicKey)
    signature, text = base64.b64decode(body["Signature"]), signed_text(body)
    padding, algorithm = PKCS1v15(), SHA256()
    return cpu_of(lambda: key.verify(signature, text, padding, algorithm))


RSA = "the RSA operation"
COMPARISONS = [
    Comparison("verify a signature", {"sesmail": ours, RSA: rsa}, {(RSA, "cpu"): 0.6}),
    Comparison("verify a signature, JSON included", {"sesmail": ours_with_json, RSA: rsa}),
]
