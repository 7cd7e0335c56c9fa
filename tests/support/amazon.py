"""Fake AWS services for the code blocks of the documentation, and requests of SNS."""

import json
from datetime import UTC, datetime
from typing import Any

from support import responses, ses_events, signing
from support.faults import Request, Response

TOPIC = "arn:aws:sns:eu-west-1:111122223333:mail"
BUCKET = "example-inbound"
SECRET = "user:password"
MAIL = b"From: Ann <ann@example.net>\r\nSubject: Help\r\n\r\nHelp!\r\n"
QUOTA = {"Max24HourSend": 50_000.0, "MaxSendRate": 1_000.0, "SentLast24Hours": 0.0}

BOUNCE = json.dumps(ses_events.published("Bounce"))

Posted = tuple[bytes, dict[str, str]]


def respond(request: Request) -> Response:
    """Accept every send, confirm every subscription, serve a mail from S3 and events from SQS."""
    if "x-amz-target" in request.headers:
        return responses.json_200(called(request))
    if request.form.get("Action") == "ConfirmSubscription":
        arn = responses.element("SubscriptionArn", f"{TOPIC}:c9135db0-26c4-47ec-8998-413945fb5a96")
        return responses.raw(200, responses.XML, responses.result(request, arn))
    if request.target.startswith(f"/{BUCKET}/"):
        return responses.raw(204) if request.method == "DELETE" else responses.raw(200, body=MAIL)
    if request.method == "GET" and request.target.endswith("/account"):
        return responses.json_200({"SendQuota": QUOTA})
    return responses.ok()


def called(request: Request) -> Any:
    """Return the response of SQS, whose queue always has a message, or of DynamoDB."""
    operation = request.headers["x-amz-target"].partition(".")[2]
    if operation == "ReceiveMessage":
        body = json.dumps({**ses_events.sns_message(BOUNCE), "TopicArn": TOPIC})
        return {"Messages": [{"MessageId": "m-1", "ReceiptHandle": "h-1", "Body": body}]}
    return {"Successful": [{"Id": each["Id"]} for each in request.json.get("Entries", ())]}


def posted(kind: str = "Notification", **changes: Any) -> Posted:
    """Return the body and the headers of a webhook request of SNS, signed now."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    message = signing.message(kind, TopicArn=TOPIC, Timestamp=now, **changes)
    headers = {**signing.headers_of(message), **signing.basic(SECRET)}
    return json.dumps(message).encode(), headers


def notified(document: Any) -> Posted:
    """Return the webhook request for an event of SES."""
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
