"""Messages as the bodies of an outbox, and back: compressed JSON."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

from ..arguments import described
from ..errors import ConfigurationError, InvalidMessageError
from ..send_log.records import check_send_id
from ..sending.limits import check_mail_size
from ..sending.message.bulk_message import BulkMessage
from ..sending.message.kinds import AnyMessage, message_from_json
from ..sending.message.message import Message
from ..sending.message.raw_message import RawMessage
from ..sending.message.recipient import Recipient
from ..sending.message.template_message import TemplateMessage
from ..sending.message.validation import valid_message
from ..sending.references.contents import least_size

__all__ = ["StoredMail", "read_body", "stored_mails"]

_FAST = 256 * 1024  # bytes; attached files are mostly compressed, so that effort gains little


@dataclass(frozen=True, slots=True)
class StoredMail:
    """One mail to be queued.

    Attributes:
        send_id: Its send id.
        body: The message, compressed.
        size: Bytes of the message as JSON.
        bulk: Equal for mails that may share a bulk call; None for one that isn't of a BulkMessage.
    """

    send_id: str
    body: bytes
    size: int
    bulk: str | None = None


def stored_mails(
    message: AnyMessage | BulkMessage, send_id: str | None = None
) -> Iterator[StoredMail]:
    """Yields the mails of a message: one, or one for each recipient of a bulk message.

    Raises:
        InvalidMessageError: It isn't a message, an invalid one, or larger than SES takes.
        ConfigurationError: ``send_id`` isn't one, or contradicts the message.
    """
    if not isinstance(message, (Message, RawMessage, TemplateMessage, BulkMessage)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidMessageError(
            f"it must be a message, not {described(message)}", field="message"
        )
    message = valid_message(message)
    check_mail_size(least_size(message), "v2", "send smaller attachments, or links to them")
    if isinstance(message, BulkMessage):
        if send_id is not None:
            raise ConfigurationError(
                "send_id is of one mail, and a BulkMessage has one for each recipient; give it on "
                "each Recipient"
            )
        yield from _bulk_mails(message)
        return
    chosen = _send_id(message, send_id)
    if chosen != message.send_id:
        message = valid_message(message.model_copy(update={"send_id": chosen}))
    yield StoredMail(chosen, *_compressed(message))


def read_body(body: bytes) -> AnyMessage | BulkMessage:
    """Reads a body.

    Raises:
        InvalidMessageError: It isn't one, or one of a later version of sesmail.
    """
    parts = [body]
    del body  # each of its forms is freed once the next one exists
    return message_from_json(_decompressed(parts))


def _decompressed(parts: list[bytes]) -> bytes:
    try:
        return zlib.decompress(parts.pop())
    except zlib.error as err:
        raise InvalidMessageError("the stored body is damaged", field="message") from err


def _bulk_mails(message: BulkMessage) -> Iterator[StoredMail]:
    placeholder = (Recipient("nobody@example.com"),)
    common = message.model_copy(update={"recipients": placeholder}).to_json()
    bulk = hashlib.sha256(common.encode()).hexdigest()[:32]
    for recipient in message.recipients:
        chosen = _send_id(recipient, None)
        one = recipient.model_copy(update={"send_id": chosen})
        single = message.model_copy(update={"recipients": (one,)})
        yield StoredMail(chosen, *_compressed(single), bulk)


def _send_id(mail: AnyMessage | Recipient, given: str | None) -> str:
    if given is not None:
        check_send_id(given)
        if mail.send_id is not None and mail.send_id != given:
            raise ConfigurationError(
                "send_id differs from the send_id of the message; give only one of them"
            )
    return given or mail.send_id or uuid4().hex


def _compressed(message: AnyMessage | BulkMessage) -> tuple[bytes, int]:
    text = message.to_json().encode()
    return zlib.compress(text, 1 if len(text) > _FAST else 6), len(text)
