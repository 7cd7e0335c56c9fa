"""From a body to events, whatever their kind."""

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


def test_event_type_goes_before_notification_type() -> None:
    (event,) = parse({**published("Delivery"), "notificationType": "Bounce"})
    assert isinstance(event, Delivered)
    assert parse({**notified("Delivery"), "eventType": None}) == parse(notified("Delivery"))


def test_fields_that_nobody_knows_do_no_harm() -> None:  # R31
    for word in ses_events.WORDS:
        document = published(word)
        document["shiny"] = document["mail"]["shiny"] = document[ses_events.PARTS[word][0]][
            "shiny"
        ] = [{"new": None}]
        assert parse(document) == parse(published(word))


def test_event_bridge_knows_the_kind_when_the_event_does_not() -> None:
    for word in ses_events.WORDS:
        document = published(word)
        del document["eventType"]
        wrapped = {**ses_events.bridge(document), "detail-type": ses_events.BRIDGE_WORDS[word]}
        assert parse(wrapped) == parse(published(word))


def test_event_bridge_has_more_than_mail() -> None:  # R31
    detail = {"version": "1.0.0", "data": {"status": "OPEN"}}
    (event,) = parse(
        {**ses_events.bridge(detail), "detail-type": "Advisor Recommendation Status Open"}
    )
    assert event == UnknownEvent(event_type="Advisor Recommendation Status Open", raw=detail)


def test_unknown_events_are_never_an_error() -> None:  # R31
    for mail in (..., None, [], "x", {}, {"messageId": 5, "timestamp": "late"}):
        document = changed(DOCUMENTS["Unknown"], "mail", mail)
        (event,) = parse(document)
        assert isinstance(event, UnknownEvent)
        assert (event.event_type, event.message_id, event.timestamp) == ("Teleport", None, None)
        assert event.raw == document


def test_confirmations() -> None:  # R31
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


def test_what_an_envelope_brings_is_no_envelope() -> None:
    """Whoever may publish to a topic must not be able to make us confirm another."""
    for inner in (confirmation(), {"Records": [{"Sns": confirmation()}]}):
        with pytest.raises(ValueError, match="notificationType: it is missing"):
            parse(sns_message(json.dumps(inner)))
        with pytest.raises(ValueError, match="notificationType: it is missing"):
            parse_raw(inner)


def test_raw_takes_an_event_alone() -> None:  # R35
    assert parse_raw(json.dumps(published("Open"))) == parse(published("Open"))
    assert parse_raw("Successfully validated SNS topic for Amazon SES event publishing.") == ()
