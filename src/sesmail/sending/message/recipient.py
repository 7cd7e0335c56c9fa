"""What messages are made of besides text and files: recipients of a bulk message, inline templates, contact lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from ...address import Address
from ...values import FrozenDict
from .fields import (
    BodyText,
    Headers,
    JsonMapping,
    Mailboxes,
    MailboxesInput,
    MessageTags,
    Model,
    Name,
    PositionalModel,
    SendId,
)

__all__ = ["InlineTemplate", "ListManagement", "Recipient"]


class InlineTemplate(Model, frozen=True):
    """A template that travels with the call instead of being stored at SES; v2 only.

    Only simple ``{{name}}`` substitution works in it; SES refuses ``{{#if}}`` and the like.

    Args:
        subject: The subject with its ``{{placeholders}}``.
        text: The plain text body.
        html: The html body.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_EmailTemplateContent.html
    """

    subject: Name
    text: BodyText | None = None
    html: BodyText | None = None


class ListManagement(Model, frozen=True):
    """The contact list and topic by which SES writes unsubscribe links and leaves out who unsubscribed; v2 only.

    Args:
        contact_list: The name of the contact list.
        topic: The name of the topic; every topic of the list if it isn't given.

    https://docs.aws.amazon.com/ses/latest/dg/sending-email-subscription-management.html
    """

    contact_list: Name
    topic: Name | None = None


class Recipient(PositionalModel, frozen=True):
    """One recipient of a bulk message, with what is only for them.

    Args:
        to: The address.
        data: Laid over the message's data, key by key, by SES.
        cc: Copies of this recipient's mail, beside the message's.
        bcc: Blind copies of this recipient's mail, beside the message's.
        headers: Over the message's headers of the same name; v2 only.
        metadata: Over the message's metadata, key by key; v2 only.
        message_tags: SES message tags for this recipient's mail.
        send_id: As for ``Message``; v2 only, or with the client's ``tag_send_id``.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_BulkEmailEntry.html
    """

    positional: ClassVar[tuple[str, ...]] = ("to",)

    to: Address
    data: JsonMapping = Field(default_factory=FrozenDict, repr=False)
    cc: Mailboxes = ()
    bcc: Mailboxes = ()
    headers: Headers = Field(default_factory=FrozenDict)
    metadata: JsonMapping = Field(default_factory=FrozenDict, repr=False)
    message_tags: MessageTags = Field(default_factory=FrozenDict)
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
            message_tags: Mapping[str, str] = ...,
            send_id: str | None = ...,
        ) -> None: ...
