"""Changed copies of messages, and messages as JSON."""

import copy
import json
import pickle
from typing import Any

import pytest
from pydantic import ValidationError

import sesmail
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
    message_from_json,
)
from sesmail.sending.message.model import is_validated
from sesmail.sending.message.validation import valid_message

MESSAGES: list[Any] = [
    Message(),
    Message(
        from_email=Address("shop@example.com", "Sh\u00f6p"),
        to=["alice@example.com", "bob@example.com"],
        subject="\u2713",
        text="t",
        html="<p>",
        alternatives=[Alternative(b"\x00\xff", "text/x-amp-html")],
        attachments=[Attachment("a.bin", bytes(range(256)), content_id="a")],
        headers={"X-A": "b"},
        tags=["a"],
        metadata={"a": [1, {"b": 2.5}], "c": None},
        list_management=ListManagement(contact_list="c"),
        track_opens=True,
        extra={"A": {"B": 1}},
        send_id="1",
    ),
    RawMessage(content=b"From: a@example.com\r\n\r\nx", to="Anna <b@example.com>", cc=[]),
    TemplateMessage(template=InlineTemplate(subject="s"), data={"x": 1}),
    TemplateMessage(template="t", attachments=[Attachment("a.txt", "x")]),
    BulkMessage(
        template="t",
        recipients=[
            "a@example.com",
            Recipient("b@example.com", data={"x": "\u00fc"}, cc="c@d.example"),
        ],
    ),
]


@pytest.mark.parametrize(
    "message",
    MESSAGES,
    ids=[f"{type(each).__name__}-{number}" for number, each in enumerate(MESSAGES)],
)
def test_round_trip_as_json(message: Any) -> None:
    text = message.to_json()
    for each in (text, text.encode(), bytearray(text.encode())):
        again = message_from_json(each)
        assert (type(again), again) == (type(message), message)
        assert again.model_fields_set == message.model_fields_set
    assert json.loads(text)["kind"] == type(message).__name__
    reordered = dict(reversed(json.loads(text).items()))
    assert message_from_json(json.dumps(reordered)) == message


def test_json_of_a_subclass_is_that_of_the_class() -> None:
    class Mail(Message, frozen=True):
        """Message with a field of the application."""

        order: int = 0

    message = Mail(to="a@example.com", order=5)
    assert message_from_json(message.to_json()) == Message(to="a@example.com")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "text"),
        ("no JSON", "text"),
        (b"\xff", "text"),
        ("[]", "kind"),
        ("5", "kind"),
        ("{}", "kind"),
        ('{"kind": "Mail"}', "kind"),
        ('{"kind": ["Message"]}', "kind"),
        ('{"kind": "Message", "to": 5}', "to"),
        ('{"kind": "Message", "track_opens": 1}', "track_opens"),
        ('{"kind": "Message", "track_opens": "true"}', "track_opens"),
        ('{"kind": "Message", "subject": 5}', "subject"),
        ('{"kind": "Message", "subject": "a\\nb"}', "subject"),
        ('{"kind": "Message", "secret": "x"}', "secret"),
        ('{"kind": "Message", "tags": "a"}', "tags"),
        ('{"kind": "Message", "metadata": {"a": 1e999}}', "text"),
        ('{"kind": "Message", "alternatives": [{"content": "!"}]}', "alternatives[0].content"),
        ('{"kind": "RawMessage"}', "content"),
        ('{"kind": "BulkMessage", "template": "t", "recipients": [{"to": 5}]}', "recipients[0].to"),
        ('{"kind": "Message", "template": "t"}', "template"),
    ],
)  # fmt: skip
def test_other_json_is_refused(text: str | bytes, field: str) -> None:
    with pytest.raises(InvalidMessageError) as refused:
        message_from_json(text)
    assert refused.value.field == field
    assert "Value error" not in str(refused.value)


def test_json_error_shows_no_value() -> None:
    with pytest.raises(InvalidMessageError) as refused:
        message_from_json('{"kind": "Message", "to": "secret@example"}')
    assert "secret" not in str(refused.value)


def test_replace_validates_and_keeps_the_other_fields() -> None:
    message = Message(to="a@example.com", subject="s", metadata={"a": 1}, text=None)
    changed = message.replace(to=["b@example.com"], html="<p>")
    assert changed == Message(
        to="b@example.com", subject="s", metadata={"a": 1}, text=None, html="<p>"
    )
    assert changed.model_fields_set == {"to", "subject", "metadata", "text", "html"}
    assert is_validated(changed)
    assert message.to == (Address("a@example.com"),)
    with pytest.raises(ValidationError, match="subject"):
        message.replace(subject="a\nb")
    with pytest.raises(ValidationError, match="did you mean subject"):
        message.replace(subjct="s")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("to", None, "give one address or a list of addresses, not NoneType"),
        ("headers", None, "Input should be a valid dictionary, not NoneType"),
        ("tags", 5, "Input should be a valid tuple, not int"),
        ("subject", 5, "Input should be a valid string, not int"),
        ("subjct", "s", "Extra inputs are not permitted; did you mean subject?"),
    ],
)
def test_type_of_a_value_is_named_once(field: str, value: Any, expected: str) -> None:
    """Also where a field's own validator has named it before."""
    message = Message(to="a@example.com", text="t").model_copy(update={field: value})
    with pytest.raises(InvalidMessageError) as caught:
        valid_message(message)
    assert str(caught.value).endswith(f"{field}: {expected}")
    assert str(caught.value).count(", not ") == expected.count(", not ")


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (Attachment("a.txt", b"x"), {"filename": "b.txt"}),
        (Alternative("x", "text/calendar"), {"content": b"y"}),
        (Recipient("a@example.com", data={"a": 1}), {"to": Address("b@example.com")}),
        (ListManagement(contact_list="a"), {"topic": "b"}),
        (InlineTemplate(subject="a"), {"html": "b"}),
        (RawMessage(content=b"From: a@example.com\r\n\r\n"), {"to": (Address("a@example.com"),)}),
        (TemplateMessage(template="a"), {"template": "b"}),
        (MESSAGES[-1], {"template": "b"}),
    ],
)
def test_every_model_can_be_changed(model: Any, changes: dict[str, Any]) -> None:
    for changed in (model.replace(**changes), model.__replace__(**changes)):
        assert type(changed) is type(model)
        assert {**dict(model), **changes} == dict(changed)
        assert is_validated(changed)


def test_copies_are_marked_only_where_something_may_have_changed() -> None:
    message = Message(to="a@example.com")
    same = [copy.copy(message), copy.deepcopy(message), message.model_copy()]
    marked = [
        message.model_copy(update={"subject": "s"}),
        message.model_copy(update={"subject": "s"}, deep=True),
        pickle.loads(pickle.dumps(message)),
        Message.model_construct(to="a@example.com"),
    ]
    marked += [
        copy.copy(marked[0]),
        copy.deepcopy(marked[0]),
        pickle.loads(pickle.dumps(marked[0])),
    ]
    assert [is_validated(each) for each in same] == [True] * 3
    assert [is_validated(each) for each in marked] == [False] * 7
    assert marked[2] == message


@pytest.mark.parametrize(
    "fields",
    [
        {"attachments": [Attachment("a", b"").model_copy(update={"filename": 5})]},
        {"attachments": [Attachment.model_construct()]},
        {"alternatives": [Alternative.model_construct(content=b"", media_type="message/rfc822")]},
        {"list_management": ListManagement.model_construct(contact_list="")},
    ],
)
def test_parts_that_are_not_valid_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Message(**fields)


def test_unknown_field_of_model_copy_is_refused() -> None:
    message = Message(to="a@example.com", text="t").model_copy(update={"ccc": "b@example.com"})
    with pytest.raises(InvalidMessageError, match="ccc"):
        valid_message(message)
    with pytest.raises(ValidationError, match="ccc"):
        message.replace(subject="s")
    attachment = Attachment("a", b"").model_copy(update={"name": "b"})
    with pytest.raises(ValidationError, match="name"):
        Message(attachments=[attachment])


def test_instances_of_subclasses_become_instances_of_the_class() -> None:
    class Upper(Address):
        """Address of the application."""

    class File(Attachment, frozen=True):
        """Attachment of the application."""

        note: str = ""

    message = Message(to=Upper("a@example.com"), attachments=[File("a.txt", b"", note="n")])
    assert type(message.to[0]) is Address
    assert type(message.attachments[0]) is Attachment


def test_unvalidated_defaults_are_refused() -> None:
    bad = Message().model_copy(update={"to": 5})
    with pytest.raises(sesmail.ConfigurationError, match="defaults: 1 validation error"):
        sesmail.Client("eu-west-1", defaults=bad)
    good = Message().model_copy(update={"to": "a@example.com"})
    sesmail.Client("eu-west-1", defaults=good)
