"""Fields and behaviour that the kinds of message share."""

# Without "annotations" of __future__: pydantic would compile the text of each annotation.

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    StrictBool,
    model_serializer,
    model_validator,
)

from ...address import Address
from .fields import Arn, ConfigurationSet, Extra, MailboxesInput, MessageTags, Name, no_keys
from .list_management import ListManagement
from .model import Merge, Model, check_misplaced, own_class, unvalidated_fields, validated
from .output import encoded, previewed, save

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path
    from typing import TypedDict

    from .attachment import Attachment

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

    class RecipientFields(TypedDict, total=False):
        """Recipients and id of a single mail, as keyword arguments."""

        to: MailboxesInput
        cc: MailboxesInput
        bcc: MailboxesInput
        list_management: ListManagement | None
        send_id: str | None

    class HeaderFields(CallFields, total=False):
        """Header fields and attachments, as keyword arguments."""

        reply_to: MailboxesInput
        headers: Mapping[str, str]
        tags: Iterable[str]
        metadata: Mapping[str, Any]
        attachments: Iterable[Attachment]
        unsubscribe: str | None


__all__ = [
    "BaseMessage",
    "CallFields",
    "HeaderFields",
    "ListManagementField",
    "MimeMethods",
    "RecipientFields",
]

ListManagementField: TypeAlias = Annotated[
    ListManagement | None, BeforeValidator(unvalidated_fields)
]


class BaseMessage(Model, frozen=True):
    """Fields and behaviour of every kind of message."""

    # Name of the class: a program that sends one kind of message doesn't import the others.
    kind: ClassVar[str]
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
        text = validated(self, own_class(self)).model_dump_json()
        return f'{{"kind":"{self.kind}"{"," if len(text) > 2 else ""}{text[1:]}'

    @model_serializer(mode="wrap")
    def _serialise_given_fields(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leaves out fields that weren't given, so that defaults apply after reading it back."""
        return {
            name: value for name, value in serialise(self).items() if name in self.model_fields_set
        }


class MimeMethods:
    """Methods of the messages that are sent as MIME."""

    __slots__ = ()

    def to_bytes(self) -> bytes:
        """Returns the mail as SES gets it: 7-bit MIME (RFC 5322, RFC 2045) without Bcc.

        The defaults of a client aren't in it.

        Raises:
            InvalidMessageError: The message can't be sent, as it has no author or no body.
        """
        return encoded(self)

    def to_eml(self, path: "str | PathLike[str]") -> "Path":
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
