"""Signs SNS messages as AWS does, with keys and certificates created during the tests."""

import base64
import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 3, 6, 20, 5, tzinfo=UTC)
SENT = "2026-03-06T20:04:58.123Z"
REGION = "eu-west-1"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:mail"
URL = f"https://sns.{REGION}.amazonaws.com/SimpleNotificationService-{'0123456789abcdef' * 2}.pem"
TOKEN = "2336412f37fb687f" * 16
MESSAGE_ID = "c0e5a280-53c9-5a98-93bb-c0a560b3d192"

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
SIGNED = {
    "Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
    "SubscriptionConfirmation": [
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ],
    "UnsubscribeConfirmation": [
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ],
}


@cache
def rsa_key(bits: int = 2048, name: str = "") -> rsa.RSAPrivateKey:
    """Return a key for each size and name, generated once."""
    return rsa.generate_private_key(65537, bits)


def certificate(
    names: Sequence[str] = ("sns.amazonaws.com",),
    *,
    common_name: str = "",
    key: Key | None = None,
    start: datetime = NOW - timedelta(days=30),
    end: datetime = NOW + timedelta(days=30),
    issuer: tuple[x509.Certificate, rsa.RSAPrivateKey] | None = None,
    authority: bool = False,
    more: Sequence[x509.ExtensionType] = (),
) -> x509.Certificate:
    """Return a certificate for these host names, self-signed unless there is an issuer."""
    key = key or rsa_key()
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, common_name or (*names, "nobody")[0])]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False
        )
    for extension in more:
        builder = builder.add_extension(extension, critical=False)
    signing = issuer[1] if issuer else key
    return builder.sign(
        signing, None if isinstance(signing, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    )


def pem(made: x509.Certificate) -> bytes:
    """Return a certificate in PEM format."""
    return made.public_bytes(serialization.Encoding.PEM)


def signed_text(body: dict[str, Any]) -> bytes:
    """Return the text of a message that AWS signs."""
    keys = SIGNED[body["Type"]]
    return "".join(f"{key}\n{body[key]}\n" for key in keys if body.get(key) is not None).encode()


def sign(
    body: dict[str, Any], *, key: rsa.RSAPrivateKey | None = None, text: bytes | None = None
) -> dict[str, Any]:
    """Return a message with a signature of its SignatureVersion, or of another text."""
    algorithm = hashes.SHA256() if body["SignatureVersion"] == "2" else hashes.SHA1()
    signature = (key or rsa_key()).sign(text or signed_text(body), padding.PKCS1v15(), algorithm)
    return {**body, "Signature": base64.b64encode(signature).decode()}


def unsigned(kind: str = "Notification", **changes: Any) -> dict[str, Any]:
    """Return an unsigned message with these changes; ``...`` removes a key."""
    body: dict[str, Any] = {"Type": kind, "MessageId": MESSAGE_ID, "TopicArn": TOPIC}
    if kind == "Notification":
        body |= {
            "Subject": "Amazon SES Email Event Notification",
            "Message": '{"eventType": "Send"}',
        }
    else:
        subscribe = f"https://sns.{REGION}.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}"
        body |= {
            "Token": TOKEN,
            "Message": f"You have chosen {TOPIC}.\nVisit the URL.",
            "SubscribeURL": subscribe,
        }
    body |= {"Timestamp": SENT, "SignatureVersion": "2", "SigningCertURL": URL}
    return {key: value for key, value in {**body, **changes}.items() if value is not ...}


def message(
    kind: str = "Notification", *, key: rsa.RSAPrivateKey | None = None, **changes: Any
) -> dict[str, Any]:
    """Return a message that was signed after these changes."""
    return sign(unsigned(kind, **changes), key=key)


@cache
def good_certificate() -> bytes:
    """Return the certificate file at `URL`."""
    return pem(certificate())


def headers_of(body: dict[str, Any]) -> dict[str, str]:
    """Return the HTTP headers that SNS sends with a message."""
    return {
        "Content-Type": "text/plain; charset=UTF-8",
        "x-amz-sns-message-type": body["Type"],
        "x-amz-sns-message-id": body["MessageId"],
        "x-amz-sns-topic-arn": body["TopicArn"],
    }


def basic(credentials: str | bytes, scheme: str = "Basic") -> dict[str, str]:
    """Return the Authorization header for these credentials."""
    data = credentials.encode() if isinstance(credentials, str) else credentials
    return {"Authorization": f"{scheme} {base64.b64encode(data).decode()}"}


@dataclasses.dataclass(frozen=True)
class Authority:
    """A certificate authority for tests, and a server certificate that it issued."""

    root: bytes
    server: bytes
    server_key: bytes


@cache
def authority(name: str = "localhost") -> Authority:
    """Return an authority with a certificate for servers of this host name."""
    now = datetime.now(UTC)
    dates = {"start": now - timedelta(days=1), "end": now + timedelta(days=2)}
    root_key, key = rsa_key(name="root"), rsa_key(name="server")
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    # Since Python 3.13 contexts set VERIFY_X509_STRICT, which requires these extensions:
    # https://docs.python.org/3/whatsnew/3.13.html#ssl
    known = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    by = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known)
    root = certificate(
        (), common_name="Tests", key=root_key, authority=True, more=[usage, known], **dates
    )
    server = certificate((name,), key=key, issuer=(root, root_key), more=[by], **dates)
    encoding, none = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, none)
    return Authority(pem(root), pem(server), secret)
