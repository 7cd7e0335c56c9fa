"""Round trip of tags, metadata and send id, from a message to its events."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sesmail import (
    BulkMessage,
    InvalidMessageError,
    Message,
    RawMessage,
    Recipient,
    TemplateMessage,
)
from sesmail.encoded_word import decode_words, encode_words
from sesmail.receiving.events.event import Opened
from sesmail.receiving.parsing.parser import parse
from sesmail.sending.mime.mail import write_mime
from sesmail.sending.payload import v1, v2
from sesmail.tagging import read_metadata, read_tag
from support.ses_events import published

TEXT = st.text(st.characters(exclude_categories=("Cs",)))
TAG = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1)
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(TEXT, children, max_size=4),
    max_leaves=10,
)
METADATA = st.dictionaries(TEXT, JSON_VALUES, max_size=5)


def headers_of(mail: bytes) -> list[tuple[str, str]]:
    """Returns the header fields of a mail, folded."""
    head = mail.partition(b"\r\n\r\n")[0].decode("ascii")
    fields = re.split(r"\r\n(?![ \t])", head)
    return [
        (name, value.removeprefix(" "))
        for name, _, value in (field.partition(":") for field in fields)
    ]


def reported(headers: list[tuple[str, str]], tags: list[dict[str, str]] | None = None) -> Opened:
    """Returns an event with these headers and message tags."""
    document = published("Open")
    document["mail"]["tags"] |= {tag["Name"]: [tag["Value"]] for tag in tags or []}
    document["mail"]["headers"] = [{"name": name, "value": value} for name, value in headers]
    event = parse(json.dumps(document))[0]
    assert isinstance(event, Opened)
    assert event.defects == ()
    return event


def message(tags: list[str], metadata: dict[str, Any]) -> Message:
    return Message(
        from_email="shop@example.com",
        to="alice@example.com",
        subject="Hi",
        text="Hi",
        tags=tags,
        metadata=metadata,
    )


@settings(deadline=None)
@given(st.lists(TAG, max_size=4), METADATA, st.booleans())
@example(["x" * 3000, "é" * 3000, "a " * 2000, "=?utf-8?q?x?=", " outer ", "a=?b"], {}, False)
@example([], {"long": "x" * 5000, "words": "word " * 2000, "spaces": "  a   b  " * 50}, False)
@example(
    [],
    {"a": "\r\n \t\0", "=?utf-8?b?eA==?=": "\\u003d?", "n": 10**4000, "f": 1.7976931348623157e308},
    True,
)
def test_tags_and_metadata_round_trip_in_mime_headers(
    tags: list[str], metadata: dict[str, Any], unfolded: bool
) -> None:
    mail = write_mime(message(tags, metadata))
    headers = headers_of(mail)
    if unfolded:
        headers = [(name, value.replace("\r\n", "")) for name, value in headers]
    event = reported(headers)
    assert event.tags == tuple(tags)
    assert event.metadata == metadata


@settings(deadline=None)
@given(st.lists(TAG, max_size=3), METADATA)
def test_tags_and_metadata_round_trip_in_template_headers(
    tags: list[str], metadata: dict[str, Any]
) -> None:
    sent = TemplateMessage(
        from_email="shop@example.com",
        to="alice@example.com",
        template="News",
        data={},
        tags=tags,
        metadata=metadata,
    )
    try:
        call = v2.build(sent)
    except InvalidMessageError:  # too long for one header
        return
    headers: list[dict[str, str]] = call.params["Content"]["Template"].get("Headers", [])
    event = reported([(header["Name"], header["Value"]) for header in headers])
    assert event.tags == tuple(tags)
    assert event.metadata == metadata


def test_metadata_round_trips_in_bulk_headers() -> None:
    sent = BulkMessage(
        from_email="shop@example.com",
        template="News",
        metadata={"all": "=?"},
        recipients=[Recipient("alice@example.com", metadata={"one": "é"})],
    )
    (entry,) = v2.build_bulk(sent).params["BulkEmailEntries"]
    event = reported([(header["Name"], header["Value"]) for header in entry["ReplacementHeaders"]])
    assert event.metadata == {"all": "=?", "one": "é"}


def calls_with(
    send_id: str, tagged: bool
) -> Iterator[tuple[list[tuple[str, str]], list[dict[str, str]]]]:
    """Yields headers and message tags of every message class, in both APIs."""
    sent: dict[str, Any] = {"from_email": "shop@example.com", "to": "alice@example.com"}
    template = TemplateMessage(**sent, template="News", send_id=send_id)
    recipients = [Recipient("alice@example.com", send_id=send_id, message_tags={"a": "b"})]
    bulk = BulkMessage(from_email="shop@example.com", template="News", recipients=recipients)
    for mail in (
        Message(**sent, text="", metadata={"long": "word " * 3000}, send_id=send_id),
        RawMessage(
            content=b"From: shop@example.com\r\n\r\nHello", to="alice@example.com", send_id=send_id
        ),
    ):
        two = v2.build(mail, tag_send_id=tagged).params
        one = v1.build(mail, tag_send_id=tagged).params
        yield headers_of(two["Content"]["Raw"]["Data"]), two.get("EmailTags", [])
        yield headers_of(one["RawMessage"]["Data"]), one.get("Tags", [])
    two = v2.build(template, tag_send_id=tagged).params
    (entry,) = v2.build_bulk(bulk, tag_send_id=tagged).params["BulkEmailEntries"]
    beside = [two["Content"]["Template"]["Headers"], entry["ReplacementHeaders"]]
    for headers, tags in zip(
        beside, [two.get("EmailTags", []), entry["ReplacementTags"]], strict=True
    ):
        yield [(header["Name"], header["Value"]) for header in headers], tags
    if tagged:
        yield [], v1.build(template, tag_send_id=True).params["Tags"]
        yield [], v1.build_bulk(bulk, tag_send_id=True).params["Destinations"][0]["ReplacementTags"]


@given(st.from_regex(r"[A-Za-z0-9_-]{1,256}", fullmatch=True), st.booleans())
@example("x" * 256, True)
def test_send_id_round_trips_in_every_message_class(send_id: str, tagged: bool) -> None:
    count = 0
    for headers, tags in calls_with(send_id, tagged):
        count += 1
        assert reported(headers, tags).send_id == send_id
        assert ({"Name": "X-Sesmail-Id", "Value": send_id} in tags) is tagged
        if tagged:
            assert reported([], tags).send_id == send_id
    assert count == (8 if tagged else 6)


@pytest.mark.parametrize(
    "value",
    [
        '{"a": "b c"}',
        '{"a":\r\n "b c"}',
        '{"a": "b\r\n c"}',
        '{"a": "b\n c"}',
        '{"a": "b\r\n\tc"}',
        " ".join(encode_words('{"a": "b c"}')),
        "\r\n ".join(encode_words('{"a": "b c"}' + " " * 200)),
        "=?utf-8?q?=7B=22a=22=3A_=22b_c=22=7D?=",
        "=?UTF-8?Q?{=22a=22:_=22b?= =?utf-8?Q?_c=22}?=",
        "=?us-ascii*en?b?eyJhIjo=?= =?ISO-8859-1?B?ICJiIGMifQ?=",
    ],
    ids=range(10),
)
def test_reads_metadata_folded_or_encoded(value: str) -> None:
    assert read_metadata(value) == {"a": "b c"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("two\r\n words", "two words"),
        ("two\n\twords", "two words"),
        ("lost\nbreak", "lost break"),
        ("Zürich", "Zürich"),
        ("=?utf-8?b?WsO8cmljaA==?=", "Zürich"),
        ("=?utf-8?b?WsO8cmljaA?=", "Zürich"),
        ("=?utf-8?b?WsM=?= =?utf-8?b?vHJpY2g=?=", "Zürich"),
        ("=?utf-8?q?Z=C3?==?utf-8?q?=BCrich?=", "Zürich"),
        ("=?iso-8859-1?q?Z=FCrich?=", "Zürich"),
        ("=?utf-8?q?a_b?=", "a b"),
        ("=?utf-8?q?a?= =?iso-8859-1?q?=FC?= =?utf-8?q?b?=", "aüb"),
        ("x =?utf-8?q?a?= y", "x a y"),
        ("=?utf-8?q?a?= y =?utf-8?q?b?= z", "a y b z"),
        ("=?utf-8?q??=", ""),
        ("x=?utf-8?q?a?=y", "xay"),
    ],
)
def test_reads_tag_folded_or_encoded(value: str, text: str) -> None:
    assert read_tag(value) == text


@pytest.mark.parametrize(
    "value",
    [
        "=?",
        "=?=",
        "=?utf-8?",
        "=?utf-8?b",
        "=?utf-8?b?",
        "=?utf-8?b?YQ",
        "=?utf-8?b?YQ?",
        "=?utf-8?x?YQ==?=",
        "=?utf-8?b?Y?=",
        "=?utf-8?q?=FF?=",
        "=?utf-8?b?/w==?= =?utf-8?b?/w==?=",
        "=?utf-7?q?+AGE-?=",
        "=?idna?q?a?=",
        "=?unicode_escape?q?a?=",
        "=?x-unknown?q?a?=",
        "=??q?a?=",
        "=?utf-8??a?=",
        "=?utf-8?q?a b?=",
        "=?utf-8?q?é?=",
        "=?" * 1000,
        "=?utf-8?q?" * 1000,
        "=?\ud83d?q?a?=",
    ],
    ids=ascii,
)
def test_invalid_encoded_words_are_unchanged(value: str) -> None:
    assert decode_words(value) == value


@given(st.text(st.characters()) | st.text("=?utf-8bqBQ_ \r\n"))
def test_read_tag_never_raises(value: str) -> None:
    assert isinstance(read_tag(value), str)


@given(TEXT, TEXT)
def test_encoded_words_round_trip(text: str, more: str) -> None:
    assert decode_words(" ".join(encode_words(text))) == text
    assert decode_words("".join(encode_words(text) + encode_words(more, 30))) == text + more


def test_decodes_many_encoded_words_in_linear_time() -> None:
    assert decode_words("=?utf-8?q?=C3=A9?= " * 64_000) == "é" * 64_000 + " "
    assert decode_words("=?utf-8?q?a?= =?us-ascii?q?b?=\n" * 32_000) == "ab" * 32_000 + "\n"
    assert decode_words("=?utf-8?q?=FF?= x " * 20_000) == "=?utf-8?q?=FF?= x " * 20_000
    assert decode_words("=?utf-8?q?" * 100_000 + "?=").startswith("=?utf-8?q?")


@pytest.mark.parametrize(
    "value",
    ["", "x", "5", "[]", "null", '"{}"', "{", '{"a": NaN}', '{"a": -1e999}', '"\ud83d"'],
    ids=ascii,
)
def test_invalid_metadata_is_a_value_error(value: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_metadata(value)
