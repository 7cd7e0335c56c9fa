"""Events without SES: made for the tests of a handler, stored as JSON, and each handled once."""

import json
from datetime import UTC, datetime, timedelta

import sesmail

handled: set[str] = set()  # stands for a unique column of a table


def handle(event: sesmail.Event) -> str:
    if (
        event.dedup_key in handled
    ):  # SNS may deliver twice, and SES tell by notification and by event publishing
        return "known"
    done = (
        event.kind
    )  # stands for what is done about it, if possible in the transaction that adds the key
    handled.add(event.dedup_key)
    return done


def main() -> None:
    event = sesmail.Bounced(  # what isn't optional is required; equality and pattern matching see the fields
        recipient="alice@example.com",
        message_id="0102019525f6a3c1-5f1d6a3e-000000",
        timestamp=datetime(2026, 3, 6, 19, 55, tzinfo=UTC),
        bounce_type="Permanent",
        metadata={"order_id": 12345},
    )
    print(handle(event), "permanent" if event.permanent else "transient")

    stored = event.to_json()  # into a queue or a table
    again = sesmail.event_from_json(stored)
    print(json.loads(stored)["kind"], again == event, handle(again))

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
