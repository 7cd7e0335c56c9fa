"""Notifications of received mail as SES writes them."""

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
def test_every_kind(name: str) -> None:  # R31, R33
    events = parse(DOCUMENTS[name])
    assert list(events) == EXPECTED[name]
    for event in events:
        assert isinstance(event, Received)
        assert event.raw == DOCUMENTS[name]
        assert (event.sns, event.defects) == (None, ())


@pytest.mark.parametrize("action", ["Bounce", "Lambda", "Stop", "WorkMail", "Teleport"])
def test_actions_that_keep_no_mail(action: str) -> None:  # R44
    details = {
        "type": action,
        "topicArn": TOPIC,
        "functionArn": "arn:aws:lambda:eu-west-1:1:function:f",
    }
    (event,) = parse(received(details))
    assert isinstance(event, Received)
    assert event.action == OtherAction(type=action, topic_arn=TOPIC, details=details)


def test_a_lambda_record_of_ses_says_no_more_than_mail_and_receipt() -> None:  # R35
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
def test_an_s3_action_needs_bucket_and_key(key: str, value: Any) -> None:
    (event,) = parse(changed(DOCUMENTS["Received in S3"], f"receipt.action.{key}", value))
    assert isinstance(event, Received)
    assert event.action is None
    assert event.defects == ("receipt.action: it names no bucket and key",)


def test_an_action_needs_a_type() -> None:
    (event,) = parse(changed(received(), "receipt.action.type", ...))
    assert isinstance(event, Received)
    assert event.action is None


def test_each_recipient_is_told_once_and_may_stand_in_an_object() -> None:  # R32
    addresses = [
        "a@example.com",
        "b@example.com",
        "a@example.com",
        {"emailAddress": "c@example.com"},
    ]
    (event,) = parse(changed(received(), "receipt.recipients", addresses))
    assert isinstance(event, Received)
    assert event.recipients == ("a@example.com", "b@example.com", "c@example.com")
