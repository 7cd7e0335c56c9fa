"""Recipients of a bulk message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import Field

from ...address import Address
from .fields import (
    Headers,
    JsonMapping,
    Mailboxes,
    MailboxesInput,
    MessageTags,
    SendId,
    no_keys,
)
from .model import Model
from .unsubscribe import UnsubscribeUrl

__all__ = ["Recipient"]


class Recipient(Model, frozen=True):
    """One recipient of a ``BulkMessage``, with the content and settings of their mail.

    ``to`` is required and may be positional; everything else is empty by default.

    Args:
        to: Address: text such as ``"Alice <alice@example.com>"``, or an ``Address``.
        data: Values of the template's placeholders, which override those of the message key by
            key; SES merges them. JSON, at most 262,144 characters; dates, times, ``Decimal`` and
            ``UUID`` are taken as text.
        cc: Recipients of a copy of this mail, besides the message's ``cc``. One address or a list;
            together with ``bcc``, ``to`` and the message's own at most 50.
        bcc: Recipients of a blind copy of this mail, besides the message's ``bcc``.
        headers: Further headers, which override the message's headers of the same name; API v2
            only. At most 15 with those for metadata and send_id; name and value at most 996 ASCII
            characters together.
        metadata: Metadata, which override the message's key by key; API v2 only. At most 986
            characters as JSON.
        unsubscribe: Address for one-click unsubscribe of this recipient, instead of the message's,
            see ``Message``; API v2 only.
        message_tags: SES message tags of this mail, names and values of 1 to 256 of
            ``A-Z a-z 0-9 _ -``.
        send_id: Id of this mail in the application, 1 to 256 of ``A-Z a-z 0-9 _ -``, see
            ``Message``. On API v1 it needs the client's ``tag_send_id=True``.

    Raises:
        pydantic.ValidationError: A field is invalid.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_BulkEmailEntry.html
    """

    positional: ClassVar[tuple[str, ...]] = ("to",)

    to: Address
    data: JsonMapping = Field(default_factory=no_keys, repr=False)
    cc: Mailboxes = ()
    bcc: Mailboxes = ()
    headers: Headers = Field(default_factory=no_keys)
    metadata: JsonMapping = Field(default_factory=no_keys, repr=False)
    unsubscribe: UnsubscribeUrl | None = None
    message_tags: MessageTags = Field(default_factory=no_keys)
    send_id: SendId | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            to: str | Address,
            *,
            data: Mapping[str, Any] = ...,
            cc: MailboxesInput = ...,
            bcc: MailboxesInput = ...,
            headers: Mapping[str, str] = ...,
            metadata: Mapping[str, Any] = ...,
            unsubscribe: str | None = ...,
            message_tags: Mapping[str, str] = ...,
            send_id: str | None = ...,
        ) -> None: ...

        def replace(
            self,
            *,
            to: str | Address = ...,
            data: Mapping[str, Any] = ...,
            cc: MailboxesInput = ...,
            bcc: MailboxesInput = ...,
            headers: Mapping[str, str] = ...,
            metadata: Mapping[str, Any] = ...,
            message_tags: Mapping[str, str] = ...,
            send_id: str | None = ...,
        ) -> Self:
            """Returns a copy with other values of some fields, validated like a new instance."""
            ...
