"""Unwrapping of events from every transport."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesmail.errors import MalformedBodyError
from sesmail.receiving.events.event import SnsOrigin
from sesmail.receiving.parsing.parser import parse
from sesmail.receiving.transports import json_body, unwrap
from support.cases import case
from support.ses_events import (
    DOCUMENTS,
    TOPIC,
    WRAPPINGS,
    confirmation,
    in_base64,
    published,
    sns_message,
    sqs_records,
)

ORIGIN = SnsOrigin(
    message_id="c0e5a280-53c9-5a98-93bb-c0a560b3d192",
    topic_arn=TOPIC,
    timestamp=datetime(2026, 3, 6, 19, 55, 39, 1000, tzinfo=UTC),
    subject="Amazon SES Email Event Notification",
)
MESSAGE = json.dumps(published("Open"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_transport_gives_the_same_events(name: str) -> None:
    for wrapping in WRAPPINGS:
        with case(wrapping):
            check_transport(wrapping, name)


def check_transport(wrapping: str, name: str) -> None:
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
def test_every_transport_gives_the_same_events_for_any_text(
    wrapping: str, name: str, text: str
) -> None:
    document = json.loads(json.dumps(DOCUMENTS[name]))
    document["mail"]["source"] = document["shiny"] = text
    document["mail"]["headers"] = [{"name": "X-Tag", "value": text}, {"name": text, "value": text}]
    assert parse(WRAPPINGS[wrapping](document)) == parse(document)


def test_unwraps_batches() -> None:
    documents = list(DOCUMENTS.values())
    expected = tuple(event for document in documents for event in parse(document))
    texts = [json.dumps(document) for document in documents]
    assert parse("\n".join(texts)) == expected
    assert parse(("\r\n".join(texts) + "\r\n\r\n").encode()) == expected
    assert parse("\n".join(json.dumps(sns_message(text)) for text in texts)) == expected
    assert parse({"Records": [{"body": text} for text in texts]}) == expected
    assert (
        parse({"Records": [{"body": json.dumps(sns_message(text))} for text in texts]}) == expected
    )
    assert parse({"Records": [{"Sns": sns_message(text)} for text in texts]}) == expected
    assert parse({"Records": []}) == ()


def test_unwraps_batches_of_streams_and_queues() -> None:
    documents = list(DOCUMENTS.values())
    expected = tuple(event for document in documents for event in parse(document))
    texts = [json.dumps(document) for document in documents]
    data = [in_base64(text) for text in texts]
    assert parse({"records": [{"data": text} for text in data]}) == expected
    assert parse({"Records": [{"kinesis": {"data": text}} for text in data]}) == expected
    assert parse([{"eventSource": "aws:kinesis", "data": text} for text in data]) == expected
    assert parse(tuple({"body": text} for text in texts)) == expected
    assert parse(json.dumps([{"body": text} for text in texts])) == expected
    assert parse({"Messages": [{"Body": text} for text in texts]}) == expected


def test_batch_may_be_empty() -> None:
    """boto3 returns no messages of an empty queue."""
    for body in ([], (), "[]", b" [ ] ", {"Messages": []}, {"records": []}):
        assert parse(body) == ()
    assert parse({"ResponseMetadata": {"RequestId": "1", "HTTPStatusCode": 200}}) == ()


def test_data_may_be_a_notice() -> None:
    notice = "Successfully validated SNS topic for Amazon SES event publishing."
    assert parse({"records": [{"data": in_base64(notice)}, {"data": in_base64(MESSAGE)}]}) == parse(
        MESSAGE
    )
    assert parse({"Messages": [{"Body": notice}]}) == ()


def test_batch_may_be_larger_than_an_event() -> None:
    more = {"x": "x" * (1 << 20)}
    for body in (
        [{"body": MESSAGE}, {"body": MESSAGE, **more}],
        {"Messages": [{"Body": MESSAGE}, {"Body": MESSAGE}], **more},
        {"records": [{"data": in_base64(MESSAGE * 2)}], **more},
    ):
        assert parse(body) == parse(json.dumps(body)) == parse(MESSAGE) * 2
    for body in ({"eventSource": "aws:sqs", "body": MESSAGE, **more}, [more] * 6):
        with pytest.raises(MalformedBodyError, match="over the limit"):
            parse(body)


def test_unwraps_confirmations() -> None:
    (event,) = parse(confirmation())
    assert parse(json.dumps(confirmation())) == (event,)
    assert parse({"Records": [{"Sns": confirmation()}]}) == (event,)
    assert parse(sqs_records(json.dumps(confirmation()))) == (event,)


LIMIT = "over the limit of 1,048,576"
CROWD = published("Open")
CROWD["mail"]["destination"] = [f"{number}@example.com" for number in range(1000)]


class TestLines:
    def test_one_object_may_be_indented(self) -> None:
        for indent in (0, 1, "\t"):
            pretty = json.dumps(published("Bounce"), indent=indent)
            assert parse(pretty) == parse(f"\r\n {pretty}\n\n") == parse(published("Bounce"))

    @pytest.mark.parametrize("after", [",", "}", "]"])
    def test_line_of_one_object_may_end_in_a_brace(self, after: str) -> None:
        pretty = json.dumps({"a": {"b": [{}, {}]}, **published("Open")}).replace(
            f"}}{after}", f"}}\r\n\n {after}"
        )
        assert len(pretty.splitlines()) > 3
        assert parse(pretty) == parse(published("Open"))

    @pytest.mark.parametrize("separator", ["\n", "\r\n", " \n\t", "\n\n \r\n"])
    def test_lines_are_separated_by_any_whitespace(self, separator: str) -> None:
        assert parse(separator + separator.join([MESSAGE] * 3) + separator) == parse(MESSAGE) * 3

    def test_lines_are_decoded_once_and_at_most_10000(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        decoded: list[Any] = []

        def decode(text: Any, path: str = "") -> Any:
            decoded.append(text)
            return json_body.decode(text, path)

        monkeypatch.setattr(unwrap, "decode", decode)
        parse(f"{MESSAGE}\n{MESSAGE}\n")
        assert decoded == [MESSAGE.encode()] * 2
        with pytest.raises(MalformedBodyError, match="10,001 records"):
            parse("{}\n" * 10_001)
        assert len(decoded) == 2


@pytest.mark.parametrize(
    "body",
    [
        b'{"eventType": "X", "x": "' + b"x" * (1 << 20) + b'"}',
        b'{"eventType": "X", "x": [' + b"0," * (1 << 19) + b"0]}",
        b"[" * (1 << 21),
        b"x" * (1 << 21),
        MESSAGE.encode() + b"\n" * (1 << 20),
        b'{"eventType": "X", "x": "' + b"x" * (1 << 20) + b'"}\n{}',
    ],
    ids=range(6),
)
def test_large_body_is_not_decoded(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unwrap, "decode", None)
    with pytest.raises(MalformedBodyError, match=LIMIT):
        parse(body)


def test_large_event_with_records_field_is_refused() -> None:
    with pytest.raises(MalformedBodyError, match=LIMIT):
        parse({"eventType": "X", "Records": [], "x": "x" * (1 << 20)})
    assert parse({"Records": [{"body": MESSAGE}], "x": "x" * (1 << 20)}) == parse(MESSAGE)


def test_refuses_more_than_50000_events() -> None:
    crowds = [{"body": json.dumps(CROWD)}] * 50
    assert len(parse({"Records": crowds})) == 50_000
    with pytest.raises(MalformedBodyError, match="more than 50,000 events"):
        parse({"Records": [*crowds, {"body": MESSAGE}, {"body": "no JSON"}]})
