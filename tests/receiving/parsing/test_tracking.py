"""Tracking events in the form that SES writes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sesmail.receiving.events.event import (
    Bounced,
    Clicked,
    Complained,
    Delayed,
    Delivered,
    Event,
    Opened,
    Rejected,
    RenderingFailed,
    Sent,
    SubscriptionChanged,
    TopicPreferences,
    TrackingEvent,
    event_from_json,
)
from sesmail.receiving.parsing.parser import parse
from support.ses_events import (
    ALICE,
    BOB,
    DOCUMENTS,
    MAIL,
    MESSAGE_ID,
    MESSAGE_TAGS,
    METADATA,
    PARTS,
    SEND_ID,
    TAGS,
    Json,
    changed,
    notified,
    published,
    sns_message,
)

SENT_AT = datetime(2026, 3, 6, 19, 55, 37, 123000, tzinfo=UTC)
TIME = datetime(2026, 3, 6, 19, 55, 38, 903000, tzinfo=UTC)

COMMON: dict[str, Any] = {
    "message_id": MESSAGE_ID,
    "sent_at": SENT_AT,
    "source": "Shop <shop@example.com>",
    "tags": TAGS,
    "metadata": METADATA,
    "send_id": SEND_ID,
    "message_tags": MESSAGE_TAGS,
}
TIMED: dict[str, Any] = {**COMMON, "timestamp": TIME}
UNTIMED: dict[str, Any] = {**COMMON, "timestamp": SENT_AT}
BOUNCE: dict[str, Any] = {
    **TIMED,
    "bounce_type": "Permanent",
    "bounce_subtype": "General",
    "feedback_id": "010201955f-bounce-000000",
    "remote_mta_ip": "192.0.2.25",
    "reporting_mta": "dsn; a8-70.smtp-out.amazonses.com",
}
READER = {"ip_address": "198.51.100.1", "user_agent": "Mozilla/5.0"}

EXPECTED: dict[str, list[Event]] = {
    "Send": [Sent(recipient=who, **UNTIMED) for who in (ALICE, BOB)],
    "Delivery": [
        Delivered(
            recipient=ALICE,
            processing_millis=546,
            smtp_response="250 ok:  Message 64111812 accepted",
            reporting_mta="a8-70.smtp-out.amazonses.com",
            remote_mta_ip="192.0.2.25",
            **TIMED,
        )
    ],
    "DeliveryDelay": [
        Delayed(
            recipient=ALICE,
            delay_type="TransientCommunicationFailure",
            status="4.4.1",
            diagnostic_code="smtp; 421 4.4.1 Unable to connect",
            expires_at=datetime(2026, 3, 7, 8, tzinfo=UTC),
            reporting_mta="a8-70.smtp-out.amazonses.com",
            **TIMED,
        )
    ],
    "Bounce": [
        Bounced(
            recipient=ALICE,
            action="failed",
            status="5.1.1",
            diagnostic_code="smtp; 550 5.1.1 user unknown",
            **BOUNCE,
        ),
        Bounced(recipient=BOB, **BOUNCE),
    ],
    "Complaint": [
        Complained(
            recipient=ALICE,
            feedback_type="abuse",
            feedback_id="010201955f-complaint-000000",
            user_agent="Amazon SES Mailbox Simulator",
            arrived_at=datetime(2026, 3, 6, 19, 55, 37, tzinfo=UTC),
            **TIMED,
        )
    ],
    "Reject": [Rejected(recipient=who, reason="Bad content", **UNTIMED) for who in (ALICE, BOB)],
    "Open": [Opened(recipient=who, bot="likely", **READER, **TIMED) for who in (ALICE, BOB)],
    "Click": [
        Clicked(
            recipient=who,
            link="https://example.com/a?b=c&d=%20e",
            link_tags={"samplekey0": ("samplevalue0",)},
            bot="unlikely",
            **READER,
            **TIMED,
        )
        for who in (ALICE, BOB)
    ],
    "Rendering Failure": [
        RenderingFailed(
            recipient=who,
            template="Shipped",
            error_message="Attribute 'name' is not present in the rendering data.",
            **UNTIMED,
        )
        for who in (ALICE, BOB)
    ],
    "Subscription": [
        SubscriptionChanged(
            recipient=who,
            contact_list="Customers",
            changed_by="UnsubscribeHeader",
            new_preferences=TopicPreferences(unsubscribe_all=True, topics={"News": "OptOut"}),
            old_preferences=TopicPreferences(unsubscribe_all=False, topics={"News": "OptIn"}),
            **TIMED,
        )
        for who in (ALICE, BOB)
    ],
}


def with_headers(*headers: tuple[str, Any]) -> Json:
    return changed(
        published("Open"),
        "mail.headers",
        [{"name": name, "value": value} for name, value in headers],
    )


@pytest.mark.parametrize("name", EXPECTED)
def test_parses_every_event_type(name: str) -> None:
    events = parse(DOCUMENTS[name])
    assert list(events) == EXPECTED[name]
    assert [type(event) for event in events] == [type(event) for event in EXPECTED[name]]
    for event in events:
        assert isinstance(event, TrackingEvent)
        assert event.raw == DOCUMENTS[name]
        assert (event.sns, event.defects) == (None, ())


@pytest.mark.parametrize("event_type", ["Delivery", "Bounce", "Complaint"])
def test_notification_equals_published_event_without_message_tags(event_type: str) -> None:
    for notification, event in zip(
        parse(notified(event_type)), parse(published(event_type)), strict=True
    ):
        assert isinstance(notification, TrackingEvent)
        assert isinstance(event, TrackingEvent)
        assert notification.message_tags is None
        assert {**vars(notification), "message_tags": None, "raw": None} == {
            **vars(event),
            "message_tags": None,
            "raw": None,
        }
        assert notification.dedup_key == event.dedup_key


def test_message_tags_in_a_notification_are_ignored() -> None:
    (event,) = parse({**notified("Delivery"), "mail": MAIL})
    assert isinstance(event, Delivered)
    assert event.message_tags is None


def test_published_event_without_message_tags_has_empty_ones() -> None:
    (event,) = parse(changed(published("Delivery"), "mail.tags", ...))
    assert isinstance(event, Delivered)
    assert event.message_tags == {}


@pytest.mark.parametrize("event_type", ["Send", "Reject"])
@pytest.mark.parametrize("detail", [..., None, {}, "x", 5, [{}]], ids=repr)
def test_send_and_reject_need_no_details(event_type: str, detail: Any) -> None:
    key = event_type.lower()
    events = parse(changed(published(event_type), key, detail))
    nothing = detail in (..., None, {})
    assert [(event.kind, event.defects) for event in events] == [
        (EXPECTED[event_type][0].kind, () if nothing else (f"{key}: it isn't an object",))
    ] * 2


def test_partly_invalid_preferences_have_defects() -> None:
    status = [
        {"topicName": "A", "subscriptionStatus": "OptIn"},
        {"topicName": "B"},
        5,
        {"topicName": 5},
    ]
    wanted = {"unsubscribeAll": "sure", "topicSubscriptionStatus": status}
    event = parse(changed(published("Subscription"), "subscription.newTopicPreferences", wanted))[0]
    assert isinstance(event, SubscriptionChanged)
    assert event.new_preferences == TopicPreferences(unsubscribe_all=None, topics={"A": "OptIn"})
    assert len(event.defects) == 3
    for nothing in (..., None, {}):
        event = parse(
            changed(published("Subscription"), "subscription.newTopicPreferences", nothing)
        )[0]
        assert isinstance(event, SubscriptionChanged)
        assert event.new_preferences is None
        assert event.defects == ()


# Event types, each with the fields that have a substitute if the event has no object of its own.
WITHOUT_PART: dict[str, dict[str, Any]] = {
    "Delivery": {"recipients": "it is empty"},
    "DeliveryDelay": {"delayedRecipients": "it is empty"},
    "Bounce": {"bouncedRecipients": "it is empty", "bounceType": "it is missing"},
    "Complaint": {"complainedRecipients": "it is empty"},
    "Open": {},
    "Click": {"link": "it is missing"},
    "Rendering Failure": {},
    "Subscription": {},
}


@pytest.mark.parametrize("value", [..., None, {}, "x", 5, [{}]], ids=repr)
@pytest.mark.parametrize("event_type", WITHOUT_PART)
def test_event_without_its_own_object_has_defects(event_type: str, value: Any) -> None:
    """It is an event of each recipient of the message, at the time of the message."""
    key = PARTS[event_type][0]
    events = parse(changed(published(event_type), key, value))
    assert [(event.kind, getattr(event, "recipient", None)) for event in events] == [
        (EXPECTED[event_type][0].kind, who) for who in (ALICE, BOB)
    ]
    reason = "it is missing" if value in (..., None) else "it isn't an object"
    expected = [f"{key}: {reason}"] if value != {} else []
    expected += [f"{key}.{name}: {text}" for name, text in WITHOUT_PART[event_type].items()]
    if event_type != "Rendering Failure":
        expected.append(f"{key}.timestamp: replaced by the time of the message")
    for event in events:
        assert isinstance(event, TrackingEvent)
        assert event.timestamp == SENT_AT
        assert (event.tags, event.metadata, event.send_id) == (TAGS, METADATA, SEND_ID)
        assert len(event.defects) == len(expected)
        for text in expected:
            assert any(defect.startswith(text) for defect in event.defects), text
        assert event_from_json(event.to_json()) == event


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (..., "is missing"),
        (None, "is missing"),
        ("", "is empty"),
        (5, "isn't a string"),
        (["Permanent"], "isn't a string"),
    ],
)
def test_bounce_type_and_link_have_substitutes(value: Any, reason: str) -> None:
    event = parse(changed(published("Bounce"), "bounce.bounceType", value))[0]
    assert isinstance(event, Bounced)
    assert (event.bounce_type, event.permanent, event.recipient) == ("Undetermined", False, ALICE)
    assert event.defects == (f"bounce.bounceType: it {reason}; replaced by Undetermined",)
    event = parse(changed(published("Click"), "click.link", value))[0]
    assert isinstance(event, Clicked)
    assert event.link == ""
    assert event.defects == (f"click.link: it {reason}; replaced by an empty text",)


@pytest.mark.parametrize(
    ("value", "bot", "has_defect"),
    [
        ("Likely", "likely", False),
        ("Unlikely", "unlikely", False),
        ("LIKELY", "likely", False),
        ("unlikely", "unlikely", False),
        ("Perhaps", "unknown", False),
        ("", "unknown", False),
        (None, "unknown", False),
        (..., "unknown", False),
        (True, "unknown", True),
        (["Likely"], "unknown", True),
    ],
)
@pytest.mark.parametrize("event_type", ["Open", "Click"])
def test_bot_is_read(event_type: str, value: Any, bot: str, has_defect: bool) -> None:
    document = published(event_type)
    key = PARTS[event_type][0]
    document[key]["isBotEvent"] = value
    if value is ...:
        del document[key]["isBotEvent"]
    for body in (document, json.dumps(sns_message(json.dumps(document))).encode()):
        for event in parse(body):
            assert isinstance(event, Opened | Clicked)
            assert event.bot == bot
            defects = (f"{key}.isBotEvent: it isn't a string",) if has_defect else ()
            assert event.defects == defects
            assert event_from_json(event.to_json()) == event


class TestTagging:
    def test_without_headers_tags_and_metadata_are_empty(self) -> None:
        for headers in (..., None, []):
            event = parse(changed(published("Open"), "mail.headers", headers))[0]
            assert isinstance(event, Opened)
            assert (event.tags, event.metadata, event.send_id, event.defects) == ((), {}, None, ())

    def test_header_names_match_in_any_case(self) -> None:
        event = parse(
            with_headers(
                ("x-tag", "a"), ("X-TAG", "b"), ("x-MetaData", '{"c": 1}'), ("X-Tags", "d")
            )
        )[0]
        assert isinstance(event, Opened)
        assert (event.tags, event.metadata) == (("a", "b"), {"c": 1})

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "x",
            "5",
            "[]",
            "null",
            '{"a": NaN}',
            '{"a": 1e999}',
            '{"a": 1',
            '{"a": "\ud83d"}',
            "=?utf-8?b?e30?",
            5,
        ],
        ids=ascii,
    )
    def test_invalid_metadata_is_a_defect(self, value: Any) -> None:
        body = json.dumps(with_headers(("X-Tag", "a"), ("X-Metadata", value)))
        try:
            event = parse(body)[0]
        except ValueError:
            assert value == '{"a": "\ud83d"}'  # a lone surrogate is invalid JSON
            return
        assert isinstance(event, Opened)
        assert (event.tags, event.metadata) == (("a",), {})
        assert len(event.defects) == 1
        assert event.defects[0].startswith("mail.headers: ")

    def test_last_metadata_header_wins(self) -> None:
        event = parse(with_headers(("X-Metadata", '{"a": 1}'), ("X-Metadata", '{"a": 2}')))[0]
        assert isinstance(event, Opened)
        assert event.metadata == {"a": 2}

    def test_earlier_metadata_headers_are_not_parsed(self) -> None:
        event = parse(with_headers(("X-Metadata", "{"), ("X-Metadata", '{"a": 2}')))[0]
        assert isinstance(event, Opened)
        assert (event.metadata, event.defects) == ({"a": 2}, ())

    def test_tags_beyond_65536_characters_are_ignored(self) -> None:
        long = "x" * (1 << 15)
        event = parse(with_headers(*[("X-Tag", long)] * 3, ("X-Metadata", "{}")))[0]
        assert isinstance(event, Opened)
        assert event.tags == (long, long)
        assert event.defects == (
            "mail.headers: tags, metadata and send id beyond 65,536 characters are ignored",
        )


class TestSendId:
    @pytest.mark.parametrize(
        "value",
        [
            "id-1",
            "\r\n id-1",
            " id-1\t",
            "=?utf-8?b?aWQtMQ==?=",
            "=?utf-8?q?id?=\r\n =?utf-8?q?-1?=",
        ],
        ids=ascii,
    )
    @pytest.mark.parametrize("name", ["X-Sesmail-Id", "x-sesmail-id", "X-SESMAIL-ID"])
    def test_send_id_is_read_from_its_header(self, name: str, value: str) -> None:
        event = parse(with_headers((name, value)))[0]
        assert isinstance(event, Opened)
        assert (event.send_id, event.defects) == ("id-1", ())

    @pytest.mark.parametrize(
        "value", ["", "a b", "a.b", "Zoë", "x" * 257, "=?utf-8?q?a_b?="], ids=ascii
    )
    def test_invalid_send_id_header_is_a_defect(self, value: str) -> None:
        event = parse(with_headers(("X-Tag", "a"), ("X-Sesmail-Id", value)))[0]
        assert isinstance(event, Opened)
        assert (event.tags, event.send_id) == (("a",), None)
        assert event.defects == ("mail.headers: X-Sesmail-Id isn't a send id",)

    @pytest.mark.parametrize(
        "headers", [..., [], [{"name": "X-Sesmail-Id", "value": "a b"}]], ids=["no", "0", "bad"]
    )
    def test_send_id_is_read_from_its_message_tag_without_header(self, headers: Any) -> None:
        document = changed(published("Open"), "mail.headers", headers)
        event = parse(changed(document, "mail.tags.X-Sesmail-Id", ["id-1"]))[0]
        assert isinstance(event, Opened)
        assert event.send_id == "id-1"
        assert bool(event.defects) is bool(headers and headers is not ...)

    def test_send_id_header_takes_precedence_over_message_tag(self) -> None:
        event = parse(changed(published("Open"), "mail.tags.X-Sesmail-Id", ["id-1"]))[0]
        assert isinstance(event, Opened)
        assert event.send_id == SEND_ID

    @pytest.mark.parametrize("values", [["a.b"], ["id-1", "id-2"], [""]], ids=ascii)
    def test_invalid_send_id_message_tag_is_a_defect(self, values: list[str]) -> None:
        document = changed(published("Open"), "mail.headers", [])
        event = parse(changed(document, "mail.tags.X-Sesmail-Id", values))[0]
        assert isinstance(event, Opened)
        assert event.send_id is None
        assert event.defects == ("mail.tags: X-Sesmail-Id isn't a send id",)

    def test_empty_send_id_message_tag_is_none(self) -> None:
        document = changed(published("Open"), "mail.headers", [])
        event = parse(changed(document, "mail.tags.X-Sesmail-Id", []))[0]
        assert isinstance(event, Opened)
        assert (event.send_id, event.defects) == (None, ())

    def test_send_id_of_notification_is_only_in_headers(self) -> None:
        delivered = notified("Delivery")
        assert [event.send_id for event in parse(delivered) if isinstance(event, Delivered)] == [
            SEND_ID
        ]
        tagged = changed(
            changed(delivered, "mail.headers", ...), "mail.tags", {"X-Sesmail-Id": ["id-1"]}
        )
        assert [event.send_id for event in parse(tagged) if isinstance(event, Delivered)] == [None]
