"""Parse events from any transport; nothing is verified, so use a Receiver in webhooks."""

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
BOUNCED = {"eventType": "Bounce", "mail": MAIL, "bounce": BOUNCE}
CLICKED = {
    "eventType": "Click",
    "mail": MAIL,
    "click": {"link": "https://example.com/12345", "timestamp": TIME},
}
NEW = {"eventType": "Teleport", "mail": MAIL}
BODIES: dict[str, bytes | str | dict[str, object]] = {
    "raw": json.dumps(BOUNCED).encode(),
    "Lambda from SQS": {"Records": [{"eventSource": "aws:sqs", "body": json.dumps(BOUNCED)}]},
    "EventBridge": {"source": "aws.ses", "detail-type": "Email Bounced", "detail": BOUNCED},
    "Firehose": json.dumps(CLICKED) + "\n" + json.dumps(NEW) + "\n",
    "something else": '{"eventType": "Bounce", "mail": {"messageId": 5}}',
}


def describe(event: sesmail.Event) -> str:
    match event:
        case sesmail.Bounced(permanent=True) | sesmail.Complained(is_spam=True):
            order = event.metadata.get("order_id")
            return f"never send to {event.recipient} again; it was about order {order}"
        case sesmail.Bounced() | sesmail.Delayed():
            return f"{event.recipient} can't be reached now: {event.diagnostic_code}"
        case sesmail.Clicked(link=link):
            return f"{event.recipient} or another recipient followed {link}"
        case sesmail.UnknownEvent():  # an event type of a later SES version
            return f"something new: {event.event_type}"
        case _:  # ten more classes
            return f"nothing to do about {event.kind}"


def main() -> None:
    for wrapping, body in BODIES.items():
        try:
            for event in sesmail.parse(body):
                print(f"{wrapping:<17}{event.kind:<14}{describe(event)}")
        except sesmail.MalformedBodyError as error:
            print(f"{wrapping:<17}{error.path}: {error.reason}")


if __name__ == "__main__":
    main()
