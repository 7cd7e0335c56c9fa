"""Messages that are ready-made MIME."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field

from ...address import Address, as_address
from ...errors import InvalidMessageError
from .base import BaseMessage, ListManagementField, MimeMethods
from .fields import Mailboxes, MailboxesInput, SendId, naming_field, parse_mailboxes
from .forward import forwarded
from .model import Merge
from .raw import RawContent

if TYPE_CHECKING:
    from email.message import Message as StandardMessage
    from typing import Protocol, Required, Unpack

    from .base import CallFields, RecipientFields

    class _RawFields(CallFields, RecipientFields, total=False):
        content: Required[bytes | StandardMessage]

    class _RawChanges(CallFields, RecipientFields, total=False):
        content: bytes | StandardMessage

    class _ForwardFields(CallFields, RecipientFields, total=False):
        pass

    class _ReceivedMail(Protocol):
        @property
        def raw(self) -> bytes: ...


__all__ = ["RawMessage"]


class RawMessage(MimeMethods, BaseMessage, frozen=True):
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

    kind: ClassVar[Literal["RawMessage"]] = "RawMessage"
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
    list_management: ListManagementField = None
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
