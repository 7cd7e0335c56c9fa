"""What you want to send: typed, frozen models in which SES's lacks can't be written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias, cast

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from ...address import Address
from ...values import FrozenDict
from .attachment import Alternative, Attachment, Attachments
from .fields import (
    Arn,
    BodyText,
    ConfigurationSet,
    Extra,
    Headers,
    HeaderText,
    JsonMapping,
    Mailboxes,
    MailboxesInput,
    MessageTags,
    Model,
    Name,
    SendId,
    Tags,
    check_misplaced,
)
from .raw import RawContent
from .recipient import InlineTemplate, ListManagement, Recipient

if TYPE_CHECKING:
    from email.message import Message as StandardMessage
    from typing import Required, TypedDict, Unpack

    class CallFields(TypedDict, total=False):
        """The fields of every kind of message."""

        configuration_set: str | None
        message_tags: Mapping[str, str]
        envelope_sender: str | Address | None
        track_opens: bool | None
        track_clicks: bool | None
        tenant: str | None
        endpoint_id: str | None
        source_arn: str | None
        from_arn: str | None
        return_path_arn: str | None
        extra: Mapping[str, Any]

    class _RecipientFields(TypedDict, total=False):
        to: MailboxesInput
        cc: MailboxesInput
        bcc: MailboxesInput
        list_management: ListManagement | None
        send_id: str | None

    class _WrittenFields(CallFields, total=False):
        reply_to: MailboxesInput
        headers: Mapping[str, str]
        tags: Iterable[str]
        metadata: Mapping[str, Any]
        attachments: Iterable[Attachment]

    class _TemplateFields(_WrittenFields, total=False):
        from_email: str | Address | None
        template: Required[str | InlineTemplate]
        data: Mapping[str, Any]

    class MessageFields(_WrittenFields, _RecipientFields, total=False):
        """The fields of a Message."""

        from_email: MailboxesInput
        sender: str | Address | None
        subject: str | None
        text: str | None
        html: str | None
        alternatives: Iterable[Alternative]

    class _RawFields(CallFields, _RecipientFields, total=False):
        content: Required[bytes | StandardMessage]

    class _TemplateMessageFields(_TemplateFields, _RecipientFields):
        pass

    class _BulkFields(_TemplateFields, total=False):
        recipients: Required[Iterable[Recipient | str | Address]]
        cc: MailboxesInput
        bcc: MailboxesInput


__all__ = [
    "AnyMessage",
    "BulkMessage",
    "Message",
    "RawMessage",
    "TemplateMessage",
]

_TEMPLATE_WORDS = "can't be given here: the template says it; put what varies into data"


class _Call(Model, frozen=True):
    """What SES lets every kind of send say."""

    misplaced: ClassVar[Mapping[str, str]] = {}

    configuration_set: ConfigurationSet | None = None
    message_tags: MessageTags = Field(default_factory=FrozenDict)
    envelope_sender: Address | None = None
    track_opens: bool | None = None
    track_clicks: bool | None = None
    tenant: Name | None = None
    endpoint_id: Name | None = None
    source_arn: Arn | None = None
    from_arn: Arn | None = None
    return_path_arn: Arn | None = None
    extra: Extra = Field(default_factory=FrozenDict)

    @model_validator(mode="before")
    @classmethod
    def _show_the_way(cls, fields: Any) -> Any:
        check_misplaced(fields, cls.misplaced)
        return fields

    @model_serializer(mode="wrap")
    def _given_only(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What isn't given stays out: read back, it is again a field for which client-wide defaults stand in."""
        return {name: value for name, value in dump(self).items() if name in self.model_fields_set}


class _Templated(_Call, frozen=True):
    """What a single and a bulk templated message have in common."""

    misplaced: ClassVar[Mapping[str, str]] = {
        "subject": _TEMPLATE_WORDS,
        "text": _TEMPLATE_WORDS,
        "html": _TEMPLATE_WORDS,
        "alternatives": _TEMPLATE_WORDS,
        "sender": "can't be given here: SES has no place for it beside a template; use from_email",
    }

    from_email: Address | None = None
    cc: Mailboxes = ()
    bcc: Mailboxes = ()
    reply_to: Mailboxes = ()
    template: Name | InlineTemplate
    data: JsonMapping = Field(default_factory=FrozenDict, repr=False)
    headers: Headers = Field(default_factory=FrozenDict)
    tags: Tags = ()
    metadata: JsonMapping = Field(default_factory=FrozenDict, repr=False)
    attachments: Attachments = ()


class Message(_Call, frozen=True):
    """One mail, written here and sent as MIME: v2 SendEmail with raw content, v1 SendRawEmail.

    An address is text, such as ``"Shop <shop@example.com>"``, or an ``Address``; fields for several take one or a
    list. A field that isn't given is absent from the call. The same class holds the client-wide defaults.

    Args:
        from_email: The author, or several; ``sender`` then is the first of them unless it is given.
        sender: Who posted it, where that isn't the author.
        to: Recipients in the To header. Together with cc and bcc at most 50.
        cc: Recipients in the Cc header.
        bcc: Recipients that stand nowhere in the mail.
        reply_to: Where answers go.
        subject: The subject line.
        text: The plain text body.
        html: The html body.
        alternatives: Other forms of the body, such as AMP or a calendar invitation.
        attachments: Files, inline images, attached mails. The whole mail: 10 MB at most on v1, 40 MB on v2, encoded.
        headers: Further header fields. ``To`` replaces the visible To while the mail still goes to ``to``.
            SES writes ``Date`` and ``Message-ID`` itself and drops yours.
        tags: Sent as one ``X-Tag`` header each, which comes back with events.
        metadata: Sent as JSON in the header ``X-Metadata``, which comes back with events.
        message_tags: SES message tags, names and values of 1 to 256 of ``A-Z a-z 0-9 _ -``.
        configuration_set: The configuration set, 1 to 64 of ``A-Z a-z 0-9 _ -``.
        envelope_sender: Where bounces go. v1 ``Source``, v2 ``FeedbackForwardingEmailAddress``.
        track_opens: Turns open tracking on or off for this mail; v2 only.
        track_clicks: Turns click tracking on or off for this mail; v2 only.
        tenant: The tenant to send for; v2 only.
        endpoint_id: The multi-region endpoint; v2 only, and needs ``awscrt`` installed.
        list_management: Contact list and topic; v2 only.
        send_id: Your own id of this send, 1 to 256 of ``A-Z a-z 0-9 _ -``: sent as the header ``X-Sesmail-Id``, which
            comes back with events, and noted in the client's send log. Never the same for two mails.
        source_arn: v1 ``SourceArn``; v2 ``FromEmailAddressIdentityArn``.
        from_arn: v1 ``FromArn``; v2 ``FromEmailAddressIdentityArn``.
        return_path_arn: v1 ``ReturnPathArn``; v2 ``FeedbackForwardingEmailAddressIdentityArn``.
        extra: Laid over the parameters of the API call, last, for what this class doesn't name.

    Raises:
        pydantic.ValidationError: A field is wrong; it names the field and the way out.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
    """

    misplaced: ClassVar[Mapping[str, str]] = {
        "content": "can't be given here: ready-made MIME goes as a RawMessage",
        "data": "can't be given here: use a TemplateMessage",
        "recipients": "can't be given here: use a BulkMessage, or to",
        "template": "can't be given here: use a TemplateMessage",
    }

    from_email: Mailboxes = ()
    sender: Address | None = None
    to: Mailboxes = ()
    cc: Mailboxes = ()
    bcc: Mailboxes = ()
    reply_to: Mailboxes = ()
    subject: HeaderText | None = None
    text: BodyText | None = Field(default=None, repr=False)
    html: BodyText | None = Field(default=None, repr=False)
    alternatives: tuple[Alternative, ...] = ()
    attachments: Attachments = ()
    headers: Headers = Field(default_factory=FrozenDict)
    tags: Tags = ()
    metadata: JsonMapping = Field(default_factory=FrozenDict, repr=False)
    list_management: ListManagement | None = None
    send_id: SendId | None = None

    if TYPE_CHECKING:

        def __init__(self, **fields: Unpack[MessageFields]) -> None: ...


class RawMessage(_Call, frozen=True):
    """One mail that is ready-made MIME: bytes, or a message of the standard library.

    Bcc headers are removed, single LFs become CRLFs, and the rest has to keep SES's rules for the wire already: 7-bit,
    lines of at most 998 characters, no NUL, no CR alone. Client-wide defaults for its headers and bodies don't apply.

    Args:
        content: The mail. In JSON it is base64.
        to: Recipients; its headers don't count. Together with cc and bcc at most 50.
        cc: More recipients.
        bcc: More recipients.
        send_id: As for ``Message``; its header is put before the content, which can't have one of its own then.
        configuration_set: As for ``Message``, and so are all the others.

    Raises:
        pydantic.ValidationError: A field is wrong; it names the field and the way out.
    """

    misplaced: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "from_email", "sender", "reply_to", "subject", "text", "html", "alternatives", "attachments", "headers",
            "tags", "metadata",
        ),
        "can't be given here: it stands in the content already, or use a Message",
    )  # fmt: skip

    content: RawContent = Field(repr=False)
    to: Mailboxes = ()
    cc: Mailboxes = ()
    bcc: Mailboxes = ()
    list_management: ListManagement | None = None
    send_id: SendId | None = None

    if TYPE_CHECKING:

        def __init__(self, **fields: Unpack[_RawFields]) -> None: ...


class TemplateMessage(_Templated, frozen=True):
    """One mail that SES writes from a template: v2 SendEmail with template content, v1 SendTemplatedEmail.

    SES accepts it before it renders: a mail whose template lacks data is dropped, told only by a Rendering Failure
    event.

    Args:
        template: The name or the ARN of a stored template, or, on v2, an ``InlineTemplate``.
        data: What the template's placeholders stand for; at most 262,144 characters as JSON.
        from_email: The one author; SES has no place for several here.
        to: Recipients; together with cc and bcc at most 50.
        headers: At most 15 with those for tags, metadata and send_id, each name and value at most 996 ASCII characters;
            v2 only.
        tags: As for ``Message``; v2 only, or with the client's ``message_tag_name``.
        metadata: As for ``Message``; v2 only, at most 986 characters as ASCII JSON.
        attachments: As for ``Message``; v2 only.
        send_id: As for ``Message``; v2 only, or with the client's ``tag_send_id``.
        cc: As for ``Message``, and so are all the others.

    Raises:
        pydantic.ValidationError: A field is wrong; it names the field and the way out.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Template.html
    """

    misplaced: ClassVar[Mapping[str, str]] = {
        **_Templated.misplaced,
        "recipients": "can't be given here: use a BulkMessage, or to",
    }

    to: Mailboxes = ()
    list_management: ListManagement | None = None
    send_id: SendId | None = None

    if TYPE_CHECKING:

        def __init__(self, **fields: Unpack[_TemplateMessageFields]) -> None: ...


def _recipients(value: object) -> object:
    if isinstance(value, (str, Address, Recipient)) or not isinstance(value, Iterable):
        raise ValueError("give a list of Recipient or of addresses")
    found = [
        {"to": item} if isinstance(item, (str, Address)) else item
        for item in cast("Iterable[object]", value)
    ]
    if not found:
        raise ValueError("give at least one recipient")
    return found


class BulkMessage(_Templated, frozen=True):
    """One template for many recipients, a mail each: v2 SendBulkEmail, v1 SendBulkTemplatedEmail.

    Args:
        recipients: Who gets a mail of their own, and what is only for them; an address alone will do, too.
        cc: Gets a copy of every single mail: 50 recipients make 50 copies.
        bcc: As cc, blind.
        template: As for ``TemplateMessage``, and so are all the others.

    Raises:
        pydantic.ValidationError: A field is wrong; it names the field and the way out.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendBulkEmail.html
    """

    misplaced: ClassVar[Mapping[str, str]] = {
        **_Templated.misplaced,
        "to": "can't be given here: give recipients, each with an address",
        "list_management": "can't be given here: SES has no place for it on a bulk call; send each a TemplateMessage",
        "send_id": "can't be given here: each recipient has a mail of their own; give it on each Recipient",
    }

    recipients: Annotated[tuple[Recipient, ...], BeforeValidator(_recipients)]

    if TYPE_CHECKING:

        def __init__(self, **fields: Unpack[_BulkFields]) -> None: ...


AnyMessage: TypeAlias = Message | RawMessage | TemplateMessage
