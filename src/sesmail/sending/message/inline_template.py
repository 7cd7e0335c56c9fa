"""Templates that are sent with the call instead of being stored at SES."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .fields import BodyText, Name
from .model import Model

__all__ = ["InlineTemplate"]


class InlineTemplate(Model, frozen=True):
    """Template that is sent with the call instead of being stored at SES; API v2 only.

    Only simple ``{{name}}`` placeholders work in it: SES rejects ``{{#if}}`` and other helpers.

    Args:
        subject: Subject, required: at least one character, no control characters.
        text: Plain text body. None by default.
        html: HTML body. None by default.

    Raises:
        pydantic.ValidationError: A field is invalid.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_EmailTemplateContent.html
    """

    subject: Name
    text: BodyText | None = None
    html: BodyText | None = None

    if TYPE_CHECKING:

        def replace(
            self, *, subject: str = ..., text: str | None = ..., html: str | None = ...
        ) -> Self:
            """Returns a copy with other values of some fields, validated like a new instance."""
            ...
