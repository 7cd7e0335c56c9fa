"""SES message tags: those of the message, the single tag, and the send id."""

from typing import Any

import pytest

from sesmail import (
    BulkMessage,
    InvalidMessageError,
    Message,
    RawMessage,
    Recipient,
    TemplateMessage,
)
from sesmail.sending.payload.defaults import apply_defaults
from sesmail.sending.payload.tags import message_tags, recipient_tags, tag_list

MAIL = b"From: a@example.com\r\n\r\n"
SINGLES: dict[str, Any] = {
    "Message": Message(),
    "RawMessage": RawMessage(content=MAIL),
    "TemplateMessage": TemplateMessage(template="T"),
}
BULK = BulkMessage(template="T", recipients=[Recipient("a@example.com")])
WRITTEN: dict[str, Any] = {
    "Message": Message(),
    "TemplateMessage": TemplateMessage(template="T"),
    "BulkMessage": BULK,
}


@pytest.mark.parametrize("message", WRITTEN.values(), ids=WRITTEN)
def test_single_tag_is_a_message_tag_with_tag_name(message: Any) -> None:
    message = message.model_copy(update={"tags": ("order",), "message_tags": {"a": "b"}})
    assert message_tags(message, None) == {"a": "b"}
    assert message_tags(message, "Campaign") == {"Campaign": "order", "a": "b"}


def test_message_without_tags_has_no_message_tag() -> None:
    assert message_tags(Message(), "Campaign") == {}
    assert message_tags(SINGLES["RawMessage"], "Campaign") == {}


def test_rejects_message_tag_that_differs_from_the_single_tag() -> None:
    assert message_tags(
        Message(tags=["order"], message_tags={"Campaign": "order"}), "Campaign"
    ) == {"Campaign": "order"}
    with pytest.raises(InvalidMessageError, match="give one") as caught:
        message_tags(Message(tags=["order"], message_tags={"Campaign": "own"}), "Campaign")
    assert caught.value.field == "tags"


def test_rejects_several_tags_with_tag_name() -> None:
    with pytest.raises(InvalidMessageError, match="has one tag, this one has 3") as caught:
        message_tags(Message(tags=["a", "b", "c"]), "Campaign")
    assert (caught.value.field, caught.value.limit, caught.value.actual) == ("tags", 1, 3)
    with pytest.raises(InvalidMessageError, match="has one tag"):
        message_tags(apply_defaults(Message(tags=["a"]), Message(tags=["b"])), "Campaign")


@pytest.mark.parametrize("tag", ["two words", "Zoë", "a.b", "x" * 257], ids=lambda tag: tag[:9])
def test_rejects_tag_with_characters_that_message_tags_cannot_have(tag: str) -> None:
    with pytest.raises(InvalidMessageError, match="1 to 256 of A-Z a-z 0-9 _ -") as caught:
        message_tags(Message(tags=[tag]), "Campaign")
    assert caught.value.field == "tags"


def test_accepts_tag_of_256_characters() -> None:
    assert message_tags(Message(tags=["x" * 256]), "Campaign") == {"Campaign": "x" * 256}


def test_tag_list() -> None:
    assert tag_list({"a": "b", "c": "d"}) == [
        {"Name": "a", "Value": "b"},
        {"Name": "c", "Value": "d"},
    ]


@pytest.mark.parametrize("message", SINGLES.values(), ids=SINGLES)
def test_send_id_is_a_message_tag_with_tag_send_id(message: Any) -> None:
    own = message.model_copy(update={"send_id": "id-1", "message_tags": {"a": "b"}})
    assert message_tags(own, None) == {"a": "b"}
    assert message_tags(own, None, True) == {"a": "b", "X-Sesmail-Id": "id-1"}
    assert message_tags(message, None, True) == {}


def test_send_id_of_recipient_is_a_message_tag_with_tag_send_id() -> None:
    tags = {"a": "b"}
    assert recipient_tags(tags, "id-1", False, "recipients[0].") == tags
    assert recipient_tags(tags, "id-1", True, "recipients[0].") == {
        "a": "b",
        "X-Sesmail-Id": "id-1",
    }
    assert recipient_tags({}, None, True, "recipients[0].") == {}


def test_bulk_message_has_no_send_id_tag() -> None:
    assert message_tags(BULK, None, True) == {}


def test_accepts_message_tag_equal_to_the_send_id() -> None:
    same = {"X-Sesmail-Id": "id-1"}
    assert message_tags(Message(send_id="id-1", message_tags=same), None, True) == same
    assert message_tags(Message(send_id="id-2", message_tags=same), None, False) == same
    assert recipient_tags(same, "id-1", True, "") == same


@pytest.mark.parametrize(
    "message",
    [
        Message(send_id="id-1", message_tags={"X-Sesmail-Id": "id-2"}),
        Message(message_tags={"X-Sesmail-Id": "id-2"}),
        BULK.model_copy(update={"message_tags": {"X-Sesmail-Id": "id-2"}}),
    ],
    ids=["another", "none", "bulk"],
)
def test_rejects_message_tag_that_differs_from_the_send_id(message: Any) -> None:
    with pytest.raises(InvalidMessageError, match="leave that out of message_tags") as caught:
        message_tags(message, None, True)
    assert caught.value.field == "send_id"


def test_rejects_message_tag_of_recipient_that_differs_from_its_send_id() -> None:
    with pytest.raises(InvalidMessageError) as caught:
        recipient_tags({"X-Sesmail-Id": "id-2"}, "id-1", True, "recipients[3].")
    assert caught.value.field == "recipients[3].send_id"


def test_rejects_single_tag_under_the_name_of_the_send_id() -> None:
    with pytest.raises(InvalidMessageError) as caught:
        message_tags(Message(tags=["order"], send_id="id-1"), "X-Sesmail-Id", True)
    assert caught.value.field == "send_id"
