"""There is one opinion of what a body is: what is proven is what is parsed, and no event is taken for a wrapping."""

import base64
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sesmail.errors import MalformedBodyError
from sesmail.receiving.parsing.parser import parse
from sesmail.receiving.transports.classify import classify
from sesmail.receiving.verification.verify import verify
from support.ses_events import (
    WORDS,
    WRAPPINGS,
    Json,
    bridge,
    confirmation,
    published,
    received,
    sns_message,
    sqs_records,
)

BOUNCE = published("Bounce")
ENVELOPE = sns_message(json.dumps(published("Open")))
WRAPPING_FIELDS: Json = {
    "Type": "Notification",
    "Message": json.dumps(BOUNCE),
    "Records": [{"body": json.dumps(BOUNCE)}],
    "source": "aws.ses",
    "detail-type": "Email Bounced",
    "detail": BOUNCE,
}


@pytest.mark.parametrize(
    ("document", "document_type"),
    [
        ({}, "event"),
        (BOUNCE, "event"),
        ({"eventType": 5, "Type": "Notification"}, "event"),
        ({"notificationType": "", "Records": []}, "event"),
        ({**WRAPPING_FIELDS, "eventType": "Open"}, "event"),
        ({**WRAPPING_FIELDS, "notificationType": "Received"}, "event"),
        (ENVELOPE, "sns"),
        (confirmation(), "sns"),
        ({**ENVELOPE, "eventType": None, "notificationType": None}, "sns"),
        (WRAPPING_FIELDS, "sns"),
        ({"Type": "Notification"}, "sns"),
        ({"Type": "Notification", "Records": []}, "sns"),
        ({"Type": "Advertisement", "Message": "x", "Records": []}, "sns"),
        ({"Type": ["Notification"], "Message": None}, "sns"),
        ({"Type": "Advertisement"}, "event"),
        ({"Type": "Advertisement", "Records": []}, "event"),
        ({"Type": "Advertisement", "Records": [], **bridge(BOUNCE)}, "eventbridge"),
        ({"Records": []}, "records"),
        ({"Records": None, "Type": None}, "records"),
        ({"Records": [], **bridge(BOUNCE)}, "records"),
        (bridge(BOUNCE), "eventbridge"),
        ({"detail-type": None, "detail": None}, "eventbridge"),
        ({"detail-type": "Email Bounced"}, "event"),
        ({"detail": BOUNCE}, "event"),
    ],
    ids=range(24),
)
def test_shapes(document: Json, document_type: str) -> None:
    assert classify(document) == document_type


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("field", [*WRAPPING_FIELDS, "all"])
def test_an_event_may_have_fields_that_are_named_like_a_wrapping_s(
    wrapping: str, field: str
) -> None:  # R31
    more = WRAPPING_FIELDS if field == "all" else {field: WRAPPING_FIELDS[field]}
    for document in (*map(published, WORDS), received()):
        assert parse(WRAPPINGS[wrapping]({**document, **more})) == parse(document)


ABSENT: Any = ...
KEYS = [
    "eventType",
    "notificationType",
    "mail",
    "bounce",
    *WRAPPING_FIELDS,
    "Sns",
    "body",
    "Subject",
    "Token",
    "Timestamp",
]
VALUES: list[Any] = [
    ABSENT,
    None,
    "",
    "Notification",
    "UnsubscribeConfirmation",
    "Bounce",
    5,
    [],
    {},
    [{"Sns": ENVELOPE}],
    *WRAPPING_FIELDS.values(),
    BOUNCE["mail"],
    BOUNCE["bounce"],
]
BODIES: list[Any] = [
    ENVELOPE,
    confirmation(),
    sns_message(json.dumps(bridge(BOUNCE))),
    BOUNCE,
    bridge(BOUNCE),
]
BODIES += [
    sqs_records(json.dumps(ENVELOPE)),
    sns_message(json.dumps(ENVELOPE)),
    sns_message(json.dumps(confirmation())),
]


def outcome(body: Any) -> Any:
    """The events and whence they come, or what is wrong."""
    try:
        return [(event, event.sns) for event in parse(body)]
    except MalformedBodyError as err:
        return err.path, err.reason


@given(
    body=st.sampled_from(BODIES),
    changes=st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES)),
    decoded=st.booleans(),
)
@example(ENVELOPE, {"Records": [{"body": json.dumps(BOUNCE)}]}, False)
@example(ENVELOPE, {"Records": [{"Sns": confirmation()}]}, True)
@example(ENVELOPE, BOUNCE, False)
@example(ENVELOPE, bridge(BOUNCE), False)
def test_what_is_proven_is_what_is_parsed(body: Json, changes: Json, decoded: bool) -> None:
    document = {key: value for key, value in {**body, **changes}.items() if value is not ABSENT}
    posted = document if decoded else json.dumps(document).encode()
    headers = {
        "Authorization": "Basic " + base64.b64encode(b"sns:secret").decode(),
        "x-amz-sns-message-type": str(document.get("Type")),
        "x-amz-sns-message-id": str(document.get("MessageId")),
    }
    try:
        proven = verify(posted, headers, secret="sns:secret")
    except MalformedBodyError:
        return
    assert outcome(posted) == outcome(proven)
    if proven.type == "Notification":
        for event, sns in outcome(proven) if isinstance(outcome(proven), list) else ():
            assert sns == proven.origin()
            assert event in parse(json.loads(proven.message))


def test_what_is_proven_can_be_parsed_at_all() -> None:
    """The examples above do more than raise errors."""
    assert [
        event.kind for event, _ in outcome({**ENVELOPE, "Records": [{"body": json.dumps(BOUNCE)}]})
    ] == ["Opened"] * 2
