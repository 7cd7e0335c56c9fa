"""Classification of documents, which verifying and parsing share."""

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
    EVENT_TYPES,
    WRAPPINGS,
    Json,
    confirmation,
    eventbridge,
    published,
    received,
    sns_message,
    sqs_records,
)

BOUNCE = published("Bounce")
MESSAGE = sns_message(json.dumps(published("Open")))
WRAPPING_FIELDS: Json = {
    "Type": "Notification",
    "Message": json.dumps(BOUNCE),
    "Records": [{"body": json.dumps(BOUNCE)}],
    "records": [{"data": "e30="}],
    "Messages": [{"Body": json.dumps(BOUNCE)}],
    "eventSource": "aws:sqs",
    "ReceiptHandle": "AQEB",
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
        (MESSAGE, "sns"),
        (confirmation(), "sns"),
        ({**MESSAGE, "eventType": None, "notificationType": None}, "sns"),
        (WRAPPING_FIELDS, "sns"),
        ({"Type": "Notification"}, "sns"),
        ({"Type": "Notification", "Records": []}, "sns"),
        ({"Type": "Advertisement", "Message": "x", "Records": []}, "sns"),
        ({"Type": ["Notification"], "Message": None}, "sns"),
        ({"Type": "Advertisement"}, "event"),
        ({"Type": "Advertisement", "Records": []}, "event"),
        ({"Type": "Advertisement", "Records": [], **eventbridge(BOUNCE)}, "eventbridge"),
        ({"Records": []}, "records"),
        ({"Records": None, "Type": None}, "records"),
        ({"Records": [], **eventbridge(BOUNCE)}, "records"),
        (eventbridge(BOUNCE), "eventbridge"),
        ({"detail-type": None, "detail": None}, "eventbridge"),
        ({"detail-type": "Email Bounced"}, "event"),
        ({"detail": BOUNCE}, "event"),
        ({"records": []}, "records"),
        ({"Messages": [], "ResponseMetadata": {}}, "records"),
        ({"ResponseMetadata": {}}, "records"),
        ({"ResponseMetadata": {}, "QueueUrl": "x"}, "event"),
        ({"records": [], "Messages": [], **eventbridge(BOUNCE)}, "eventbridge"),
        ({"records": [], "eventType": "Open"}, "event"),
        ({"Messages": [], "Type": "Advertisement"}, "event"),
        ({"eventSource": "aws:sqs", "body": "x"}, "record"),
        ({"EventSource": "aws:sns", "Sns": {}}, "record"),
        ({"ReceiptHandle": "x", "Body": "x"}, "record"),
        ({"eventSource": "ses.amazonaws.com", "eventType": "AwsApiCall"}, "event"),
        ({"eventSource": "x", **MESSAGE}, "sns"),
    ],
    ids=range(36),
)
def test_classifies_documents(document: Json, document_type: str) -> None:
    assert classify(document) == document_type


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("field", [*WRAPPING_FIELDS, "all"])
def test_event_may_have_fields_of_other_document_types(wrapping: str, field: str) -> None:
    more = WRAPPING_FIELDS if field == "all" else {field: WRAPPING_FIELDS[field]}
    for document in (*map(published, EVENT_TYPES), received()):
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
    [{"Sns": MESSAGE}],
    *WRAPPING_FIELDS.values(),
    BOUNCE["mail"],
    BOUNCE["bounce"],
]
BODIES: list[Any] = [
    MESSAGE,
    confirmation(),
    sns_message(json.dumps(eventbridge(BOUNCE))),
    BOUNCE,
    eventbridge(BOUNCE),
]
BODIES += [
    sqs_records(json.dumps(MESSAGE)),
    sns_message(json.dumps(MESSAGE)),
    sns_message(json.dumps(confirmation())),
]


def outcome(body: Any) -> Any:
    """Returns the events with their SNS messages, or path and reason of the error."""
    try:
        return [(event, event.sns) for event in parse(body)]
    except MalformedBodyError as err:
        return err.path, err.reason


@given(
    body=st.sampled_from(BODIES),
    changes=st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES)),
    decoded=st.booleans(),
)
@example(MESSAGE, {"Records": [{"body": json.dumps(BOUNCE)}]}, False)
@example(MESSAGE, {"Records": [{"Sns": confirmation()}]}, True)
@example(MESSAGE, BOUNCE, False)
@example(MESSAGE, eventbridge(BOUNCE), False)
def test_verified_message_gives_the_events_of_the_body(
    body: Json, changes: Json, decoded: bool
) -> None:
    document = {key: value for key, value in {**body, **changes}.items() if value is not ABSENT}
    posted = document if decoded else json.dumps(document).encode()
    headers = {
        "Authorization": "Basic " + base64.b64encode(b"sns:secret").decode(),
        "x-amz-sns-message-type": str(document.get("Type")),
        "x-amz-sns-message-id": str(document.get("MessageId")),
    }
    try:
        verified = verify(posted, headers, secret="sns:secret")
    except MalformedBodyError:
        return
    assert outcome(posted) == outcome(verified)
    if verified.type == "Notification":
        for event, sns in outcome(verified) if isinstance(outcome(verified), list) else ():
            assert sns == verified.origin()
            assert event in parse(json.loads(verified.message))


def test_examples_above_have_events() -> None:
    """The property test above doesn't only raise errors."""
    assert [
        event.kind for event, _ in outcome({**MESSAGE, "Records": [{"body": json.dumps(BOUNCE)}]})
    ] == ["Opened"] * 2
