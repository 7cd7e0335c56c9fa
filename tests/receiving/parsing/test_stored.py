"""Event notifications of S3 about stored mail, over every transport."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from sesmail import MailStored, MalformedBodyError, Opened, UnknownEvent, event_from_json, parse
from sesmail.receiving.parsing.parser import parse_raw
from support.ses_events import (
    kinesis_record,
    lambda_record,
    published,
    sns_message,
    sqs_records,
    sqs_response,
    stored_in_s3,
)

Json = dict[str, Any]


def of_eventbridge(**changes: Any) -> Json:
    """Return the same event as EventBridge delivers it."""
    event = {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "123456789012",
        "time": "2026-03-06T19:55:39Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:s3:::inbound-mail"],
        "detail": {
            "version": "0",
            "bucket": {"name": "inbound-mail"},
            "object": {
                "key": "mail/gr\u00fc\u00dfe 1+2/o3vrnil0e2ic28tr",
                "size": 1024,
                "etag": "d41d8cd98f00b204e9800998ecf8427e",
                "sequencer": "0055AED6DCD90281E5",
            },
            "reason": "PutObject",
        },
    }
    return event | changes


STORED = MailStored(
    bucket="inbound-mail",
    key="mail/gr\u00fc\u00dfe 1+2/o3vrnil0e2ic28tr",
    size=1024,
    etag="d41d8cd98f00b204e9800998ecf8427e",
    sequencer="0055AED6DCD90281E5",
    region="eu-west-1",
)
TEST = {
    "Service": "Amazon S3",
    "Event": "s3:TestEvent",
    "Time": "2026-03-06T19:55:39.123Z",
    "Bucket": "inbound-mail",
    "RequestId": "5582815E1AEA5ADF",
    "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR",
}
WRAPPINGS: dict[str, Callable[[Json], Any]] = {
    "Lambda": lambda document: document,
    "bytes": lambda document: json.dumps(document).encode(),
    "SNS": lambda document: sns_message(json.dumps(document)),
    "SQS": lambda document: sqs_records(json.dumps(document)),
    "SQS from SNS": lambda document: sqs_records(json.dumps(sns_message(json.dumps(document)))),
    "boto3": lambda document: sqs_response(json.dumps(document)),
    "Lambda from SNS": lambda document: {
        "Records": [{"Sns": lambda_record(sns_message(json.dumps(document)))}]
    },
    "Kinesis": lambda document: {"Records": [kinesis_record(json.dumps(document))]},
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("make", [stored_in_s3, of_eventbridge], ids=["S3", "EventBridge"])
def test_stored_mail_is_the_same_event_over_every_transport(
    wrapping: str, make: Callable[[], Json]
) -> None:
    (event,) = parse(WRAPPINGS[wrapping](make()))
    assert isinstance(event, MailStored)
    assert event == STORED
    assert event.defects == ()
    assert event.dedup_key == STORED.dedup_key
    assert event.timestamp is not None
    assert event.timestamp.replace(microsecond=0) == datetime(2026, 3, 6, 19, 55, 39, tzinfo=UTC)
    assert (event.sns is not None) == ("SNS" in wrapping)
    assert event_from_json(event.to_json()) == event


def test_raw_delivery_is_read() -> None:
    assert parse_raw(json.dumps(stored_in_s3())) == (STORED,)


def test_several_records_are_several_events() -> None:
    two = {"Records": [*stored_in_s3()["Records"], *stored_in_s3(eventTime=5)["Records"]]}
    for body in (two, sns_message(json.dumps(two))):
        first, second = parse(body)
        assert first == STORED
        assert isinstance(second, MailStored)
        assert second.timestamp is None
        assert second.defects == ("eventTime: it isn't a time",)


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_event_of_a_message_with_the_fields_of_the_test_event_is_kept(wrapping: str) -> None:
    (event, _) = parse(WRAPPINGS[wrapping](published("Open") | TEST))
    assert isinstance(event, Opened)
    assert event.raw["Event"] == "s3:TestEvent"


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_notices_of_a_set_up_give_no_events(wrapping: str) -> None:
    assert parse(WRAPPINGS[wrapping](TEST)) == ()
    bucket = {"name": "inbound-mail"}
    written = {"bucket": bucket, "object": {"key": "mail/AMAZON_SES_SETUP_NOTIFICATION"}}
    assert parse(WRAPPINGS[wrapping](stored_in_s3(s3=written))) == ()
    assert parse(WRAPPINGS[wrapping](of_eventbridge(detail=written))) == ()


@pytest.mark.parametrize("name", ["ObjectRemoved:Delete", "LifecycleExpiration:Delete", "x"])
def test_other_events_of_s3_are_unknown(name: str) -> None:
    (event,) = parse(stored_in_s3(eventName=name))
    assert isinstance(event, UnknownEvent)
    assert (event.event_type, event.region) == (name, "eu-west-1")
    (event,) = parse(of_eventbridge(**{"detail-type": "Object Deleted"}))
    assert isinstance(event, UnknownEvent)
    assert (event.event_type, event.resources) == (
        "Object Deleted",
        ("arn:aws:s3:::inbound-mail",),
    )


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"eventName": None}, "eventName"),
        ({"s3": {"bucket": {"name": "b"}}}, "s3.object"),
        ({"s3": {"bucket": {"name": "b"}, "object": {"key": ""}}}, "s3.object.key"),
        ({"s3": {"bucket": {"name": 5}, "object": {"key": "k"}}}, "s3.bucket.name"),
        ({"s3": {"object": {"key": "k"}}}, "s3.bucket"),
    ],
)
def test_event_without_bucket_or_key_is_malformed(changes: Json, path: str) -> None:
    with pytest.raises(MalformedBodyError) as refused:
        parse(stored_in_s3(**changes))
    assert refused.value.path == f"Records[0].{path}"


def test_records_of_other_services_in_a_message_are_not_unwrapped() -> None:
    inner = {"Records": [*stored_in_s3()["Records"], {"Sns": sns_message("{}")}]}
    for document in (inner, {"Records": []}):
        with pytest.raises(MalformedBodyError):
            parse(sns_message(json.dumps(document)))


def test_identity_without_sequencer_has_the_time() -> None:
    first = MailStored(bucket="b", key="k", timestamp=datetime(2026, 1, 1, tzinfo=UTC))
    second = MailStored(bucket="b", key="k", timestamp=datetime(2026, 1, 2, tzinfo=UTC))
    assert first.dedup_key != second.dedup_key
    assert MailStored(bucket="b", key="k").dedup_key == MailStored(bucket="b", key="k").dedup_key
