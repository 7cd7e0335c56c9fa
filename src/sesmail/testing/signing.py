"""Signs SNS messages as AWS does, with a certificate of an authority of its own.

Keys are created once in each process. They are of no use outside of it: a receiver trusts them only
if its ``fetch_certificate`` returns this certificate.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

import atexit
import base64
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ..receiving.verification.topic import Topic, read_topic

__all__ = [
    "CERTIFICATE_FILE",
    "SignatureVersion",
    "ca_bundle",
    "certificate",
    "certificate_url",
    "sign",
]

SignatureVersion: TypeAlias = Literal["1", "2"]

CERTIFICATE_FILE = f"SimpleNotificationService-{'5e5' * 10}5e.pem"
"""File name of the certificate, in the form of those of SNS."""

_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_DAYS = timedelta(days=3650)


@cache
def _key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def certificate_url(topic_arn: str) -> str:
    """Returns the URL of the certificate for a topic, which has the region's host of SNS.

    Raises:
        ValueError: It isn't the ARN of a topic.
    """
    return _topic(topic_arn).certificate_prefix.rpartition("/")[0] + "/" + CERTIFICATE_FILE


def certificate(topic_arn: str) -> bytes:
    """Returns the certificate for a topic, in PEM.

    Raises:
        ValueError: It isn't the ARN of a topic.
    """
    return _certificate(_topic(topic_arn).certificate_host)


def _topic(arn: str) -> Topic:
    topic = read_topic(arn)
    if topic is None:
        raise ValueError(f"not the ARN of an SNS topic: {arn!r}")
    return topic


@cache
def _certificate(host: str) -> bytes:
    start = datetime.now(UTC) - timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(host))
        .issuer_name(_name("sesmail.testing"))
        .public_key(_key("signer").public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + _DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    )
    signed = builder.sign(_key("authority"), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])


def sign(message: Mapping[str, str], version: SignatureVersion) -> dict[str, str]:
    """Returns an SNS message with its signature: version 1 has SHA-1, version 2 has SHA-256."""
    names = _NOTIFICATION if message["Type"] == "Notification" else _CONFIRMATION
    text = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()
    signature = _key("signer").sign(text.encode(), padding.PKCS1v15(), algorithm)
    return {
        **message,
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": certificate_url(message["TopicArn"]),
    }


@cache
def ca_bundle() -> str:
    """Returns the path of a file of one certificate, which no server on the internet has.

    AWS clients read the hundreds of certificates of their own file when they open, which takes most
    of that time; the fake is plain HTTP. The file is deleted when the program ends.
    """
    descriptor, name = tempfile.mkstemp(prefix="sesmail-", suffix=".pem")
    with open(descriptor, "wb") as file:
        file.write(_certificate("localhost"))
    atexit.register(Path(name).unlink, missing_ok=True)
    return name
