"""The payload builder: what both APIs share of turning a message into one API call as plain data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

from ...address import Address
from ...errors import InvalidMessageError, UnsupportedFeatureError
from ..limits import check_recipient_count, check_template_data
from ..message.message import BulkMessage, Message, RawMessage, TemplateMessage
from ..message.recipient import Recipient
from ..mime.header import mailbox

__all__ = [
    "Call",
    "check_unsupported",
    "destination",
    "drop_empty",
    "entry_destination",
    "estimated_size",
    "finish",
    "from_address",
    "recipients_of",
    "template_data",
]

_CHECKED = frozenset(
    {"BulkEmailEntries", "Content", "DefaultContent", "Destination", "Destinations", "RawMessage"}
)
_NOTHING: tuple[object, ...] = (None, [], {})


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Call:
    """One API call as plain data.

    Attributes:
        operation: The API operation.
        params: Its parameters, as aiobotocore takes them.
        size: About how many bytes of content travel; the deadline grows with it.
        sizes: Those of the entries of a bulk call, which come on top.
        checked: Whether all parameters are the builder's own.
    """

    operation: str
    params: dict[str, Any]
    size: int
    sizes: tuple[int, ...] = ()
    checked: bool = False


def from_address(message: TemplateMessage | BulkMessage) -> str:
    """The one author of a templated message, as the API takes it."""
    if message.from_email is None:
        raise InvalidMessageError(
            "give the author, on the message or as a client-wide default", field="from_email"
        )
    return mailbox(message.from_email)


def recipients_of(message: Message | RawMessage | TemplateMessage) -> tuple[Address, ...]:
    """Every recipient in the order to, cc, bcc.

    Raises:
        InvalidMessageError: There is none, or there are more than 50.
    """
    everyone = (*message.to, *message.cc, *message.bcc)
    if not everyone:
        raise InvalidMessageError("give at least one recipient in to, cc or bcc", field="to")
    check_recipient_count(
        len(everyone), "to", "send the mail in several messages, or as a BulkMessage"
    )
    return everyone


def estimated_size(message: Message | RawMessage | TemplateMessage | BulkMessage) -> int:
    """About how many bytes have to be written for a message."""
    if isinstance(message, BulkMessage):
        return 1024 * len(message.recipients)
    if isinstance(message, RawMessage):
        return 0
    files = sum(len(item.content) for item in message.attachments)
    if isinstance(message, TemplateMessage):
        return files
    bodies = (
        message.text or "",
        message.html or "",
        *(form.content for form in message.alternatives),
    )
    return files + sum(map(len, bodies))


def destination(to: Iterable[str], cc: Iterable[str], bcc: Iterable[str]) -> dict[str, Any]:
    """The Destination structure of either API."""
    return drop_empty({"ToAddresses": list(to), "CcAddresses": list(cc), "BccAddresses": list(bcc)})


def entry_destination(message: BulkMessage, recipient: Recipient) -> dict[str, Any]:
    """The Destination of one recipient of a bulk message, with the copies that everyone's mail has."""
    return destination(
        [mailbox(recipient.to)],
        map(mailbox, (*message.cc, *recipient.cc)),
        map(mailbox, (*message.bcc, *recipient.bcc)),
    )


def template_data(data: Mapping[str, Any], field: str) -> str:
    """Template data as JSON text, ``{}`` at least.

    Raises:
        InvalidMessageError: It isn't JSON, or longer than 262,144 characters.
    """
    try:
        text = to_json(data).decode()
        if (
            "NaN" in text or "Infinity" in text
        ):  # inside of a string they are harmless, as numbers they are no JSON
            json.dumps(data, allow_nan=False)
    except (PydanticSerializationError, ValueError) as err:
        raise InvalidMessageError(f"it can't be written as JSON: {err}", field=field) from err
    check_template_data(text, field)
    return text


def check_unsupported(
    message: object, instead: Mapping[str, str], api: str, prefix: str = ""
) -> None:
    """Refuse fields that are given and for which an API has no place.

    Args:
        message: The message or recipient.
        instead: The fields, each with what to do instead.
        api: The API.
        prefix: What stands before the name of the field in the error.
    """
    for field, way in instead.items():
        if getattr(message, field) not in (None, (), {}):
            raise UnsupportedFeatureError(feature=f"{prefix}{field}", api=api, instead=way)


def drop_empty(params: Mapping[str, Any]) -> dict[str, Any]:
    """Only the parameters that have a value: what isn't given is absent from the call, never empty or null."""
    return {name: value for name, value in params.items() if value or value not in _NOTHING}


def finish(
    operation: str,
    params: Mapping[str, Any],
    extra: Mapping[str, Any],
    size: int,
    sizes: Iterable[int] = (),
) -> Call:
    """The call, with ``extra`` laid over it last.

    Raises:
        InvalidMessageError: ``extra`` would replace the recipients or the content, which were checked.
    """
    for name in _CHECKED.intersection(extra):
        raise InvalidMessageError(
            f"{name} is made from the message's own fields; give it there", field="extra"
        )
    return Call(operation, {**drop_empty(params), **extra}, size, tuple(sizes), checked=not extra)
