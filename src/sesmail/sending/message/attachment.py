"""Attachments, inline images, and attached mails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, TypeAlias, cast

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from ...address import find_spoof
from ...arguments import described
from ...errors import InvalidMessageError
from ...patterns import lazy_pattern
from ..limits import (
    MAX_ATTACHMENT_DESCRIPTION,
    MAX_CONTENT_ID,
    MAX_FILE_NAME,
)
from .content_type import MediaType, check_charset
from .fields import check_no_control, matching
from .file_content import FileContent
from .media_type import check_extension, guess_media_type
from .model import Model, unvalidated_fields

if TYPE_CHECKING:
    from .stored_object import S3Object

__all__ = ["Attachment", "Attachments"]

_CONTENT_ID = lazy_pattern(rf"[!-;=?-~]{{1,{MAX_CONTENT_ID}}}")

Disposition: TypeAlias = Literal["attachment", "inline"]


def _check_file_name(name: str) -> str:
    if spoof := find_spoof(name):
        raise ValueError(f"the file name has {spoof}")
    return check_extension(name)


ContentId = Annotated[
    str,
    matching(
        _CONTENT_ID,
        f"a content id is 1 to {MAX_CONTENT_ID} printable ASCII characters "
        "without spaces and angle brackets",
    ),
]
Description = Annotated[
    str, Field(max_length=MAX_ATTACHMENT_DESCRIPTION), AfterValidator(check_no_control)
]


class Attachment(Model, frozen=True):
    """Attached file, inline image, or attached mail.

    ``filename``, ``content`` and ``media_type`` may be positional. Both SES APIs send it in a
    ``Message``; in a ``TemplateMessage`` and a ``BulkMessage`` it is for API v2 only.

    The limit of a whole encoded mail, 10 MB on v1 and 40 MB on v2, includes attachments as base64:
    57 bytes become 78, so that about 7.3 MB (v1) or 29 MB (v2) of files fit. SES throttles the
    bandwidth of mails larger than 10 MB.

    Args:
        filename: File name that the recipient sees, required: 1 to 255 characters of any language,
            without control and bidirectional formatting characters. Extensions that SES rejects,
            such as ``.exe`` and ``.js``, are refused:
            https://docs.aws.amazon.com/ses/latest/dg/mime-types.html
        content: Content, required, as bytes or as text, which is encoded as UTF-8. Base64 in JSON.
            Or an ``S3Object``, see ``from_s3``.
        media_type: Media type with its parameters, at most 78 characters, no ``multipart/*``;
            by default that of the extension, in a table that is the same on every machine, or
            ``application/octet-stream``. ``message/rfc822`` (``.eml``, ``.mht``) attaches a whole
            mail, which is never base64. A mail with 8-bit text or lines of more than 998 characters
            is made 7-bit, part by part. Where that isn't possible, for instance in a signed mail,
            it is sent unchanged as ``application/octet-stream``, with a warning in the log
            ``sesmail.sending``.
        content_id: Content id, 1 to 78 printable ASCII characters without spaces and angle
            brackets, unique within the message. It makes the attachment inline: html shows it as
            ``<img src="cid:...">``. None by default.
        disposition: ``inline`` or ``attachment``; by default ``inline`` with a content id and
            ``attachment`` without.
        description: Description for the recipient's mail program, at most 1,000 characters. None
            by default.

    Raises:
        pydantic.ValidationError: A field is invalid.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Attachment.html
    """

    positional: ClassVar[tuple[str, ...]] = ("filename", "content", "media_type")

    filename: Annotated[
        str, Field(min_length=1, max_length=MAX_FILE_NAME), AfterValidator(_check_file_name)
    ]
    content: FileContent = Field(repr=False)
    media_type: MediaType
    content_id: ContentId | None = None
    disposition: Disposition
    description: Description | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            filename: str,
            content: bytes | str | S3Object,
            media_type: str = ...,
            *,
            content_id: str | None = ...,
            disposition: Disposition = ...,
            description: str | None = ...,
        ) -> None: ...

        def replace(
            self,
            *,
            filename: str = ...,
            content: bytes | str | S3Object = ...,
            media_type: str = ...,
            content_id: str | None = ...,
            disposition: Disposition = ...,
            description: str | None = ...,
        ) -> Self:
            """Returns a copy with other values of some fields, validated like a new instance."""
            ...

    @model_validator(mode="before")
    @classmethod
    def _add_defaults(cls, fields: Any, info: ValidationInfo) -> Any:
        check_charset(fields, info)
        if not isinstance(fields, dict):
            return fields
        given = cast("dict[str, Any]", fields)
        inline = given.get("content_id") is not None
        return {
            "media_type": guess_media_type(str(given.get("filename"))),
            "disposition": "inline" if inline else "attachment",
            **given,
        }

    @classmethod
    def from_path(
        cls,
        path: str | PathLike[str],
        *,
        filename: str | None = None,
        media_type: str | None = None,
        content_id: str | None = None,
        disposition: Disposition | None = None,
        description: str | None = None,
    ) -> Attachment:
        """Reads a file from disk, which blocks: in an async program, call it in a worker thread.

        Args:
            path: Path of the file.
            filename: File name for the recipient; by default the last component of ``path``.
            media_type: As for ``Attachment``.
            content_id: As for ``Attachment``.
            disposition: As for ``Attachment``.
            description: As for ``Attachment``.

        Raises:
            OSError: The file can't be read.
            InvalidMessageError: ``path`` isn't a path.
            pydantic.ValidationError: A field is invalid.
        """
        if not isinstance(path, (str, PathLike)) or not isinstance(fspath(path), str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidMessageError(
                f"it must be text or a Path, not {described(path)}", field="path"
            )
        source = Path(path)
        return cls(
            source.name if filename is None else filename,
            source.read_bytes(),
            **_given(
                media_type=media_type,
                content_id=content_id,
                disposition=disposition,
                description=description,
            ),
        )

    @classmethod
    def from_s3(
        cls,
        bucket: str,
        key: str,
        *,
        version_id: str | None = None,
        filename: str | None = None,
        media_type: str | None = None,
        content_id: str | None = None,
        disposition: Disposition | None = None,
        description: str | None = None,
    ) -> Attachment:
        """Returns a reference to an object in Amazon S3, which is read each time it is sent.

        No I/O is done here, and the message, also as JSON or in an outbox, never has the content.
        The client that sends it reads the object with its own credentials, which need the
        permission ``s3:GetObject`` (``s3:GetObjectVersion`` with a version), before it waits for
        the rate limit and within its ``timeout``. Messages of one client have at most 128 MB of
        such content in memory; others wait, except for those with up to 1 MB. Nothing is read for
        a ``send_id`` that a send log of sesmail has as accepted or unknown; a log of your own is
        asked after the read, and so is any log about the recipients of a BulkMessage.
        If that fails, nothing is sent: NotSentError, which is not ``retryable`` for an object that
        is missing or denied. An object that makes the mail too large is refused before its content
        is read, with InvalidMessageError. ``to_bytes``, ``to_eml`` and ``preview`` read nothing
        and raise that, too.

        Args:
            bucket: As for ``S3Object``.
            key: As for ``S3Object``.
            version_id: As for ``S3Object``.
            filename: File name for the recipient; by default the last component of ``key``.
            media_type: As for ``Attachment``: by default that of the extension, whatever the
                Content-Type of the object is.
            content_id: As for ``Attachment``.
            disposition: As for ``Attachment``.
            description: As for ``Attachment``.

        Raises:
            pydantic.ValidationError: A field is invalid.
            InvalidMessageError: ``key`` ends with a slash, and ``filename`` is missing.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        """
        from .stored_object import S3Object  # loaded with references only

        stored = S3Object(bucket, key, version_id=version_id)
        name = stored.key.rpartition("/")[2] if filename is None else filename
        if not name and filename is None:
            raise InvalidMessageError(
                "the key ends with a slash, so that it has no file name; give filename",
                field="filename",
            )
        return cls(
            name,
            stored,
            **_given(
                media_type=media_type,
                content_id=content_id,
                disposition=disposition,
                description=description,
            ),
        )

    @classmethod
    def calendar(cls, ics: str | bytes, filename: str = "invite.ics") -> Attachment:
        """Returns a calendar file, to be sent with ``Alternative.calendar``.

        The media type is ``application/ics``: as ``text/calendar`` some programs would show the
        invitation a second time.

        Args:
            ics: iCalendar object, in UTF-8. Line breaks become CRLF.
            filename: File name for the recipient.

        Raises:
            InvalidMessageError: ``ics`` is no iCalendar object.
            pydantic.ValidationError: The file name is invalid.
        """
        from .calendar import calendar_content

        return cls(filename, calendar_content(ics), "application/ics")


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _check_list(value: object) -> object:
    if isinstance(value, (str, bytes, Attachment, Mapping)) or not isinstance(value, Iterable):
        raise ValueError("give a list of Attachment; Attachment.from_path reads a file")
    items = list(cast("Iterable[object]", value))
    for number, item in enumerate(items):
        if not isinstance(item, (Attachment, Mapping)):
            raise ValueError(
                f"item {number} is of type {type(item).__name__}, not Attachment; "
                "Attachment.from_path reads a file"
            )
    return [unvalidated_fields(item) for item in items]


def _check_unique_content_ids(attachments: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    ids = [item.content_id for item in attachments if item.content_id is not None]
    if len(set(ids)) < len(ids):
        raise ValueError("two attachments have the same content id")
    return attachments


Attachments = Annotated[
    tuple[Attachment, ...], BeforeValidator(_check_list), AfterValidator(_check_unique_content_ids)
]
