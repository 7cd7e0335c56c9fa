"""Notice that SES publishes when a topic is set up."""

import json
from typing import Any

import pytest

from sesmail.receiving.parsing.parser import parse
from support import ses_events
from support.ses_events import changed, received, sns_message

SET_UP = "Successfully validated SNS topic for Amazon SES event publishing."


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
    ids=range(11),
)
def test_setup_notice_has_no_events(body: Any) -> None:
    assert parse(body) == ()
