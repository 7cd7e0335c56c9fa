"""SNS for the examples: builds the requests that SNS posts, signed with a key of this process.

A program that receives from Amazon needs nothing of this module: a Receiver fetches Amazon's
signing certificate itself. Needs ``pip install cryptography``.
"""

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

HOST = "https://sns.eu-west-1.amazonaws.com"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"
KEY = rsa.generate_private_key(65537, 2048)


def certificate() -> bytes:
    """Returns the certificate at SigningCertURL."""
    name = x509.Name([x509.NameAttribute(x509.OID_COMMON_NAME, "sns.amazonaws.com")])
    now, day = datetime.now(UTC), timedelta(days=1)
    builder = x509.CertificateBuilder(
        name, name, KEY.public_key(), x509.random_serial_number(), now - day, now + day
    )
    return builder.sign(KEY, SHA256()).public_bytes(Encoding.PEM)


def notification(event: object) -> dict[str, str]:
    """Returns a Notification that contains an SES event."""
    return _sign({"Type": "Notification", "Message": json.dumps(event)})


def confirmation(token: str) -> dict[str, str]:
    """Returns a SubscriptionConfirmation."""
    url = f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={token}"
    message = {"Type": "SubscriptionConfirmation", "Message": "Confirm.", "Token": token}
    return _sign({**message, "SubscribeURL": url})


def request(message: dict[str, str], secret: str) -> tuple[bytes, dict[str, str]]:
    """Returns body and headers of the request in which SNS posts a message to https://SECRET@..."""
    headers = {
        "Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}",
        "x-amz-sns-message-type": message["Type"],
        "x-amz-sns-message-id": message["MessageId"],
    }
    return json.dumps(message).encode(), headers


def _sign(values: dict[str, str]) -> dict[str, str]:
    signed = values | {
        "MessageId": str(uuid.uuid4()),
        "Timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "TopicArn": TOPIC,
    }
    # https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html
    text = "".join(f"{name}\n{value}\n" for name, value in sorted(signed.items()))
    signature = KEY.sign(text.encode(), padding.PKCS1v15(), SHA256())
    return signed | {
        "SignatureVersion": "2",
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": f"{HOST}/SimpleNotificationService-{'0123456789abcdef' * 2}.pem",
    }
