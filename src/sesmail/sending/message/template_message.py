"""Messages that SES renders from a template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field

from ...address import Address
from ...arguments import check_instance, check_integer
from .attachment import Attachments
from .base import BaseMessage, ListManagementField
from .fields import Headers, JsonMapping, Mailboxes, Name, SendId, Tags, no_keys
from .inline_template import InlineTemplate
from .model import Merge, unvalidated_fields
from .output import previewed
from .unsubscribe import UnsubscribeUrl

if TYPE_CHECKING:
    from typing import Required, Unpack

    from .base import HeaderFields, RecipientFields

    class TemplatedChanges(HeaderFields, total=False):
        """Fields of both kinds of templated message, as keyword arguments; all are optional."""

        from_email: str | Address | None
        data: Mapping[str, Any]

    class TemplatedFields(TemplatedChanges, total=False):
        """Fields of both kinds of templated message, as keyword arguments."""

        template: Required[str | InlineTemplate]

    class _TemplateMessageChanges(TemplatedChanges, RecipientFields, total=False):
        template: str | InlineTemplate

    class _TemplateMessageFields(TemplatedFields, RecipientFields):
        pass


__all__ = ["TemplateMessage", "TemplatedChanges", "TemplatedFields", "TemplatedMessage"]

_IN_TEMPLATE = (
    "not a field of a templated message: the template has it; give variable parts in data"
)


class TemplatedMessage(BaseMessage, frozen=True):
    """Fields of a single and of a bulk templated message."""

    misplaced: ClassVar[Mapping[str, str]] = {
        "subject": _IN_TEMPLATE,
        "text": _IN_TEMPLATE,
        "html": _IN_TEMPLATE,
        "alternatives": _IN_TEMPLATE,
        "sender": "not a field of a templated message: SES takes no Sender there; use from_email",
    }

    from_email: Annotated[Address | None, Merge.REPLACE_WITH_ONE] = None
    cc: Mailboxes = ()
    bcc: Mailboxes = ()
    reply_to: Mailboxes = ()
    template: Annotated[Name | InlineTemplate, BeforeValidator(unvalidated_fields)]
    data: JsonMapping = Field(default_factory=no_keys, repr=False)
    headers: Annotated[Headers, Merge.BY_HEADER_NAME] = Field(default_factory=no_keys)
    tags: Annotated[Tags, Merge.JOIN] = ()
    metadata: Annotated[JsonMapping, Merge.BY_KEY] = Field(default_factory=no_keys, repr=False)
    attachments: Attachments = ()
    unsubscribe: UnsubscribeUrl | None = None

    def preview(self, *, template: InlineTemplate | None = None, recipient: int = 0) -> str:
        """Returns the mail of one recipient as an HTML page, rendered as SES would.

        ``sesmail.testing`` has to be imported before, which needs the extra ``testing``.

        Args:
            template: The template, required if the message only has the name of one.
            recipient: Index of the recipient of a ``BulkMessage``.

        Raises:
            ConfigurationError: It isn't imported, or the template or recipient is missing.
            InvalidMessageError: The message can't be sent, or its data lack a value.
        """
        if template is not None:
            check_instance("template", template, InlineTemplate, "an InlineTemplate")
        check_integer("recipient", recipient, 0)
        return previewed(self, template=template, recipient=recipient)


class TemplateMessage(TemplatedMessage, frozen=True):
    """One mail that SES renders from a template.

    API v2 has SendEmail with template content for it, v1 SendTemplatedEmail. Subject and body are
    in the template. SES accepts the call before it renders the mail. If data that the template
    needs are missing, the mail is dropped, which only a Rendering Failure event of the
    configuration set reports.

    Beside a template SES takes headers as printable ASCII: at most 15, including those for tags,
    metadata and send_id, with at most 996 characters for a name and its value together.

    Args:
        template: Name or ARN of a stored template, or an ``InlineTemplate`` (v2 only); required.
        data: Values of the template's placeholders, a JSON object of at most 262,144 characters.
            Dates, times, ``Decimal`` and ``UUID`` are taken as text.
        from_email: Author, one address. Required here or in the client's ``defaults``.
        to: Recipients. ``to``, ``cc`` and ``bcc`` together: 1 to 50.
        cc: Recipients in the Cc header.
        bcc: Recipients that are in no header.
        reply_to: Addresses in the Reply-To header.
        headers: As for ``Message``, without ``To``, ``Date`` and ``Message-ID``; v2 only.
        tags: As for ``Message``; on v1 only one, with the client's ``message_tag_name``.
        metadata: As for ``Message``, at most 986 characters as JSON; v2 only.
        attachments: As for ``Message``, at most 499; v2 only.
        unsubscribe: As for ``Message``; v2 only.
        list_management: As for ``Message``; v2 only. The placeholder is in the template; that of
            a stored template isn't checked.
        send_id: As for ``Message``; on v1 it needs the client's ``tag_send_id=True``.
        message_tags: As for ``Message``.
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

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Template.html,
    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageHeader.html,
    https://docs.aws.amazon.com/ses/latest/APIReference/API_SendTemplatedEmail.html
    """

    kind: ClassVar[Literal["TemplateMessage"]] = "TemplateMessage"
    misplaced: ClassVar[Mapping[str, str]] = {
        **TemplatedMessage.misplaced,
        "recipients": "not a field of TemplateMessage: use a BulkMessage, or to",
    }

    to: Mailboxes = ()
    list_management: ListManagementField = None
    send_id: Annotated[SendId | None, Merge.NEVER] = None

    if TYPE_CHECKING:

        def __init__(self, **fields: Unpack[_TemplateMessageFields]) -> None: ...

        def replace(self, **changes: Unpack[_TemplateMessageChanges]) -> Self:
            """Returns a copy with other values of some fields, validated like a new instance."""
            ...
