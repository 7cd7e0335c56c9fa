"""Events built in code: for the tests of an event handler, stored as JSON, and deduplicated.

Run: python examples/build_events.py
"""

import json
from datetime import UTC, datetime, timedelta

import sesmail

handled: set[str] = set()  # in an application: a unique column of a table


def handle(event: sesmail.Event) -> str:
    # SNS may deliver a message twice, and SES may report an occurrence both by notification and
    # by event publishing. The key is the same each time.
    if event.dedup_key in handled:
        return "duplicate"
    handled.add(event.dedup_key)  # in an application: in the transaction of the work itself
    return event.kind


def main() -> None:
    event = sesmail.Bounced(
        recipient="alice@example.com",
        message_id="0102019525f6a3c1-5f1d6a3e-000000",
        timestamp=datetime(2026, 3, 6, 19, 55, tzinfo=UTC),
        bounce_type="Permanent",
        metadata={"order_id": 12345},
    )
    print(handle(event), "permanent" if event.permanent else "transient")

    stored = event.to_json()  # for a queue or a table
    loaded = sesmail.event_from_json(stored)
    print(json.loads(stored)["kind"], loaded == event, handle(loaded))

    mail = sesmail.Received(
        message_id="d6iitobk75ur44p8kdnnp7g2n800",
        timestamp=event.timestamp + timedelta(minutes=1),
        recipients=("help@example.com",),
        verdicts=sesmail.Verdicts(spam="PASS", virus="PASS"),
        action=sesmail.S3Action(bucket="inbox", key="mail/d6iitobk75ur44p8kdnnp7g2n800"),
    )
    print(handle(mail), mail.action)


if __name__ == "__main__":
    main()
