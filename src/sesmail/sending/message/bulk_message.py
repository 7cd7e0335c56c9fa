"""Messages to many recipients, each with a mail of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self, cast

from pydantic import BeforeValidator

from ...address import Address
from .fields import Mailboxes, MailboxesInput
from .inline_template import InlineTemplate
from .model import Merge, unvalidated_fields
from .recipient import Recipient
from .template_message import TemplatedMessage

if TYPE_CHECKING:
    from typing import Required, Unpack

    from .template_message import TemplatedChanges, TemplatedFields

    class _BulkChanges(TemplatedChanges, total=False):
        template: str | InlineTemplate
        recipients: Iterable[Recipient | str | Address]
        cc: MailboxesInput
        bcc: MailboxesInput

    class _BulkFields(TemplatedFields, total=False):
        recipients: Required[Iterable[Recipient | str | Address]]
        cc: MailboxesInput
        bcc: MailboxesInput


__all__ = ["BulkMessage"]


def _parse_recipients(value: object) -> object:
    if isinstance(value, (str, Address, Recipient)) or not isinstance(value, Iterable):
        raise ValueError("give a list of Recipient or of addresses")
    recipients = [
        {"to": item} if isinstance(item, (str, Address)) else unvalidated_fields(item)
        for item in cast("Iterable[object]", value)
    ]
    if not recipients:
        raise ValueError("give at least one recipient")
    return recipients


class BulkMessage(TemplatedMessage, frozen=True):
    """One template for many recipients, each with a mail of their own.

    API v2 has SendBulkEmail for it, v1 SendBulkTemplatedEmail. ``Client.send_bulk`` takes any
    number of recipients, and sends at most 50 in one call, counted over to, cc and bcc. Template,
    data and headers have the limits of a ``TemplateMessage``.

    Args:
        recipients: Recipients, at least one: a list of ``Recipient`` or of addresses. Required.
        template: As for ``TemplateMessage``; required.
        data: As for ``TemplateMessage``; a recipient's ``data`` override it key by key.
        from_email: As for ``TemplateMessage``.
        cc: Recipients of a copy of every mail: 50 recipients make 50 copies. Never taken from the
            client's ``defaults``.
        bcc: Recipients of a blind copy of every mail. Never taken from the client's ``defaults``.
        reply_to: As for ``TemplateMessage``.
        headers: As for ``TemplateMessage``; v2 only.
        tags: As for ``TemplateMessage``; on v1 only one, with the client's ``message_tag_name``.
        metadata: As for ``TemplateMessage``; v2 only.
        attachments: As for ``TemplateMessage``; v2 only.
        unsubscribe: As for ``Message``, for recipients without one of their own; v2 only.
        message_tags: As for ``Message``. SES combines them with those of a ``Recipient``.
        configuration_set: As for ``Message``.
        envelope_sender: As for ``Message``.
        track_opens: As for ``Message``; v2 only.
        track_clicks: As for ``Message``; v2 only.
        tenant: As for ``Message``; v2 only.
        endpoint_id: As for ``Message``; v2 only.
        source_arn: As for ``Message``.
        from_arn: As for ``Message``; v2 only, on v1 use ``source_arn``.
        return_path_arn: As for ``Message``.
        extra: As for ``Message``.

    Raises:
        pydantic.ValidationError: A field is invalid or unknown; raised by the constructor.
        InvalidMessageError: The message as a whole is invalid, or too large; raised when it is
            sent, before any request.
        UnsupportedFeatureError: The client's API doesn't support a field; raised when it is sent.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendBulkEmail.html,
    https://docs.aws.amazon.com/ses/latest/APIReference/API_SendBulkTemplatedEmail.html
    """

    kind: ClassVar[Literal["BulkMessage"]] = "BulkMessage"
    misplaced: ClassVar[Mapping[str, str]] = {
        **TemplatedMessage.misplaced,
        "to": "not a field of BulkMessage: give recipients, each with an address",
        "list_management": "not a field of BulkMessage: SES doesn't support it in bulk calls; "
        "send each recipient a TemplateMessage",
        "send_id": "not a field of BulkMessage: each recipient has a mail of their own; "
        "give it on each Recipient",
    }

    recipients: Annotated[tuple[Recipient, ...], BeforeValidator(_parse_recipients)]

    # A default would reach these addresses once for each recipient.
    cc: Annotated[Mailboxes, Merge.NEVER] = ()
    bcc: Annotated[Mailboxes, Merge.NEVER] = ()

    if TYPE_CHECKING:

        def __init__(self, **fields: Unpack[_BulkFields]) -> None: ...

        def replace(self, **changes: Unpack[_BulkChanges]) -> Self:
            """Returns a copy with other values of some fields, validated like a new instance."""
            ...
