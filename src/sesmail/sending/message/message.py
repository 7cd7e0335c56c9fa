"""Messages that sesmail encodes as MIME."""

# Without "annotations" of __future__: pydantic would compile the text of each annotation.

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field

from ...address import Address
from .alternative import Alternative, Alternatives
from .attachment import Attachments
from .base import BaseMessage, ListManagementField, MimeMethods
from .fields import (
    BodyText,
    Headers,
    HeaderText,
    JsonMapping,
    Mailboxes,
    MailboxesInput,
    SendId,
    Tags,
    no_keys,
)
from .model import Merge
from .unsubscribe import UnsubscribeUrl

if TYPE_CHECKING:
    from typing import Unpack

    from .base import HeaderFields, RecipientFields

    class MessageFields(HeaderFields, RecipientFields, total=False):
        """Fields of a Message, as keyword arguments."""

        from_email: MailboxesInput
        sender: str | Address | None
        subject: str | None
        text: str | None
        html: str | None
        alternatives: Iterable[Alternative]


__all__ = ["Message"]


class Message(MimeMethods, BaseMessage, frozen=True):
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

    kind: ClassVar[Literal["Message"]] = "Message"
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
    list_management: ListManagementField = None
    send_id: Annotated[SendId | None, Merge.NEVER] = None

    if TYPE_CHECKING:

        def __init__(self, **fields: Unpack[MessageFields]) -> None: ...

        def replace(self, **changes: Unpack[MessageFields]) -> Self:
            """Returns a copy with other values of some fields, validated like a new instance."""
            ...
