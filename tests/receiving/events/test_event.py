"""Event classes: construction, comparison, serialisation, deduplication keys."""

import copy
import json
import pickle
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import FrozenInstanceError, is_dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from sesmail.errors import MalformedBodyError
from sesmail.receiving.events import event as union
from sesmail.receiving.events.event import (
    BaseEvent,
    Bounced,
    Clicked,
    Delivered,
    Event,
    Opened,
    OtherAction,
    Received,
    SnsOrigin,
    SubscriptionChanged,
    SubscriptionConfirmation,
    TopicPreferences,
    UnknownEvent,
    event_from_json,
)
from sesmail.receiving.parsing.parser import parse
from support.ses_events import (
    DOCUMENTS,
    TOKEN,
    changed,
    confirmation,
    eventbridge,
    published,
    received,
    sns_message,
    stored_in_s3,
)

NOW = datetime(2026, 3, 6, 19, 55, tzinfo=UTC)
KABUL = timezone(timedelta(hours=4, minutes=30))
KINDS: tuple[type[BaseEvent], ...] = get_args(Event)
PARSED = [
    event
    for body in [
        *(sns_message(json.dumps(document)) for document in DOCUMENTS.values()),
        confirmation(),
        stored_in_s3(),
    ]
    for event in parse(body)
]


def clicked(**fields: Any) -> Clicked:
    return Clicked(
        **{
            "recipient": "a@example.com",
            "message_id": "1",
            "timestamp": NOW,
            "link": "https://x",
            **fields,
        }
    )


def bounced(**fields: Any) -> Bounced:
    return Bounced(
        **{
            "recipient": "a@example.com",
            "message_id": "1",
            "timestamp": NOW,
            "bounce_type": "Transient",
            **fields,
        }
    )


def test_union_has_every_event_class() -> None:
    assert {kind.__name__ for kind in KINDS} == {
        "Bounced",
        "Clicked",
        "Complained",
        "Delayed",
        "Delivered",
        "MailStored",
        "Opened",
        "Received",
        "Rejected",
        "RenderingFailed",
        "Sent",
        "SubscriptionChanged",
        "SubscriptionConfirmation",
        "UnknownEvent",
        "UnsubscribeConfirmation",
    }
    assert {*union.__all__} >= {kind.__name__ for kind in KINDS}
    assert {type(event) for event in PARSED} >= {*KINDS} - {union.UnsubscribeConfirmation}


@pytest.mark.parametrize(
    "event", PARSED, ids=[f"{n} {type(event).__name__}" for n, event in enumerate(PARSED)]
)
def test_events_round_trip_through_pickle_json_and_replace(event: Event) -> None:
    for same in (
        pickle.loads(pickle.dumps(event)),
        event_from_json(event.to_json()),
        replace(event),
    ):
        assert type(same) is type(event)
        assert same == event
        assert vars(same) == vars(event)
        assert same.dedup_key == event.dedup_key


@pytest.mark.parametrize(
    "event", PARSED, ids=[f"{n} {type(event).__name__}" for n, event in enumerate(PARSED)]
)
def test_parsed_event_has_exactly_the_fields_of_its_class(event: Event) -> None:
    assert vars(event).keys() == type(event).__dataclass_fields__.keys()


@pytest.mark.parametrize(
    "event", PARSED, ids=[f"{n} {type(event).__name__}" for n, event in enumerate(PARSED)]
)
def test_repr_hides_raw_content_and_token(event: Event) -> None:
    shown = repr(event)
    assert "commonHeaders" not in shown
    assert "U3ViamVjdDogSGVscA0KDQpIZWxwIQ0K" not in shown
    assert TOKEN not in shown
    assert "kind=" not in shown


def test_event_created_by_hand_has_defaults() -> None:
    event = clicked()
    assert event.tags == ()
    assert event.metadata == {}
    assert event.message_tags is None
    assert event.raw == {}
    assert event.kind == "Clicked"
    assert event.sns is None
    assert event_from_json(event.to_json()) == event


def test_event_matches_class_pattern() -> None:
    match bounced(bounce_type="Permanent"):
        case Bounced(recipient=who, permanent=True):
            assert who == "a@example.com"
        case _:
            pytest.fail("the class pattern didn't match")


def mappings(value: Any) -> Iterator[Mapping[Any, Any]]:
    """Yields the mappings in an event and in its parts."""
    for each in vars(value).values():
        if isinstance(each, Mapping):
            yield each
        elif is_dataclass(each):
            yield from mappings(each)


def test_events_and_their_mappings_are_frozen() -> None:
    for event in (clicked(), *PARSED):
        with pytest.raises(FrozenInstanceError):
            event.defects = ("x",)  # type: ignore[misc]
        for same in (event, event_from_json(event.to_json()), replace(event), copy.deepcopy(event)):
            for mapping in mappings(same):
                with pytest.raises(TypeError, match="frozen"):
                    mapping["a"] = 1  # type: ignore[index]


def test_events_copy_the_mappings_they_are_given() -> None:
    given: dict[str, Any] = {"a": ("b",)}
    made = clicked(metadata=given, message_tags=given, link_tags=given, raw=given)
    unknown = UnknownEvent(event_type="A", raw=given)
    changed = SubscriptionChanged(
        recipient="a@example.com",
        message_id="1",
        timestamp=NOW,
        new_preferences=TopicPreferences(topics=given),
    )
    stopped = Received(
        message_id="1",
        timestamp=NOW,
        recipients=("a@example.com",),
        action=OtherAction(type="Stop", details=given),
    )
    given["c"] = ("d",)
    found = [
        mapping
        for event in (made, unknown, changed, stopped)
        for mapping in mappings(event)
        if mapping
    ]
    assert found == [{"a": ("b",)}] * 7


def test_parsed_events_hold_frozen_mappings() -> None:
    first, second = parse(published("Open"))
    assert isinstance(first, Opened)
    assert isinstance(second, Opened)
    assert first.raw == second.raw == published("Open")
    assert not any(type(mapping) is dict for event in PARSED for mapping in mappings(event))


@pytest.mark.parametrize(
    "event", PARSED, ids=[f"{n} {type(event).__name__}" for n, event in enumerate(PARSED)]
)
def test_equal_events_have_equal_hashes(event: Event) -> None:
    same = event_from_json(event.to_json())
    assert same is not event
    assert hash(same) == hash(event)
    assert {event, same} == {event}
    assert hash(replace(event, sns=SnsOrigin("1", "arn"))) == hash(event)


def test_comparison_ignores_sns_and_raw() -> None:
    assert clicked() == clicked()
    assert clicked() == clicked(sns=SnsOrigin("1", "arn"), raw={"shiny": True})
    assert clicked() != clicked(recipient="b@example.com")
    assert clicked() != clicked(defects=("x",))
    assert clicked() != "clicked"
    assert UnknownEvent(event_type="A", raw={"a": 1}) != UnknownEvent(event_type="A", raw={"a": 2})


class TestDedupKey:
    def test_dedup_key_has_64_hexadecimal_digits(self) -> None:
        for event in PARSED:
            assert len(event.dedup_key) == 64
            assert int(event.dedup_key, 16)

    def test_dedup_key_is_equal_for_one_occurrence(self) -> None:
        there = NOW.astimezone(timezone(timedelta(hours=5)))
        changes: list[dict[str, Any]] = [
            {"sns": SnsOrigin("2", "arn")},
            {"timestamp": there},
            {"message_tags": {}},
            {"feedback_id": "2"},
            {"defects": ("x",)},
            {"raw": {"a": 1}},
        ]
        for change in changes:
            assert bounced(**change).dedup_key == bounced().dedup_key

    def test_dedup_key_differs_by_occurrence(self) -> None:
        keys = [event.dedup_key for event in PARSED]
        again = {
            "Delivery notified": 1,
            "Bounce notified": 2,
            "Complaint notified": 1,
            "Received in S3": 1,
        }
        again["Received and bounced"] = 1
        assert len({*keys}) == len(keys) - sum(again.values())
        assert clicked().dedup_key != clicked(link="https://y").dedup_key
        assert clicked().dedup_key != clicked(timestamp=NOW + timedelta(milliseconds=1)).dedup_key
        assert clicked().dedup_key != clicked(recipient="b@example.com").dedup_key
        assert clicked().dedup_key != clicked(message_id="2").dedup_key
        delivered = Delivered(recipient="a@example.com", message_id="1", timestamp=NOW)
        assert (
            delivered.dedup_key
            != Opened(recipient="a@example.com", message_id="1", timestamp=NOW).dedup_key
        )

    def test_dedup_key_of_events_without_recipient(self) -> None:
        one = Received(message_id="1", timestamp=NOW, recipients=("a@example.com",))
        assert one.dedup_key != replace(one, recipients=("b@example.com",)).dedup_key
        assert one.dedup_key == replace(one, content="x").dedup_key
        asked = SubscriptionConfirmation(topic_arn="arn", token="t", message_id="1")
        assert asked.dedup_key != replace(asked, message_id="2").dedup_key

    def test_dedup_key_of_unknown_event_is_independent_of_transport(self) -> None:
        mail = {"messageId": "1", "timestamp": "2026-03-06T19:55:37Z"}
        body: dict[str, Any] = {"eventType": "Teleport", "mail": mail, "to": "moon"}
        (event,) = parse(body)
        assert isinstance(event, UnknownEvent)
        for same in (
            {"notificationType": "Teleport", "mail": mail, "to": "moon"},
            {**body, "notificationType": "Bounce"},
            {**eventbridge({"to": "moon", "mail": mail}), "detail-type": "Teleport"},
            sns_message(json.dumps(body)),
        ):
            assert parse(same)[0].dedup_key == event.dedup_key
        for other in (
            {**body, "eventType": "Beam"},
            {**body, "to": "mars"},
            {**body, "mail": {**mail, "messageId": "2"}},
            {**body, "mail": {**mail, "timestamp": "2026-03-06T19:55:38Z"}},
        ):
            assert parse(other)[0].dedup_key != event.dedup_key
        assert (
            event.dedup_key == replace(event, timestamp=event.timestamp.astimezone(KABUL)).dedup_key
        )
        for change in ({"message_id": "2"}, {"timestamp": None}, {"raw": {"a": NOW}}):
            assert event.dedup_key != replace(event, **change).dedup_key

    def test_base_event_is_abstract(self) -> None:
        with pytest.raises(TypeError, match="abstract"):
            BaseEvent(kind="None")  # type: ignore[abstract]


class TestJson:
    def test_json_has_the_kind(self) -> None:
        assert json.loads(clicked().to_json())["kind"] == "Clicked"
        with pytest.raises(ValidationError, match="kind"):
            event_from_json('{"kind": "Teleported"}')

    @pytest.mark.parametrize("innermost", [1, "x", [], {}, [1], {"a": 1}], ids=repr)
    @pytest.mark.parametrize("depth", range(190, 202))
    def test_json_round_trips_at_any_depth_that_parse_accepts(
        self, depth: int, innermost: Any
    ) -> None:
        deep = innermost
        for _ in range(depth):
            deep = {"a": deep}
        documents: list[Any] = [
            {**published("Open"), "x": deep},
            {"eventType": "Teleport", "x": deep},
            received({"type": "Stop", "x": deep}),
            changed(
                published("Open"),
                "mail.headers",
                [{"name": "X-Metadata", "value": json.dumps(deep)}],
            ),
        ]
        for document in documents:
            with suppress(MalformedBodyError):
                for event in parse(document):
                    assert vars(event_from_json(event.to_json())) == vars(event)

    def test_json_that_is_too_deep_is_a_validation_error(self) -> None:
        for text in (
            "[" * 100_000,
            '{"a":' * 300,
            '{"kind": "Opened", "raw": ' + '{"a":' * 300 + "}" * 300 + "}",
        ):
            with pytest.raises(ValidationError):
                event_from_json(text)

    @pytest.mark.parametrize(
        "text",
        [
            '{"kind": "SubscriptionConfirmation", "token": "canary"}',
            '{"kind": "SubscriptionConfirmation", "token": ["canary"], "topic_arn": {"canary": 1}}',
            '{"kind": "Clicked", "metadata": "canary"}',
            '{"token": "canary',
            '"canary"',
        ],
    )
    def test_validation_error_hides_the_json(self, text: str) -> None:
        with pytest.raises(ValidationError) as caught:
            event_from_json(text)
        told = f"{caught.value}{caught.value!r}" + "".join(traceback.format_exception(caught.value))
        assert "canary" not in told


def test_json_nested_more_deeply_than_any_event_is_refused() -> None:
    raw: dict[str, Any] = {}
    for depth in range(1, 260):
        raw = {"a": raw, "b": [depth]}
        text = json.dumps({**json.loads(clicked().to_json()), "raw": raw})
        if depth > 200:
            with pytest.raises(ValidationError):
                event_from_json(text)
        else:
            event = event_from_json(text)
            assert event_from_json(event.to_json()) == copy.deepcopy(event)
            assert pickle.loads(pickle.dumps(event)) == event


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        ("0001-01-01T00:00:00+05:00", "before the year 1"),
        ("9999-12-31T23:59:59-01:00", "after 9999"),
        ("2026-01-01T00:00:00", "no time zone"),
    ],
)
def test_json_with_a_time_that_has_no_equal_in_utc_is_refused(time: str, reason: str) -> None:
    fields = json.loads(clicked(sns=SnsOrigin("1", "arn:aws:sns:eu-west-1:1:t", NOW)).to_json())
    for changed_fields in (
        {**fields, "timestamp": time},
        {**fields, "sent_at": time},
        {**fields, "sns": {**fields["sns"], "timestamp": time}},
    ):
        with pytest.raises(ValidationError, match=reason):
            event_from_json(json.dumps(changed_fields))
