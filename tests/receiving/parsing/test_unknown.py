"""Events of EventBridge that aren't about a message, and other unknown events."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sesmail.errors import MalformedBodyError
from sesmail.receiving.events.event import UnknownEvent, event_from_json
from sesmail.receiving.parsing.parser import parse
from support.ses_events import (
    DETAIL_TYPES,
    MAIL,
    Json,
    changed,
    eventbridge,
    published,
    sns_message,
    sqs_records,
)

# https://docs.aws.amazon.com/ses/latest/dg/tenants.html#setting-up-eventbridge-notifications
FINDING: Json = {
    "version": "1.0.0",
    "data": "The bounce rate exceeded 15.0%.",
    "metadata": {"impact": "HIGH", "type": "BOUNCE"},
}
STATUS: Json = {
    "version": "1.0.0",
    "data": {
        "origin": "CUSTOMER_MANAGED",
        "record": {
            "status": "DISABLED",
            "cause": "Status manually updated.",
            "lastUpdatedTimestamp": [2025, 7, 24, 12, 44, 28, 995000000],
        },
    },
}
CALL: Json = {
    "eventVersion": "1.11",
    "eventType": "AwsApiCall",
    "eventSource": "ses.amazonaws.com",
    "eventName": "CreateTenant",
    "requestParameters": {"tenantName": "shop-a"},
}
DETAILS: dict[str, Json] = {
    "Advisor Recommendation Status Open": FINDING,
    "Advisor Recommendation Status Resolved": FINDING,
    "Advisor Recommendation Status Closed": FINDING,
    "Sending Status Disabled": STATUS,
    "Sending Status Enabled": STATUS,
    "AWS API Call via CloudTrail": CALL,
    "AWS Service Event via CloudTrail": {**CALL, "eventType": "AwsServiceEvent"},
    "Something New": {},
}
ARN = "arn:aws:ses:eu-west-1:123456789012:tenant/shop-a/tn-1"


def service_event(detail_type: str, **fields: Any) -> Json:
    return {
        **eventbridge(DETAILS[detail_type]),
        "detail-type": detail_type,
        "resources": [ARN],
        **fields,
    }


def parsed(body: Any) -> UnknownEvent:
    (event,) = parse(body)
    assert isinstance(event, UnknownEvent)
    return event


@pytest.mark.parametrize("detail_type", DETAILS)
def test_event_about_no_message_keeps_what_eventbridge_says(detail_type: str) -> None:
    assert parsed(service_event(detail_type)) == UnknownEvent(
        event_type=detail_type,
        timestamp=datetime(2026, 3, 6, 19, 55, 39, tzinfo=UTC),
        resources=(ARN,),
        account="123456789012",
        region="eu-west-1",
        event_id="12a18625-3328-fafd-2a13-e3b6e8c3f1a5",
        raw=DETAILS[detail_type],
    )


WRAPPINGS: dict[str, Callable[[str], Any]] = {
    "bytes": str.encode,
    "SNS": sns_message,
    "SQS": sqs_records,
    "SQS from SNS": lambda text: sqs_records(json.dumps(sns_message(text))),
    "lines": lambda text: f"{text}\n",
}


@pytest.mark.parametrize("detail_type", DETAILS)
def test_event_about_no_message_is_equal_by_every_transport(detail_type: str) -> None:
    event = parsed(service_event(detail_type))
    for wrap in WRAPPINGS.values():
        same = parsed(wrap(json.dumps(service_event(detail_type))))
        assert (same, same.dedup_key, hash(same)) == (event, event.dedup_key, hash(event))
    loaded = event_from_json(event.to_json())
    assert (loaded, loaded.dedup_key) == (event, event.dedup_key)


@pytest.mark.parametrize("detail_type", DETAILS)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("resources", ["arn:aws:ses:eu-west-1:123456789012:tenant/shop-b/tn-2"]),
        ("resources", [ARN, ARN]),
        ("time", "2026-03-06T19:55:40Z"),
        ("id", "00000000-0000-0000-0000-000000000002"),
        ("account", "210987654321"),
        ("region", "eu-west-2"),
        ("detail-type", "Something Else"),
        ("detail", {"version": "2.0.0"}),
    ],
)
def test_events_that_differ_in_one_field_are_two(detail_type: str, field: str, value: Any) -> None:
    one = parsed(service_event(detail_type))
    two = parsed({**service_event(detail_type), field: value})
    assert one != two
    assert one.dedup_key != two.dedup_key


@pytest.mark.parametrize(
    ("field", "value", "attribute", "expected", "defect"),
    [
        ("resources", None, "resources", (), None),
        ("resources", ARN, "resources", (), "resources: it isn't an array"),
        ("resources", [ARN, 5], "resources", (ARN,), "resources: some items aren't strings"),
        ("resources", ["a"] * 1001, "resources", ("a",) * 1000, "resources: some items aren't"),
        ("time", None, "timestamp", None, None),
        ("time", "late", "timestamp", None, "time: it isn't a time"),
        ("account", 123456789012, "account", None, "account: it isn't a string"),
        ("region", [], "region", None, "region: it isn't a string"),
        ("id", None, "event_id", None, None),
        ("id", {}, "event_id", None, "id: it isn't a string"),
    ],
)
def test_invalid_fields_of_eventbridge_are_defects(
    field: str, value: Any, attribute: str, expected: Any, defect: str | None
) -> None:
    event = parsed(service_event("Sending Status Disabled", **{field: value}))
    assert getattr(event, attribute) == expected
    assert len(event.defects) == (defect is not None)
    assert all(each.startswith(defect or "") for each in event.defects)
    assert event_from_json(event.to_json()) == event


def test_event_about_a_message_is_independent_of_eventbridge() -> None:
    document = {"eventType": "Teleport", "mail": MAIL}
    event = parsed(eventbridge(document))
    assert event == parsed(document)
    assert (event.resources, event.account, event.region, event.event_id) == ((), None, None, None)
    assert event.event_type == "Teleport"


@pytest.mark.parametrize("event_type", DETAIL_TYPES)
@pytest.mark.parametrize("detail_type", ["Something New", None])
def test_message_event_without_mail_is_malformed(event_type: str, detail_type: str | None) -> None:
    body = eventbridge(changed(published(event_type), "mail", ...))
    with pytest.raises(MalformedBodyError) as caught:
        parse({**body, "detail-type": detail_type or body["detail-type"]})
    assert caught.value.path == "detail.mail"


def test_replayed_event_is_equal() -> None:
    """EventBridge adds a key when it replays an archive."""
    event = parsed(service_event("Sending Status Disabled"))
    again = parsed({**service_event("Sending Status Disabled"), "replay-name": "again"})
    assert (again, again.dedup_key) == (event, event.dedup_key)
    assert replace(event, resources=()) != event
