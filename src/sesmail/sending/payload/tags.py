"""SES message tags of a message, including those that the client's settings add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...errors import InvalidMessageError
from ...tagging import SEND_ID_TAG, TAG_WORD

if TYPE_CHECKING:
    from ..message.bulk_message import BulkMessage
    from ..message.message import Message
    from ..message.raw_message import RawMessage
    from ..message.template_message import TemplateMessage

__all__ = ["message_tags", "recipient_tags", "tag_list"]


def message_tags(
    message: Message | RawMessage | TemplateMessage | BulkMessage,
    tag_name: str | None,
    tag_send_id: bool = False,
) -> dict[str, str]:
    """Returns the SES message tags of a message.

    Args:
        message: Message.
        tag_name: Name of the message tag for the message's single tag; None adds none.
        tag_send_id: True adds the send id as a message tag.

    Raises:
        InvalidMessageError: With ``tag_name`` the message has more than one tag, or one with
            characters that a message tag can't have; or a name has two values.
    """
    tags = _with_tag(message, tag_name)
    if not tag_send_id:
        return tags
    return _with_send_id(
        tags, None if message.kind == "BulkMessage" else message.send_id, "send_id"
    )


def recipient_tags(
    tags: Mapping[str, str], send_id: str | None, tag_send_id: bool, field: str
) -> Mapping[str, str]:
    """Returns the SES message tags of a recipient's mail; ``field`` is a prefix for errors."""
    return _with_send_id(tags, send_id, f"{field}send_id") if tag_send_id else tags


def _with_send_id(tags: Mapping[str, str], send_id: str | None, field: str) -> dict[str, str]:
    if tags.get(SEND_ID_TAG, send_id) != send_id:
        raise InvalidMessageError(
            f"the client sends the send id as the message tag {SEND_ID_TAG}; "
            "leave that out of message_tags",
            field=field,
        )
    return dict(tags) if send_id is None else {**tags, SEND_ID_TAG: send_id}


def _with_tag(
    message: Message | RawMessage | TemplateMessage | BulkMessage, tag_name: str | None
) -> dict[str, str]:
    tags = dict(message.message_tags)
    if tag_name is None or message.kind == "RawMessage" or not message.tags:
        return tags
    tag, *others = message.tags
    if others:
        raise InvalidMessageError(
            f"with message_tag_name a message has one tag, this one has {1 + len(others)}; "
            "use message_tags for the others",
            field="tags",
            limit=1,
            actual=1 + len(others),
        )
    if TAG_WORD.fullmatch(tag) is None:
        raise InvalidMessageError(
            "with message_tag_name a tag is an SES message tag, too: 1 to 256 of A-Z a-z 0-9 _ -",
            field="tags",
        )
    if tags.get(tag_name, tag) != tag:
        raise InvalidMessageError(
            f"the client sends the tag as the message tag {tag_name}, "
            "for which message_tags has another value; give one",
            field="tags",
        )
    return {**tags, tag_name: tag}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Returns message tags in the form that both APIs take."""
    return [{"Name": name, "Value": value} for name, value in tags.items()]
