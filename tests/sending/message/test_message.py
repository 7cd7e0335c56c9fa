"""Message models: validation, errors, JSON, and documentation of the fields."""

import copy
import inspect
import pickle
import re
from collections import ChainMap, OrderedDict, UserDict, defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, ValidationError

from sesmail import (
    Address,
    Alternative,
    Attachment,
    BulkMessage,
    InlineTemplate,
    InvalidMessageError,
    ListManagement,
    Message,
    RawMessage,
    Recipient,
    TemplateMessage,
)
from sesmail.sending.payload import v2
from support.hostile import CONTROLS, SURROGATES

MAIL = b"From: a@example.com\r\n\r\n"
ARN = "arn:aws:ses:eu-west-1:123456789012:identity/example.com"
BASES: dict[type[Any], dict[str, Any]] = {
    Message: {},
    RawMessage: {"content": MAIL},
    TemplateMessage: {"template": "Shipped"},
    BulkMessage: {"template": "Shipped", "recipients": [Recipient("a@example.com")]},
    Recipient: {"to": "a@example.com"},
    Attachment: {"filename": "a", "content": b"x"},
    Alternative: {"content": b"x", "media_type": "text/x"},
    InlineTemplate: {"subject": "s"},
    ListManagement: {"contact_list": "l"},
}
KINDS = (Message, RawMessage, TemplateMessage, BulkMessage)
EVERY_CALL = {
    "configuration_set": "tracking",
    "message_tags": {"kind": "order", "ses:feedback-id-a": "a"},
    "envelope_sender": "bounces@example.com",
    "track_opens": True,
    "track_clicks": False,
    "tenant": "tenant",
    "endpoint_id": "abc.123",
    "source_arn": ARN,
    "from_arn": ARN,
    "return_path_arn": ARN,
    "extra": {"X": 1},
}
WRITTEN = {
    "reply_to": "r@example.com",
    "headers": {"X-One": "1"},
    "tags": ["order", "Zoë"],
    "metadata": {"order_id": 1, "deep": {"list": [1.5, None, True, "Zoë"]}},
    "attachments": [Attachment("Zoë.bin", bytes(range(256)), content_id="i")],
}
LISTED: dict[str, Any] = {
    "list_management": ListManagement(contact_list="list", topic="topic"),
    "send_id": "order-12345_1",
}
ADDRESSED = {
    "to": ["A <a@example.com>", Address("b@bücher.de", "Doe, J.")],
    "cc": "c@example.com",
    "bcc": "d@example.com",
}
WHOLE: dict[str, BaseModel] = {
    "Message": Message(
        from_email=["Zoë <zoe@example.com>", "b@example.com"],
        sender="s@example.com",
        subject="Grüße",
        text="t",
        html="<b>",
        alternatives=[Alternative("x", "text/calendar; method=REQUEST")],
        **ADDRESSED,
        **WRITTEN,
        **EVERY_CALL,
        **LISTED,
    ),
    "RawMessage": RawMessage(content=MAIL, **ADDRESSED, **EVERY_CALL, **LISTED),
    "TemplateMessage": TemplateMessage(
        from_email="a@example.com",
        template="Shipped",
        data={"a": [1, "é"]},
        **ADDRESSED,
        **WRITTEN,
        **EVERY_CALL,
        **LISTED,
    ),
    "inline": TemplateMessage(
        template=InlineTemplate(subject="Hi {{name}}", text="t", html="h"), to="a@example.com"
    ),
    "BulkMessage": BulkMessage(
        from_email="a@example.com",
        template=ARN,
        data={"a": 1},
        cc="c@example.com",
        bcc="d@example.com",
        recipients=[
            Recipient("A <a@example.com>"),
            Recipient(
                "b@example.com",
                data={"name": "B"},
                cc="c@example.com",
                bcc=["d@example.com"],
                headers={"X-Two": "2"},
                metadata={"id": 2},
                message_tags={"kind": "b"},
                send_id="id-2",
            ),
        ],
        **WRITTEN,
        **EVERY_CALL,
    ),
    "minimal": Message(),
}


def make(kind: type[Any], **fields: Any) -> Any:
    return kind(**BASES[kind] | fields)


# Round trips and freedom from change


@pytest.mark.parametrize("message", WHOLE.values(), ids=WHOLE)
def test_json_round_trip(message: BaseModel) -> None:
    assert type(message).model_validate_json(message.model_dump_json()) == message


@pytest.mark.parametrize("message", WHOLE.values(), ids=WHOLE)
def test_json_round_trip_keeps_the_set_of_given_fields(message: BaseModel) -> None:
    """Client-wide defaults apply to fields that aren't given, before and after a round trip."""
    assert (
        type(message).model_validate_json(message.model_dump_json()).model_fields_set
        == message.model_fields_set
    )


@pytest.mark.parametrize("message", WHOLE.values(), ids=WHOLE)
def test_dict_round_trip(message: BaseModel) -> None:
    assert type(message)(**message.model_dump()) == message
    assert type(message)(**dict(message)) == message


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda message: pickle.loads(pickle.dumps(message))],
    ids=["copy", "deepcopy", "pickle"],
)
@pytest.mark.parametrize("message", WHOLE.values(), ids=WHOLE)
def test_copies_are_equal(message: BaseModel, duplicate: Callable[[BaseModel], BaseModel]) -> None:
    made = duplicate(message)
    assert made == message
    assert made.model_fields_set == message.model_fields_set


@pytest.mark.parametrize("kind", BASES, ids=lambda kind: kind.__name__)
def test_is_frozen(kind: type[Any]) -> None:
    made = make(kind)
    for name in kind.model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(made, name, None)


def test_mappings_are_frozen_copies() -> None:
    given: dict[str, Any] = {"A": "b"}
    message = Message(headers=given, metadata=given, message_tags=given, extra=given)
    template = TemplateMessage(template="T", data=given)
    given["A"] = "changed"
    for mapping in (
        message.headers,
        message.metadata,
        message.message_tags,
        message.extra,
        template.data,
    ):
        assert mapping == {"A": "b"}
        with pytest.raises(TypeError, match="create a new model"):
            mapping["A"] = "changed"  # type: ignore[index]


def test_omitted_mappings_are_one_object() -> None:
    """A campaign has several of them for each recipient."""
    first, second = Recipient("a@example.com"), Recipient("b@example.com")
    assert first.data is second.data is first.headers is first.metadata is first.message_tags
    message = TemplateMessage(from_email="a@example.com", to="b@example.com", template="Shipped")
    assert message.data is message.extra is first.data == {}


def test_copies_nested_values_of_mappings() -> None:
    inner = {"list": [1]}
    message = Message(metadata={"a": inner}, extra={"a": inner})
    inner["list"].append(2)
    assert (message.metadata, message.extra) == ({"a": {"list": [1]}}, {"a": {"list": [1]}})


@pytest.mark.parametrize(
    "wrap",
    [
        dict,
        MappingProxyType,
        ChainMap,
        UserDict,
        OrderedDict,
        lambda mapping: defaultdict(str, mapping),
    ],
    ids=["dict", "MappingProxyType", "ChainMap", "UserDict", "OrderedDict", "defaultdict"],
)
def test_accepts_any_mapping(wrap: Callable[[dict[str, str]], Mapping[str, str]]) -> None:
    given = wrap({"A": "b"})
    message = Message(headers=given, metadata=given, message_tags=given, extra=given)
    assert (
        message.headers == message.metadata == message.message_tags == message.extra == {"A": "b"}
    )


@pytest.mark.parametrize("wrong", [[("A", "b")], "A: b", None, 5], ids=repr)
@pytest.mark.parametrize("field", ["headers", "metadata", "message_tags", "extra"])
def test_rejects_values_that_are_no_mapping(field: str, wrong: Any) -> None:
    with pytest.raises(ValidationError, match=field):
        Message(**{field: wrong})


# Addresses


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("A <a@example.com>", (Address("a@example.com", "A"),)),
        (Address("a@example.com"), (Address("a@example.com"),)),
        (
            ["a@example.com", Address("b@example.com")],
            (Address("a@example.com"), Address("b@example.com")),
        ),
        (("a@example.com",), (Address("a@example.com"),)),
        ({"a@example.com": 1}.keys(), (Address("a@example.com"),)),
        ([], ()),
    ],
    ids=["text", "Address", "list", "tuple", "view", "empty"],
)
@pytest.mark.parametrize("field", ["from_email", "to", "cc", "bcc", "reply_to"])
def test_accepts_one_address_or_several(
    field: str, given: Any, expected: tuple[Address, ...]
) -> None:
    assert getattr(Message(**{field: given}), field) == expected


def test_accepts_generator_of_addresses() -> None:
    message = Message(to=(f"{name}@example.com" for name in "ab"))
    assert message.to == (Address("a@example.com"), Address("b@example.com"))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("a@example.com, b@example.com", "several mailboxes"),
        (["a@example.com", "nobody"], "address 2 of the list: address: it has no '@'"),
        (["a@example.com", None], "address 2 of the list: pass one address"),
        (["a@example.com", ["b@example.com"]], "address 2 of the list"),
        ({"a@example.com": "A"}, "one address or a list"),
        (b"a@example.com", "one address or a list"),
        (None, "one address or a list"),
        (5, "one address or a list"),
    ],
    ids=["list in text", "bad item", "None item", "nested", "mapping", "bytes", "None", "number"],
)
@pytest.mark.parametrize("field", ["from_email", "to", "cc", "bcc", "reply_to"])
def test_rejects_invalid_addresses(field: str, wrong: Any, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason) as caught:
        Message(**{field: wrong})
    assert caught.value.errors()[0]["loc"] == (field,)


@pytest.mark.parametrize(
    "wrong", [["a@example.com"], 5, b"a@example.com", "a@example.com, b@example.com"], ids=repr
)
@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (Message, "sender"),
        (Message, "envelope_sender"),
        (TemplateMessage, "from_email"),
        (Recipient, "to"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_rejects_list_for_field_of_one_address(kind: type[Any], field: str, wrong: Any) -> None:
    with pytest.raises(ValidationError, match=field):
        make(kind, **{field: wrong})


# Bad input, each before any network

HEADER_BOUND: dict[str, Callable[[str], object]] = {
    "subject": lambda bad: Message(subject=bad),
    "header name": lambda bad: Message(headers={bad: "x"}),
    "header value": lambda bad: Message(headers={"X-One": bad}),
    "visible To": lambda bad: Message(headers={"To": bad}),
    "tag": lambda bad: Message(tags=["order", bad]),
    "message tag name": lambda bad: Message(message_tags={bad: "x"}),
    "message tag value": lambda bad: Message(message_tags={"x": bad}),
    "from_email": lambda bad: Message(from_email=f"{bad}a@example.com"),
    "author's name": lambda bad: Message(from_email=f"{bad} <a@example.com>"),
    "sender": lambda bad: Message(sender=f"a@example{bad}.com"),
    "to": lambda bad: Message(to=["a@example.com", f"b@example.com{bad}"]),
    "cc": lambda bad: Message(cc=f'"{bad}" <a@example.com>'),
    "bcc": lambda bad: Message(bcc=f"a{bad}@example.com"),
    "reply_to": lambda bad: Message(reply_to=f"a@{bad}example.com"),
    "envelope_sender": lambda bad: Message(envelope_sender=f"a{bad}@example.com"),
    "file name": lambda bad: Attachment(f"a{bad}.txt", b"x"),
    "media type": lambda bad: Attachment("a", b"x", f"text/plain{bad}"),
    "media type's parameter": lambda bad: Attachment("a", b"x", f'text/plain; a="{bad}"'),
    "content id": lambda bad: Attachment("a", b"x", content_id=f"a{bad}"),
    "description": lambda bad: Attachment("a", b"x", description=f"a{bad}b"),
    "alternative's media type": lambda bad: Alternative("x", f"text/{bad}plain"),
    "configuration set": lambda bad: Message(configuration_set=f"a{bad}"),
    "source_arn": lambda bad: Message(source_arn=f"arn:{bad}"),
    "from_arn": lambda bad: Message(from_arn=f"{ARN}{bad}"),
    "return_path_arn": lambda bad: Message(return_path_arn=f"{ARN}{bad}x"),
    "inline template's subject": lambda bad: InlineTemplate(subject=f"Hi{bad}"),
    "template's reply_to": lambda bad: TemplateMessage(
        template="T", reply_to=f"a{bad}@example.com"
    ),
    "template's header": lambda bad: TemplateMessage(template="T", headers={"X-One": f"a{bad}b"}),
    "template's tag": lambda bad: TemplateMessage(template="T", tags=[f"a{bad}b"]),
    "recipient": lambda bad: Recipient(f"a{bad}@example.com"),
    "recipient's name": lambda bad: Recipient(f"A{bad}B <a@example.com>"),
    "recipient's cc": lambda bad: Recipient("a@example.com", cc=f"a{bad}@example.com"),
    "recipient's header": lambda bad: Recipient("a@example.com", headers={"X-One": f"a{bad}"}),
    "recipient's message tag": lambda bad: Recipient(
        "a@example.com", message_tags={"a": f"a{bad}"}
    ),
}


def accepted(write: Callable[[str], object], texts: Mapping[str, str]) -> list[str]:
    """Returns the names of the texts that aren't refused."""
    found = []
    for name, text in texts.items():
        try:
            write(text)
        except (ValidationError, InvalidMessageError):
            continue
        found.append(name)
    return found


@pytest.mark.parametrize("write", HEADER_BOUND.values(), ids=HEADER_BOUND)
def test_rejects_controls_and_surrogates_in_headers(write: Callable[[str], object]) -> None:
    write("x")
    assert accepted(write, CONTROLS | SURROGATES) == []


def build(**fields: Any) -> object:
    text = "{{amazonSESUnsubscribeUrl}}"
    return v2.build(
        Message(**{"from_email": "a@example.com", "to": "b@example.com", "text": text} | fields)
    )


def build_template(**fields: Any) -> object:
    return v2.build(
        TemplateMessage(
            **{"from_email": "a@example.com", "to": "b@example.com", "template": "T"} | fields
        )
    )


def build_bulk(**fields: Any) -> object:
    return v2.build_bulk(
        BulkMessage(
            from_email="a@example.com",
            template="T",
            recipients=[Recipient("b@example.com", **fields)],
        )
    )


OTHER_TEXT: dict[str, Callable[[str], object]] = {
    "text": lambda bad: build(text=bad),
    "html": lambda bad: build(html=f"<b>{bad}"),
    "alternative": lambda bad: build(alternatives=[Alternative(bad, "text/calendar")]),
    "attachment": lambda bad: build(attachments=[Attachment("a.txt", bad)]),
    "metadata": lambda bad: build(metadata={"a": [bad]}),
    "metadata's key": lambda bad: build(metadata={"a": {bad: 1}}),
    "tenant": lambda bad: build(tenant=bad),
    "endpoint_id": lambda bad: build(endpoint_id=bad),
    "contact list": lambda bad: build(list_management=ListManagement(contact_list=f"a{bad}")),
    "topic": lambda bad: build(list_management=ListManagement(contact_list="a", topic=f"a{bad}")),
    "template": lambda bad: build_template(template=f"a{bad}"),
    "data": lambda bad: build_template(data={"a": [bad]}),
    "data's key": lambda bad: build_template(data={bad: 1}),
    "inline template's text": lambda bad: build_template(
        template=InlineTemplate(subject="s", text=bad)
    ),
    "inline template's html": lambda bad: build_template(
        template=InlineTemplate(subject="s", html=bad)
    ),
    "recipient's data": lambda bad: build_bulk(data={"a": bad}),
    "recipient's metadata": lambda bad: build_bulk(metadata={"a": bad}),
}


@pytest.mark.parametrize("write", OTHER_TEXT.values(), ids=OTHER_TEXT)
def test_rejects_surrogates_in_other_fields(write: Callable[[str], object]) -> None:
    write("x")
    assert accepted(write, SURROGATES) == []


@pytest.mark.parametrize("field", ["subject", "tags", "headers"])
def test_error_names_the_invalid_field(field: str) -> None:
    values: dict[str, Any] = {"subject": "\n", "tags": ["\n"], "headers": {"X-One": "\n"}}
    with pytest.raises(ValidationError, match=field) as caught:
        Message(**{field: values[field]})
    assert "address" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "X-One",
        "X" * 76,
        "!#$%&'*+-.^_`|~0Aa",
        "Date",
        "Message-ID",
        "References",
        "List-Id",
        "Content-Alternative",
        "Content-Base",
        "Content-Class",
        "Content-Description",
        "Content-Duration",
        "Content-ID",
        "Content-Language",
        "Content-Location",
    ],
)
def test_accepts_header_names(name: str) -> None:
    assert Message(headers={name: "x"}).headers == {name: "x"}


@pytest.mark.parametrize(
    "name", ["", "X One", "X:", ":", "X-Ünï", "X" * 77, "X\t", " X", "X\r\nY"], ids=repr
)
def test_rejects_invalid_header_names(name: str) -> None:
    with pytest.raises(ValidationError, match="1 to 76 printable ASCII"):
        Message(headers={name: "x"})


RESERVED = {
    "From": "from_email", "Sender": "sender", "Cc": "cc", "Bcc": "bcc", "Reply-To": "reply_to",
    "Subject": "subject",
    "MIME-Version": "sesmail", "Content-Type": "attachments", "Content-Transfer-Encoding": "text",
    "Content-Disposition": "attachments", "Content-Length": "encoded", "Content-MD5": "encoded",
    "Resent-From": "RawMessage", "Resent-Bcc": "RawMessage", "DKIM-Signature": "SES",
    "Return-Path": "envelope_sender",
    "Received": "servers", "X-SES-CONFIGURATION-SET": "configuration_set",
    "X-SES-SOURCE-ARN": "_arn",
    "X-SES-MESSAGE-TAGS": "message_tags", "X-SES-LIST-MANAGEMENT-OPTIONS": "list_management",
    "X-Tag": "tags",
    "X-Metadata": "metadata", "X-Sesmail-Id": "send_id",
}  # fmt: skip


@pytest.mark.parametrize("spell", [str, str.lower, str.upper], ids=["as it is", "lower", "upper"])
@pytest.mark.parametrize(("name", "alternative"), RESERVED.items(), ids=RESERVED)
def test_rejects_reserved_headers_and_names_the_alternative(
    name: str, alternative: str, spell: Callable[[str], str]
) -> None:
    for kind in (Message, TemplateMessage, BulkMessage, Recipient):
        with pytest.raises(ValidationError, match="can't be given as a header") as caught:
            make(kind, headers={spell(name): "x"})
        assert alternative in str(caught.value)


def test_rejects_header_names_that_differ_only_in_case() -> None:
    with pytest.raises(ValidationError, match="twice"):
        Message(headers={"X-One": "1", "x-one": "2"})


@pytest.mark.parametrize("word", ["a", "A-Z_09", "x" * 256])
def test_accepts_message_tags(word: str) -> None:
    assert Message(message_tags={word: word}).message_tags == {word: word}


@pytest.mark.parametrize(
    "word",
    ["", "x" * 257, "a b", "a.b", "a:b", "ü", "ses:configuration-set", "a\n"],
    ids=lambda word: repr(word)[:20],
)
def test_rejects_invalid_message_tags(word: str) -> None:
    for kind in (*KINDS, Recipient):
        for tags in ({word: "x"}, {"x": word}):
            with pytest.raises(ValidationError, match="1 to 256 of A-Z a-z 0-9 _ -"):
                make(kind, message_tags=tags)


def test_accepts_names_of_feedback_tags() -> None:
    tags = {"ses:feedback-id-a": "a", "ses:feedback-id-b": "b"}
    assert Message(message_tags=tags).message_tags == tags


@pytest.mark.parametrize("send_id", ["a", "A-Z_09", "x" * 256], ids=lambda send_id: send_id[:6])
@pytest.mark.parametrize(
    "kind", [Message, RawMessage, TemplateMessage, Recipient], ids=lambda kind: kind.__name__
)
def test_accepts_send_ids(kind: type[Any], send_id: str) -> None:
    assert make(kind).send_id is None
    assert make(kind, send_id=send_id).send_id == send_id


@pytest.mark.parametrize(
    "wrong", ["", "x" * 257, "a b", "ü", "a.b", "a\n", 5], ids=lambda wrong: repr(wrong)[:9]
)
@pytest.mark.parametrize(
    "kind", [Message, RawMessage, TemplateMessage, Recipient], ids=lambda kind: kind.__name__
)
def test_rejects_invalid_send_ids(kind: type[Any], wrong: Any) -> None:
    with pytest.raises(ValidationError, match="send_id"):
        make(kind, send_id=wrong)


@pytest.mark.parametrize("tags", ["order", [""], ["a", 5], None], ids=repr)
def test_rejects_invalid_tags(tags: Any) -> None:
    with pytest.raises(ValidationError, match="tags"):
        Message(tags=tags)


@pytest.mark.parametrize("name", ["a", "A-Z_09", "x" * 64])
def test_accepts_configuration_set_names(name: str) -> None:
    assert Message(configuration_set=name).configuration_set == name


@pytest.mark.parametrize("name", ["", "x" * 65, "a b", "ü", "a.b"], ids=lambda name: repr(name)[:9])
def test_rejects_invalid_configuration_set_names(name: str) -> None:
    with pytest.raises(ValidationError, match="configuration_set"):
        Message(configuration_set=name)


@pytest.mark.parametrize(
    "arn", ["", "example.com", "arn:", "arn: x", "ARN:x", "arn:ü", "x arn:aws"], ids=repr
)
@pytest.mark.parametrize("field", ["source_arn", "from_arn", "return_path_arn"])
def test_rejects_invalid_arns(field: str, arn: str) -> None:
    with pytest.raises(ValidationError, match=field):
        Message(**{field: arn})


@pytest.mark.parametrize(
    "write",
    [
        lambda: Message(tenant=""),
        lambda: Message(endpoint_id=""),
        lambda: TemplateMessage(template=""),
        lambda: ListManagement(contact_list=""),
        lambda: ListManagement(contact_list="a", topic=""),
        lambda: InlineTemplate(subject=""),
        lambda: BulkMessage(template="T", recipients=[]),
    ],
    ids=[
        "tenant",
        "endpoint_id",
        "template",
        "contact list",
        "topic",
        "inline subject",
        "recipients",
    ],
)
def test_rejects_empty_names_and_lists(write: Callable[[], object]) -> None:
    """An empty value would be left out of the call without an error."""
    with pytest.raises(ValidationError):
        write()


class Cycle(list[Any]):
    def __init__(self) -> None:
        super().__init__([self])


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "wrong",
    [
        {1: "a"},
        {"a": b"x"},
        {"a": object()},
        {"a": {1: 2}},
        {"a": {1, 2}},
        {"a": nested(5_000)},
        {"a": Cycle()},
    ],
    ids=[
        "number for a key",
        "bytes",
        "object",
        "number for a key inside",
        "set",
        "too deep",
        "cycle",
    ],
)
@pytest.mark.parametrize(
    ("kind", "field"), [(Message, "metadata"), (TemplateMessage, "data"), (Recipient, "data")]
)
def test_rejects_metadata_and_data_that_are_not_json(
    kind: type[Any], field: str, wrong: Any
) -> None:
    with pytest.raises(ValidationError, match=field):
        make(kind, **{field: wrong})


VALUES = {
    "datetime": (datetime(2026, 5, 15, 9, tzinfo=UTC), "2026-05-15T09:00:00+00:00"),
    "naive datetime": (datetime(2026, 5, 15, 9, 0, 0, 5), "2026-05-15T09:00:00.000005"),
    "date": (date(2026, 5, 15), "2026-05-15"),
    "time": (time(9, 30), "09:30:00"),
    "Decimal": (Decimal("12.50"), "12.50"),
    "UUID": (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    "tuple": ((1, Decimal("2")), [1, "2"]),
    "nested": ({"a": [{"b": UUID(int=2)}]}, {"a": [{"b": str(UUID(int=2))}]}),
}


@pytest.mark.parametrize(("value", "text"), VALUES.values(), ids=VALUES)
def test_values_in_data_and_metadata_are_taken_as_text(value: Any, text: Any) -> None:
    for model in (
        Message(metadata={"a": value}),
        TemplateMessage(template="T", data={"a": value}, metadata={"a": value}),
        Recipient("a@example.com", data={"a": value}, metadata={"a": value}),
    ):
        assert model.metadata == {"a": text}
        assert getattr(model, "data", {"a": text}) == {"a": text}
    build(metadata={"a": value})
    build_template(data={"a": value})


@pytest.mark.parametrize(
    "value", [{1}, object(), b"x", timedelta(1), 1j, Exception()], ids=lambda value: repr(value)[:8]
)
def test_error_names_the_field_of_a_value_that_is_not_json(value: Any) -> None:
    for fields in ({"metadata": {"a": [value]}}, {"data": {"a": [value]}}):
        with pytest.raises(ValidationError, match="not a valid JSON value") as caught:
            TemplateMessage(template="T", **fields)
        assert caught.value.errors()[0]["loc"][:2] == (next(iter(fields)), "a")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")], ids=repr)
@pytest.mark.parametrize(
    "write",
    [
        lambda number: build(metadata={"a": [number]}),
        lambda number: build_template(metadata={"a": [number]}),
        lambda number: build_template(data={"a": {"b": number}}),
        lambda number: build_bulk(data={"a": number}),
        lambda number: build_bulk(metadata={"a": number}),
    ],
    ids=["metadata", "template's metadata", "data", "recipient's data", "recipient's metadata"],
)
def test_rejects_nan_and_infinity(write: Callable[[float], object], number: float) -> None:
    with pytest.raises(InvalidMessageError, match="JSON"):
        write(number)


def test_accepts_nan_and_infinity_as_text() -> None:
    build_template(data={"NaN": "Infinity"}, metadata={"NaN": "-Infinity"})


# Fields that aren't there


@pytest.mark.parametrize("kind", BASES, ids=lambda kind: kind.__name__)
def test_rejects_unknown_fields(kind: type[Any]) -> None:
    with pytest.raises(ValidationError, match="subjekt"):
        make(kind, subjekt="x")
    with pytest.raises(ValidationError, match="subjekt"):
        kind.model_validate_json('{"subjekt": 1}')


MISPLACED = {
    (RawMessage, "from_email"): "Message", (RawMessage, "subject"): "Message", (RawMessage,
    "text"): "Message",
    (RawMessage, "html"): "Message", (RawMessage, "attachments"): "Message", (RawMessage,
    "headers"): "Message",
    (RawMessage, "tags"): "Message", (RawMessage, "metadata"): "Message", (RawMessage,
    "sender"): "Message",
    (RawMessage, "reply_to"): "Message", (RawMessage, "alternatives"): "Message",
    (TemplateMessage, "subject"): "data", (TemplateMessage, "text"): "data", (TemplateMessage,
    "html"): "data",
    (TemplateMessage, "alternatives"): "data", (TemplateMessage, "sender"): "from_email",
    (BulkMessage, "subject"): "data", (BulkMessage, "text"): "data", (BulkMessage, "html"): "data",
    (BulkMessage, "alternatives"): "data", (BulkMessage, "sender"): "from_email", (BulkMessage,
    "to"): "recipients",
    (BulkMessage, "list_management"): "TemplateMessage", (BulkMessage, "send_id"): "Recipient",
    (Message, "template"): "TemplateMessage", (Message, "data"): "TemplateMessage", (Message,
    "content"): "RawMessage",
    (Message, "recipients"): "BulkMessage", (TemplateMessage, "recipients"): "BulkMessage",
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "field", "alternative"),
    [(kind, field, alternative) for (kind, field), alternative in MISPLACED.items()],
    ids=[f"{kind.__name__}.{field}" for kind, field in MISPLACED],
)
def test_rejects_fields_of_other_kinds_and_names_the_alternative(
    kind: type[Any], field: str, alternative: str
) -> None:
    assert field not in kind.model_fields
    with pytest.raises(ValidationError, match=field) as caught:
        make(kind, **{field: "x"})
    assert alternative in str(caught.value).replace(f"for {kind.__name__}", "")


def test_rejects_fields_of_other_kinds_in_json() -> None:
    with pytest.raises(ValidationError, match="the template has it"):
        TemplateMessage.model_validate_json('{"template": "T", "subject": "s"}')


@pytest.mark.parametrize("kind", BASES, ids=lambda kind: kind.__name__)
def test_model_validate_rejects_other_objects(kind: type[Any]) -> None:
    for wrong in (5, None, [], "text"):
        with pytest.raises(ValidationError, match="valid dictionary or instance"):
            kind.model_validate(wrong)


@pytest.mark.parametrize(
    "kind",
    [RawMessage, TemplateMessage, BulkMessage, Recipient, InlineTemplate, ListManagement],
    ids=lambda kind: kind.__name__,
)
def test_rejects_missing_required_fields(kind: type[Any]) -> None:
    with pytest.raises(ValidationError, match="required"):
        kind()


def test_errors_contain_no_values() -> None:
    with pytest.raises(ValidationError) as caught:
        Message(subject="secret\n", metadata={"a": object()}, text=5, tags=["secret\0"])  # type: ignore[typeddict-item]
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        "a@example.com",
        Address("a@example.com"),
        Recipient("a@example.com"),
        {"to": "a@example.com"},
    ],
    ids=["text", "Address", "Recipient", "dict"],
)
def test_accepts_addresses_as_recipients(given: Any) -> None:
    assert BulkMessage(template="T", recipients=[given]).recipients == (Recipient("a@example.com"),)
    assert BulkMessage(template="T", recipients=(each for each in [given])).recipients == (
        Recipient("a@example.com"),
    )


@pytest.mark.parametrize(
    "wrong",
    ["a@example.com", Recipient("a@example.com"), Address("a@example.com"), 5, None],
    ids=repr,
)
def test_rejects_recipients_that_are_no_list(wrong: Any) -> None:
    with pytest.raises(ValidationError, match="give a list of Recipient"):
        BulkMessage(template="T", recipients=wrong)


@pytest.mark.parametrize(
    "wrong", [Attachment("a", b"x"), "a.pdf", b"x"], ids=["Attachment", "text", "bytes"]
)
def test_rejects_attachments_that_are_no_list(wrong: Any) -> None:
    with pytest.raises(ValidationError, match="give a list of Attachment"):
        Message(attachments=wrong)


def test_rejects_empty_header_values() -> None:
    with pytest.raises(ValidationError, match="X-One is empty"):
        Message(headers={"X-One": ""})


def test_rejects_extra_that_contains_itself() -> None:
    with pytest.raises(ValidationError, match="extra"):
        Message(extra={"a": Cycle()})


def test_nested_mappings_are_frozen() -> None:
    message = Message(metadata={"a": [{"b": 1}]}, extra={"a": {"b": {"c": 1}}})
    for mapping in (message.metadata["a"][0], message.extra["a"], message.extra["a"]["b"]):
        with pytest.raises(TypeError, match="create a new model"):
            mapping["b"] = 2


def test_repr_contains_no_content() -> None:
    message = Message(text="secret", html="secret", metadata={"a": "secret"})
    template = TemplateMessage(template="T", data={"a": "secret"}, metadata={"a": "secret"})
    recipient = Recipient("a@example.com", data={"a": "secret"}, metadata={"a": "secret"})
    for model in (message, template, recipient, RawMessage(content=MAIL + b"secret")):
        assert "secret" not in repr(model)


def test_rejects_too_many_positional_arguments() -> None:
    assert Recipient("a@example.com") == Recipient(to="a@example.com")
    with pytest.raises(TypeError, match="at most 1"):
        Recipient("a@example.com", {"name": "A"})  # type: ignore[misc]
    with pytest.raises(TypeError, match="multiple values for to"):
        Recipient("a@example.com", to="b@example.com")  # type: ignore[misc]


@pytest.mark.parametrize("kind", BASES, ids=lambda kind: kind.__name__)
def test_has_a_json_schema(kind: type[Any]) -> None:
    assert kind.model_json_schema()["additionalProperties"] is False


@pytest.mark.parametrize("kind", BASES, ids=lambda kind: kind.__name__)
def test_docstring_describes_each_field(kind: type[Any]) -> None:
    arguments = inspect.cleandoc(kind.__doc__ or "").split("\nArgs:\n")[1].split("\n\n")[0]
    described = re.findall(r"^    (\w+): ", arguments, re.MULTILINE)
    assert sorted(described) == sorted(kind.model_fields)
