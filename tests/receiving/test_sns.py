"""Every wrapping gives the same events."""

import json
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesmail.errors import MalformedBodyError
from sesmail.receiving.events import SnsOrigin
from sesmail.receiving.parser import parse, parse_envelope
from sesmail.receiving.sns import Envelope, read_envelope
from support.ses_events import (
    DOCUMENTS,
    SIGNATURE,
    TOKEN,
    TOPIC,
    WRAPPINGS,
    as_lambda_spells,
    confirmation,
    envelope,
    published,
    sqs_records,
)

ORIGIN = SnsOrigin(
    message_id="c0e5a280-53c9-5a98-93bb-c0a560b3d192",
    topic_arn=TOPIC,
    timestamp=datetime(2026, 3, 6, 19, 55, 39, 1000, tzinfo=UTC),
    subject="Amazon SES Email Event Notification",
)
MESSAGE = json.dumps(published("Open"))


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_same_events(wrapping: str, name: str) -> None:  # R35
    bare = parse(DOCUMENTS[name])
    events = parse(WRAPPINGS[wrapping](DOCUMENTS[name]))
    assert bare
    assert events == bare
    assert [event.dedup_key for event in events] == [event.dedup_key for event in bare]
    has_sns = "SNS" in wrapping
    for event in events:
        assert (event.sns is not None) is has_sns
        if event.sns and wrapping != "SNS without subject":
            assert event.sns == ORIGIN


@given(
    wrapping=st.sampled_from(sorted(WRAPPINGS)),
    name=st.sampled_from(sorted(DOCUMENTS)),
    text=st.text(st.characters(exclude_categories=("Cs",))),
)
def test_the_same_events_whatever_is_in_them(wrapping: str, name: str, text: str) -> None:  # R35
    document = json.loads(json.dumps(DOCUMENTS[name]))
    document["mail"]["source"] = document["shiny"] = text
    document["mail"]["headers"] = [{"name": "X-Tag", "value": text}, {"name": text, "value": text}]
    assert parse(WRAPPINGS[wrapping](document)) == parse(document)


def test_many_at_once() -> None:  # R35
    documents = list(DOCUMENTS.values())
    expected = tuple(event for document in documents for event in parse(document))
    texts = [json.dumps(document) for document in documents]
    assert parse("\n".join(texts)) == expected
    assert parse(("\r\n".join(texts) + "\r\n\r\n").encode()) == expected
    assert parse("\n".join(json.dumps(envelope(text)) for text in texts)) == expected
    assert parse({"Records": [{"body": text} for text in texts]}) == expected
    assert parse({"Records": [{"body": json.dumps(envelope(text))} for text in texts]}) == expected
    assert parse({"Records": [{"Sns": envelope(text)} for text in texts]}) == expected
    assert parse({"Records": []}) == ()


def test_confirmations_in_wrappings() -> None:
    (event,) = parse(confirmation())
    assert parse(json.dumps(confirmation())) == (event,)
    assert parse({"Records": [{"Sns": confirmation()}]}) == (event,)
    assert parse(sqs_records(json.dumps(confirmation()))) == (event,)


class TestEnvelope:
    def test_has_every_value_verbatim(self) -> None:
        for body in (confirmation(), json.dumps(confirmation()), json.dumps(confirmation(), indent=1).encode()):
            assert read_envelope(body) == Envelope(
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

    def test_of_a_notification_has_no_token(self) -> None:
        found = read_envelope(envelope(MESSAGE, Token="x", SubscribeURL="y"))
        assert found is not None
        assert (found.token, found.subscribe_url) == (None, None)
        assert parse_envelope(found) == parse(MESSAGE)
        assert pickle.loads(pickle.dumps(found)) == found

    def test_of_fifo_topics_has_no_signature(self) -> None:
        body = {key: value for key, value in envelope(MESSAGE).items() if not key.startswith("Sign")}
        found = read_envelope(body)
        assert found is not None
        assert (found.signature_version, found.signature, found.signing_cert_url) == (None, None, None)

    def test_hides_what_nobody_else_should_see(self) -> None:
        shown = repr(read_envelope(confirmation()))
        assert TOKEN not in shown
        assert SIGNATURE not in shown
        assert "You have chosen" not in shown

    def test_in_either_spelling(self) -> None:
        plain = read_envelope(envelope(MESSAGE))
        assert plain is not None
        assert read_envelope(as_lambda_spells(envelope(MESSAGE))) == plain
        both = envelope(MESSAGE, SigningCertUrl=plain.signing_cert_url)
        assert read_envelope(both) == plain
        assert read_envelope(envelope(MESSAGE, SigningCertUrl=None)) == plain
        with pytest.raises(MalformedBodyError, match="SigningCertUrl: it differs"):
            read_envelope(envelope(MESSAGE, SigningCertUrl="https://elsewhere"))

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
    def test_is_none_where_there_is_none(self, body: Any) -> None:
        assert read_envelope(body) is None

    @pytest.mark.parametrize("body", ["", "x", "[]", b"\xff", '"Notification"', MESSAGE + "\n" + MESSAGE])
    def test_is_an_error_where_there_can_be_none(self, body: Any) -> None:
        with pytest.raises(MalformedBodyError):
            read_envelope(body)

    def test_has_a_limit(self) -> None:
        fits = envelope("x" * (1 << 19))
        assert read_envelope(fits) is not None
        with pytest.raises(MalformedBodyError, match="more than 1,048,576"):
            read_envelope(envelope("x" * (1 << 20)))

    def test_may_be_bytes_of_any_kind(self) -> None:
        assert read_envelope(bytearray(json.dumps(envelope(MESSAGE)).encode())) == read_envelope(envelope(MESSAGE))
