"""The SES message tags of a message, the client's own among them."""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import InvalidMessageError
from ...tagging import SEND_ID_TAG, TAG_WORD
from ..message.message import BulkMessage, Message, RawMessage, TemplateMessage
from ..message.recipient import Recipient

__all__ = ["message_tags", "recipient_tags", "tag_list"]


def message_tags(
    message: Message | RawMessage | TemplateMessage | BulkMessage,
    tag_name: str | None,
    tag_send_id: bool = False,
) -> dict[str, str]:
    """The SES message tags of a message.

    Args:
        message: The message.
        tag_name: The name under which its one tag is among them, if the client was told one.
        tag_send_id: Whether its send id is among them.

    Raises:
        InvalidMessageError: More than one tag, characters that a message tag can't have, or two values for one name.
    """
    tags = _with_tag(message, tag_name)
    if not tag_send_id:
        return tags
    return _with_send_id(
        tags, None if isinstance(message, BulkMessage) else message.send_id, "send_id"
    )


def recipient_tags(recipient: Recipient, tag_send_id: bool, field: str) -> Mapping[str, str]:
    """The SES message tags of one recipient's mail, as for ``message_tags``; ``field`` names the recipient."""
    tags = recipient.message_tags
    return _with_send_id(tags, recipient.send_id, f"{field}send_id") if tag_send_id else tags


def _with_send_id(tags: Mapping[str, str], send_id: str | None, field: str) -> dict[str, str]:
    if tags.get(SEND_ID_TAG, send_id) != send_id:
        raise InvalidMessageError(
            f"the client sends it as the message tag {SEND_ID_TAG}; leave that out of message_tags",
            field=field,
        )
    return dict(tags) if send_id is None else {**tags, SEND_ID_TAG: send_id}


def _with_tag(
    message: Message | RawMessage | TemplateMessage | BulkMessage, tag_name: str | None
) -> dict[str, str]:
    tags = dict(message.message_tags)
    if tag_name is None or isinstance(message, RawMessage) or not message.tags:
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
            "with message_tag_name a tag is 1 to 256 of A-Z a-z 0-9 _ -, because it is an SES message tag, too",
            field="tags",
        )
    if tags.get(tag_name, tag) != tag:
        raise InvalidMessageError(
            f"the client sends it as the message tag {tag_name}, for which message_tags has another value; give one",
            field="tags",
        )
    return {**tags, tag_name: tag}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Message tags the way both APIs take them."""
    return [{"Name": name, "Value": value} for name, value in tags.items()]
