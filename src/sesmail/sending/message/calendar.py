"""Checks of iCalendar objects that are sent as invitations."""

from __future__ import annotations

import re

from ...errors import InvalidMessageError
from ...patterns import lazy_pattern

__all__ = ["calendar_content", "calendar_method"]

# https://www.rfc-editor.org/rfc/rfc5546#section-1.4
_METHODS = frozenset(
    {"ADD", "CANCEL", "COUNTER", "DECLINECOUNTER", "PUBLISH", "REFRESH", "REPLY", "REQUEST"}
)
_METHOD = lazy_pattern(rb"^METHOD(?:;[^:\r\n]*)?:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.I | re.M)
_BEGIN = lazy_pattern(rb"[ \t\r\n]*BEGIN:VCALENDAR[ \t]*\r?\n", re.I)
_BOM = b"\xef\xbb\xbf"


def calendar_content(ics: str | bytes) -> bytes:
    """Returns an iCalendar object in UTF-8 with CRLF, without byte order mark.

    Raises:
        InvalidMessageError: The value isn't an iCalendar object in UTF-8.
    """
    if not isinstance(ics, (str, bytes, bytearray)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise _invalid(f"pass the iCalendar object as str or bytes, not {type(ics).__name__}")
    try:
        content = ics.encode() if isinstance(ics, str) else bytes(ics)
        content.decode()
    except UnicodeError as err:
        raise _invalid("an iCalendar object has to be UTF-8") from err
    content = content.removeprefix(_BOM)
    if _BEGIN.match(content) is None:
        raise _invalid("an iCalendar object begins with BEGIN:VCALENDAR")
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def calendar_method(content: bytes, method: str | None) -> str:
    """Returns the method of an iCalendar object in upper case.

    The media type has the same method as the object:
    https://www.rfc-editor.org/rfc/rfc6047#section-2.4

    Args:
        content: Value of ``calendar_content``.
        method: Expected method; None takes that of the object.

    Raises:
        InvalidMessageError: The object has no method or several, or another one than expected, or
            the method is unknown.
    """
    if method is not None and not isinstance(method, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidMessageError(
            f"pass the method as str, such as 'REQUEST', not {type(method).__name__}",
            field="method",
        )
    found: set[str] = {each.decode().upper() for each in _METHOD.findall(content)}
    if len(found) != 1:
        raise _invalid(
            f"an invitation has one line such as METHOD:{method or 'REQUEST'}, "
            f"this object has {len(found)}"
        )
    (own,) = found
    if own not in _METHODS:
        raise _invalid(f"the method of the object is none of {', '.join(sorted(_METHODS))}")
    if method is not None and method.upper() != own:
        raise InvalidMessageError(
            f"the iCalendar object has METHOD:{own}, which has to be equal; change one of them",
            field="method",
        )
    return own


def _invalid(message: str) -> InvalidMessageError:
    return InvalidMessageError(message, field="ics")
