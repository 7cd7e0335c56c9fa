"""A fake of SES, SNS and S3 for the code blocks of the documentation, and what SNS posts."""

import json
from datetime import UTC, datetime
from typing import Any

from support import answers, ses_events, signing
from support.faults import Answer, Request

TOPIC = "arn:aws:sns:eu-west-1:111122223333:mail"
BUCKET = "example-inbound"
SECRET = "user:password"
MAIL = b"From: Ann <ann@example.net>\r\nSubject: Help\r\n\r\nHelp!\r\n"
QUOTA = {"Max24HourSend": 50_000.0, "MaxSendRate": 1_000.0, "SentLast24Hours": 0.0}

Posted = tuple[bytes, dict[str, str]]


def answer(request: Request) -> Answer:
    """Accept every send, confirm every subscription, and hold one mail in S3."""
    if request.form.get("Action") == "ConfirmSubscription":
        arn = answers.element("SubscriptionArn", f"{TOPIC}:c9135db0-26c4-47ec-8998-413945fb5a96")
        return answers.raw(200, answers.XML, answers.result(request, arn))
    if request.target.startswith(f"/{BUCKET}/"):
        return answers.raw(204) if request.method == "DELETE" else answers.raw(200, body=MAIL)
    if request.method == "GET" and request.target.endswith("/account"):
        return answers.json_200({"SendQuota": QUOTA})
    return answers.ok()


def posted(kind: str = "Notification", **changes: Any) -> Posted:
    """The body and the headers that SNS posts to a webhook, signed now."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    message = signing.message(kind, TopicArn=TOPIC, Timestamp=now, **changes)
    headers = {**signing.headers_of(message), **signing.basic(SECRET)}
    return json.dumps(message).encode(), headers


def notified(document: Any) -> Posted:
    """The request that brings an event of SES."""
    return posted(Message=json.dumps(document))


BODIES = {
    "bounce": lambda: notified(ses_events.published("Bounce")),
    "click": lambda: notified(ses_events.published("Click")),
    "inbound-sns": lambda: notified(ses_events.received()),
    "inbound-s3": lambda: notified(
        ses_events.received({**ses_events.S3_ACTION, "bucketName": BUCKET})
    ),
    "subscription": lambda: posted("SubscriptionConfirmation"),
}
