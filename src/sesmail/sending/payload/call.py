"""API calls as plain data, and the parts of building them that both SES APIs share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticSerializationError, to_json

from ...address import Address
from ...errors import InvalidMessageError, UnsupportedFeatureError
from ..limits import check_recipient_count, check_template_data
from ..message.file_content import content_of
from ..mime.header import mailbox

if TYPE_CHECKING:
    from ..message.bulk_message import BulkMessage
    from ..message.message import Message
    from ..message.raw_message import RawMessage
    from ..message.recipient import Recipient
    from ..message.template_message import TemplateMessage

__all__ = [
    "Call",
    "add_entries",
    "check_unsupported",
    "destination",
    "distinct",
    "drop_empty",
    "entry_destination",
    "estimated_size",
    "from_address",
    "make_call",
    "recipients_of",
    "template_data",
]

# Parameters of recipients and content, which ``extra`` may not replace.
_PROTECTED = frozenset(
    {"BulkEmailEntries", "Content", "DefaultContent", "Destination", "Destinations", "RawMessage"}
)
_EMPTY: tuple[object, ...] = (None, [], {})


class Call:
    """One API call as plain data.

    Attributes:
        operation: Name of the API operation.
        params: Parameters of the operation, as aiobotocore takes them.
        size: Approximate size of the content in bytes; the deadline grows with it.
        checked: True if all parameters are made from checked fields, False with ``extra``.
    """

    __slots__ = ("checked", "operation", "params", "size")

    def __init__(
        self, operation: str, params: dict[str, Any], size: int, checked: bool = False
    ) -> None:
        self.operation: str = operation
        self.params: dict[str, Any] = params
        self.size: int = size
        self.checked: bool = checked


def from_address(message: TemplateMessage | BulkMessage) -> str:
    """Returns the author of a templated message as text for the API.

    Raises:
        InvalidMessageError: The author is missing.
    """
    if message.from_email is None:
        raise InvalidMessageError(
            "the author is missing; give it on the message or in the client's defaults",
            field="from_email",
        )
    return mailbox(message.from_email)


def recipients_of(message: Message | RawMessage | TemplateMessage) -> tuple[Address, ...]:
    """Returns all recipients in the order to, cc, bcc, an address that is given twice once.

    Raises:
        InvalidMessageError: There is no recipient, or there are more than 50.
    """
    recipients = tuple(chain.from_iterable(distinct(message.to, message.cc, message.bcc)))
    if not recipients:
        raise InvalidMessageError("give at least one recipient in to, cc or bcc", field="to")
    check_recipient_count(
        len(recipients), "to", "send the mail in several messages, or as a BulkMessage"
    )
    return recipients


def estimated_size(message: Message | RawMessage | TemplateMessage) -> int:
    """Returns the approximate number of bytes that have to be encoded for a message."""
    if message.kind == "RawMessage":
        return 0
    files = sum(len(content_of(item)) for item in message.attachments)
    if message.kind == "TemplateMessage":
        return files
    bodies = (
        message.text or "",
        message.html or "",
        *(form.content for form in message.alternatives),
    )
    return files + sum(map(len, bodies))


def distinct(*groups: Iterable[Address]) -> list[list[Address]]:
    """Returns the groups of addresses without those that an earlier place has, too."""
    seen: set[str] = set()
    kept: list[list[Address]] = []
    for group in groups:
        kept.append([])
        for address in group:
            if address.email not in seen:
                seen.add(address.email)
                kept[-1].append(address)
    return kept


def destination(
    to: Iterable[Address],
    cc: Iterable[Address],
    bcc: Iterable[Address],
    spell: Callable[[Address], str] = mailbox,
) -> dict[str, Any]:
    """Returns the Destination structure, which both APIs have, with each address once."""
    names = ("ToAddresses", "CcAddresses", "BccAddresses")
    groups = distinct(to, cc, bcc)
    return {
        name: list(map(spell, group)) for name, group in zip(names, groups, strict=True) if group
    }


def entry_destination(message: BulkMessage, recipient: Recipient) -> dict[str, Any]:
    """Returns the Destination of one recipient of a bulk message, with the message's cc and bcc."""
    if not (message.cc or message.bcc or recipient.cc or recipient.bcc):
        return {"ToAddresses": [mailbox(recipient.to)]}  # as below, in a third of the time
    return destination([recipient.to], [*message.cc, *recipient.cc], [*message.bcc, *recipient.bcc])


def template_data(data: Mapping[str, Any], field: str) -> str:
    """Returns template data as JSON text.

    Raises:
        InvalidMessageError: The data can't be JSON, or have more than 262,144 characters.
    """
    try:
        encoded = to_json(data)
        text = encoded.decode()
        # JSON has no NaN and Infinity. To find these words takes 50 times as long as a letter.
        if ("N" in text or "I" in text) and encoded != to_json(data, inf_nan_mode="null"):
            json.dumps(data, allow_nan=False)
    except (PydanticSerializationError, ValueError) as err:
        raise InvalidMessageError(f"it can't be encoded as JSON: {err}", field=field) from err
    check_template_data(text, field)
    return text


def check_unsupported(
    message: object, instead: Mapping[str, str], api: str, prefix: str = ""
) -> None:
    """Refuses fields that are given and that an API doesn't support.

    Args:
        message: Message or recipient.
        instead: Unsupported fields, each with the alternative for the user.
        api: API, for the error.
        prefix: Prefix of the field name in the error, for instance ``recipients[3].``.

    Raises:
        UnsupportedFeatureError: One of the fields is given.
    """
    for field, alternative in instead.items():
        if getattr(message, field) not in (None, (), {}):
            raise UnsupportedFeatureError(feature=f"{prefix}{field}", api=api, instead=alternative)


def drop_empty(params: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the parameters without None, empty lists and empty mappings."""
    return {name: value for name, value in params.items() if value or value not in _EMPTY}


def make_call(
    operation: str, params: Mapping[str, Any], extra: Mapping[str, Any], size: int
) -> Call:
    """Returns the call: parameters that aren't empty, overridden by those of ``extra``.

    Raises:
        InvalidMessageError: ``extra`` would replace the recipients or the content.
    """
    for name in _PROTECTED.intersection(extra):
        raise InvalidMessageError(
            f"{name} can't be given in extra: it is made from the message's own fields; use those",
            field="extra",
        )
    return Call(operation, {**drop_empty(params), **extra}, size, checked=not extra)


def add_entries(call: Call, name: str, entries: Sequence[tuple[int, dict[str, Any]]]) -> Call:
    """Returns a bulk call with entries.

    Args:
        call: The call without entries.
        name: Name of the parameter with the entries.
        entries: Approximate size of each entry in bytes, and the entry.
    """
    params = {**call.params, name: [entry for _, entry in entries]}
    size = call.size + sum(size for size, _ in entries)
    return Call(call.operation, params, size, call.checked)
