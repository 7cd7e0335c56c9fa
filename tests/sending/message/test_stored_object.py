"""Attachments by reference: what is accepted, and what a message has of them."""

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydantic
import pytest

import sesmail
from sesmail import (
    Attachment,
    BulkMessage,
    InvalidMessageError,
    Message,
    S3Object,
    TemplateMessage,
    message_from_json,
)

INVOICE = Attachment.from_s3("invoices", "2026/05/invoice 7.pdf")
MESSAGES: list[Any] = [
    Message(from_email="shop@example.com", to="alice@example.com", attachments=[INVOICE]),
    TemplateMessage(template="Shipped", to="alice@example.com", attachments=[INVOICE]),
    BulkMessage(template="Shipped", recipients=["alice@example.com"], attachments=[INVOICE]),
]
each_message = pytest.mark.parametrize("message", MESSAGES, ids=lambda each: type(each).__name__)


def test_defaults_come_from_the_key() -> None:
    assert INVOICE.content == S3Object("invoices", "2026/05/invoice 7.pdf")
    assert (INVOICE.filename, INVOICE.media_type) == ("invoice 7.pdf", "application/pdf")
    assert (INVOICE.content_id, INVOICE.disposition, INVOICE.description) == (
        None,
        "attachment",
        None,
    )
    assert Attachment.from_s3("invoices", "7").media_type == "application/octet-stream"


def test_every_field_can_be_given() -> None:
    item = Attachment.from_s3(
        "images",
        "a/b",
        version_id="3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY",
        filename="Zoë.png",
        media_type="image/x-png",
        content_id="logo",
        description="The logo",
    )
    stored = S3Object("images", "a/b", version_id="3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY")
    assert item == Attachment(
        "Zoë.png", stored, "image/x-png", content_id="logo", description="The logo"
    )
    assert item.disposition == "inline"
    assert Attachment.from_s3("images", "a", disposition="inline").disposition == "inline"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("ab", "key"), "bucket"),
        (("", "key"), "bucket"),
        (("s3://invoices", "key"), "bucket"),
        (("arn:aws:s3:::invoices", "key"), "bucket"),
        (("arn:aws:s3:eu-west-1:111122223333:accesspoint/mine", "key"), "bucket"),
        (("in/voices", "key"), "bucket"),
        (("invoices\n", "key"), "bucket"),
        (("rechnungen-ü", "key"), "bucket"),
        ((None, "key"), "bucket"),
        ((5, "key"), "bucket"),
        (("invoices", ""), "key"),
        (("invoices", "a/../b"), "key"),
        (("invoices", "./b"), "key"),
        (("invoices", "x" * 1025), "key"),
        (("invoices", "ü" * 513), "key"),
        (("invoices", "\ud800"), "key"),
        (("invoices", None), "key"),
        (("invoices", 7), "key"),
        (("invoices", Path("a")), "key"),
    ],
)
def test_invalid_name_is_refused_by_its_field(arguments: Any, field: str) -> None:
    with pytest.raises(pydantic.ValidationError) as refused:
        Attachment.from_s3(*arguments)
    assert [error["loc"] for error in refused.value.errors()] == [(field,)]
    if not isinstance(arguments[field == "key"], str):
        assert f"not {type(arguments[field == 'key']).__name__}" in str(refused.value)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"version_id": ""}, "version_id"),
        ({"version_id": "a b"}, "version_id"),
        ({"version_id": "x" * 1025}, "version_id"),
        ({"version_id": 1}, "version_id"),
        ({"filename": ""}, "filename"),
        ({"filename": "a\r\nb"}, "filename"),
        ({"filename": "a.exe"}, "filename"),
        ({"filename": "x" * 256}, "filename"),
        ({"media_type": "pdf"}, "media_type"),
        ({"media_type": "multipart/mixed"}, "media_type"),
        ({"content_id": "a b"}, "content_id"),
        ({"disposition": "inlined"}, "disposition"),
        ({"description": "a\nb"}, "description"),
    ],
)
def test_invalid_option_is_refused_by_its_field(options: Any, field: str) -> None:
    with pytest.raises(pydantic.ValidationError) as refused:
        Attachment.from_s3("invoices", "7.pdf", **options)
    assert [error["loc"] for error in refused.value.errors()] == [(field,)]


@pytest.mark.parametrize(
    "key", ["a.js", "a/run.exe", "a\nb", "x" * 300, "a/\u202eb.pdf", "a/" + "ü" * 256]
)
def test_key_that_is_no_file_name_needs_one(key: str) -> None:
    with pytest.raises(pydantic.ValidationError, match="filename"):
        Attachment.from_s3("invoices", key)
    content = Attachment.from_s3("invoices", key, filename="a.txt").content
    assert isinstance(content, S3Object)
    assert content.key == key


def test_key_of_a_folder_needs_a_file_name() -> None:
    with pytest.raises(InvalidMessageError, match="give filename") as refused:
        Attachment.from_s3("invoices", "2026/")
    assert refused.value.field == "filename"
    assert Attachment.from_s3("invoices", "2026/", filename="a.txt").filename == "a.txt"


@pytest.mark.parametrize("key", ["a//b", "...", "..a/b..", "%2e%2e/x", "a b+c", "ü/?#&=", "/x"])
def test_unusual_keys_are_accepted(key: str) -> None:
    assert Attachment.from_s3("a-bucket.name_1", key, filename="a").content == S3Object(
        "a-bucket.name_1", key
    )


def pickled(message: Any) -> Any:
    return pickle.loads(pickle.dumps(message))


@each_message
@pytest.mark.parametrize(
    "carry",
    [
        pickled,
        copy.copy,
        copy.deepcopy,
        lambda message: message_from_json(message.to_json()),
        lambda message: type(message).model_validate_json(message.model_dump_json()),
        lambda message: type(message).model_validate(message.model_dump()),
        lambda message: message.replace(configuration_set="a").replace(configuration_set=None),
        lambda message: message.replace(attachments=[each.replace() for each in [INVOICE]]),
    ],
    ids=["pickle", "copy", "deepcopy", "to_json", "dump_json", "dump", "replace", "attachment"],
)
def test_reference_survives(message: Any, carry: Callable[[Any], Any]) -> None:
    carried = carry(message)
    assert carried.attachments == message.attachments
    assert hash(carried.attachments) == hash(message.attachments)
    assert carried.attachments[0].content == S3Object("invoices", "2026/05/invoice 7.pdf")


def test_references_differ_by_each_field() -> None:
    one = Attachment.from_s3("invoices", "7", filename="a")
    others = [
        Attachment.from_s3("invoice2", "7", filename="a"),
        Attachment.from_s3("invoices", "8", filename="a"),
        Attachment.from_s3("invoices", "7", filename="a", version_id="1"),
        Attachment("a", b""),
    ]
    assert one == Attachment.from_s3("invoices", "7", filename="a")
    assert all(each != one for each in others)
    assert len({one, *others}) == 5
    assert one.replace(content=b"") == others[3]
    assert others[3].replace(content=S3Object("invoices", "7")) == one
    stored = S3Object("invoices", "7")
    assert stored.replace(version_id="1") == S3Object("invoices", "7", version_id="1")


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"bucket": "invoices"},
        {"bucket": "invoices", "key": "7", "region": "eu-west-1"},
        {"bucket": "s3://", "key": "7"},
        {1: 2},
        S3Object.model_construct(bucket="arn:aws:s3:::invoices", key="7"),
        S3Object.model_construct(bucket="invoices"),
        S3Object("invoices", "7").model_copy(update={"key": ".."}),
    ],
    ids=repr,
)
def test_invalid_reference_as_content_is_refused(content: Any) -> None:
    with pytest.raises(pydantic.ValidationError) as refused:
        Attachment("a.pdf", content)
    assert {error["loc"][0] for error in refused.value.errors()} == {"content"}
    unvalidated = Attachment("a.pdf", b"").model_copy(update={"content": content})
    with pytest.raises(pydantic.ValidationError) as refused:
        Message(attachments=[unvalidated])
    assert {error["loc"][:3] for error in refused.value.errors()} == {("attachments", 0, "content")}


def test_invalid_reference_in_json_is_refused_by_its_field() -> None:
    text = MESSAGES[0].to_json().replace('"bucket":"invoices"', '"bucket":"arn:aws:s3:::invoices"')
    with pytest.raises(InvalidMessageError) as refused:
        message_from_json(text)
    assert refused.value.field == "attachments[0].content.bucket"
    text = MESSAGES[0].to_json().replace('"key":"2026/05/invoice 7.pdf"', '"key":7')
    with pytest.raises(InvalidMessageError) as refused:
        message_from_json(text)
    assert refused.value.field == "attachments[0].content.key"


def test_contents_stay_bytes() -> None:
    for content in (b"", b"\xff", b'{"bucket": "invoices", "key": "7"}'):
        message = Message(attachments=[Attachment("a", content)])
        assert message.attachments[0].content == content
        assert message_from_json(message.to_json()) == message
        assert message.model_dump()["attachments"][0]["content"] == content


def test_json_schema_has_both_forms() -> None:
    for mode in ("validation", "serialization"):
        schema = Attachment.model_json_schema(mode=mode)["properties"]["content"]
        assert [each["type"] for each in schema["anyOf"]] == ["string", "object"]


@pytest.mark.parametrize("number", [0, 2])
def test_mail_with_an_unread_reference_can_not_be_encoded(number: int, tmp_path: Path) -> None:
    items = [Attachment("a.txt", "a"), Attachment("b.eml", b"From: a@example.com\r\n\r\n")]
    items.insert(number, INVOICE)
    message = Message(from_email="a@example.com", text="Hello", attachments=items)
    for encode in (message.to_bytes, lambda: message.to_eml(tmp_path / "mail.eml")):
        with pytest.raises(InvalidMessageError, match="only when the message is sent") as refused:
            encode()
        assert refused.value.field == f"attachments[{number}]"
    assert not (tmp_path / "mail.eml").exists()


def test_mail_with_an_unread_reference_has_no_preview() -> None:
    for name in ("cryptography", "starlette", "sesmail.testing"):
        pytest.importorskip(name, reason="pip install sesmail[testing]")
    template = sesmail.InlineTemplate(subject="Shipped", text="Hello")
    shipped = {"from_email": "a@example.com", "template": template, "attachments": [INVOICE]}
    for message in (
        Message(from_email="a@example.com", to="b@example.com", text="a", attachments=[INVOICE]),
        TemplateMessage(to="b@example.com", **shipped),  # type: ignore[arg-type]
        BulkMessage(recipients=["b@example.com"], **shipped),  # type: ignore[arg-type]
    ):
        with pytest.raises(InvalidMessageError, match="only when the message is sent") as refused:
            message.preview()
        assert refused.value.field == "attachments[0]"
