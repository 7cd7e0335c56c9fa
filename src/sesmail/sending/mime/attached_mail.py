"""Attached mails, which RFC 2046 forbids to encode."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from ..message.attachment import Attachment
from ..message.file_content import content_of
from ..wire import check_wire, normalise_line_breaks

__all__ = ["is_attached_mail", "prepare", "prepare_all"]

_log = logging.getLogger("sesmail.sending")


def is_attached_mail(item: Attachment) -> bool:
    """Reports whether an attachment is a whole mail."""
    return item.media_type.lower().startswith("message/")


def prepare_all(attachments: Iterable[Attachment]) -> list[Attachment]:
    """Returns the attachments of a message as they are sent, see ``prepare``.

    Raises:
        InvalidMessageError: The content of one is in S3, and wasn't read.
    """
    return [prepare(item, f"attachments[{number}]") for number, item in enumerate(attachments)]


def prepare(item: Attachment, field: str = "attachments") -> Attachment:
    """Returns an attachment as it is sent: a whole mail as 7-bit lines, anything else unchanged.

    A mail that is 7-bit keeps its bytes, except that line breaks become CRLF. Any other is encoded
    again, part by part. Where that isn't possible the bytes are sent as application/octet-stream,
    which mail programs open by the file name: https://www.rfc-editor.org/rfc/rfc2046#section-5.2.1

    Raises:
        InvalidMessageError: Its content is in S3, and wasn't read.
    """
    content = content_of(item, field)
    if not is_attached_mail(item):
        return item
    update: dict[str, object]
    try:
        update = {"content": _seven_bit(content)}
    except ValueError as err:
        _log.warning(
            "an attached mail (%s) is sent as application/octet-stream: it %s", item.media_type, err
        )
        update = {"media_type": "application/octet-stream"}
    return item.model_copy(update=update)


def _seven_bit(content: bytes) -> bytes:
    from .seven_bit import to_seven_bit  # not loaded to send other mails

    try:
        lines = normalise_line_breaks(content)
        check_wire(lines)
    except ValueError:
        lines = to_seven_bit(content)
        check_wire(lines)
    return lines
