"""Differential test: the schema and the field-by-field reader give the same events."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sesmail.errors import MalformedBodyError
from sesmail.receiving.parsing import parser
from sesmail.receiving.parsing.parser import parse
from sesmail.receiving.transports.sns import read_sns_message
from support.ses_events import EVENT_TYPES, Json, changed, notified, published, sns_message

STRANGE: list[Any] = [
    ...,
    None,
    True,
    5,
    1.5,
    "",
    "x",
    "2026-03-06T19:55:37Z",
    "2026-03-06T19:55:37",
    "2026-03-06T19:55:37+01:00",
    f"2026-03-06T19:55:37.{'0' * 40}Z",
    [],
    [None],
    ["x", "x"],
    {},
    {"a": 1},
]


def places(value: Any, path: str = "") -> Iterator[str]:
    """Yields the paths to all values, except in headers that are similar to others."""
    for key, inner in (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    ):
        if not path.endswith("mail.headers.") or key in (0, 1, 8):
            yield f"{path}{key}"
            yield from places(inner, f"{path}{key}.")


def bodies(event_type: str) -> Iterator[Json]:
    """Yields SNS messages with events, each with one unusual value."""
    document = published(event_type)
    usual = sns_message(json.dumps(document))
    yield usual
    yield sns_message(json.dumps(notified(event_type)))
    for path in places(document):
        for value in STRANGE:
            yield sns_message(json.dumps(changed(document, path, value)))
    for key in (*usual, "eventType", "notificationType", "SigningCertUrl", "UnsubscribeUrl"):
        for value in STRANGE:
            yield changed({**usual, key: ""}, key, value)


def unusual_texts() -> Iterator[bytes]:
    """Yields SNS messages in unusual JSON, or with fields of other document types."""
    text = json.dumps(sns_message(json.dumps(published("Open")))).encode()
    other = json.dumps(json.dumps(published("Click"))).encode()
    for more in (
        b'"Message": ' + other,
        b'"Type": "SubscriptionConfirmation"',
        b'"Subject": "Second"',
        b'"Subject": "\\ud83d"',
        b'"Subject": "\xff"',
        b'"Subject": "\\u00e9 \xc3\xa9 \xf0\x9f\x93\xa9"',
        b'"Subject": 1e999',
        b'"Subject": null',
        b'"Message": null',
        b'"MessageId": ""',
        b'"Timestamp": ""',
        b'"Timestamp": "soon"',
        b'"x": NaN',
        b'"Type": NaN',
        b'"Subject": [1e999]',
        b'"x": 1e999',
        b'"x": {"y": [1]}',
        b'"x": ' + b"[" * 300 + b"]" * 300,
        b'"eventType": "Open"',
        b'"Records": []',
        b'"detail-type": "Email Opened", "detail": {}',
    ):
        yield text[:-1] + b", " + more + b"}"
        yield b"{" + more + b", " + text[1:]
    yield from (
        b"\xef\xbb\xbf" + text,
        b" \r\n" + text + b"\n ",
        text + b"{}",
        text + b"\n" + text,
        text[:-1],
        b"[%b]" % text,
    )


def outcome(body: bytes) -> Any:
    try:
        return [(type(event), vars(event), event.sns) for event in parse(body)]
    except MalformedBodyError as error:
        return error.path, error.reason, error.input


@pytest.mark.first
@pytest.mark.slow
@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_schema_and_fields_give_the_same_events(
    event_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [json.dumps(body).encode() for body in bodies(event_type)]
    by_schema = [outcome(text) for text in texts]
    monkeypatch.setattr(parser, "_parse_by_schema", lambda _: None)
    assert by_schema == [outcome(text) for text in texts]


def test_schema_and_fields_give_the_same_events_of_unusual_json(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_schema = {text: outcome(text) for text in unusual_texts()}
    monkeypatch.setattr(parser, "_parse_by_schema", lambda _: None)
    for text, found in by_schema.items():
        assert outcome(text) == found, text


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_usual_events_are_parsed_by_schema(
    event_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parser, "_events", lambda _: pytest.fail("it was parsed by fields"))
    for document in (published(event_type), notified(event_type)):
        body = json.dumps(sns_message(json.dumps(document))).encode()
        message = read_sns_message(body)
        assert message is not None
        assert parse(body) == parse(message) != ()
        assert all(event.defects == () for event in parse(body))


def test_large_and_unwrapped_bodies_are_parsed_by_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bodies over 16 KiB, or other than SNS posts them."""
    large = json.dumps(
        sns_message(json.dumps(changed(published("Open"), "mail.source", "x" * 20_000)))
    )
    message = read_sns_message(large)
    assert message is not None
    looked: list[object] = []
    monkeypatch.setattr(parser, "_events", lambda raw_events: looked.append(raw_events) or ())
    for body in (
        large.encode(),
        message,
        json.dumps(published("Open")).encode(),
        published("Open"),
    ):
        looked.clear()
        assert parse(body) == ()
        assert looked
