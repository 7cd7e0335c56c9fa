"""Fields of a message that are read from its event when they are accessed."""

import copy
import json
import pickle
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sesmail.receiving.events.event import Opened, Received, TrackingEvent, event_from_json
from sesmail.receiving.parsing.parser import parse
from support.ses_events import (
    EVENT_TYPES,
    MESSAGE_ID,
    WRAPPINGS,
    Json,
    changed,
    notified,
    published,
    received,
)

NOW = datetime(2026, 3, 6, 19, 55, tzinfo=UTC)
FIELDS = (
    "subject",
    "from_",
    "to",
    "rfc5322_message_id",
    "source_arn",
    "sending_account",
    "caller_identity",
    "source_ip",
)
WRITTEN_BY_SES = f"<{MESSAGE_ID}@eu-west-1.amazonses.com>"
EXPECTED = {
    "subject": "Your order",
    "from_": ("Shop <shop@example.com>",),
    "to": ("alice@example.com",),
    "rfc5322_message_id": WRITTEN_BY_SES,
    "source_arn": "arn:aws:ses:eu-west-1:123456789012:identity/example.com",
    "sending_account": "123456789012",
    "caller_identity": "shop",
    "source_ip": "192.0.2.7",
}


def reported(event: object) -> dict[str, Any]:
    return {name: getattr(event, name) for name in FIELDS if hasattr(event, name)}


def opened(document: Json) -> Opened:
    event = parse(document)[0]
    assert isinstance(event, Opened)
    assert event.defects == ()
    return event


def with_mail(**fields: Any) -> Json:
    document = published("Open")
    document["mail"].update(fields)
    return {**document, "mail": {k: v for k, v in document["mail"].items() if v is not ...}}


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_fields_of_every_event_type_in_each_wrapping(event_type: str) -> None:
    for name, wrap in WRAPPINGS.items():
        for event in parse(wrap(published(event_type))):
            assert reported(event) == EXPECTED, name


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_fields_survive_json_pickle_and_copies(event_type: str) -> None:
    for event in parse(published(event_type)):
        for same in (
            event_from_json(event.to_json()),
            pickle.loads(pickle.dumps(event)),
            replace(event),
            copy.deepcopy(event),
        ):
            assert reported(same) == EXPECTED


def test_notification_has_fields_of_its_own_instead_of_message_tags() -> None:
    document = notified("Delivery")
    event = parse(document)[0]
    assert reported(event) == {**EXPECTED, "caller_identity": None, "source_ip": None}
    document["mail"].update(callerIdentity="root", sourceIp="198.51.100.9")
    event = parse(document)[0]
    assert reported(event) == {
        **EXPECTED,
        "caller_identity": "root",
        "source_ip": "198.51.100.9",
    }


def test_field_takes_precedence_over_message_tag() -> None:
    event = opened(with_mail(callerIdentity="root", sourceIp="198.51.100.9"))
    assert (event.caller_identity, event.source_ip) == ("root", "198.51.100.9")
    event = opened(with_mail(tags={"ses:source-ip": [], "ses:caller-identity": ["a", "b"]}))
    assert (event.caller_identity, event.source_ip) == ("a", None)


@pytest.mark.parametrize(
    ("arn", "found"),
    [
        ("arn:aws:ses:us-east-1:1:identity/a", f"<{MESSAGE_ID}@email.amazonses.com>"),
        ("arn:aws-cn:ses:cn-north-1:1:identity/a", f"<{MESSAGE_ID}@cn-north-1.amazonses.com>"),
        ("arn:aws:ses::1:identity/a", None),
        ("arn:aws", None),
        ("", None),
        (5, None),
        (..., None),
    ],
)
def test_message_id_that_ses_wrote(arn: Any, found: str | None) -> None:
    for common in ({"messageId": MESSAGE_ID}, {}, ...):
        event = opened(with_mail(sourceArn=arn, commonHeaders=common))
        assert event.rfc5322_message_id == found
        assert event.message_id == MESSAGE_ID


@pytest.mark.parametrize("name", ["Message-ID", "message-id", "Message-Id"])
def test_message_id_as_submitted(name: str) -> None:
    own = "<order-1@shop.example.com>"
    event = opened(with_mail(commonHeaders={"messageId": own}))
    assert event.rfc5322_message_id == own
    headers = [5, {"name": 5}, {"name": "X-A", "value": "x"}, {"name": name, "value": own}]
    event = parse(with_mail(commonHeaders=..., headers=headers))[0]
    assert isinstance(event, Opened)
    assert event.rfc5322_message_id == own


@pytest.mark.parametrize(
    ("subject", "decoded"),
    [
        ("Your order", "Your order"),
        ("", ""),
        ("Grüße", "Grüße"),
        ("=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("=?utf-8?q?Gr=C3=BC?=\r\n =?utf-8?q?=C3=9Fe?=", "Grüße"),
        ("A long\r\n subject", "A long subject"),
        (5, None),
        (None, None),
    ],
)
def test_subject_is_decoded(subject: Any, decoded: str | None) -> None:
    headers = [{"name": "Subject", "value": subject}]
    assert opened(with_mail(commonHeaders={"subject": subject}, headers=[])).subject == decoded
    event = parse(with_mail(commonHeaders=..., headers=headers))[0]
    assert isinstance(event, Opened)
    assert event.subject == decoded


def test_addresses_are_those_that_are_text() -> None:
    common = {"from": ["A <a@example.com>", 5, "b@example.com"], "to": "c@example.com"}
    event = opened(with_mail(commonHeaders=common))
    assert (event.from_, event.to) == (("A <a@example.com>", "b@example.com"), ())


@pytest.mark.parametrize("value", [..., None, 5, "x", [], [{}]], ids=repr)
def test_event_without_headers_has_no_such_fields(value: Any) -> None:
    event = parse(with_mail(commonHeaders=value, headers=value, tags={}))[0]
    assert isinstance(event, Opened)
    assert (event.subject, event.from_, event.to) == (None, (), ())
    assert (event.caller_identity, event.source_ip) == (None, None)
    assert event.rfc5322_message_id == WRITTEN_BY_SES


@pytest.mark.parametrize("raw", [{}, {"mail": None}, {"mail": 5}, {"mail": []}, {"mail": {}}])
def test_event_created_by_hand_may_have_any_raw(raw: Json) -> None:
    event = Opened(recipient="a@example.com", message_id="1", timestamp=NOW, raw=raw)
    assert isinstance(event, TrackingEvent)
    nothing = {name: () if name in ("from_", "to") else None for name in FIELDS}
    assert reported(event) == nothing
    mail = Received(recipients=("a@example.com",), message_id="1", timestamp=NOW, raw=raw)
    assert reported(mail) == {name: nothing[name] for name in FIELDS[:4]}


def test_received_mail_has_the_fields_of_its_headers() -> None:
    event = parse(changed(received(), "mail.commonHeaders.messageId", "<1@example.net>"))[0]
    assert reported(event) == {
        "subject": "Help",
        "from_": ("customer@example.net",),
        "to": ("help@example.com",),
        "rfc5322_message_id": "<1@example.net>",
    }
    assert "Help" in json.dumps(json.loads(event.to_json()))


def test_fields_are_not_compared() -> None:
    one, two = published("Open"), with_mail(commonHeaders={"subject": "Other"}, sourceArn="x")
    assert parse(one) == parse(two)
