"""``raw`` of tracking events: decoded when it is first read, with the value that it always had."""

import copy
import json
import pickle
import pydoc
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any
from unittest.mock import create_autospec

import pytest

import sesmail.strict
from sesmail import Event, Opened, Received, TrackingEvent, event_from_json, parse
from sesmail.receiving.parsing import parser
from sesmail.receiving.transports.sns import read_sns_message
from sesmail.values import FrozenDict, value
from support.ses_events import EVENT_TYPES, notified, published, sns_message


def posted(text: str) -> bytes:
    return json.dumps(sns_message(text)).encode()


def fresh(event_type: str = "Bounce") -> tuple[TrackingEvent, ...]:
    """Returns parsed events whose ``raw`` was never read."""
    events = parse(posted(json.dumps(published(event_type))))
    assert all(isinstance(event, TrackingEvent) for event in events)
    return events  # type: ignore[return-value]


def decoded(event_type: str = "Bounce") -> tuple[TrackingEvent, ...]:
    """Returns the events of a body that was decoded before."""
    return parse(published(event_type))  # type: ignore[return-value]


def test_raw_is_not_decoded_until_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[object] = []
    read_json = sesmail.strict.read_json
    monkeypatch.setattr(
        sesmail.strict, "read_json", lambda text: texts.append(text) or read_json(text)
    )
    text = json.dumps(published("Bounce"))
    first, second = fresh()
    assert first == decoded()[0]
    assert {first, second} == {*decoded()}
    assert repr(first)
    texts.clear()
    assert first.raw["eventType"] == "Bounce"
    assert second.raw is first.raw
    assert texts == [text]


@pytest.mark.parametrize("event_type", EVENT_TYPES)
@pytest.mark.parametrize("document_of", [published, notified])
def test_raw_has_the_value_of_the_event(event_type: str, document_of: Any) -> None:
    document = document_of(event_type)
    text = json.dumps(document)
    message = read_sns_message(posted(text))
    assert message is not None
    for events in (parse(posted(text)), parse(message)):
        for event in events:
            assert isinstance(event, TrackingEvent)
            assert type(event.raw) is FrozenDict
            assert event.raw == document
            assert event.raw is event.raw


def test_raw_equals_decoded_mappings_in_both_directions() -> None:
    document = published("Bounce")
    assert fresh()[0].raw == document
    assert document == fresh()[0].raw
    assert fresh()[0].raw == decoded()[0].raw
    assert decoded()[0].raw == fresh()[0].raw
    assert fresh()[0].raw == fresh()[1].raw
    assert fresh()[0].raw != decoded("Open")[0].raw
    assert fresh()[0].raw != fresh("Open")[0].raw
    assert fresh()[0].raw not in ({}, None, 5, "")


def test_attributes_of_events_compare_equal_before_raw_is_read() -> None:
    for left, right in ((fresh, decoded), (decoded, fresh), (fresh, fresh)):
        assert {**vars(left()[0]), "sns": None} == {**vars(right()[0]), "sns": None}
    assert vars(fresh()[0])["raw"] != {}
    assert vars(fresh()[0]).keys() == type(fresh()[0]).__dataclass_fields__.keys()


@pytest.mark.parametrize("is_read", [False, True], ids=["before it is read", "after"])
def test_copies_of_an_event_have_its_raw(is_read: bool) -> None:
    for event, same in zip(fresh(), decoded(), strict=True):
        assert not is_read or event.raw
        copies: list[Event] = [
            copy.copy(event),
            copy.deepcopy(event),
            *(pickle.loads(pickle.dumps(event, version)) for version in range(2, 6)),
            event_from_json(event.to_json()),
            replace(event),
        ]
        for made in copies:
            assert isinstance(made, TrackingEvent)
            assert made == event == same
            assert hash(made) == hash(same)
            assert type(made.raw) is FrozenDict
            assert made.raw == same.raw
        assert asdict(event)["raw"] == asdict(same)["raw"]
        assert json.loads(event.to_json())["raw"] == same.raw


def test_pickled_events_share_raw() -> None:
    first, second = pickle.loads(pickle.dumps(fresh()))
    assert first.raw is second.raw


def test_raw_has_the_operations_of_a_dict() -> None:
    event, document = fresh()[0], published("Bounce")
    assert repr(event.raw) == repr(document)
    assert list(event.raw) == list(document)
    assert [*event.raw.items()] == [*document.items()]
    assert len(fresh()[0].raw) == len(document)
    assert "mail" in fresh()[0].raw
    assert "x" not in event.raw
    assert dict(event.raw) | {"x": 1} == document | {"x": 1}
    assert {**fresh()[0].raw} == document
    assert json.loads(json.dumps(fresh()[0].raw)) == document
    assert isinstance(event.raw, Mapping)


def test_raw_matches_mapping_patterns() -> None:
    match fresh("Open")[0]:
        case Opened(raw={"mail": {"messageId": str(message_id)}, "open": {}}):
            assert message_id == published("Open")["mail"]["messageId"]
        case _:
            pytest.fail("the pattern didn't match")


def test_raw_is_frozen() -> None:
    event: Any = fresh()[0]
    with pytest.raises(AttributeError):
        event.raw = {}
    with pytest.raises(AttributeError):
        del event.raw
    for change in (
        lambda: event.raw.update(x=1),
        lambda: event.raw.clear(),
        lambda: event.raw.__setitem__("x", 1),
        lambda: event.raw.pop("mail"),
    ):
        with pytest.raises(TypeError, match="frozen"):
            change()
    assert event.raw == published("Bounce")


def test_class_has_no_attribute_raw() -> None:
    """``dataclass`` would take it for the default of a subclass that declares the field again."""
    assert not hasattr(TrackingEvent, "raw")
    assert create_autospec(Opened, instance=True).subject is not None
    assert "source_ip" in pydoc.plain(pydoc.render_doc(Opened))

    @value(kw_only=True)
    class Own(Opened):
        raw: Mapping[str, Any]

    with pytest.raises(TypeError, match="raw"):
        Own(recipient="a@example.com", message_id="1", timestamp=fresh()[0].timestamp)  # type: ignore[call-arg]


def test_classes_with_raw_have_slots_of_their_own() -> None:
    """orjson reads the attributes of dataclasses with slots, and the ``__dict__`` of others."""

    class Own(Opened):
        pass

    classes = [TrackingEvent, Own, *TrackingEvent.__subclasses__(), Received]
    assert [cls for cls in classes if "__slots__" not in vars(cls)] == []
    assert vars(fresh()[0])  # which has a __dict__ all the same


# Values of a field that the events don't have, in JSON that some parsers read and others refuse.
UNUSUAL = {
    "NaN": "NaN",
    "infinity": "-Infinity",
    "exponent": "1e999",
    "exponent in a list": "[1, [1E+400\n]]",
    "exponent before a brace": '{"a":1e400}',
    "large double": "1e308",
    "negative exponent": "1e-999",
    "309 digits": "9" * 309,
    "310 digits": "9" * 310,
    "310 digits and a fraction": f"{'9' * 310}.5",
    "309 digits and an exponent": f"{'9' * 310}e-1",
    "4300 digits": "9" * 4300,
    "4301 digits": "9" * 4301,
    "text with a number": '" 1e999, NaN"',
    "lone surrogate": '"\\ud83d"',
    "lone surrogate at the end": '"\\ude00"',
    "surrogate pair": '"\\ud83d\\ude00"',
    "NUL": '"\\u0000"',
    "control character": '"\x01"',
    "198 levels": "[" * 198 + "]" * 198,
    "200 levels": "[" * 200 + "]" * 200,
    "201 levels": "[" * 201 + "]" * 201,
    "objects of 199 levels": '{"a":' * 199 + "1" + "}" * 199,
    "objects of 200 levels": '{"a":' * 200 + "1" + "}" * 200,
    "many containers": f"[{'[],' * 3000}[]]",
    "leading zero": "01",
    "unquoted": "x",
}


def outcome(body: bytes) -> Any:
    try:
        return [(vars(event), getattr(event, "raw", None)) for event in parse(body)]
    except sesmail.MalformedBodyError as error:
        return str(error), error.path, error.input


@pytest.mark.parametrize("value", UNUSUAL.values(), ids=UNUSUAL)
@pytest.mark.parametrize(
    "place",
    [
        lambda text, value: f'{text[:-1]}, "x": {value}}}',
        lambda text, value: f'{{"x":{value},{text[1:]}',
        lambda text, value: f'{text[:-1]}, "x": 1, "x": {value}}}',
        lambda text, value: f'{text[:-1]}, "x": {value}, "x": 1}}',
        lambda text, value: text.replace('"open": {', f'"open": {{"x": {value}, '),
        lambda text, value: text.replace('"mail": {', f'"mail": {{"x" :\t{value}\r\n, '),
    ],
    ids=["last", "first", "duplicate", "duplicated", "in its object", "in the mail"],
)
def test_unusual_json_has_the_same_outcome_as_field_by_field(
    value: str, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can't be decoded is refused when the body is parsed, not when ``raw`` is read."""
    text = place(json.dumps(published("Open")), value)
    body = posted(text)
    found = outcome(body)
    monkeypatch.setattr(parser, "_parse_by_schema", lambda _: None)
    assert found == outcome(body)


@pytest.mark.parametrize("mark", ["\ufeff", "\x00", "\xa0", "\u2028"])
def test_unusual_characters_around_an_event_are_refused(mark: str) -> None:
    text = json.dumps(published("Open"))
    for damaged in (mark + text, text + mark):
        with pytest.raises(sesmail.MalformedBodyError, match="isn't valid JSON"):
            parse(posted(damaged))


def test_last_of_duplicate_keys_counts_in_fields_and_raw() -> None:
    text = json.dumps(published("Open"))
    for more in (
        '"eventType": "Click", "eventType": "Open"',
        '"open": 5, "open": {"timestamp": "2026-03-06T19:55:37Z", "ipAddress": "192.0.2.1"}',
    ):
        event, _ = parse(posted(f"{text[:-1]}, {more}}}"))
        assert isinstance(event, Opened)
        assert event.raw["eventType"] == "Open"
        assert event.raw["open"].get("ipAddress") == event.ip_address


def test_lone_surrogate_in_a_message_made_by_hand_is_refused() -> None:
    message = read_sns_message(posted(json.dumps(published("Open"))))
    assert message is not None
    with pytest.raises(sesmail.MalformedBodyError, match="surrogate"):
        parse(replace(message, message=message.message[:-1] + ', "x": "\ud83d"}'))
