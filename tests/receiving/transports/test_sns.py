"""SNS messages, with the URL keys of SNS or of AWS Lambda."""

import json
import pickle
from typing import Any

import pytest

from sesmail.errors import MalformedBodyError
from sesmail.receiving.parsing.parser import parse
from sesmail.receiving.transports.sns import SnsMessage, read_sns_message
from support.ses_events import (
    SIGNATURE,
    TOKEN,
    TOPIC,
    confirmation,
    lambda_record,
    published,
    sns_message,
)

MESSAGE = json.dumps(published("Open"))


def test_reads_all_fields_unchanged() -> None:
    for body in (
        confirmation(),
        json.dumps(confirmation()),
        json.dumps(confirmation(), indent=1).encode(),
    ):
        assert read_sns_message(body) == SnsMessage(
            type="SubscriptionConfirmation",
            message_id="c0e5a280-53c9-5a98-93bb-c0a560b3d192",
            topic_arn=TOPIC,
            message=f"You have chosen to subscribe to the topic {TOPIC}.",
            timestamp="2026-03-06T19:55:39.001Z",
            subject="Amazon SES Email Event Notification",
            token=TOKEN,
            subscribe_url=confirmation()["SubscribeURL"],
            signature_version="1",
            signature=SIGNATURE,
            signing_cert_url=confirmation()["SigningCertURL"],
        )


def test_notification_has_no_token() -> None:
    found = read_sns_message(sns_message(MESSAGE, Token="x", SubscribeURL="y"))
    assert found is not None
    assert (found.token, found.subscribe_url) == (None, None)
    assert parse(found) == parse(MESSAGE)
    assert pickle.loads(pickle.dumps(found)) == found


def test_accepts_empty_message() -> None:
    found = read_sns_message(sns_message(""))
    assert found is not None
    assert found.message == ""


def test_accepts_message_without_signature() -> None:
    body = {key: value for key, value in sns_message(MESSAGE).items() if not key.startswith("Sign")}
    found = read_sns_message(body)
    assert found is not None
    assert (found.signature_version, found.signature, found.signing_cert_url) == (None, None, None)


def test_repr_hides_message_token_and_signature() -> None:
    shown = repr(read_sns_message(confirmation()))
    assert TOKEN not in shown
    assert SIGNATURE not in shown
    assert "You have chosen" not in shown


def test_accepts_url_keys_of_lambda() -> None:
    plain = read_sns_message(sns_message(MESSAGE))
    assert plain is not None
    assert read_sns_message(lambda_record(sns_message(MESSAGE))) == plain
    both = sns_message(MESSAGE, SigningCertUrl=plain.signing_cert_url)
    assert read_sns_message(both) == plain
    assert read_sns_message(sns_message(MESSAGE, SigningCertUrl=None)) == plain
    assert (
        read_sns_message(
            sns_message(MESSAGE, SigningCertURL=None, SigningCertUrl=plain.signing_cert_url)
        )
        == plain
    )
    for name in ("SigningCertUrl", "UnsubscribeUrl"):
        with pytest.raises(MalformedBodyError, match=f"{name}: it differs"):
            read_sns_message(sns_message(MESSAGE, **{name: "https://elsewhere"}))


@pytest.mark.parametrize(
    "body",
    [
        MESSAGE,
        published("Open"),
        "{}",
        {"Records": []},
        "Successfully validated SNS topic for Amazon SES event publishing.",
    ],
    ids=range(5),
)
def test_returns_none_for_possible_raw_delivery(body: Any) -> None:
    assert read_sns_message(body) is None


@pytest.mark.parametrize(
    "body", ["", "x", "[]", b"\xff", '"Notification"', MESSAGE + "\n" + MESSAGE]
)
def test_refuses_other_bodies(body: Any) -> None:
    with pytest.raises(MalformedBodyError):
        read_sns_message(body)


def test_refuses_message_over_1_mib() -> None:
    fits = sns_message("x" * (1 << 19))
    assert read_sns_message(fits) is not None
    with pytest.raises(MalformedBodyError, match="over the limit of 1,048,576"):
        read_sns_message(sns_message("x" * (1 << 20)))


def test_accepts_bytearray() -> None:
    assert read_sns_message(
        bytearray(json.dumps(sns_message(MESSAGE)).encode())
    ) == read_sns_message(sns_message(MESSAGE))


@pytest.mark.parametrize("kind", ["", "Advertisement", "Notification "])
def test_refuses_unknown_type_of_message_created_by_hand(kind: str) -> None:
    with pytest.raises(MalformedBodyError, match="Type: it isn't a type of SNS message"):
        parse(SnsMessage(kind, "1", TOPIC, MESSAGE, "2026-03-06T19:55:39.001Z"))


def test_refuses_confirmation_created_by_hand_without_token() -> None:
    with pytest.raises(MalformedBodyError, match="Type: it isn't a type of SNS message"):
        parse(
            SnsMessage("SubscriptionConfirmation", "1", TOPIC, MESSAGE, "2026-03-06T19:55:39.001Z")
        )
