"""Content type of an attachment or an alternative: the field, and the charset in it."""

from __future__ import annotations

import re
from typing import Annotated, Any, cast

from pydantic import AfterValidator, Field, ValidationInfo

from ...patterns import lazy_pattern
from ..limits import MAX_MEDIA_TYPE
from .fields import matching

__all__ = ["MediaType", "charset_of", "check_charset"]

_TOKEN = r"[A-Za-z0-9!#$&^_.+-]+"
_MEDIA_TYPE = lazy_pattern(rf"{_TOKEN}/{_TOKEN}(?:; ?{_TOKEN}=(?:{_TOKEN}|\"[ !#-\[\]-~]*\"))*")
_CHARSET = lazy_pattern(r"""; ?charset="?([^"; ]+)""", re.IGNORECASE)


def _check_no_multipart(media_type: str) -> str:
    if media_type.lower().startswith("multipart/"):
        raise ValueError("a multipart can't be one part; attach a whole mail as 'message/rfc822'")
    return media_type


def charset_of(media_type: str) -> str | None:
    """Returns the charset parameter of a media type, or None without one."""
    found = _CHARSET.search(media_type)
    return found[1] if found else None


def check_charset(fields: object, info: ValidationInfo) -> None:
    """Check that the charset of a media type is the encoding of its text, UTF-8.

    Raises:
        ValueError: It is another one.
    """
    if not isinstance(fields, dict) or info.mode != "python":
        return
    given = cast("dict[str, Any]", fields)
    text, charset = given.get("content"), charset_of(str(given.get("media_type")))
    if not isinstance(text, str) or charset is None:
        return
    try:
        equal = text.encode(charset) == text.encode()
    except (LookupError, UnicodeError):
        equal = False
    if not equal:
        raise ValueError(f"media_type: text is encoded as UTF-8, which isn't {charset}; give bytes")


MediaType = Annotated[
    str,
    Field(max_length=MAX_MEDIA_TYPE),
    matching(
        _MEDIA_TYPE,
        "write a media type such as 'application/pdf' or 'text/calendar; method=REQUEST'",
    ),
    AfterValidator(_check_no_multipart),
]
