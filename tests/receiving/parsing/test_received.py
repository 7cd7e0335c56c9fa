"""Notifications of received mail in the form that SES writes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sesmail.receiving.events.event import (
    Event,
    OtherAction,
    Received,
    S3Action,
    SnsAction,
    Verdicts,
)
from sesmail.receiving.parsing.parser import parse
from support.ses_events import DOCUMENTS, TOPIC, changed, received

TIME = datetime(2026, 3, 6, 19, 55, 38, 903000, tzinfo=UTC)

RECEIVED: dict[str, Any] = {
    "message_id": "d6iitobk75ur44p8kdnnp7g2n800",
    "timestamp": TIME,
    "recipients": ("help@example.com", "sales@example.com"),
    "source": "customer@example.net",
    "verdicts": Verdicts("PASS", "PASS", "GRAY", "FAIL", "FAIL", dmarc_policy="reject"),
    "processing_millis": 574,
}

EXPECTED: dict[str, list[Event]] = {
    "Received": [
        Received(
            action=SnsAction(encoding="BASE64", topic_arn=TOPIC),
            content="U3ViamVjdDogSGVscA0KDQpIZWxwIQ0K",
            **RECEIVED,
        )
    ],
    "Received in S3": [
        Received(
            action=S3Action(
                bucket="inbox", key="mail/d6iitobk75ur44p8kdnnp7g2n800", topic_arn=TOPIC
            ),
            **RECEIVED,
        )
    ],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_parses_notification_of_received_mail(name: str) -> None:
    events = parse(DOCUMENTS[name])
    assert list(events) == EXPECTED[name]
    for event in events:
        assert isinstance(event, Received)
        assert event.raw == DOCUMENTS[name]
        assert (event.sns, event.defects) == (None, ())


@pytest.mark.parametrize("action", ["Bounce", "Lambda", "Stop", "WorkMail", "Teleport"])
def test_action_that_stores_no_mail_is_other_action(action: str) -> None:
    details = {
        "type": action,
        "topicArn": TOPIC,
        "functionArn": "arn:aws:lambda:eu-west-1:1:function:f",
    }
    (event,) = parse(received(details))
    assert isinstance(event, Received)
    assert event.action == OtherAction(type=action, topic_arn=TOPIC, details=details)


def test_lambda_record_of_ses_equals_notification() -> None:
    document = received({"type": "Lambda", "functionArn": "arn:f", "invocationType": "Event"})
    mail, receipt = document["mail"], document["receipt"]
    (event,) = parse(
        {"Records": [{"eventSource": "aws:ses", "ses": {"mail": mail, "receipt": receipt}}]}
    )
    (same,) = parse({"notificationType": "Received", "mail": mail, "receipt": receipt})
    assert event == same
    assert isinstance(event, Received)
    assert event.raw == {"mail": mail, "receipt": receipt}
    assert event.content is None


@pytest.mark.parametrize("key", ["bucketName", "objectKey"])
@pytest.mark.parametrize("value", [..., None, ""], ids=repr)
def test_s3_action_without_bucket_or_key_is_a_defect(key: str, value: Any) -> None:
    (event,) = parse(changed(DOCUMENTS["Received in S3"], f"receipt.action.{key}", value))
    assert isinstance(event, Received)
    assert event.action is None
    assert event.defects == ("receipt.action: it names no bucket and key",)


def test_action_without_type_is_none() -> None:
    (event,) = parse(changed(received(), "receipt.action.type", ...))
    assert isinstance(event, Received)
    assert event.action is None


def test_recipients_are_deduplicated_and_may_be_objects() -> None:
    addresses = [
        "a@example.com",
        "b@example.com",
        "a@example.com",
        {"emailAddress": "c@example.com"},
    ]
    (event,) = parse(changed(received(), "receipt.recipients", addresses))
    assert isinstance(event, Received)
    assert event.recipients == ("a@example.com", "b@example.com", "c@example.com")
