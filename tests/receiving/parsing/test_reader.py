"""Events with optional fields that can't be parsed."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sesmail.receiving.events.event import Delivered, Opened
from sesmail.receiving.parsing.parser import parse
from support.ses_events import ALICE, DOCUMENTS, changed, published, sns_message


@pytest.mark.parametrize(
    ("name", "path", "value", "field", "expected", "reason"),
    [
        ("Delivery", "delivery.smtpResponse", 5, "smtp_response", None, "it isn't a string"),
        (
            "Delivery",
            "delivery.processingTimeMillis",
            "fast",
            "processing_millis",
            None,
            "it isn't an integer",
        ),
        (
            "Delivery",
            "delivery.processingTimeMillis",
            True,
            "processing_millis",
            None,
            "it isn't an integer",
        ),
        (
            "Delivery",
            "delivery.processingTimeMillis",
            1.5,
            "processing_millis",
            None,
            "it isn't an integer",
        ),
        ("Delivery", "mail.source", ["x"], "source", None, "it isn't a string"),
        ("Delivery", "mail.tags", 5, "message_tags", {}, "it isn't an object"),
        (
            "Delivery",
            "mail.tags",
            {"a": ["b"], "c": "d"},
            "message_tags",
            {"a": ("b",)},
            "some values aren't lists",
        ),
        (
            "Delivery",
            "mail.tags",
            {"a": ["b", 1], "c": []},
            "message_tags",
            {"c": ()},
            "some values aren't lists",
        ),
        (
            "Delivery",
            "mail.headersTruncated",
            "maybe",
            "headers_truncated",
            False,
            "it is neither true nor false",
        ),
        (
            "Delivery",
            "mail.headersTruncated",
            1,
            "headers_truncated",
            False,
            "it is neither true nor false",
        ),
        ("Delivery", "mail.headers", "X-Tag: a", "tags", (), "it isn't an array"),
        (
            "Delivery",
            "mail.headers",
            [5, {"name": "X-Tag", "value": "a"}],
            "tags",
            ("a",),
            "some items",
        ),
        ("Delivery", "mail.headers", [{"name": 5, "value": "a"}], "tags", (), "some items"),
        (
            "Delivery",
            "mail.headers",
            [{"name": "X-Tag", "value": None}],
            "tags",
            (),
            "some items",
        ),
        ("Bounce", "bounce.bounceSubType", {}, "bounce_subtype", None, "it isn't a string"),
        ("Bounce", "bounce.bouncedRecipients.0.status", 5, "status", None, "it isn't a string"),
        ("Complaint", "complaint.arrivalDate", "soon", "arrived_at", None, "it isn't a time"),
        (
            "DeliveryDelay",
            "deliveryDelay.expirationTime",
            [],
            "expires_at",
            None,
            "it isn't a time",
        ),
        (
            "Click",
            "click.linkTags",
            {"a": "b"},
            "link_tags",
            {},
            "some values aren't lists of strings",
        ),
        (
            "Subscription",
            "subscription.newTopicPreferences",
            "all",
            "new_preferences",
            None,
            "it isn't an object",
        ),
        ("Received", "receipt.spamVerdict", "PASS", "verdicts.spam", None, "it isn't an object"),
        ("Received", "receipt.action", "S3", "action", None, "it isn't an object"),
        ("Received", "content", {}, "content", None, "it isn't a string"),
        ("Received in S3", "receipt.action.bucketName", 5, "action", None, "it isn't a string"),
    ],
)
def test_invalid_optional_field_is_none_with_a_defect(
    name: str, path: str, value: Any, field: str, expected: Any, reason: str
) -> None:
    event = parse(changed(DOCUMENTS[name], path, value))[0]
    found: Any = event
    for step in field.split("."):
        found = getattr(found, step)
    assert found == expected
    assert event.defects[0].startswith(f"{path.replace('.0.', '[0].')}: {reason}")


def test_at_most_20_defects_are_recorded() -> None:
    many = [
        {"emailAddress": f"{number}@example.com", "status": 5, "action": []}
        for number in range(500)
    ]
    events = parse(changed(published("Bounce"), "bounce.bouncedRecipients", many))
    assert len(events) == 500
    assert len(events[0].defects) == 20


def test_each_defect_is_recorded_once() -> None:
    (event,) = parse({"eventType": "Teleport", "mail": []})
    assert event.defects == ("mail: it isn't an object",)
    twice = [{"emailAddress": ALICE, "status": 5}, {"emailAddress": ALICE, "status": 5}]
    (event,) = parse(changed(published("Bounce"), "bounce.bouncedRecipients", twice))
    assert event.defects == ("bounce.bouncedRecipients[0].status: it isn't a string",)
    event = parse(
        changed(published("Open"), "mail.headers", [5, {"name": "X-Metadata", "value": "{"}, 6])
    )[0]
    assert len(event.defects) == 2


def test_at_most_1000_message_tags_are_read() -> None:
    event = parse(
        changed(published("Open"), "mail.tags", {str(number): [] for number in range(1001)})
    )[0]
    assert isinstance(event, Opened)
    assert event.message_tags is not None
    assert len(event.message_tags) == 1000
    assert len(event.defects) == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), ("true", True), ("True", True), (False, False), ("FALSE", False)],
    ids=range(5),
)
def test_headers_truncated_is_boolean_or_string(value: Any, expected: bool) -> None:
    event = parse(changed(published("Open"), "mail.headersTruncated", value))[0]
    assert isinstance(event, Opened)
    assert event.headers_truncated is expected
    assert event.defects == ()


@pytest.mark.parametrize(
    "text",
    [
        "2018-10-08T14:05:45 +0000",
        "2018-10-08T14:05:45 +00:00",
        "2018-10-08T14:05:45Z",
        "2018-10-08T14:05:45.000Z",
        "2018-10-08T14:05:45.000000+00:00",
        "2018-10-08T14:05:45",
        "2018-10-08 14:05:45",
        "2018-10-08T16:05:45+02:00",
        "2018-10-08T09:05:45 -0500",
        "20181008T140545Z",
    ],
)
def test_times_in_every_format(text: str) -> None:
    (event,) = parse(
        changed(changed(published("Delivery"), "mail.timestamp", text), "delivery.timestamp", text)
    )
    assert isinstance(event, Delivered)
    assert event.timestamp == event.sent_at == datetime(2018, 10, 8, 14, 5, 45, tzinfo=UTC)
    assert event.timestamp.tzinfo is UTC
    assert event.defects == ()


def test_invalid_timestamp_of_sns_message_is_none() -> None:
    (event,) = parse(sns_message(json.dumps(published("Delivery")), Timestamp="late"))
    assert event.sns is not None
    assert event.sns.timestamp is None
