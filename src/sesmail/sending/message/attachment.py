"""What a mail carries beside its text and html: attachments, inline images, attached mails, alternatives."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias, cast

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from ...address import find_spoof
from .fields import Content, PositionalModel, header_text

if TYPE_CHECKING:
    import os

__all__ = ["Alternative", "Attachment", "Attachments", "charset_of"]

_TOKEN = r"[A-Za-z0-9!#$&^_.+-]+"
_MEDIA_TYPE = re.compile(rf"{_TOKEN}/{_TOKEN}(?:; ?{_TOKEN}=(?:{_TOKEN}|\"[ !#-\[\]-~]*\"))*")
_CHARSET = re.compile(r"""; ?charset="?([^"; ]+)""", re.IGNORECASE)
_CONTENT_ID = re.compile(r"[!-;=?-~]{1,78}")
_COMPRESSED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}

Disposition: TypeAlias = Literal["attachment", "inline"]


def _media_type(text: str) -> str:
    if _MEDIA_TYPE.fullmatch(text) is None:
        raise ValueError(
            "write a media type such as 'application/pdf' or 'text/calendar; method=REQUEST'"
        )
    if text.lower().startswith("multipart/"):
        raise ValueError("a multipart can't be one part; attach a whole mail as 'message/rfc822'")
    return text


def _content_id(text: str) -> str:
    if _CONTENT_ID.fullmatch(text) is None:
        raise ValueError(
            "a content id is 1 to 78 printable ASCII characters without spaces and angle brackets"
        )
    return text


def _filename(name: str) -> str:
    if spoof := find_spoof(name):
        raise ValueError(f"the file name has {spoof}")
    return name


def _form(media_type: str) -> str:
    if media_type.lower().startswith("message/"):
        raise ValueError("a whole mail is an attachment")
    return media_type


def charset_of(media_type: str) -> str | None:
    """The charset that a media type names, if it names one."""
    found = _CHARSET.search(media_type)
    return found[1] if found else None


def _refuse_mislabelled(fields: object, info: ValidationInfo) -> None:
    """Refuse text whose UTF-8 would be labelled as something else."""
    if not isinstance(fields, dict) or info.mode != "python":
        return
    given = cast("dict[str, Any]", fields)
    text, charset = given.get("content"), charset_of(str(given.get("media_type")))
    if not isinstance(text, str) or charset is None:
        return
    try:
        agree = text.encode(charset) == text.encode()
    except (LookupError, UnicodeError):
        agree = False
    if not agree:
        raise ValueError(f"media_type: text is encoded as UTF-8, which isn't {charset}; give bytes")


def _guess(filename: object) -> str:
    """The media type that the standard library knows for a file name, or the one that promises nothing."""
    import mimetypes

    kind, encoding = mimetypes.guess_type(
        filename if isinstance(filename, str) else "", strict=False
    )
    if encoding is not None:  # who opens "x.tar.gz" has gzip to deal with
        return _COMPRESSED.get(encoding, "application/octet-stream")
    return kind or "application/octet-stream"


MediaType = Annotated[str, Field(max_length=78), AfterValidator(_media_type)]


class Alternative(PositionalModel, frozen=True):
    """Another form of the body, for readers that prefer it: ``text/x-amp-html``, ``text/calendar; method=REQUEST``.

    Args:
        content: The body; text is encoded as UTF-8. In JSON it is base64.
        media_type: Its media type with its parameters, at most 78 characters.
    """

    positional: ClassVar[tuple[str, ...]] = ("content", "media_type")

    content: Content = Field(repr=False)
    media_type: Annotated[MediaType, AfterValidator(_form)]

    @model_validator(mode="before")
    @classmethod
    def _agree(cls, fields: Any, info: ValidationInfo) -> Any:
        _refuse_mislabelled(fields, info)
        return fields

    if TYPE_CHECKING:

        def __init__(self, content: bytes | str, media_type: str) -> None: ...


class Attachment(PositionalModel, frozen=True):
    """A file that travels with the mail, or an inline image that the html shows by ``<img src="cid:...">``.

    A whole mail can be attached as ``message/rfc822``; it has to be 7-bit then, with lines of at most 998 characters.

    Args:
        filename: The name that the recipient sees, 1 to 255 characters.
        content: The bytes; text is encoded as UTF-8. In JSON it is base64.
        media_type: The media type, at most 78 characters; guessed from the file name if it isn't given.
        content_id: Makes it inline: the id that the html names, 1 to 78 characters without angle brackets.
        disposition: ``inline`` with a content id and ``attachment`` without, unless it is given.
        description: A description for the recipient's mail program, at most 1,000 characters.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Attachment.html
    """

    positional: ClassVar[tuple[str, ...]] = ("filename", "content", "media_type")

    filename: Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_filename)]
    content: Content = Field(repr=False)
    media_type: MediaType
    content_id: Annotated[str, AfterValidator(_content_id)] | None = None
    disposition: Disposition
    description: Annotated[str, Field(max_length=1000), AfterValidator(header_text)] | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            filename: str,
            content: bytes | str,
            media_type: str = ...,
            *,
            content_id: str | None = ...,
            disposition: Disposition = ...,
            description: str | None = ...,
        ) -> None: ...

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, fields: Any, info: ValidationInfo) -> Any:
        _refuse_mislabelled(fields, info)
        if not isinstance(fields, dict):
            return fields
        given = cast("dict[str, Any]", fields)
        inline = given.get("content_id") is not None
        return {
            "media_type": _guess(given.get("filename")),
            "disposition": "inline" if inline else "attachment",
            **given,
        }

    @classmethod
    def from_path(
        cls,
        path: str | os.PathLike[str],
        *,
        filename: str | None = None,
        media_type: str | None = None,
        content_id: str | None = None,
        disposition: Disposition | None = None,
        description: str | None = None,
    ) -> Attachment:
        """Read a file now; for large files in an async program, call this in a worker thread.

        Args:
            path: The file; its name is the attachment's, unless ``filename`` is given.
            filename: As for ``Attachment``, and so are the others.
            media_type: See there.
            content_id: See there.
            disposition: See there.
            description: See there.

        Raises:
            OSError: The file can't be read.
        """
        source = Path(path)
        options: dict[str, Any] = {
            "media_type": media_type,
            "content_id": content_id,
            "disposition": disposition,
            "description": description,
        }
        return cls(
            filename or source.name,
            source.read_bytes(),
            **{name: value for name, value in options.items() if value is not None},
        )


def _listed(value: object) -> object:
    if isinstance(value, (str, bytes, Attachment)):
        raise ValueError("give a list of Attachment; Attachment.from_path reads a file")
    return value


def _distinct_ids(attachments: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    ids = [item.content_id for item in attachments if item.content_id is not None]
    if len(set(ids)) < len(ids):
        raise ValueError("two attachments have the same content id")
    return attachments


Attachments = Annotated[
    tuple[Attachment, ...], BeforeValidator(_listed), AfterValidator(_distinct_ids)
]
