"""The bytes of a mail, written here or ready-made."""

from __future__ import annotations

from ..errors import InvalidMessageError
from ..labels import SEND_ID_HEADER
from .message import Message, RawMessage
from .mime import write_mime
from .raw import has_field

__all__ = ["the_mail"]


def the_mail(message: Message | RawMessage) -> bytes:
    """A message as the bytes that SES takes, written here or ready-made.

    Raises:
        InvalidMessageError: As for ``write_mime``; or ready-made MIME has a send id and is given another.
    """
    if isinstance(message, Message):
        return write_mime(message)
    if message.send_id is None:
        return message.content
    if has_field(message.content, SEND_ID_HEADER):
        raise InvalidMessageError(f"the content has the header {SEND_ID_HEADER} already", field="send_id")
    return f"{SEND_ID_HEADER}: {message.send_id}\r\n".encode() + message.content
