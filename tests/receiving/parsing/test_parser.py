"""Parser: event types, confirmations, raw deliveries."""

import json
from datetime import UTC, datetime

import pytest

from sesmail.receiving.events.event import (
    Delivered,
    SnsOrigin,
    SubscriptionConfirmation,
    UnknownEvent,
    UnsubscribeConfirmation,
)
from sesmail.receiving.parsing.parser import parse, parse_raw
from sesmail.receiving.transports.sns import read_sns_message
from support import ses_events
from support.ses_events import (
    DOCUMENTS,
    TOKEN,
    TOPIC,
    changed,
    confirmation,
    notified,
    published,
    sns_message,
)


def test_event_type_takes_precedence_over_notification_type() -> None:
    (event,) = parse({**published("Delivery"), "notificationType": "Bounce"})
    assert isinstance(event, Delivered)
    assert parse({**notified("Delivery"), "eventType": None}) == parse(notified("Delivery"))


def test_unknown_fields_are_ignored() -> None:
    for event_type in ses_events.EVENT_TYPES:
        document = published(event_type)
        document["shiny"] = document["mail"]["shiny"] = document[ses_events.PARTS[event_type][0]][
            "shiny"
        ] = [{"new": None}]
        assert parse(document) == parse(published(event_type))


def test_eventbridge_detail_type_replaces_missing_event_type() -> None:
    for event_type in ses_events.EVENT_TYPES:
        document = published(event_type)
        del document["eventType"]
        wrapped = {
            **ses_events.eventbridge(document),
            "detail-type": ses_events.DETAIL_TYPES[event_type],
        }
        assert parse(wrapped) == parse(published(event_type))


def test_unknown_event_type_with_any_mail_is_unknown_event() -> None:
    for mail in (..., None, [], "x", {}, {"messageId": 5, "timestamp": "late"}):
        document = changed(DOCUMENTS["Unknown"], "mail", mail)
        (event,) = parse(document)
        assert isinstance(event, UnknownEvent)
        assert (event.event_type, event.message_id, event.timestamp) == ("Teleport", None, None)
        assert event.raw == document


def test_confirmations() -> None:
    url = confirmation()["SubscribeURL"]
    sns = SnsOrigin(
        message_id="c0e5a280-53c9-5a98-93bb-c0a560b3d192",
        topic_arn=TOPIC,
        timestamp=datetime(2026, 3, 6, 19, 55, 39, 1000, tzinfo=UTC),
        subject="Amazon SES Email Event Notification",
    )
    for kind in (SubscriptionConfirmation, UnsubscribeConfirmation):
        body = confirmation(kind.__name__)
        (event,) = parse(json.dumps(body))
        assert type(event) is kind
        assert event == kind(
            topic_arn=TOPIC,
            token=TOKEN,
            message_id=sns.message_id,
            timestamp=sns.timestamp,
            subscribe_url=url,
        )
        assert event.sns == sns
        assert TOKEN not in repr(event)
        found = read_sns_message(body)
        assert found is not None
        assert parse(found) == (event,)


def test_sns_message_inside_an_sns_message_is_not_unwrapped() -> None:
    """A publisher to one topic must not cause the confirmation of another."""
    for inner in (confirmation(), {"Records": [{"Sns": confirmation()}]}):
        with pytest.raises(ValueError, match="notificationType: it is missing"):
            parse(sns_message(json.dumps(inner)))
        with pytest.raises(ValueError, match="notificationType: it is missing"):
            parse_raw(inner)


def test_raw_delivery_must_not_be_wrapped() -> None:
    assert parse_raw(json.dumps(published("Open"))) == parse(published("Open"))
    assert parse_raw("Successfully validated SNS topic for Amazon SES event publishing.") == ()
