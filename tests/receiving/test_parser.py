"""Each kind of event as SES writes it, and what is left of it when parts can't be read."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sesmail.receiving.envelope import read_envelope
from sesmail.receiving.events import (
    Bounced,
    Clicked,
    Complained,
    Delayed,
    Delivered,
    Event,
    Opened,
    OtherAction,
    Received,
    Rejected,
    RenderingFailed,
    S3Action,
    Sent,
    SnsAction,
    SnsOrigin,
    SubscriptionChanged,
    SubscriptionConfirmation,
    TopicPreferences,
    TrackingEvent,
    UnknownEvent,
    UnsubscribeConfirmation,
    Verdicts,
)
from sesmail.receiving.parser import parse, parse_raw
from support import ses_events
from support.ses_events import (
    ALICE,
    BOB,
    CAROL,
    DOCUMENTS,
    MAIL,
    MESSAGE_ID,
    MESSAGE_TAGS,
    METADATA,
    TAGS,
    TOKEN,
    TOPIC,
    Json,
    confirmation,
    envelope,
    notified,
    published,
    received,
)

SENT_AT = datetime(2026, 3, 6, 19, 55, 37, 123000, tzinfo=UTC)
TIME = datetime(2026, 3, 6, 19, 55, 38, 903000, tzinfo=UTC)

COMMON: dict[str, Any] = {
    "message_id": MESSAGE_ID,
    "sent_at": SENT_AT,
    "source": "Shop <shop@example.com>",
    "tags": TAGS,
    "metadata": METADATA,
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
RECEIVED: dict[str, Any] = {
    "message_id": "d6iitobk75ur44p8kdnnp7g2n800",
    "timestamp": TIME,
    "recipients": ("help@example.com", "sales@example.com"),
    "source": "customer@example.net",
    "verdicts": Verdicts("PASS", "PASS", "GRAY", "FAIL", "FAIL", dmarc_policy="reject"),
    "processing_millis": 574,
}

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
    "Open": [Opened(recipient=who, **READER, **TIMED) for who in (ALICE, BOB)],
    "Click": [
        Clicked(
            recipient=who,
            link="https://example.com/a?b=c&d=%20e",
            link_tags={"samplekey0": ("samplevalue0",)},
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
    "Received": [
        Received(
            action=SnsAction(encoding="BASE64", topic_arn=TOPIC), content="U3ViamVjdDogSGVscA0KDQpIZWxwIQ0K", **RECEIVED
        )
    ],
    "Received in S3": [
        Received(action=S3Action(bucket="inbox", key="mail/d6iitobk75ur44p8kdnnp7g2n800", topic_arn=TOPIC), **RECEIVED)
    ],
    "Unknown": [
        UnknownEvent(
            event_type="Teleport",
            message_id=MESSAGE_ID,
            timestamp=SENT_AT,
            raw=DOCUMENTS["Unknown"],
        )
    ],
}


def changed(document: Json, path: str, value: Any) -> Json:
    """The same with another value at a place; ``...`` takes it away."""
    copy: Json = json.loads(json.dumps(document))
    *steps, last = path.split(".")
    place: Any = copy
    for step in steps:
        place = place[int(step) if step.isdigit() else step]
    key: Any = int(last) if last.isdigit() else last
    if value is ...:
        del place[key]
    else:
        place[key] = value
    return copy


def with_headers(*headers: tuple[str, Any]) -> Json:
    return changed(published("Open"), "mail.headers", [{"name": name, "value": value} for name, value in headers])


@pytest.mark.parametrize("name", EXPECTED)
def test_every_kind(name: str) -> None:  # R31, R32, R33
    events = parse(DOCUMENTS[name])
    assert list(events) == EXPECTED[name]
    assert [type(event) for event in events] == [type(event) for event in EXPECTED[name]]
    for event in events:
        assert not isinstance(event, (SubscriptionConfirmation, UnsubscribeConfirmation))
        assert event.raw == DOCUMENTS[name]
        assert event.sns is None
        assert event.notes == ()


@pytest.mark.parametrize("word", ["Delivery", "Bounce", "Complaint"])
def test_notifications_are_the_same_without_message_tags(word: str) -> None:  # R31, R33
    for told, event in zip(parse(notified(word)), parse(published(word)), strict=True):
        assert isinstance(told, TrackingEvent)
        assert isinstance(event, TrackingEvent)
        assert told.message_tags is None
        assert {**vars(told), "message_tags": None, "raw": None} == {**vars(event), "message_tags": None, "raw": None}
        assert told.dedup_key == event.dedup_key  # R34


def test_a_notification_has_no_message_tags_even_if_they_stand_there() -> None:  # R33
    (event,) = parse({**notified("Delivery"), "mail": MAIL})
    assert isinstance(event, Delivered)
    assert event.message_tags is None


def test_event_publishing_without_message_tags_has_none_of_them() -> None:
    (event,) = parse(changed(published("Delivery"), "mail.tags", ...))
    assert isinstance(event, Delivered)
    assert event.message_tags == {}


def test_event_type_goes_before_notification_type() -> None:
    (event,) = parse({**published("Delivery"), "notificationType": "Bounce"})
    assert isinstance(event, Delivered)
    assert parse({**notified("Delivery"), "eventType": None}) == parse(notified("Delivery"))


def test_fields_that_nobody_knows_do_no_harm() -> None:  # R31
    for word in ses_events.WORDS:
        document = published(word)
        document["shiny"] = document["mail"]["shiny"] = document[ses_events.PARTS[word][0]]["shiny"] = [{"new": None}]
        assert parse(document) == parse(published(word))


@pytest.mark.parametrize("action", ["Bounce", "Lambda", "Stop", "WorkMail", "Teleport"])
def test_actions_that_keep_no_mail(action: str) -> None:  # R44
    details = {"type": action, "topicArn": TOPIC, "functionArn": "arn:aws:lambda:eu-west-1:1:function:f"}
    (event,) = parse(received(details))
    assert isinstance(event, Received)
    assert event.action == OtherAction(type=action, topic_arn=TOPIC, details=details)


def test_a_lambda_record_of_ses_says_no_more_than_mail_and_receipt() -> None:  # R35
    document = received({"type": "Lambda", "functionArn": "arn:f", "invocationType": "Event"})
    mail, receipt = document["mail"], document["receipt"]
    (event,) = parse({"Records": [{"eventSource": "aws:ses", "ses": {"mail": mail, "receipt": receipt}}]})
    (same,) = parse({"notificationType": "Received", "mail": mail, "receipt": receipt})
    assert event == same
    assert isinstance(event, Received)
    assert event.raw == {"mail": mail, "receipt": receipt}
    assert event.content is None


def test_event_bridge_knows_the_kind_when_the_event_does_not() -> None:
    for word in ses_events.WORDS:
        document = published(word)
        del document["eventType"]
        wrapped = {**ses_events.bridge(document), "detail-type": ses_events.BRIDGE_WORDS[word]}
        assert parse(wrapped) == parse(published(word))


def test_event_bridge_has_more_than_mail() -> None:  # R31
    detail = {"version": "1.0.0", "data": {"status": "OPEN"}}
    (event,) = parse({**ses_events.bridge(detail), "detail-type": "Advisor Recommendation Status Open"})
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
            topic_arn=TOPIC, token=TOKEN, message_id=sns.message_id, timestamp=sns.timestamp, subscribe_url=url
        )
        assert event.sns == sns
        assert TOKEN not in repr(event)
        found = read_envelope(body)
        assert found is not None
        assert parse(found) == (event,)


def test_what_an_envelope_brings_is_no_envelope() -> None:
    """Whoever may publish to a topic must not be able to make us confirm another."""
    for inner in (confirmation(), {"Records": [{"Sns": confirmation()}]}):
        with pytest.raises(ValueError, match="notificationType: it is missing"):
            parse(envelope(json.dumps(inner)))
        with pytest.raises(ValueError, match="notificationType: it is missing"):
            parse_raw(inner)


def test_raw_takes_an_event_alone() -> None:  # R35
    assert parse_raw(json.dumps(published("Open"))) == parse(published("Open"))
    assert parse_raw("Successfully validated SNS topic for Amazon SES event publishing.") == ()


SET_UP = "Successfully validated SNS topic for Amazon SES event publishing."


@pytest.mark.parametrize(
    "body",
    [
        SET_UP,
        SET_UP.encode(),
        f"  {SET_UP}\n",
        envelope(SET_UP),
        json.dumps(envelope(SET_UP)).encode(),
        {"Records": [{"Sns": envelope(SET_UP)}]},
        ses_events.sqs_records(SET_UP),
        ses_events.sqs_records(json.dumps(envelope(SET_UP))),
        changed(received(), "mail.messageId", "AMAZON_SES_SETUP_NOTIFICATION"),
        envelope(json.dumps(changed(received(), "mail.messageId", "AMAZON_SES_SETUP_NOTIFICATION"))),
        envelope(json.dumps({"notificationType": "Received", "mail": {"messageId": "AMAZON_SES_SETUP_NOTIFICATION"}})),
    ],
    ids=range(11),
)
def test_setting_up_is_no_event_and_no_error(body: Any) -> None:  # R36
    assert parse(body) == ()


class TestRecipients:  # R32
    def test_named_ones_need_not_be_among_the_original_ones(self) -> None:
        (event,) = parse(changed(published("Delivery"), "delivery.recipients", [CAROL]))
        assert isinstance(event, Delivered)
        assert event.recipient == CAROL

    def test_each_is_told_once(self) -> None:
        twice = [{"emailAddress": ALICE, "status": "5.1.1"}, {"emailAddress": ALICE, "status": "5.0.0"}]
        (event,) = parse(changed(published("Bounce"), "bounce.bouncedRecipients", twice))
        assert isinstance(event, Bounced)
        assert event.status == "5.1.1"
        assert len(parse(changed(published("Open"), "mail.destination", [BOB, ALICE, BOB]))) == 2

    @pytest.mark.parametrize("nobody", [..., None, []], ids=repr)
    @pytest.mark.parametrize(
        "path",
        [
            "bounce.bouncedRecipients",
            "complaint.complainedRecipients",
            "delivery.recipients",
            "deliveryDelay.delayedRecipients",
        ],
    )
    def test_nobody_named_means_every_original_one(self, path: str, nobody: Any) -> None:
        key = path.partition(".")[0]
        word = next(word for word, (place, _) in ses_events.PARTS.items() if place == key)
        events = parse(changed(published(word), path, nobody))
        assert [getattr(event, "recipient", None) for event in events] == [ALICE, BOB]
        assert {event.notes for event in events} == {
            (f"{path}: it is empty, and every recipient of the message stands in for it",)
        }

    def test_plain_addresses_are_understood_where_objects_are_usual(self) -> None:
        (event,) = parse(changed(published("Bounce"), "bounce.bouncedRecipients", [CAROL]))
        assert isinstance(event, Bounced)
        assert (event.recipient, event.action, event.status, event.diagnostic_code) == (CAROL, None, None, None)

    def test_as_many_as_anybody_will_ever_have(self) -> None:
        many = [f"{number}@example.com" for number in range(1000)]
        assert len(parse(changed(published("Open"), "mail.destination", many))) == 1000


class TestTimes:
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
    def test_of_every_form(self, text: str) -> None:
        (event,) = parse(changed(changed(published("Delivery"), "mail.timestamp", text), "delivery.timestamp", text))
        assert isinstance(event, Delivered)
        assert event.timestamp == event.sent_at == datetime(2018, 10, 8, 14, 5, 45, tzinfo=UTC)
        assert event.timestamp.tzinfo is UTC
        assert event.notes == ()

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "late",
            5,
            None,
            "2018-13-08T14:05:45Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-0100",
            "+0000",
            "9" * 51,
        ],
        ids=repr,
    )
    def test_the_message_has_one_if_the_event_has_none(self, text: Any) -> None:
        (event,) = parse(changed(published("Delivery"), "delivery.timestamp", text))
        assert isinstance(event, Delivered)
        assert event.timestamp == SENT_AT
        assert event.notes[-1] == "delivery.timestamp: the message's own stands in for it"
        assert event.notes[:-1] == (() if text is None else ("delivery.timestamp: it isn't a time",))

    def test_the_event_has_one_if_the_message_has_none(self) -> None:
        (event,) = parse(changed(published("Delivery"), "mail.timestamp", "late"))
        assert isinstance(event, Delivered)
        assert (event.timestamp, event.sent_at) == (TIME, None)
        assert event.notes == ("mail.timestamp: it isn't a time",)

    def test_of_received_mail(self) -> None:
        (event,) = parse(changed(received(), "receipt.timestamp", "late"))
        assert isinstance(event, Received)
        assert event.timestamp == SENT_AT
        assert event.notes == ("receipt.timestamp: it isn't a time",)

    def test_of_the_envelope(self) -> None:
        (event,) = parse(envelope(json.dumps(published("Delivery")), Timestamp="late"))
        assert event.sns is not None
        assert event.sns.timestamp is None


@pytest.mark.parametrize(
    ("name", "path", "value", "field", "read", "note"),
    [
        ("Delivery", "delivery.smtpResponse", 5, "smtp_response", None, "it isn't a text"),
        ("Delivery", "delivery.processingTimeMillis", "fast", "processing_millis", None, "it isn't a whole number"),
        ("Delivery", "delivery.processingTimeMillis", True, "processing_millis", None, "it isn't a whole number"),
        ("Delivery", "delivery.processingTimeMillis", 1.5, "processing_millis", None, "it isn't a whole number"),
        ("Delivery", "mail.source", ["x"], "source", None, "it isn't a text"),
        ("Delivery", "mail.tags", 5, "message_tags", {}, "it isn't an object"),
        ("Delivery", "mail.tags", {"a": ["b"], "c": "d"}, "message_tags", {"a": ("b",)}, "not every value is a list"),
        ("Delivery", "mail.tags", {"a": ["b", 1], "c": []}, "message_tags", {"c": ()}, "not every value is a list"),
        ("Delivery", "mail.headersTruncated", "maybe", "headers_truncated", False, "it is neither true nor false"),
        ("Delivery", "mail.headersTruncated", 1, "headers_truncated", False, "it is neither true nor false"),
        ("Delivery", "mail.headers", "X-Tag: a", "tags", (), "it isn't a list"),
        ("Delivery", "mail.headers", [5, {"name": "X-Tag", "value": "a"}], "tags", ("a",), "not every item"),
        ("Delivery", "mail.headers", [{"name": 5, "value": "a"}], "tags", (), "not every item"),
        ("Delivery", "mail.headers", [{"name": "X-Tag", "value": None}], "tags", (), "not every item"),
        ("Bounce", "bounce.bounceSubType", {}, "bounce_subtype", None, "it isn't a text"),
        ("Bounce", "bounce.bouncedRecipients.0.status", 5, "status", None, "it isn't a text"),
        ("Complaint", "complaint.arrivalDate", "soon", "arrived_at", None, "it isn't a time"),
        ("DeliveryDelay", "deliveryDelay.expirationTime", [], "expires_at", None, "it isn't a time"),
        ("Click", "click.linkTags", {"a": "b"}, "link_tags", {}, "not every value is a list of texts"),
        ("Subscription", "subscription.newTopicPreferences", "all", "new_preferences", None, "it isn't an object"),
        ("Received", "receipt.spamVerdict", "PASS", "verdicts.spam", None, "it isn't an object"),
        ("Received", "receipt.action", "S3", "action", None, "it isn't an object"),
        ("Received", "content", {}, "content", None, "it isn't a text"),
        ("Received in S3", "receipt.action.bucketName", 5, "action", None, "it isn't a text"),
    ],
)
def test_a_bad_optional_field_is_none_and_a_note(
    name: str, path: str, value: Any, field: str, read: Any, note: str
) -> None:
    event = parse(changed(DOCUMENTS[name], path, value))[0]
    found: Any = event
    for step in field.split("."):
        found = getattr(found, step)
    assert found == read
    assert event.notes[0].startswith(f"{path.replace('.0.', '[0].')}: {note}")


@pytest.mark.parametrize("key", ["bucketName", "objectKey"])
@pytest.mark.parametrize("value", [..., None, ""], ids=repr)
def test_an_s3_action_needs_bucket_and_key(key: str, value: Any) -> None:
    (event,) = parse(changed(DOCUMENTS["Received in S3"], f"receipt.action.{key}", value))
    assert isinstance(event, Received)
    assert event.action is None
    assert event.notes == ("receipt.action: it names no bucket and key",)


def test_an_action_needs_a_type() -> None:
    (event,) = parse(changed(received(), "receipt.action.type", ...))
    assert isinstance(event, Received)
    assert event.action is None


def test_notes_are_few() -> None:
    many = [{"emailAddress": f"{number}@example.com", "status": 5, "action": []} for number in range(500)]
    events = parse(changed(published("Bounce"), "bounce.bouncedRecipients", many))
    assert len(events) == 500
    assert len(events[0].notes) == 20


def test_preferences_that_are_partly_malformed() -> None:
    status = [{"topicName": "A", "subscriptionStatus": "OptIn"}, {"topicName": "B"}, 5, {"topicName": 5}]
    wanted = {"unsubscribeAll": "sure", "topicSubscriptionStatus": status}
    event = parse(changed(published("Subscription"), "subscription.newTopicPreferences", wanted))[0]
    assert isinstance(event, SubscriptionChanged)
    assert event.new_preferences == TopicPreferences(unsubscribe_all=None, topics={"A": "OptIn"})
    assert len(event.notes) == 3
    for nothing in (..., None, {}):
        event = parse(changed(published("Subscription"), "subscription.newTopicPreferences", nothing))[0]
        assert isinstance(event, SubscriptionChanged)
        assert event.new_preferences is None
        assert event.notes == ()


class TestLabels:  # R13, R33
    def test_absent_headers_are_no_tags_and_no_metadata(self) -> None:
        for headers in (..., None, []):
            event = parse(changed(published("Open"), "mail.headers", headers))[0]
            assert isinstance(event, Opened)
            assert (event.tags, event.metadata, event.notes) == ((), {}, ())

    def test_names_match_in_any_case(self) -> None:
        event = parse(with_headers(("x-tag", "a"), ("X-TAG", "b"), ("x-MetaData", '{"c": 1}'), ("X-Tags", "d")))[0]
        assert isinstance(event, Opened)
        assert (event.tags, event.metadata) == (("a", "b"), {"c": 1})

    @pytest.mark.parametrize(
        "value",
        ["", "x", "5", "[]", "null", '{"a": NaN}', '{"a": 1e999}', '{"a": 1', '{"a": "\ud83d"}', "=?utf-8?b?e30?", 5],
        ids=ascii,
    )
    def test_malformed_metadata_never_lose_the_event(self, value: Any) -> None:
        body = json.dumps(with_headers(("X-Tag", "a"), ("X-Metadata", value)))
        try:
            event = parse(body)[0]
        except ValueError:
            assert value == '{"a": "\ud83d"}'  # half a character is no JSON anywhere
            return
        assert isinstance(event, Opened)
        assert (event.tags, event.metadata) == (("a",), {})
        assert len(event.notes) == 1
        assert event.notes[0].startswith("mail.headers: ")

    def test_the_last_metadata_win(self) -> None:
        event = parse(with_headers(("X-Metadata", '{"a": 1}'), ("X-Metadata", '{"a": 2}')))[0]
        assert isinstance(event, Opened)
        assert event.metadata == {"a": 2}

    def test_only_the_last_metadata_are_read(self) -> None:
        event = parse(with_headers(("X-Metadata", "{"), ("X-Metadata", '{"a": 2}')))[0]
        assert isinstance(event, Opened)
        assert (event.metadata, event.notes) == ({"a": 2}, ())

    def test_are_read_up_to_a_length(self) -> None:
        long = "x" * (1 << 17)
        event = parse(with_headers(*[("X-Tag", long)] * 3, ("X-Metadata", "{}")))[0]
        assert isinstance(event, Opened)
        assert event.tags == (long, long)
        assert event.notes == ("mail.headers: tags and metadata beyond 262,144 characters are left out",)

    def test_message_tags_are_read_up_to_a_number(self) -> None:
        event = parse(changed(published("Open"), "mail.tags", {str(number): [] for number in range(1001)}))[0]
        assert isinstance(event, Opened)
        assert event.message_tags is not None
        assert len(event.message_tags) == 1000
        assert len(event.notes) == 1

    @pytest.mark.parametrize(("told", "read"), [(True, True), ("true", True), (False, False), ("false", False)])
    def test_truncation_is_told(self, told: Any, read: bool) -> None:  # R33
        event = parse(changed(published("Open"), "mail.headersTruncated", told))[0]
        assert isinstance(event, Opened)
        assert event.headers_truncated is read
        assert event.notes == ()
