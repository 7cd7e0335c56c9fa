"""SNS messages, and the HTTP requests that carry them.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
"""

from __future__ import annotations

import base64
import json
import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from .documents import timestamp
from .signing import SignatureVersion, sign
from .state import now

__all__ = ["authorisation", "confirmation", "encode", "new_token", "notification", "post_headers"]

_SUBJECT = "Amazon SES Email Event Notification"


def new_token() -> str:
    """Returns a token of a subscription."""
    return secrets.token_hex(128)


def notification(
    topic_arn: str, document: Mapping[str, Any], version: SignatureVersion = "1"
) -> dict[str, str]:
    """Returns the signed SNS message that contains an event."""
    region = topic_arn.split(":")[3]
    # SES sets a subject in event publishing, and none in notifications.
    subject = {"Subject": _SUBJECT} if "eventType" in document else {}
    message = {
        "Type": "Notification",
        "MessageId": str(uuid.uuid4()),
        "TopicArn": topic_arn,
        **subject,
        "Message": json.dumps(document),
        "Timestamp": timestamp(now()),
    }
    unsubscribe = f"https://sns.{region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn="
    return {**sign(message, version), "UnsubscribeURL": f"{unsubscribe}{topic_arn}:{uuid.uuid4()}"}


def confirmation(
    topic_arn: str,
    token: str,
    version: SignatureVersion = "1",
    kind: str = "SubscriptionConfirmation",
) -> dict[str, str]:
    """Returns the signed SNS message that asks to confirm a subscription, or reports its end."""
    region = topic_arn.split(":")[3]
    query = f"Action=ConfirmSubscription&TopicArn={topic_arn}&Token={token}"
    message = {
        "Type": kind,
        "MessageId": str(uuid.uuid4()),
        "Token": token,
        "TopicArn": topic_arn,
        "Message": f"You have chosen to subscribe to the topic {topic_arn}.\n"
        "To confirm the subscription, visit the SubscribeURL included in this message.",
        "SubscribeURL": f"https://sns.{region}.amazonaws.com/?{query}",
        "Timestamp": timestamp(now()),
    }
    return sign(message, version)


def encode(message: Mapping[str, str]) -> bytes:
    """Returns the body of a request, indented as that of SNS."""
    return json.dumps(message, indent=2).encode()


def post_headers(message: Mapping[str, str], subscription_arn: str | None = None) -> dict[str, str]:
    """Returns the headers of a request: https://docs.aws.amazon.com/sns/latest/dg/http-header.html."""
    headers = {
        "x-amz-sns-message-type": message["Type"],
        "x-amz-sns-message-id": message["MessageId"],
        "x-amz-sns-topic-arn": message["TopicArn"],
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
    }
    if subscription_arn is not None:
        headers["x-amz-sns-subscription-arn"] = subscription_arn
    return headers


def authorisation(secret: str | None) -> dict[str, str]:
    """Returns the header with credentials ``user:password``; none without a secret."""
    if secret is None:
        return {}
    return {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
