"""Calls of SES API v1, validated by botocore's service model."""

from itertools import product
from typing import Any

import pytest

from sesmail import (
    Attachment,
    BulkMessage,
    InlineTemplate,
    InvalidMessageError,
    ListManagement,
    Message,
    RawMessage,
    Recipient,
    TemplateMessage,
    UnsupportedFeatureError,
)
from sesmail.sending.payload import v1
from support.schema import violations

MAIL = b"From: a@example.com\r\n\r\n"
ARN = "arn:aws:ses:eu-west-1:123456789012:identity/example.com"
TEMPLATE_ARN = "arn:aws:ses:eu-west-1:123456789012:template/Shipped"

OF_EVERY_CALL: dict[str, Any] = {
    "configuration_set": "tracking",
    "message_tags": {"kind": "order", "ses:feedback-id-a": "x"},
    "envelope_sender": "Bounces <bounces@bücher.de>",
    "source_arn": ARN,
    "return_path_arn": ARN,
}
ADDRESSED: dict[str, Any] = {
    "to": ["Zoë <zoe@example.com>", "b@example.com"],
    "cc": '"C, D" <c@example.com>',
    "bcc": "d@bücher.de",
}
WRITTEN = {
    "reply_to": ["Zoë <r@example.com>", "s@example.com"],
    "headers": {"X-One": "1"},
    "tags": ["order"],
    "metadata": {"id": 1},
    "attachments": [Attachment("a", b"x")],
}
RECIPIENTS = [
    Recipient("Zoë <zoe@example.com>"),
    Recipient(
        "b@example.com",
        data={"name": "B"},
        cc="c@example.com",
        bcc="d@example.com",
        message_tags={"kind": "b"},
    ),
]
SINGLES: dict[str, Any] = {
    "minimal": Message(from_email="a@example.com", to="b@example.com", text="t"),
    "only bcc": Message(from_email="a@example.com", bcc="b@example.com", text="t"),
    "everything": Message(
        from_email=["Zoë <zoe@example.com>", "b@example.com"],
        sender="s@example.com",
        subject="Grüße",
        text="t",
        html="h",
        from_arn=ARN,
        **OF_EVERY_CALL,
        **ADDRESSED,
        **WRITTEN,
    ),
    "raw": RawMessage(content=MAIL, to="b@example.com"),
    "raw with everything": RawMessage(content=MAIL, from_arn=ARN, **OF_EVERY_CALL, **ADDRESSED),
    "template": TemplateMessage(from_email="a@example.com", to="b@example.com", template="Shipped"),
    "template with everything": TemplateMessage(
        from_email="Zoë <zoe@example.com>",
        template=TEMPLATE_ARN,
        data={"name": "Zoë"},
        reply_to=WRITTEN["reply_to"],
        tags=["order"],
        **OF_EVERY_CALL,
        **ADDRESSED,
    ),
    "template only bcc": TemplateMessage(
        from_email="a@example.com", bcc="b@example.com", template="Shipped"
    ),
}
BULKS: dict[str, Any] = {
    "minimal": BulkMessage(
        from_email="a@example.com", template="Shipped", recipients=[Recipient("b@example.com")]
    ),
    "everything": BulkMessage(
        from_email="Zoë <zoe@example.com>",
        template=TEMPLATE_ARN,
        data={"ship_date": "May 15"},
        cc="c@example.com",
        bcc=["d@example.com", "e@example.com"],
        reply_to=WRITTEN["reply_to"],
        tags=["order"],
        recipients=RECIPIENTS,
        **OF_EVERY_CALL,
    ),
    "50 recipients": BulkMessage(
        from_email="a@example.com",
        template="T",
        recipients=[Recipient(f"r{number}@example.com") for number in range(50)],
    ),
}


@pytest.mark.parametrize("tag_name", [None, "Campaign"], ids=["no tag name", "tag name"])
@pytest.mark.parametrize("message", SINGLES.values(), ids=SINGLES)
def test_every_call_is_valid_for_botocore(message: Any, tag_name: str | None) -> None:
    if isinstance(message, TemplateMessage) and message.tags and tag_name is None:
        message = message.model_copy(update={"tags": ()})
    call = v1.build(message, tag_name)
    assert call.operation == (
        "SendTemplatedEmail" if isinstance(message, TemplateMessage) else "SendRawEmail"
    )
    assert violations(v1.SERVICE, call.operation, call.params) == []


@pytest.mark.parametrize("message", BULKS.values(), ids=BULKS)
def test_every_bulk_call_is_valid_for_botocore(message: BulkMessage) -> None:
    call = v1.build_bulk(message, "Campaign")
    assert call.operation == "SendBulkTemplatedEmail"
    assert violations(v1.SERVICE, call.operation, call.params) == []


FIELDS: dict[str, Any] = {
    **OF_EVERY_CALL,
    "from_arn": ARN,
    "cc": "c@example.com",
    "extra": {"SourceArn": ARN},
}


@pytest.mark.parametrize(
    "chosen",
    list(product([False, True], repeat=len(FIELDS)))[::5],
    ids=lambda chosen: "".join("01"[each] for each in chosen),
)
def test_random_calls_are_valid_for_botocore(chosen: tuple[bool, ...]) -> None:
    fields = {
        name: value for (name, value), wanted in zip(FIELDS.items(), chosen, strict=True) if wanted
    }
    call = v1.build(Message(from_email="a@example.com", to="b@example.com", text="", **fields))
    assert violations(v1.SERVICE, call.operation, call.params) == []


def test_minimal_message_call() -> None:
    call = v1.build(SINGLES["minimal"])
    assert call.params.keys() == {"Destinations", "RawMessage"}
    assert call.params["Destinations"] == ["b@example.com"]
    assert call.size == len(call.params["RawMessage"]["Data"])


TAGS = [
    {"Name": "kind", "Value": "order"},
    {"Name": "ses:feedback-id-a", "Value": "x"},
    {"Name": "Campaign", "Value": "order"},
]


def test_call_of_message_with_every_field() -> None:
    call = v1.build(SINGLES["everything"], "Campaign")
    data = call.params.pop("RawMessage")["Data"]
    assert b"d@" not in data
    assert call.params == {
        "Source": "bounces@xn--bcher-kva.de",
        "Destinations": ["zoe@example.com", "b@example.com", "c@example.com", "d@xn--bcher-kva.de"],
        "SourceArn": ARN,
        "FromArn": ARN,
        "ReturnPathArn": ARN,
        "Tags": TAGS,
        "ConfigurationSetName": "tracking",
    }


@pytest.mark.parametrize(
    ("fields", "source"),
    [
        ({"from_email": "a@example.com"}, None),
        ({"from_email": "a@example.com", "sender": "s@example.com"}, None),
        ({"from_email": ["a@example.com", "b@example.com"]}, "a@example.com"),
        (
            {"from_email": ["a@example.com", "b@example.com"], "sender": "S <s@example.com>"},
            "s@example.com",
        ),
        (
            {"from_email": ["a@example.com", "b@example.com"], "envelope_sender": "e@example.com"},
            "e@example.com",
        ),
        ({"from_email": "a@example.com", "envelope_sender": "E <e@example.com>"}, "e@example.com"),
    ],
    ids=["author", "sender", "authors", "authors and sender", "authors and envelope", "envelope"],
)
def test_source_is_envelope_sender_or_first_author(
    fields: dict[str, Any], source: str | None
) -> None:
    assert v1.build(Message(to="b@example.com", text="", **fields)).params.get("Source") == source


def test_call_of_template_message_with_every_field() -> None:
    call = v1.build(SINGLES["template with everything"], "Campaign")
    assert call.params == {
        "Source": "=?utf-8?b?Wm/Dqw==?= <zoe@example.com>",
        "Destination": {
            "ToAddresses": ["=?utf-8?b?Wm/Dqw==?= <zoe@example.com>", "b@example.com"],
            "CcAddresses": ['"C, D" <c@example.com>'],
            "BccAddresses": ["d@xn--bcher-kva.de"],
        },
        "ReplyToAddresses": ["=?utf-8?b?Wm/Dqw==?= <r@example.com>", "s@example.com"],
        "ReturnPath": "bounces@xn--bcher-kva.de",
        "SourceArn": ARN,
        "ReturnPathArn": ARN,
        "Tags": TAGS,
        "ConfigurationSetName": "tracking",
        "Template": "Shipped",
        "TemplateArn": TEMPLATE_ARN,
        "TemplateData": '{"name":"Zoë"}',
    }


def test_call_of_bulk_message_with_every_field() -> None:
    call = v1.build_bulk(BULKS["everything"], "Campaign")
    copies = {"CcAddresses": ["c@example.com"], "BccAddresses": ["d@example.com", "e@example.com"]}
    assert call.params["Destinations"] == [
        {
            "Destination": {"ToAddresses": ["=?utf-8?b?Wm/Dqw==?= <zoe@example.com>"], **copies},
            "ReplacementTemplateData": "{}",
        },
        {
            "Destination": {
                "ToAddresses": ["b@example.com"],
                "CcAddresses": ["c@example.com"],
                "BccAddresses": ["d@example.com", "e@example.com"],
            },
            "ReplacementTemplateData": '{"name":"B"}',
            "ReplacementTags": [{"Name": "kind", "Value": "b"}],
        },
    ]
    assert call.params["DefaultTemplateData"] == '{"ship_date":"May 15"}'
    assert call.params["DefaultTags"] == TAGS
    assert call.size == len('{"ship_date":"May 15"}') + len("{}") + len('{"name":"B"}')


def test_bulk_call_always_has_default_data() -> None:
    assert v1.build_bulk(BULKS["minimal"]).params["DefaultTemplateData"] == "{}"


RAW_ONLY_V2 = {
    "track_opens": (True, "configuration set"),
    "track_clicks": (False, "configuration set"),
    "tenant": ("t", "api='v2'"),
    "endpoint_id": ("e", "api='v2'"),
    "list_management": (ListManagement(contact_list="l"), "List-Unsubscribe"),
}
TEMPLATE_ONLY_V2 = {
    **RAW_ONLY_V2,
    "headers": ({"X-One": "1"}, "api='v2'"),
    "metadata": ({"a": 1}, "message_tags"),
    "attachments": ([Attachment("a", b"x")], "Message"),
    "unsubscribe": ("https://example.com/u", "Message"),
    "from_arn": (ARN, "source_arn"),
    "tags": (["order"], "message_tag_name"),
    "template": (InlineTemplate(subject="s"), "store the template"),
}
REFUSED = [
    *(("Message", field) for field in RAW_ONLY_V2),
    *(("RawMessage", field) for field in RAW_ONLY_V2),
    *(("TemplateMessage", field) for field in TEMPLATE_ONLY_V2),
    *(("BulkMessage", field) for field in TEMPLATE_ONLY_V2 if field != "list_management"),
]


@pytest.mark.parametrize(
    ("kind", "field"), REFUSED, ids=[f"{kind}.{field}" for kind, field in REFUSED]
)
def test_rejects_fields_unsupported_by_v1_and_names_the_alternative(kind: str, field: str) -> None:
    bases: dict[str, tuple[Any, dict[str, Any]]] = {
        "Message": (
            Message,
            {"from_email": "a@example.com", "to": "b@example.com", "text": ""},
        ),
        "RawMessage": (RawMessage, {"content": MAIL, "to": "b@example.com"}),
        "TemplateMessage": (
            TemplateMessage,
            {"from_email": "a@example.com", "to": "b@example.com", "template": "T"},
        ),
        "BulkMessage": (
            BulkMessage,
            {"from_email": "a@example.com", "template": "T", "recipients": RECIPIENTS},
        ),
    }
    model, base = bases[kind]
    value, way = TEMPLATE_ONLY_V2[field]
    build: Any = v1.build_bulk if model is BulkMessage else v1.build
    build(model(**base))
    with pytest.raises(UnsupportedFeatureError, match=field) as caught:
        build(model(**base | {field: value}))
    assert (caught.value.feature, caught.value.field, caught.value.api) == (field, field, "v1")
    assert way in caught.value.instead
    assert caught.value.instead in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [("headers", {"X-One": "1"}), ("metadata", {"a": 1}), ("unsubscribe", "https://e.com/u")],
    ids=["headers", "metadata", "unsubscribe"],
)
def test_rejects_recipient_fields_unsupported_by_v1(field: str, value: Any) -> None:
    bulk = BulkMessage(
        from_email="a@example.com",
        template="T",
        recipients=[Recipient("a@example.com"), Recipient("b@example.com", **{field: value})],
    )
    with pytest.raises(UnsupportedFeatureError, match="api='v2'") as caught:
        v1.build_bulk(bulk)
    assert (caught.value.feature, caught.value.api) == (f"recipients[1].{field}", "v1")


def test_send_id_beside_template_needs_tag_send_id() -> None:
    template = SINGLES["template"].model_copy(update={"send_id": "id-1"})
    named = Recipient("b@example.com", send_id="id-1")
    bulk = BulkMessage(from_email="a@example.com", template="T", recipients=[RECIPIENTS[0], named])
    with pytest.raises(UnsupportedFeatureError, match="tag_send_id=True, or use Client") as caught:
        v1.build(template)
    assert caught.value.feature == "send_id"
    with pytest.raises(UnsupportedFeatureError, match="tag_send_id=True, or use Client") as caught:
        v1.build_bulk(bulk)
    assert caught.value.feature == "recipients[1].send_id"
    tag = {"Name": "X-Sesmail-Id", "Value": "id-1"}
    assert v1.build(template, tag_send_id=True).params["Tags"] == [tag]
    call = v1.build_bulk(bulk, tag_send_id=True)
    assert [entry.get("ReplacementTags") for entry in call.params["Destinations"]] == [None, [tag]]
    assert violations(v1.SERVICE, call.operation, call.params) == []


def test_the_document_s_fields_are_not_refused() -> None:
    """Metadata, tags and headers of a Message are in its MIME."""
    assert b"X-Metadata" in v1.build(SINGLES["everything"]).params["RawMessage"]["Data"]


@pytest.mark.parametrize("kind", [TemplateMessage, BulkMessage], ids=lambda kind: kind.__name__)
def test_rejects_template_message_without_author(kind: Any) -> None:
    message = kind(
        template="T",
        **({"recipients": RECIPIENTS} if kind is BulkMessage else {"to": "b@example.com"}),
    )
    with pytest.raises(InvalidMessageError, match="the author is missing") as caught:
        (v1.build_bulk if kind is BulkMessage else v1.build)(message)
    assert caught.value.field == "from_email"


def test_extra_overrides_parameters() -> None:
    for message in (SINGLES["minimal"], SINGLES["raw"], SINGLES["template"], BULKS["minimal"]):
        with_extra = message.model_copy(
            update={"extra": {"Tags": "mine", "ConfigurationSetName": "mine"}}
        )
        call = (v1.build_bulk if isinstance(message, BulkMessage) else v1.build)(with_extra)
        assert (call.params["Tags"], call.params["ConfigurationSetName"]) == ("mine", "mine")


@pytest.mark.parametrize(
    ("answer", "entries"),
    [
        ({"Status": [{"Status": "Success"}, None]}, [{"Status": "Success"}, {}]),
        ({"Status": None}, []),
        ({}, []),
    ],
    ids=["entries", "none", "nothing"],
)
def test_read_bulk_returns_result_of_each_recipient(
    answer: dict[str, Any], entries: list[Any]
) -> None:
    assert v1.read_bulk(answer) == entries


VALUES_OF_OTHER_FIELDS: dict[str, Any] = {
    "alternatives": [],
    "attachments": [Attachment("a", b"x")],
    "configuration_set": "tracking",
    "extra": {"A": "b"},
    "from_arn": ARN,
    "headers": {"X-One": "1"},
    "html": "<p>Hello</p>",
    "message_tags": {"a": "b"},
    "metadata": {"a": 1},
    "return_path_arn": ARN,
    "send_id": "id-1",
    "source_arn": ARN,
    "subject": "Hello",
    "tags": ["order"],
    "text": "Hello",
    "unsubscribe": "https://example.com/u",
}


@pytest.mark.parametrize("field", sorted(Message.model_fields.keys() - RAW_ONLY_V2.keys()))
def test_supports_every_other_field_of_a_message(field: str) -> None:
    base = {"from_email": "a@example.com", "to": "b@example.com", "html": ""}
    value = VALUES_OF_OTHER_FIELDS.get(field, "c@example.com")
    v1.build(Message.model_validate(base | {field: value}))
