"""Client-wide defaults: the merge rule of each field, and its effect on each kind of message."""

from collections.abc import Mapping
from typing import Any

import pytest

from sesmail import (
    Address,
    Attachment,
    BulkMessage,
    InvalidMessageError,
    ListManagement,
    Message,
    RawMessage,
    Recipient,
    TemplateMessage,
)
from sesmail.sending.message.model import Merge, merge_rules
from sesmail.sending.payload import v2
from sesmail.sending.payload.defaults import apply_defaults

MAIL = b"From: a@example.com\r\n\r\n"
ARN = "arn:aws:ses:eu-west-1:123456789012:identity/example.com"
KINDS: dict[str, Any] = {
    "Message": Message(),
    "RawMessage": RawMessage(content=MAIL),
    "TemplateMessage": TemplateMessage(template="T"),
    "BulkMessage": BulkMessage(template="T", recipients=[Recipient("a@example.com")]),
}
WRITTEN = ("Message", "TemplateMessage", "BulkMessage")

# Rules of the fields of a Message. The test below fails for a field that is missing here, so that a
# new field gets its rule on purpose.
RULES: dict[Merge, set[str]] = {
    Merge.REPLACE: {
        *("from_email", "sender", "to", "cc", "bcc", "reply_to", "subject", "text", "html"),
        *("alternatives", "attachments", "list_management", "configuration_set", "tenant"),
        *("envelope_sender", "track_opens", "track_clicks", "endpoint_id"),
        *("source_arn", "from_arn", "return_path_arn", "unsubscribe"),
    },
    Merge.JOIN: {"tags"},
    Merge.BY_KEY: {"metadata", "message_tags", "extra"},
    Merge.BY_HEADER_NAME: {"headers"},
    Merge.NEVER: {"send_id"},
}
# Rules of the other kinds of message where they differ from those of a Message.
DIFFERENT: dict[type[Any], dict[str, Merge]] = {
    Message: {},
    RawMessage: {},
    TemplateMessage: {"from_email": Merge.REPLACE_WITH_ONE},
    BulkMessage: {
        "from_email": Merge.REPLACE_WITH_ONE,
        "cc": Merge.NEVER,
        "bcc": Merge.NEVER,
    },
}


def test_each_field_of_a_message_has_the_declared_rule() -> None:
    expected = {name: rule for rule, names in RULES.items() for name in names}
    assert merge_rules(Message) == expected


@pytest.mark.parametrize("kind", DIFFERENT, ids=lambda kind: kind.__name__)
def test_each_field_shared_with_message_has_the_same_rule(kind: type[Any]) -> None:
    rules = merge_rules(kind)
    assert rules.keys() == kind.model_fields.keys()
    shared: Mapping[str, Merge] = {
        name: rule for name, rule in merge_rules(Message).items() if name in rules
    }
    assert {name: rules[name] for name in shared} == {**shared, **DIFFERENT[kind]}


@pytest.mark.parametrize("message", KINDS.values(), ids=KINDS)
def test_message_is_unchanged_without_defaults(message: Any) -> None:
    assert apply_defaults(message, None) is message


SCALARS: dict[str, tuple[Any, Any, tuple[str, ...]]] = {
    "from_email": ("a@example.com", "b@example.com", WRITTEN),
    "sender": ("a@example.com", "b@example.com", ("Message",)),
    "to": ("a@example.com", "b@example.com", ("Message", "RawMessage", "TemplateMessage")),
    "cc": ("a@example.com", "b@example.com", ("Message", "RawMessage", "TemplateMessage")),
    "bcc": ("a@example.com", "b@example.com", ("Message", "RawMessage", "TemplateMessage")),
    "reply_to": ("a@example.com", "b@example.com", WRITTEN),
    "subject": ("default", "own", ("Message",)),
    "text": ("default", "own", ("Message",)),
    "html": ("default", "own", ("Message",)),
    "attachments": ([Attachment("a", b"x")], [Attachment("b", b"y")], WRITTEN),
    "configuration_set": ("default", "own", tuple(KINDS)),
    "envelope_sender": ("a@example.com", "b@example.com", tuple(KINDS)),
    "track_opens": (True, False, tuple(KINDS)),
    "track_clicks": (False, True, tuple(KINDS)),
    "tenant": ("default", "own", tuple(KINDS)),
    "endpoint_id": ("default", "own", tuple(KINDS)),
    "source_arn": (ARN, f"{ARN}.own", tuple(KINDS)),
    "from_arn": (ARN, f"{ARN}.own", tuple(KINDS)),
    "return_path_arn": (ARN, f"{ARN}.own", tuple(KINDS)),
    "unsubscribe": ("https://example.com/default", "https://example.com/own", WRITTEN),
    "list_management": (
        ListManagement(contact_list="default"),
        ListManagement(contact_list="own"),
        ("Message", "RawMessage", "TemplateMessage"),
    ),
}
PLACES = [(field, kind) for field, (_, _, kinds) in SCALARS.items() for kind in kinds]


def with_field(message: Any, **fields: Any) -> Any:
    return type(message)(
        **{name: getattr(message, name) for name in message.model_fields_set} | fields
    )


@pytest.mark.parametrize(
    ("field", "kind"), PLACES, ids=[f"{kind}.{field}" for field, kind in PLACES]
)
def test_default_applies_only_to_fields_that_are_not_given(field: str, kind: str) -> None:
    default, own, _ = SCALARS[field]
    defaults = Message(**{field: default})
    filled = apply_defaults(KINDS[kind], defaults)
    assert getattr(filled, field) == getattr(with_field(KINDS[kind], **{field: default}), field)
    overridden = with_field(KINDS[kind], **{field: own})
    assert apply_defaults(overridden, defaults) == overridden


def test_explicit_none_overrides_the_default() -> None:
    message = Message(configuration_set=None, reply_to=())
    merged = apply_defaults(message, Message(configuration_set="default", reply_to="a@example.com"))
    assert (merged.configuration_set, merged.reply_to) == (None, ())


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_of_missing_fields_are_ignored(kind: str) -> None:
    everything = Message(
        **{field: default for field, (default, _, _) in SCALARS.items()},
        alternatives=(),
        tags=["t"],
        metadata={"a": 1},
        message_tags={"a": "b"},
        headers={"X-One": "1"},
        extra={"a": 1},
        send_id="id-1",
    )
    merged = apply_defaults(KINDS[kind], everything)
    assert type(merged) is type(KINDS[kind])
    assert set(merged.__dict__) == set(type(merged).model_fields)
    assert type(merged)(**merged.model_dump()) == merged
    assert getattr(merged, "send_id", None) is None


def test_default_cc_and_bcc_are_ignored_for_bulk_messages() -> None:
    merged = apply_defaults(
        KINDS["BulkMessage"],
        Message(cc="c@example.com", bcc="d@example.com", reply_to="r@example.com"),
    )
    assert (merged.cc, merged.bcc, merged.reply_to) == ((), (), (Address("r@example.com"),))
    own = with_field(KINDS["BulkMessage"], cc="x@example.com")
    assert apply_defaults(own, Message(cc="c@example.com")).cc == (Address("x@example.com"),)


@pytest.mark.parametrize("kind", WRITTEN)
def test_default_tags_precede_those_of_the_message(kind: str) -> None:
    message = with_field(KINDS[kind], tags=["own"])
    assert apply_defaults(message, Message(tags=["default"])).tags == ("default", "own")
    assert apply_defaults(KINDS[kind], Message(tags=["default"])).tags == ("default",)


@pytest.mark.parametrize("field", ["metadata", "message_tags", "headers", "extra"])
@pytest.mark.parametrize("kind", WRITTEN)
def test_mappings_are_merged_by_key(kind: str, field: str) -> None:
    message = with_field(KINDS[kind], **{field: {"b": "own", "c": "own"}})
    merged = getattr(
        apply_defaults(message, Message(**{field: {"a": "default", "b": "default"}})), field
    )
    assert merged == {"a": "default", "b": "own", "c": "own"}
    with pytest.raises(TypeError, match="create a new model"):
        merged["d"] = "x"


def test_headers_are_merged_by_case_insensitive_name() -> None:
    merged = apply_defaults(
        Message(headers={"x-one": "own"}), Message(headers={"X-One": "default", "X-Two": "2"})
    )
    assert merged.headers == {"X-Two": "2", "x-one": "own"}


def test_raw_messages_ignore_defaults_of_headers_and_bodies() -> None:
    merged = apply_defaults(
        KINDS["RawMessage"],
        Message(from_email="a@example.com", tags=["t"], metadata={"a": 1}, extra={"X": 1}),
    )
    assert merged == with_field(KINDS["RawMessage"], extra={"X": 1})


def test_rejects_several_default_authors_for_a_template() -> None:
    defaults = Message(from_email=["a@example.com", "b@example.com"])
    for kind in ("TemplateMessage", "BulkMessage"):
        with pytest.raises(InvalidMessageError, match="several authors") as caught:
            apply_defaults(KINDS[kind], defaults)
        assert caught.value.field == "from_email"
        assert apply_defaults(with_field(KINDS[kind], from_email="c@example.com"), defaults)


def test_empty_default_author_is_none() -> None:
    assert apply_defaults(KINDS["TemplateMessage"], Message(from_email=())).from_email is None


@pytest.mark.parametrize("kind", KINDS)
def test_message_read_from_json_gets_the_same_defaults(kind: str) -> None:
    """A message that was in a queue as JSON gets the defaults of the client that sends it."""
    message = KINDS[kind]
    read = type(message).model_validate_json(message.model_dump_json())
    defaults = Message(
        from_email="a@example.com",
        configuration_set="tracking",
        track_opens=True,
        reply_to="r@example.com",
    )
    assert apply_defaults(read, defaults) == apply_defaults(message, defaults)


def test_defaults_are_in_the_call() -> None:
    defaults = Message(
        from_email="Shop <shop@example.com>",
        bcc="archive@example.com",
        configuration_set="tracking",
        extra={"A": 1, "B": 1},
    )
    call = v2.build(apply_defaults(Message(to="a@example.com", text="", extra={"B": 2}), defaults))
    assert call.params["Destination"] == {
        "ToAddresses": ["a@example.com"],
        "BccAddresses": ["archive@example.com"],
    }
    assert call.params["ConfigurationSetName"] == "tracking"
    assert (call.params["A"], call.params["B"]) == (1, 2)
    assert call.params["Content"]["Raw"]["Data"].startswith(b"From: Shop <shop@example.com>\r\n")
