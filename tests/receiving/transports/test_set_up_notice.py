"""Notice that SES publishes when a topic is set up."""

import json
from typing import Any

import pytest

from sesmail.receiving.parsing.parser import parse
from support import ses_events
from support.ses_events import changed, received, sns_message

SET_UP = "Successfully validated SNS topic for Amazon SES event publishing."
# With a line break at the end, as SES writes it.
IDENTITY = (
    json.dumps(
        {
            "notificationType": "AmazonSnsSubscriptionSucceeded",
            "message": "You have successfully subscribed your Amazon SNS topic "
            "'arn:aws:sns:eu-west-1:123456789012:ses-tracking' to receive 'Bounce' notifications "
            "from Amazon SES for identity 'example.com'.",
        }
    )
    + "\n"
)


@pytest.mark.parametrize(
    "body",
    [
        SET_UP,
        SET_UP.encode(),
        f"  {SET_UP}\n",
        sns_message(SET_UP),
        json.dumps(sns_message(SET_UP)).encode(),
        {"Records": [{"Sns": sns_message(SET_UP)}]},
        ses_events.sqs_records(SET_UP),
        ses_events.sqs_records(json.dumps(sns_message(SET_UP))),
        IDENTITY,
        IDENTITY.encode(),
        json.loads(IDENTITY),
        sns_message(IDENTITY),
        json.dumps(sns_message(IDENTITY)).encode(),
        {"Records": [{"Sns": sns_message(IDENTITY)}]},
        ses_events.sqs_records(IDENTITY),
        ses_events.sqs_records(json.dumps(sns_message(IDENTITY))),
        changed(received(), "mail.messageId", "AMAZON_SES_SETUP_NOTIFICATION"),
        sns_message(
            json.dumps(changed(received(), "mail.messageId", "AMAZON_SES_SETUP_NOTIFICATION"))
        ),
        sns_message(
            json.dumps(
                {
                    "notificationType": "Received",
                    "mail": {"messageId": "AMAZON_SES_SETUP_NOTIFICATION"},
                }
            )
        ),
    ],
    ids=range(19),
)
def test_setup_notice_has_no_events(body: Any) -> None:
    assert parse(body) == ()


def test_notice_among_other_events_is_left_out() -> None:
    open_event = json.dumps(ses_events.published("Open"))
    assert parse(f"{IDENTITY.strip()}\n{open_event}\n") == parse(open_event)


def test_event_of_that_type_is_no_notice() -> None:
    """SES calls the type of a published event ``eventType``."""
    (event,) = parse({"eventType": "AmazonSnsSubscriptionSucceeded"})
    assert event.kind == "UnknownEvent"
