"""Models of the messages to send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, TypeAlias, cast

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    StrictBool,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic_core import to_json

from ...address import Address, as_address
from ...arguments import check_instance, check_integer, described
from ...errors import InvalidMessageError
from ...strict import read_json
from .attachment import Alternative, Alternatives, Attachment, Attachments
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
    Name,
    SendId,
    Tags,
    naming_field,
    no_keys,
    parse_mailboxes,
)
from .forward import forwarded
from .model import (
    Merge,
    Model,
    check_misplaced,
    explained,
    is_validated,
    unvalidated_fields,
    validated,
)
from .output import encoded, previewed, save
from .raw import RawContent
from .recipient import InlineTemplate, ListManagement, Recipient
from .unsubscribe import UnsubscribeUrl

if TYPE_CHECKING:
    from email.message import Message as StandardMessage
    from os import PathLike
    from pathlib import Path
    from typing import Protocol, Required, TypedDict, Unpack

    class CallFields(TypedDict, total=False):
        """Fields of every kind of message, as keyword arguments."""

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

    class _HeaderFields(CallFields, total=False):
        reply_to: MailboxesInput
        headers: Mapping[str, str]
        tags: Iterable[str]
        metadata: Mapping[str, Any]
        attachments: Iterable[Attachment]
        unsubscribe: str | None

    class _TemplatedChanges(_HeaderFields, total=False):
        from_email: str | Address | None
        data: Mapping[str, Any]

    class _TemplatedFields(_TemplatedChanges, total=False):
        template: Required[str | InlineTemplate]

    class MessageFields(_HeaderFields, _RecipientFields, total=False):
        """Fields of a Message, as keyword arguments."""

        from_email: MailboxesInput
        sender: str | Address | None
        subject: str | None
        text: str | None
        html: str | None
        alternatives: Iterable[Alternative]

    class _RawFields(CallFields, _RecipientFields, total=False):
        content: Required[bytes | StandardMessage]

    class _RawChanges(CallFields, _RecipientFields, total=False):
        content: bytes | StandardMessage

    class _TemplateMessageChanges(_TemplatedChanges, _RecipientFields, total=False):
        template: str | InlineTemplate

    class _BulkChanges(_TemplatedChanges, total=False):
        template: str | InlineTemplate
        recipients: Iterable[Recipient | str | Address]
        cc: MailboxesInput
        bcc: MailboxesInput

    class _ForwardFields(CallFields, _RecipientFields, total=False):
        pass

    class _ReceivedMail(Protocol):
        @property
        def raw(self) -> bytes: ...

    class _TemplateMessageFields(_TemplatedFields, _RecipientFields):
        pass

    class _BulkFields(_TemplatedFields, total=False):
        recipients: Required[Iterable[Recipient | str | Address]]
        cc: MailboxesInput
        bcc: MailboxesInput


__all__ = [
    "AnyMessage",
    "BulkMessage",
    "Message",
    "RawMessage",
    "TemplateMessage",
    "invalid_message",
    "kind_of",
    "message_from_json",
    "valid_message",
]

_ListManagement: TypeAlias = Annotated[ListManagement | None, BeforeValidator(unvalidated_fields)]

_IN_TEMPLATE = (
    "not a field of a templated message: the template has it; give variable parts in data"
)


class _BaseMessage(Model, frozen=True):
    """Fields and behaviour of every kind of message."""

    # Fields of other kinds of message, each with the text of the error for giving it here.
    misplaced: ClassVar[Mapping[str, str]] = {}

    configuration_set: ConfigurationSet | None = None
    message_tags: Annotated[MessageTags, Merge.BY_KEY] = Field(default_factory=no_keys)
    envelope_sender: Address | None = None
    track_opens: StrictBool | None = None
    track_clicks: StrictBool | None = None
    tenant: Name | None = None
    endpoint_id: Name | None = None
    source_arn: Arn | None = None
    from_arn: Arn | None = None
    return_path_arn: Arn | None = None
    extra: Annotated[Extra, Merge.BY_KEY] = Field(default_factory=no_keys)

    @model_validator(mode="before")
    @classmethod
    def _check_misplaced(cls, fields: Any) -> Any:
        check_misplaced(cls, fields, cls.misplaced)
        return fields

    def to_json(self) -> str:
        """Returns the message as JSON, for ``message_from_json``; it contains personal data.

        Raises:
            pydantic.ValidationError: The message was made by ``model_copy`` or ``model_construct``,
                and is invalid.
        """
        kind = kind_of(self)
        text = validated(self, kind).model_dump_json()
        return f'{{"kind":"{kind.__name__}"{"," if len(text) > 2 else ""}{text[1:]}'

    @model_serializer(mode="wrap")
    def _serialise_given_fields(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leaves out fields that weren't given, so that defaults apply after reading it back."""
        return {
            name: value for name, value in serialise(self).items() if name in self.model_fields_set
        }


class _MimeMessage(_BaseMessage, frozen=True):
    """A message that is sent as MIME."""

    def to_bytes(self) -> bytes:
        """Returns the mail as SES gets it: 7-bit MIME (RFC 5322, RFC 2045) without Bcc.

        The defaults of a client aren't in it.

        Raises:
            InvalidMessageError: The message can't be sent, as it has no author or no body.
        """
        return encoded(self)

    def to_eml(self, path: str | PathLike[str]) -> Path:
        """Writes the mail to a file that mail programs open, such as ``mail.eml``.

        Returns:
            The path.

        Raises:
            InvalidMessageError: As for ``to_bytes``.
            OSError: The file can't be written.
        """
        return save(self, path)

    def preview(self) -> str:
        """Returns the mail as an HTML page: header, text, HTML with its inline images, file names.

        Scripts in it don't run, and nothing is loaded from elsewhere. ``sesmail.testing`` has to be
        imported before, which needs the extra ``testing``.

        Raises:
            ConfigurationError: It isn't imported.
            InvalidMessageError: The message can't be sent.
        """
        return previewed(self)


class _TemplatedMessage(_BaseMessage, frozen=True):
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


class Message(_MimeMessage, frozen=True):
    """One mail, given by its fields and sent as MIME.

    API v2 has SendEmail with raw content for it, v1 SendRawEmail.

    Instances are frozen. Required, here or in the client's ``defaults``, which are a ``Message``,
    too: ``from_email``; a recipient in ``to``, ``cc`` or ``bcc``; and a body, which is ``text``,
    ``html``, an alternative or an attachment (``text=""`` sends an empty mail). All other fields
    are optional. A field that isn't given is None or empty, and absent from the call.
    ``model_dump_json`` and ``model_validate_json`` carry a message through a queue: only given
    fields are written, bytes as base64.

    An address is text, such as ``"alice@example.com"`` or ``"Shop <shop@example.com>"``, or an
    ``Address``. Fields for several addresses take one or a list; one text is one address, never a
    list with commas. Recipients of the same mail see each other in To and Cc, and share one message
    id and its events: an open or a click doesn't show whose it was. Several messages, or a
    ``BulkMessage``, give each recipient a mail of their own.

    The encoded mail is 7-bit MIME with lines of at most 998 characters and at most 500 parts, 10 MB
    on API v1 and 40 MB on v2. Control characters are refused wherever they could reach a header.

    Args:
        from_email: Author in the From header, one address or a list. Mail providers classify
            several authors as spam. Has to be verified at SES.
        sender: Address in the Sender header: who sent the mail, if not the author. With several
            authors the first of them by default.
        to: Recipients in the To header. ``to``, ``cc`` and ``bcc`` together: 1 to 50.
        cc: Recipients in the Cc header.
        bcc: Recipients that are in no header. SES gets an address that is in ``to``, ``cc`` and
            ``bcc`` several times once, at its first place; the headers show what is given.
        reply_to: Addresses in the Reply-To header, which replies go to.
        subject: Subject, text of any characters except control characters. Without it, or with
            ``""``, the mail has no Subject header, which neither RFC 5322 nor SES requires.
        text: Plain text body, text in any language.
        html: HTML body, text. Open tracking needs it, and only works where recipients load images.
        alternatives: Further forms of the body, a list of ``Alternative``: AMP, a calendar
            invitation.
        attachments: Files, inline images and attached mails, a list of ``Attachment``.
        headers: Further headers, a mapping of names (1 to 76 printable ASCII characters without
            spaces and colons) to text. Refused: headers with a field of their own (From, Cc, Bcc,
            Subject, Reply-To, Sender, Return-Path, ``X-Tag``, ``X-Metadata``, ``X-Sesmail-Id``),
            structural ones (Content-Type, -Transfer-Encoding, -Disposition, -Length and -MD5,
            ``MIME-Version``, ``Resent-*``, Received, DKIM-Signature), and ``X-SES-*``. In fields of
            addresses, such as Disposition-Notification-To, and in List-Id only names are encoded.
            Fields of ids and URLs have to be ASCII. ``To`` replaces the visible To header, while
            the mail still goes to ``to``; mail providers classify that as spam. SES overwrites
            ``Date`` and ``Message-ID``, the result has the new ``rfc5322_message_id``:
            https://docs.aws.amazon.com/ses/latest/dg/header-fields.html
        tags: Tags, a list of texts of any characters except control characters; each is sent as a
            header ``X-Tag``, which SES reports with events. Recipients can read it. With the
            client's ``message_tag_name`` at most one, which is an SES message tag, too.
        metadata: JSON object, sent in the header ``X-Metadata``, which SES reports with events.
            Dates, times, ``Decimal`` and ``UUID`` are taken as text. Recipients can read it. Events
            contain at most 10 KB of headers.
        message_tags: SES message tags, for event publishing and CloudWatch: names and values of 1
            to 256 of ``A-Z a-z 0-9 _ -``. They are in no header, and not in notifications that
            aren't published by a configuration set.
        configuration_set: Name of the configuration set, 1 to 64 of ``A-Z a-z 0-9 _ -``; the
            client's by default.
        envelope_sender: Address that bounces go to; has to be verified at SES, too. v1 ``Source``,
            v2 ``FeedbackForwardingEmailAddress``.
        track_opens: True or False turns open tracking on or off for this mail; v2 only.
        track_clicks: True or False turns click tracking on or off for this mail; v2 only.
        tenant: Name of the tenant to send for, as text; v2 only.
        endpoint_id: Id of the multi-region endpoint, as text; v2 only. It needs
            ``pip install 'botocore[crt]'``.
        unsubscribe: Address for one-click unsubscribe (RFC 8058), an https URL of at most 978 ASCII
            characters that identifies the recipient. Sent as List-Unsubscribe and
            List-Unsubscribe-Post, which may not be in ``headers`` then. Mail providers send a POST
            to it, and require a DKIM signature over both headers. Signatures of SES cover
            List-Unsubscribe; AWS doesn't document it for List-Unsubscribe-Post, so check the tag
            ``h=`` of a received mail.
        list_management: Contact list whose unsubscribe links SES writes, a ``ListManagement``; v2
            only. One recipient, no ``unsubscribe``, and once or twice in ``text`` and ``html`` the
            placeholder ``{{amazonSESUnsubscribeUrl}}``.
        send_id: Id of this mail in the application, 1 to 256 of ``A-Z a-z 0-9 _ -``, different for
            every mail. Sent as the header ``X-Sesmail-Id``, which SES reports with events, and
            stored in the client's send log. Never taken from the client's ``defaults``.
        source_arn: ARN of the identity of another AWS account that authorised this one to send,
            at most 2,004 characters. v1 ``SourceArn``, v2 ``FromEmailAddressIdentityArn``.
        from_arn: As ``source_arn``, for the From address. v1 ``FromArn``, v2
            ``FromEmailAddressIdentityArn``, so that v2 refuses two different ARNs.
        return_path_arn: As ``source_arn``, for the envelope sender. v1 ``ReturnPathArn``, v2
            ``FeedbackForwardingEmailAddressIdentityArn``.
        extra: Parameters of the API call that have no field here; they override those that sesmail
            sets, except recipients and content. Slower: aiobotocore validates the whole call.

    Raises:
        pydantic.ValidationError: A field is invalid or unknown; raised by the constructor.
        InvalidMessageError: The message as a whole is invalid, or too large; raised when it is
            sent, before any request.
        UnsupportedFeatureError: The client's API doesn't support a field; raised when it is sent.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html,
    https://docs.aws.amazon.com/ses/latest/APIReference/API_SendRawEmail.html,
    https://docs.aws.amazon.com/ses/latest/dg/quotas.html
    """

    misplaced: ClassVar[Mapping[str, str]] = {
        "content": "not a field of Message: send ready-made MIME as a RawMessage",
        "data": "not a field of Message: use a TemplateMessage",
        "recipients": "not a field of Message: use a BulkMessage, or to",
        "template": "not a field of Message: use a TemplateMessage",
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
    alternatives: Alternatives = ()
    attachments: Attachments = ()
    headers: Annotated[Headers, Merge.BY_HEADER_NAME] = Field(default_factory=no_keys)
    tags: Annotated[Tags, Merge.JOIN] = ()
    metadata: Annotated[JsonMapping, Merge.BY_KEY] = Field(default_factory=no_keys, repr=False)
    unsubscribe: UnsubscribeUrl | None = None
    list_management: _ListManagement = None
    send_id: Annotated[SendId | None, Merge.NEVER] = None

    if TYPE_CHECKING:

        def __init__(self, **fields: Unpack[MessageFields]) -> None: ...

        def replace(self, **changes: Unpack[MessageFields]) -> Self:
            """Returns a copy with other values of some fields, validated like a new instance."""
            ...


class RawMessage(_MimeMessage, frozen=True):
    """One mail that is ready-made MIME, sent by the same operations as a ``Message``.

    ``content`` has to have a From header with an address, to be 7-bit, and to have lines of at most
    998 characters, at most 500 parts, no NUL and no CR without LF. Fields that SES accepts once,
    such as From, Subject and Message-ID, may not be repeated. Bcc and Resent-Bcc headers are
    removed, and LF becomes CRLF. A message of the standard library, such as Django's
    ``EmailMessage.message()``, is encoded 7-bit. The size limits are those of ``Message``.

    The client's ``defaults`` for headers and bodies don't apply.

    Args:
        content: The mail, required: bytes, or a message of the standard library's ``email``
            package. Base64 in JSON.
        to: Recipients; those in the headers of ``content`` are ignored. ``to``, ``cc`` and ``bcc``
            together: 1 to 50.
        cc: Further recipients.
        bcc: Further recipients.
        list_management: As for ``Message``; v2 only. The placeholder isn't checked.
        send_id: As for ``Message``. Its header is written before ``content``, which may not have
            an ``X-Sesmail-Id`` of its own then.
        message_tags: As for ``Message``.
        configuration_set: As for ``Message``.
        envelope_sender: As for ``Message``.
        track_opens: As for ``Message``; v2 only.
        track_clicks: As for ``Message``; v2 only.
        tenant: As for ``Message``; v2 only.
        endpoint_id: As for ``Message``; v2 only.
        source_arn: As for ``Message``.
        from_arn: As for ``Message``.
        return_path_arn: As for ``Message``.
        extra: As for ``Message``.

    Raises:
        pydantic.ValidationError: A field is invalid or unknown; raised by the constructor.
        InvalidMessageError: The message as a whole is invalid, or too large; raised when it is
            sent, before any request.
        UnsupportedFeatureError: The client's API doesn't support a field; raised when it is sent.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_RawMessage.html,
    https://docs.aws.amazon.com/ses/latest/APIReference/API_SendRawEmail.html
    """

    misplaced: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "from_email", "sender", "reply_to", "subject", "text", "html", "alternatives",
            "attachments", "headers", "tags", "metadata", "unsubscribe",
        ),
        "not a field of RawMessage: put it into content, or use a Message",
    )  # fmt: skip

    content: RawContent = Field(repr=False)
    to: Mailboxes = ()
    cc: Mailboxes = ()
    bcc: Mailboxes = ()
    list_management: _ListManagement = None
    send_id: Annotated[SendId | None, Merge.NEVER] = None

    if TYPE_CHECKING:

        def __init__(self, **fields: Unpack[_RawFields]) -> None: ...

        def replace(self, **changes: Unpack[_RawChanges]) -> Self:
            """Returns a copy with other values of some fields, validated like a new instance."""
            ...

    @classmethod
    def forward(
        cls,
        mail: bytes | _ReceivedMail,
        *,
        from_email: str | Address,
        reply_to: MailboxesInput = (),
        **fields: Unpack[_ForwardFields],
    ) -> RawMessage:
        """Returns a received mail as a message that SES accepts, to other recipients.

        The body is the same, re-encoded where it isn't 7-bit. From becomes ``from_email``, because
        SES sends only for verified authors; the original is in ``X-Original-From``, and replies go
        to the original author. To, Cc, Subject and other fields stay as they are.

        Removed are fields of the first transmission (Return-Path, Sender, DKIM-Signature,
        DomainKey-Signature, ``ARC-*``, Authentication-Results, Received-SPF, Bounces-To, Errors-To,
        ``Resent-*``, Bcc), of SES (``X-SES-*``, Feedback-ID) and of sesmail (``X-Tag``,
        ``X-Metadata``, ``X-Sesmail-Id``), repetitions of fields that SES accepts once, and lines
        that are no header field. SES still rejects attachments of some types. A mail of many
        megabytes takes a second or more: call it in a worker thread in an async program.

        Args:
            mail: Mail as it was received, such as ``InboundMail.raw``; an ``InboundMail`` is
                accepted, too.
            from_email: Author, verified at SES. Without a display name it gets that of the original
                author.
            reply_to: Addresses in the Reply-To header; by default those of the original, or its
                author.
            fields: Recipients (``to``, ``cc``, ``bcc``) and other fields of a ``RawMessage``.

        Raises:
            InvalidMessageError: An address is invalid, or the mail can't be made 7-bit.
            pydantic.ValidationError: A field is invalid.

        https://docs.aws.amazon.com/ses/latest/dg/header-fields.html
        """
        raw: object = getattr(mail, "raw", mail)
        if not isinstance(raw, (bytes, bytearray)):
            raise InvalidMessageError(
                f"pass the bytes of the mail, or an InboundMail, not {type(mail).__name__}",
                field="mail",
            )
        with naming_field("from_email", from_email):
            author = as_address(from_email)
        with naming_field("reply_to", reply_to):
            replies = parse_mailboxes(reply_to)
        return cls(content=forwarded(bytes(raw), author, replies), **fields)


class TemplateMessage(_TemplatedMessage, frozen=True):
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

    misplaced: ClassVar[Mapping[str, str]] = {
        **_TemplatedMessage.misplaced,
        "recipients": "not a field of TemplateMessage: use a BulkMessage, or to",
    }

    to: Mailboxes = ()
    list_management: _ListManagement = None
    send_id: Annotated[SendId | None, Merge.NEVER] = None

    if TYPE_CHECKING:

        def __init__(self, **fields: Unpack[_TemplateMessageFields]) -> None: ...

        def replace(self, **changes: Unpack[_TemplateMessageChanges]) -> Self:
            """Returns a copy with other values of some fields, validated like a new instance."""
            ...


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


class BulkMessage(_TemplatedMessage, frozen=True):
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

    misplaced: ClassVar[Mapping[str, str]] = {
        **_TemplatedMessage.misplaced,
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


AnyMessage: TypeAlias = Message | RawMessage | TemplateMessage
"""Union of the messages that ``Client.send`` takes."""

_KINDS: tuple[type[AnyMessage | BulkMessage], ...] = (
    Message,
    RawMessage,
    TemplateMessage,
    BulkMessage,
)


def kind_of(message: object) -> type[AnyMessage | BulkMessage]:
    """Returns the class of a message; for an instance of a user's subclass, that of sesmail."""
    return next(each for each in _KINDS if isinstance(message, each))


def valid_message(message: Any) -> Any:
    """Returns a message that is valid: itself, or an instance of sesmail's own class.

    Raises:
        InvalidMessageError: It was made without validation, and a field is invalid.
    """
    if is_validated(message):
        return message
    kind = kind_of(message)
    try:
        return validated(message, kind)
    except ValidationError as err:
        raise invalid_message(kind, err) from None


def message_from_json(text: str | bytes) -> AnyMessage | BulkMessage:
    """Reads a message from the JSON of its ``to_json``, for instance behind a queue.

    Args:
        text: A JSON object in UTF-8, nested at most 200 deep: the message's fields, and its
            ``kind``, the name of its class.

    Returns:
        A message of the same class, equal to the original.

    Raises:
        InvalidMessageError: The text isn't the JSON of a message. The error shows no values.
    """
    if not isinstance(text, (str, bytes, bytearray)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidMessageError(f"it must be text or bytes, not {described(text)}", field="text")
    try:
        document = read_json(text)
    except ValueError as err:
        raise InvalidMessageError(f"it isn't valid JSON: {err}", field="text") from None
    name: object = None
    if isinstance(document, dict):
        name = cast("dict[str, object]", document).pop("kind", None)
    kind = next((each for each in _KINDS if each.__name__ == name), None)
    if kind is None:
        names = ", ".join(each.__name__ for each in _KINDS)
        raise InvalidMessageError(
            f"it must be a JSON object whose kind is one of {names}", field="kind"
        )
    try:
        message: AnyMessage | BulkMessage = kind.model_validate_json(to_json(document))
    except ValidationError as err:
        raise invalid_message(kind, err) from None
    return message


def invalid_message(kind: type[_BaseMessage], error: ValidationError) -> InvalidMessageError:
    """Returns the error of sesmail for one of pydantic; it shows no values."""
    first = explained(kind, error).errors()[0]
    field = "".join(
        f"[{each}]" if isinstance(each, int) else f".{each}" for each in first["loc"]
    ).lstrip(".")
    return InvalidMessageError(first["msg"].removeprefix("Value error, "), field=field or "message")
