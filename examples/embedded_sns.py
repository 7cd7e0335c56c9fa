"""An Amazon SNS for the examples: it writes what SNS posts, and signs it by a key of its own.

Nothing of it is needed to receive from Amazon: a Receiver fetches Amazon's certificate by itself.
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
    """What lies at the SigningCertURL."""
    name = x509.Name([x509.NameAttribute(x509.OID_COMMON_NAME, "sns.amazonaws.com")])
    now, day = datetime.now(UTC), timedelta(days=1)
    builder = x509.CertificateBuilder(
        name, name, KEY.public_key(), x509.random_serial_number(), now - day, now + day
    )
    return builder.sign(KEY, SHA256()).public_bytes(Encoding.PEM)


def notification(event: object) -> dict[str, str]:
    """A message that brings an event."""
    return _sign({"Type": "Notification", "Message": json.dumps(event)})


def confirmation(token: str) -> dict[str, str]:
    """A message that asks to confirm a subscription."""
    url = f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={token}"
    return _sign(
        {
            "Type": "SubscriptionConfirmation",
            "Message": "Confirm.",
            "Token": token,
            "SubscribeURL": url,
        }
    )


def post(message: dict[str, str], secret: str) -> tuple[bytes, dict[str, str]]:
    """Body and headers of the request by which a message is posted to https://SECRET@..."""
    headers = {
        "Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}",
        "x-amz-sns-message-type": message["Type"],
        "x-amz-sns-message-id": message["MessageId"],
    }
    return json.dumps(message).encode(), headers


def _sign(values: dict[str, str]) -> dict[str, str]:
    common = {
        "MessageId": str(uuid.uuid4()),
        "Timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "TopicArn": TOPIC,
    }
    text = "".join(f"{name}\n{value}\n" for name, value in sorted((values | common).items()))
    signature = base64.b64encode(KEY.sign(text.encode(), padding.PKCS1v15(), SHA256())).decode()
    url = f"{HOST}/SimpleNotificationService-{'0123456789abcdef' * 2}.pem"
    return {
        **values,
        **common,
        "SignatureVersion": "2",
        "Signature": signature,
        "SigningCertURL": url,
    }
