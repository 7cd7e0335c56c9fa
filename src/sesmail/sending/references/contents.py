"""Messages whose attachments are references, and the same messages with the contents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..message.stored_object import S3Object
from ..mime.attached_mail import is_attached_mail

if TYPE_CHECKING:
    from ..message.attachment import Attachment
    from ..message.bulk_message import BulkMessage
    from ..message.kinds import AnyMessage

__all__ = [
    "attachments_of",
    "encoded_size",
    "least_size",
    "references_of",
    "with_contents",
    "without_contents",
]

M = TypeVar("M", bound="AnyMessage | BulkMessage")


def attachments_of(message: AnyMessage | BulkMessage) -> Sequence[Attachment]:
    """Returns the attachments of a message; a RawMessage has none."""
    attachments: Sequence[Attachment] = vars(message).get("attachments", ())
    return attachments


def references_of(message: AnyMessage | BulkMessage) -> dict[S3Object, list[int]]:
    """Returns the objects of a message, each with the numbers of its attachments."""
    found: dict[S3Object, list[int]] = {}
    for number, item in enumerate(attachments_of(message)):
        if isinstance(item.content, S3Object):
            found.setdefault(item.content, []).append(number)
    return found


def with_contents(message: M, contents: Mapping[S3Object, bytes]) -> M:
    """Returns a message whose attachments have the contents of the objects."""
    return _replaced(message, lambda stored: {"content": contents[stored]})


def without_contents(message: M) -> M:
    """Returns a message with empty files instead of the objects, to check the rest of it.

    None of them is an attached mail, which can't be empty.
    """
    return _replaced(message, lambda _: {"content": b"", "media_type": "application/octet-stream"})


def _replaced(message: M, update: Callable[[S3Object], dict[str, Any]]) -> M:
    items = tuple(
        item.model_copy(update=update(item.content)) if isinstance(item.content, S3Object) else item
        for item in attachments_of(message)
    )
    return cast("M", message.model_copy(update={"attachments": items}))


def least_size(message: AnyMessage | BulkMessage) -> int:
    """Returns the least number of bytes that the contents of a message have when encoded.

    Those of objects in S3 aren't known.
    """
    if message.kind == "RawMessage":
        return len(message.content)
    bodies = (message.text, message.html) if message.kind == "Message" else ()
    return sum(len(body.encode()) for body in bodies if body) + sum(
        encoded_size(message, item, len(item.content))
        for item in attachments_of(message)
        if isinstance(item.content, bytes)
    )


def encoded_size(message: AnyMessage | BulkMessage, item: Attachment, size: int) -> int:
    """Returns the least number of bytes that a content of this size has in the encoded mail."""
    if message.kind == "Message" and is_attached_mail(item):
        return size
    return size * 78 // 57  # base64 in lines of 57 bytes, which are 78 with their CRLF
