"""Typed events from SNS, SQS, Lambda, EventBridge and Firehose by `parse`, which verifies nothing.

A webhook uses a Receiver instead: it verifies the request first. See receive_fastapi.py.

Run: python examples/parse_events.py
"""

import base64
import json

import sesmail

TIME = "2026-03-06T19:55:38.903Z"
MAIL = {
    "timestamp": TIME,
    "messageId": "0102019525f6a3c1-5f1d6a3e-000000",
    "destination": ["alice@example.com", "bob@example.com"],
    "headers": [
        {"name": "X-Tag", "value": "order"},
        {"name": "X-Metadata", "value": '{"order_id": 12345}'},
    ],
}
ALICE = {"emailAddress": "alice@example.com", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
BOUNCE = {"bounceType": "Permanent", "bouncedRecipients": [ALICE], "timestamp": TIME}
LISTED = {**BOUNCE, "bounceSubType": "OnTenantSuppressionList"}
CLICK = {"link": "https://example.com/12345", "timestamp": TIME, "isBotEvent": "Unlikely"}
BOUNCED = {"eventType": "Bounce", "mail": MAIL, "bounce": BOUNCE}
SUPPRESSED = {"eventType": "Bounce", "mail": MAIL, "bounce": LISTED}
CLICKED = {"eventType": "Click", "mail": MAIL, "click": CLICK}
NEW = {"eventType": "Teleport", "mail": MAIL}
PAUSED = {
    "source": "aws.ses",
    "detail-type": "Sending Status Disabled",
    "resources": ["arn:aws:ses:eu-west-1:123456789012:tenant/shop/tn-1"],
    "detail": {"data": {"record": {"status": "DISABLED"}}},
}
BODIES: dict[str, bytes | str | dict[str, object]] = {
    "event": json.dumps(BOUNCED).encode(),
    "Lambda from SQS": {"Records": [{"eventSource": "aws:sqs", "body": json.dumps(BOUNCED)}]},
    "EventBridge": {"source": "aws.ses", "detail-type": "Email Bounced", "detail": BOUNCED},
    "boto3": {"Messages": [{"ReceiptHandle": "x", "Body": json.dumps(SUPPRESSED)}]},
    "Firehose": json.dumps(CLICKED) + "\n" + json.dumps(NEW) + "\n",
    "Firehose, paused": {"records": [{"data": base64.b64encode(json.dumps(PAUSED).encode())}]},
    "malformed": '{"eventType": "Bounce", "mail": {"messageId": 5}}',
}


def describe(event: sesmail.Event) -> str:
    match event:
        case sesmail.Bounced(permanent=True) | sesmail.Complained(is_spam=True):
            order = event.metadata.get("order_id")
            return f"suppress {event.recipient}; the message was about order {order}"
        case sesmail.Bounced(cause="suppressed" | "unsubscribed"):  # SES didn't try
            return f"not sent to {event.recipient}: {event.bounce_subtype}"
        case sesmail.Bounced() | sesmail.Delayed():
            return f"{event.recipient} is unreachable: {event.diagnostic_code}"
        case sesmail.Clicked(link=link):  # one event for each recipient of the message
            return f"{event.recipient} or another recipient followed {link} (a bot: {event.bot})"
        case sesmail.UnknownEvent(resources=(resource, *_)):  # of EventBridge, about no message
            return f"{event.event_type} of {resource}"
        case sesmail.UnknownEvent():  # an event type that this version doesn't know
            return f"unknown event type {event.event_type}"
        case _:
            return f"nothing to do for {event.kind}"


def main() -> None:
    for transport, body in BODIES.items():
        try:
            for event in sesmail.parse(body):
                print(f"{transport:<17}{event.kind:<14}{describe(event)}")
        except sesmail.MalformedBodyError as error:
            print(f"{transport:<17}{error.path}: {error.reason}")


if __name__ == "__main__":
    main()
