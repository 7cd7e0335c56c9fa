"""Alternative forms of the body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, cast

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from .content_type import MediaType, check_charset
from .fields import Content
from .model import Model, unvalidated_fields

__all__ = ["Alternative", "Alternatives"]


def _check_no_mail(media_type: str) -> str:
    if media_type.lower().startswith("message/"):
        raise ValueError("a whole mail can't be an alternative; use an Attachment")
    return media_type


class Alternative(Model, frozen=True):
    """Further form of the body beside text and html, such as AMP or a calendar invitation.

    Both fields are required, and may be positional. Both SES APIs send it.

    Args:
        content: Body, as bytes or as text, which is encoded as UTF-8. Base64 in JSON.
        media_type: Media type with its parameters, at most 78 characters, for instance
            ``text/x-amp-html`` or ``text/calendar; method=REQUEST``. Neither ``multipart/*`` nor
            ``message/*``. A charset parameter has to be the encoding of ``content``.

    Raises:
        pydantic.ValidationError: A field is invalid.

    https://www.rfc-editor.org/rfc/rfc2046#section-5.1.4
    """

    positional: ClassVar[tuple[str, ...]] = ("content", "media_type")

    content: Content = Field(repr=False)
    media_type: Annotated[MediaType, AfterValidator(_check_no_mail)]

    @model_validator(mode="before")
    @classmethod
    def _check_fields(cls, fields: Any, info: ValidationInfo) -> Any:
        check_charset(fields, info)
        return fields

    if TYPE_CHECKING:

        def __init__(self, content: bytes | str, media_type: str) -> None: ...

        def replace(self, *, content: bytes | str = ..., media_type: str = ...) -> Self:
            """Returns a copy with other values of some fields, validated like a new instance."""
            ...

    @classmethod
    def calendar(cls, ics: str | bytes, method: str | None = None) -> Alternative:
        """Returns an invitation, which mail programs show with buttons to accept and decline.

        The media type is ``text/calendar; method=...``. Send an
        ``Attachment.calendar`` with it: Outlook and programs without calendars open that.

        Args:
            ics: iCalendar object, in UTF-8. Line breaks become CRLF.
            method: Expected method of the object, such as ``REQUEST`` or ``CANCEL``; None, the
                default, takes the object's own.

        Raises:
            InvalidMessageError: ``ics`` is no iCalendar object, has no method, or another one than
                ``method``.

        https://www.rfc-editor.org/rfc/rfc6047
        """
        from .calendar import calendar_content, calendar_method  # loaded with calendars only

        content = calendar_content(ics)
        return cls(content, f"text/calendar; method={calendar_method(content, method)}")


def _check_forms(value: object) -> object:
    if isinstance(value, (str, bytes, Alternative, Mapping)) or not isinstance(value, Iterable):
        raise ValueError("give a list of Alternative")
    return [unvalidated_fields(item) for item in cast("Iterable[object]", value)]


Alternatives = Annotated[tuple[Alternative, ...], BeforeValidator(_check_forms)]
