"""Calls of SES API v2, validated by botocore's service model."""

import json
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
)
from sesmail.sending.payload import v2
from support.mail import decoded
from support.schema import violations

MAIL = b"From: a@example.com\r\n\r\n"
ARN = "arn:aws:ses:eu-west-1:123456789012:identity/example.com"
TEMPLATE_ARN = "arn:aws:ses:eu-west-1:123456789012:template/Shipped"

OF_EVERY_CALL: dict[str, Any] = {
    "configuration_set": "tracking",
    "message_tags": {"kind": "order", "ses:feedback-id-a": "x"},
    "envelope_sender": "Bounces <bounces@bücher.de>",
    "track_opens": True,
    "track_clicks": False,
    "tenant": "tenant",
    "endpoint_id": "abc.123",
    "source_arn": ARN,
    "from_arn": ARN,
    "return_path_arn": ARN,
}
ADDRESSED: dict[str, Any] = {
    "to": ["Zoë <zoe@example.com>", "b@example.com"],
    "cc": '"C, D" <c@example.com>',
    "bcc": "d@bücher.de",
}
WRITTEN: dict[str, Any] = {
    "reply_to": ["Zoë <r@example.com>", "s@example.com"],
    "headers": {"X-One": "Grüße", "List-Archive": "<https://example.com/u>"},
    "tags": ["order"],
    "metadata": {"id": 1, "name": "Zoë"},
    "attachments": [
        Attachment("Zoë.txt", "text", description="Büro"),
        Attachment("logo.png", b"\x89PNG", content_id="logo"),
        Attachment("empty.bin", b""),
    ],
}
SEND_ID: dict[str, Any] = {"send_id": "order-12345_1"}
LISTED: dict[str, Any] = {
    "list_management": ListManagement(contact_list="list", topic="topic"),
    **SEND_ID,
}
UNSUBSCRIBE: dict[str, Any] = {"unsubscribe": "https://example.com/u/1"}
LINK = "{{amazonSESUnsubscribeUrl}}"
RECIPIENTS = [
    Recipient("Zoë <zoe@example.com>"),
    Recipient(
        "b@example.com",
        data={"name": "B"},
        cc="c@example.com",
        bcc="d@example.com",
        headers={"X-One": "ü"},
        metadata={"id": 2},
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
        **OF_EVERY_CALL,
        **ADDRESSED,
        **WRITTEN,
        **SEND_ID,
    ),
    "raw": RawMessage(content=MAIL, to="b@example.com"),
    "raw with everything": RawMessage(content=MAIL, **OF_EVERY_CALL, **ADDRESSED, **SEND_ID),
    "template": TemplateMessage(from_email="a@example.com", to="b@example.com", template="Shipped"),
    "template by ARN": TemplateMessage(
        from_email="a@example.com", to="b@example.com", template=TEMPLATE_ARN
    ),
    "inline template": TemplateMessage(
        from_email="a@example.com",
        to="b@example.com",
        template=InlineTemplate(subject="Hi {{name}}", text="t", html="h"),
    ),
    "inline template of little": TemplateMessage(
        from_email="a@example.com", to="b@example.com", template=InlineTemplate(subject="s")
    ),
    "template with everything": TemplateMessage(
        from_email="Zoë <zoe@example.com>",
        template="Shipped",
        data={"name": "Zoë"},
        **OF_EVERY_CALL,
        **ADDRESSED,
        **WRITTEN,
        **SEND_ID,
    ),
    "template only bcc": TemplateMessage(
        from_email="a@example.com", bcc="b@example.com", template="Shipped"
    ),
    "list without topic": Message(
        from_email="a@example.com",
        to="b@example.com",
        text=LINK,
        list_management=ListManagement(contact_list="list"),
    ),
    "list": Message(from_email="a@example.com", to="b@example.com", html=LINK, **LISTED),
    "raw with a list": RawMessage(content=MAIL, to="b@example.com", **LISTED),
    "template with a list": TemplateMessage(
        from_email="a@example.com", to="b@example.com", template="Shipped", **LISTED
    ),
    "unsubscribe": Message(from_email="a@example.com", to="b@example.com", text="t", **UNSUBSCRIBE),
    "template with unsubscribe": TemplateMessage(
        from_email="a@example.com", to="b@example.com", template="Shipped", **UNSUBSCRIBE
    ),
}
BULKS: dict[str, Any] = {
    "minimal": BulkMessage(
        from_email="a@example.com", template="Shipped", recipients=[Recipient("b@example.com")]
    ),
    "inline template": BulkMessage(
        from_email="a@example.com",
        template=InlineTemplate(subject="s", html="h"),
        recipients=RECIPIENTS,
    ),
    "everything": BulkMessage(
        from_email="Zoë <zoe@example.com>",
        template=TEMPLATE_ARN,
        data={"ship_date": "May 15"},
        cc="c@example.com",
        bcc=["d@example.com", "e@example.com"],
        recipients=RECIPIENTS,
        **OF_EVERY_CALL,
        **WRITTEN,
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
    call = v2.build(message, tag_name, tag_send_id=tag_name is not None)
    assert call.operation == "SendEmail"
    assert ("Template" in call.params["Content"]) is isinstance(message, TemplateMessage)
    assert violations(v2.SERVICE, call.operation, call.params) == []


@pytest.mark.parametrize("tag_name", [None, "Campaign"], ids=["no tag name", "tag name"])
@pytest.mark.parametrize("message", BULKS.values(), ids=BULKS)
def test_every_bulk_call_is_valid_for_botocore(message: BulkMessage, tag_name: str | None) -> None:
    call = v2.build_bulk(message, tag_name, tag_send_id=tag_name is not None)
    assert call.operation == "SendBulkEmail"
    assert violations(v2.SERVICE, call.operation, call.params) == []


FIELDS: dict[str, Any] = {
    **OF_EVERY_CALL,
    "cc": "c@example.com",
    "extra": {"EndpointId": "x"},
    "unsubscribe": "https://example.com/u/1",
    **SEND_ID,
}


@pytest.mark.parametrize(
    "chosen",
    list(product([False, True], repeat=len(FIELDS)))[::263],
    ids=lambda chosen: "".join("01"[each] for each in chosen),
)
def test_random_calls_are_valid_for_botocore(chosen: tuple[bool, ...]) -> None:
    fields = {
        name: value for (name, value), wanted in zip(FIELDS.items(), chosen, strict=True) if wanted
    }
    for kind, own in ((Message, {"text": "t"}), (TemplateMessage, {"template": "T", **WRITTEN})):
        call = v2.build(kind(from_email="a@example.com", to="b@example.com", **own, **fields))
        assert violations(v2.SERVICE, call.operation, call.params) == []


def test_validation_by_botocore_finds_invalid_parameters() -> None:
    wrong = {
        "Content": {
            "Template": {"TemplateName": "", "Headers": [{"Name": "X Y", "Value": "ü"}], "Nope": 1}
        },
        "EmailTags": [],
    }
    text = "\n".join(violations("sesv2", "SendEmail", {**wrong, "Content": {"Raw": {}}}))
    assert "Missing required parameter" in text
    wrong["Content"]["Template"].pop("Nope")  # type: ignore[index]
    text = "\n".join(violations("sesv2", "SendEmail", wrong))
    assert "TemplateName has 0" in text
    assert text.count("isn't like") == 2
    assert "EmailTags is []" in text


def test_minimal_message_call() -> None:
    call = v2.build(SINGLES["minimal"])
    assert call.params.keys() == {
        "Destination",
        "Content",
    }  # FromEmailAddress would replace the whole From header
    assert call.params["Destination"] == {"ToAddresses": ["b@example.com"]}
    assert call.params["Content"].keys() == {"Raw"}
    assert call.size == len(call.params["Content"]["Raw"]["Data"])


COMMON = {
    "FromEmailAddressIdentityArn": ARN,
    "FeedbackForwardingEmailAddress": "bounces@xn--bcher-kva.de",
    "FeedbackForwardingEmailAddressIdentityArn": ARN,
    "ConfigurationSetName": "tracking",
    "EndpointId": "abc.123",
    "TenantName": "tenant",
    "ConfigurationOverrides": {
        "Tracking": {"OpenTrackingEnabled": "ENABLED", "ClickTrackingEnabled": "DISABLED"}
    },
}
TAGS = [{"Name": "kind", "Value": "order"}, {"Name": "ses:feedback-id-a", "Value": "x"}]


@pytest.mark.parametrize("kind", ["list", "raw with a list", "template with a list"])
def test_call_of_message_with_contact_list(kind: str) -> None:
    options = v2.build(SINGLES[kind]).params["ListManagementOptions"]
    assert options == {"ContactListName": "list", "TopicName": "topic"}


def test_contact_list_without_topic() -> None:
    options = v2.build(SINGLES["list without topic"]).params["ListManagementOptions"]
    assert options == {"ContactListName": "list"}


def test_call_of_message_with_every_field() -> None:
    call = v2.build(SINGLES["everything"], "Campaign")
    data = call.params.pop("Content")["Raw"]["Data"]
    assert b"d@" not in data
    assert call.params == {
        "Destination": {
            "ToAddresses": ["zoe@example.com", "b@example.com"],
            "CcAddresses": ["c@example.com"],
            "BccAddresses": ["d@xn--bcher-kva.de"],
        },
        "EmailTags": [*TAGS, {"Name": "Campaign", "Value": "order"}],
        **COMMON,
    }


def test_call_of_template_message_with_every_field() -> None:
    call = v2.build(SINGLES["template with everything"])
    assert call.params == {
        "FromEmailAddress": "=?utf-8?b?Wm/Dqw==?= <zoe@example.com>",
        "Destination": {
            "ToAddresses": ["=?utf-8?b?Wm/Dqw==?= <zoe@example.com>", "b@example.com"],
            "CcAddresses": ['"C, D" <c@example.com>'],
            "BccAddresses": ["d@xn--bcher-kva.de"],
        },
        "ReplyToAddresses": ["=?utf-8?b?Wm/Dqw==?= <r@example.com>", "s@example.com"],
        "Content": {
            "Template": {
                "TemplateName": "Shipped",
                "TemplateData": '{"name":"Zoë"}',
                "Headers": [
                    {"Name": "X-Sesmail-Id", "Value": "order-12345_1"},
                    {"Name": "X-One", "Value": "=?utf-8?b?R3LDvMOfZQ==?="},
                    {"Name": "List-Archive", "Value": "<https://example.com/u>"},
                    {"Name": "X-Tag", "Value": "order"},
                    {"Name": "X-Metadata", "Value": '{"id": 1, "name": "Zo\\u00eb"}'},
                ],
                "Attachments": [
                    {
                        "RawContent": b"text",
                        "FileName": "Zoë.txt",
                        "ContentType": 'text/plain; charset="utf-8"',
                        "ContentDisposition": "ATTACHMENT",
                        "ContentDescription": "Büro",
                        "ContentTransferEncoding": "BASE64",
                    },
                    {
                        "RawContent": b"\x89PNG",
                        "FileName": "logo.png",
                        "ContentType": "image/png",
                        "ContentDisposition": "INLINE",
                        "ContentId": "logo",
                        "ContentTransferEncoding": "BASE64",
                    },
                    {
                        "RawContent": b"",
                        "FileName": "empty.bin",
                        "ContentType": "application/octet-stream",
                        "ContentDisposition": "ATTACHMENT",
                        "ContentTransferEncoding": "BASE64",
                    },
                ],
            }
        },
        "EmailTags": TAGS,
        **COMMON,
    }
    assert call.size >= len('{"name":"Zoë"}') + 8


@pytest.mark.parametrize(
    ("template", "source"),
    [
        ("Shipped", {"TemplateName": "Shipped"}),
        (TEMPLATE_ARN, {"TemplateArn": TEMPLATE_ARN}),
        (
            InlineTemplate(subject="s", text="t", html="h"),
            {"TemplateContent": {"Subject": "s", "Text": "t", "Html": "h"}},
        ),
        (InlineTemplate(subject="s", html="h"), {"TemplateContent": {"Subject": "s", "Html": "h"}}),
    ],
    ids=["name", "ARN", "inline", "inline html"],
)
def test_template_by_name_arn_or_inline(template: Any, source: dict[str, Any]) -> None:
    call = v2.build(
        TemplateMessage(from_email="a@example.com", to="b@example.com", template=template)
    )
    assert call.params["Content"] == {"Template": {**source, "TemplateData": "{}"}}


@pytest.mark.parametrize(
    ("fields", "overrides"),
    [
        ({}, None),
        ({"track_opens": True}, {"OpenTrackingEnabled": "ENABLED"}),
        ({"track_opens": False}, {"OpenTrackingEnabled": "DISABLED"}),
        ({"track_clicks": True}, {"ClickTrackingEnabled": "ENABLED"}),
        (
            {"track_clicks": False, "track_opens": True},
            {"OpenTrackingEnabled": "ENABLED", "ClickTrackingEnabled": "DISABLED"},
        ),
    ],
    ids=["neither", "opens on", "opens off", "clicks on", "both"],
)
def test_tracking_overrides(fields: dict[str, bool], overrides: dict[str, str] | None) -> None:
    params = v2.build(
        Message(from_email="a@example.com", to="b@example.com", text="", **fields)
    ).params
    assert params.get("ConfigurationOverrides") == (overrides and {"Tracking": overrides})


@pytest.mark.parametrize(
    "fields",
    [{"source_arn": ARN}, {"from_arn": ARN}, {"source_arn": ARN, "from_arn": ARN}],
    ids=lambda fields: "+".join(fields),
)
def test_source_arn_and_from_arn_are_one_parameter(fields: dict[str, str]) -> None:
    params = v2.build(
        Message(from_email="a@example.com", to="b@example.com", text="", **fields)
    ).params  # type: ignore[typeddict-item]
    assert params["FromEmailAddressIdentityArn"] == ARN


@pytest.mark.parametrize("kind", ["everything", "template"])
def test_rejects_different_source_arn_and_from_arn(kind: str) -> None:
    message = SINGLES[kind].model_copy(update={"source_arn": ARN, "from_arn": f"{ARN}.other"})
    with pytest.raises(InvalidMessageError, match="give one") as caught:
        v2.build(message)
    assert caught.value.field == "from_arn"


def test_call_of_bulk_message_with_every_field() -> None:
    call = v2.build_bulk(BULKS["everything"], "Campaign")
    entries = call.params.pop("BulkEmailEntries")
    template = call.params.pop("DefaultContent")["Template"]
    copies = {"CcAddresses": ["c@example.com"], "BccAddresses": ["d@example.com", "e@example.com"]}
    assert entries == [
        {
            "Destination": {"ToAddresses": ["=?utf-8?b?Wm/Dqw==?= <zoe@example.com>"], **copies},
            "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": "{}"}},
        },
        {
            "Destination": {
                "ToAddresses": ["b@example.com"],
                "CcAddresses": ["c@example.com"],
                "BccAddresses": ["d@example.com", "e@example.com"],
            },
            "ReplacementTags": [{"Name": "kind", "Value": "b"}],
            "ReplacementEmailContent": {
                "ReplacementTemplate": {"ReplacementTemplateData": '{"name":"B"}'}
            },
            "ReplacementHeaders": [
                {"Name": "X-One", "Value": "=?utf-8?b?w7w=?="},
                {"Name": "X-Metadata", "Value": '{"id": 2, "name": "Zo\\u00eb"}'},
            ],
        },
    ]
    assert template["TemplateArn"] == TEMPLATE_ARN
    assert template["TemplateData"] == '{"ship_date":"May 15"}'
    assert len(template["Attachments"]) == 3
    assert call.params == {
        "FromEmailAddress": "=?utf-8?b?Wm/Dqw==?= <zoe@example.com>",
        "ReplyToAddresses": ["=?utf-8?b?Wm/Dqw==?= <r@example.com>", "s@example.com"],
        "DefaultEmailTags": [*TAGS, {"Name": "Campaign", "Value": "order"}],
        **COMMON,
    }


def test_recipient_without_metadata_has_those_of_the_message() -> None:
    """SES adds the default header to every entry that doesn't replace it."""
    bulk = BulkMessage(
        from_email="a@example.com", template="T", metadata={"a": 1}, recipients=RECIPIENTS
    )
    first, second = v2.build_bulk(bulk).params["BulkEmailEntries"]
    assert "ReplacementHeaders" not in first
    assert json.loads(second["ReplacementHeaders"][1]["Value"]) == {"a": 1, "id": 2}


# Headers beside a template


def templated(**fields: Any) -> list[dict[str, str]]:
    message = TemplateMessage(
        **{"from_email": "a@example.com", "to": "b@example.com", "template": "T"} | fields
    )
    headers: list[dict[str, str]] = v2.build(message).params["Content"]["Template"]["Headers"]
    return headers


def numbered(count: int) -> dict[str, str]:
    return {f"X-{number}": "x" for number in range(count)}


@pytest.mark.parametrize(
    ("headers", "tags", "metadata"),
    [(15, 0, 0), (14, 1, 0), (14, 0, 1), (10, 4, 1), (0, 15, 0)],
    ids=str,
)
def test_accepts_15_headers_and_rejects_16(headers: int, tags: int, metadata: int) -> None:
    fields: dict[str, Any] = {"tags": ["t"] * tags, "metadata": {"a": 1} if metadata else {}}
    assert len(templated(headers=numbered(headers), **fields)) == 15
    with pytest.raises(InvalidMessageError, match="at most 15 headers") as caught:
        templated(headers=numbered(headers + 1), **fields)
    assert (caught.value.field, caught.value.limit, caught.value.actual) == ("headers", 15, 16)


def test_send_id_is_the_first_header_and_counts() -> None:
    found = templated(headers=numbered(14), send_id="id-1")
    assert (found[0], len(found)) == ({"Name": "X-Sesmail-Id", "Value": "id-1"}, 15)
    with pytest.raises(InvalidMessageError, match="at most 15 headers"):
        templated(headers=numbered(15), send_id="id-1")


def test_rejects_16_headers_of_a_recipient() -> None:
    def bulk(count: int) -> BulkMessage:
        each = Recipient("b@example.com", headers=numbered(count), metadata={"a": 1})
        return BulkMessage(
            from_email="a@example.com", template="T", recipients=[RECIPIENTS[0], each]
        )

    assert violations("sesv2", "SendBulkEmail", v2.build_bulk(bulk(14)).params) == []
    with pytest.raises(InvalidMessageError, match="at most 15 headers") as caught:
        v2.build_bulk(bulk(15))
    assert (caught.value.field, caught.value.actual) == ("recipients[1].headers", 16)


@pytest.mark.parametrize(
    ("name", "longest"),
    [("X", 995), ("X-One", 991), ("X" * 76, 920)],
    ids=lambda value: str(value)[:6],
)
def test_rejects_header_longer_than_996_characters(name: str, longest: int) -> None:
    assert templated(headers={name: "x" * longest}) == [{"Name": name, "Value": "x" * longest}]
    with pytest.raises(InvalidMessageError, match=f"1 to {longest} ASCII") as caught:
        templated(headers={name: "x" * (longest + 1)})
    assert (caught.value.field, caught.value.limit, caught.value.actual) == (
        "headers",
        longest,
        longest + 1,
    )


def test_encoded_length_of_headers_counts() -> None:
    (header,) = templated(tags=["ü" * 270])
    assert decoded(header["Value"]) == "ü" * 270
    with pytest.raises(InvalidMessageError, match="ASCII") as caught:
        templated(tags=["ü" * 400])
    assert (caught.value.field, caught.value.limit) == ("tags", 991)


def test_length_of_metadata_counts_as_ascii_json() -> None:
    room = 986 - len('{"a": ""}')
    assert len(templated(metadata={"a": "x" * room})[0]["Value"]) == 986
    for text in ("x" * (room + 1), "ü" * (room // 6 + 1)):
        with pytest.raises(InvalidMessageError, match="X-Metadata") as caught:
            templated(metadata={"a": text})
        assert (caught.value.field, caught.value.limit) == ("metadata", 986)


def test_length_of_recipient_metadata_includes_those_of_the_message() -> None:
    bulk = BulkMessage(
        from_email="a@example.com",
        template="T",
        metadata={"a": "x" * 600},
        recipients=[RECIPIENTS[0], Recipient("b@example.com", metadata={"b": "x" * 600})],
    )
    with pytest.raises(InvalidMessageError, match="X-Metadata") as caught:
        v2.build_bulk(bulk)
    assert caught.value.field == "recipients[1].metadata"


@pytest.mark.parametrize("name", ["To", "date", "Message-Id"])
def test_rejects_headers_that_ses_writes(name: str) -> None:
    with pytest.raises(InvalidMessageError, match="SES writes it") as caught:
        templated(headers={name: "x"})
    assert caught.value.field == "headers"


def test_rejects_non_ascii_text_in_headers_of_ids_and_urls() -> None:
    with pytest.raises(InvalidMessageError, match="percent-encode") as caught:
        templated(headers={"List-Unsubscribe": "<https://example.com/é>"})
    assert caught.value.field == "headers"


def test_rejects_non_ascii_text_in_recipient_headers_of_ids_and_urls() -> None:
    bulk = BulkMessage(
        from_email="a@example.com",
        template="T",
        recipients=[RECIPIENTS[0], Recipient("b@example.com", headers={"References": "<é>"})],
    )
    with pytest.raises(InvalidMessageError, match="percent-encode") as caught:
        v2.build_bulk(bulk)
    assert caught.value.field == "recipients[1].headers"


def test_rejects_attachments_beside_template_larger_than_40_mb() -> None:
    limit = 40 * 1024 * 1024
    half = Attachment("a", bytes(limit // 2 * 57 // 78))  # in base64, with line breaks
    message = TemplateMessage(
        from_email="a@example.com", to="b@example.com", template="T", attachments=[half, half]
    )
    assert v2.build(message).size <= limit + len("{}")
    with pytest.raises(InvalidMessageError, match=f"{limit:,}") as caught:
        v2.build(message.model_copy(update={"attachments": (half, half, Attachment("b", b"wxyz"))}))
    assert caught.value.limit == limit
    assert caught.value.actual is not None
    assert caught.value.actual > limit


@pytest.mark.parametrize("count", [499, 500])
def test_rejects_500_attachments_beside_template(count: int) -> None:
    """The body that SES adds is a part, too: the 501st with 500 attachments."""
    message = TemplateMessage(
        from_email="a@example.com",
        to="b@example.com",
        template="T",
        attachments=[Attachment("a", b"x")] * count,
    )
    if count == 499:
        v2.build(message)
    else:
        with pytest.raises(InvalidMessageError, match="500"):
            v2.build(message)


@pytest.mark.parametrize("kind", [TemplateMessage, BulkMessage], ids=lambda kind: kind.__name__)
def test_rejects_template_message_without_author(kind: Any) -> None:
    message = kind(
        template="T",
        **({"recipients": RECIPIENTS} if kind is BulkMessage else {"to": "b@example.com"}),
    )
    with pytest.raises(InvalidMessageError, match="the author is missing") as caught:
        (v2.build_bulk if kind is BulkMessage else v2.build)(message)
    assert caught.value.field == "from_email"


def test_extra_overrides_parameters() -> None:
    for message in (SINGLES["minimal"], SINGLES["raw"], SINGLES["template"], BULKS["minimal"]):
        with_extra = message.model_copy(
            update={"extra": {"FromEmailAddress": "mine", "New": {"a": 1}}}
        )
        call = (v2.build_bulk if isinstance(message, BulkMessage) else v2.build)(with_extra)
        assert (call.params["FromEmailAddress"], call.params["New"]) == ("mine", {"a": 1})


@pytest.mark.parametrize(
    ("answer", "entries"),
    [
        ({"BulkEmailEntryResults": [{"Status": "SUCCESS"}, None]}, [{"Status": "SUCCESS"}, {}]),
        ({"BulkEmailEntryResults": None}, []),
        ({}, []),
    ],
    ids=["entries", "none", "nothing"],
)
def test_read_bulk_returns_result_of_each_recipient(
    answer: dict[str, Any], entries: list[Any]
) -> None:
    assert v2.read_bulk(answer) == entries
