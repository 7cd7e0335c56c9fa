"""Typed events from SNS, SQS, Lambda, EventBridge and Firehose by `parse`, which verifies nothing.

A webhook uses a Receiver instead: it verifies the request first. See receive_fastapi.py.

Run: python examples/parse_events.py
"""

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
CLICK = {"link": "https://example.com/12345", "timestamp": TIME}
BOUNCED = {"eventType": "Bounce", "mail": MAIL, "bounce": BOUNCE}
CLICKED = {"eventType": "Click", "mail": MAIL, "click": CLICK}
NEW = {"eventType": "Teleport", "mail": MAIL}
BODIES: dict[str, bytes | str | dict[str, object]] = {
    "event": json.dumps(BOUNCED).encode(),
    "Lambda from SQS": {"Records": [{"eventSource": "aws:sqs", "body": json.dumps(BOUNCED)}]},
    "EventBridge": {"source": "aws.ses", "detail-type": "Email Bounced", "detail": BOUNCED},
    "Firehose": json.dumps(CLICKED) + "\n" + json.dumps(NEW) + "\n",
    "malformed": '{"eventType": "Bounce", "mail": {"messageId": 5}}',
}


def describe(event: sesmail.Event) -> str:
    match event:
        case sesmail.Bounced(permanent=True) | sesmail.Complained(is_spam=True):
            order = event.metadata.get("order_id")
            return f"suppress {event.recipient}; the message was about order {order}"
        case sesmail.Bounced() | sesmail.Delayed():
            return f"{event.recipient} is unreachable: {event.diagnostic_code}"
        case sesmail.Clicked(link=link):  # one event for each recipient of the message
            return f"{event.recipient} or another recipient followed {link}"
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
