"""Field types of the message models."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Any, TypeAlias, cast
from uuid import UUID

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetPydanticSchema,
    JsonValue,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import core_schema

from ...address import Address, as_address, find_control
from ...errors import InvalidMessageError
from ...patterns import lazy_pattern
from ...tagging import TAG_WORD
from ...values import FrozenDict
from ..limits import MAX_ARN, MAX_CONFIGURATION_SET, MAX_HEADER_NAME

__all__ = [
    "Arn",
    "BodyText",
    "ConfigurationSet",
    "Content",
    "Extra",
    "HeaderText",
    "Headers",
    "JsonMapping",
    "Mailboxes",
    "MailboxesInput",
    "MessageTags",
    "Name",
    "SendId",
    "Tags",
    "check_match",
    "check_no_control",
    "matching",
    "naming_field",
    "no_keys",
    "parse_mailboxes",
]

_HEADER_NAME = lazy_pattern(rf"[!-9;-~]{{1,{MAX_HEADER_NAME}}}")
_CONFIGURATION_SET = lazy_pattern(rf"[A-Za-z0-9_-]{{1,{MAX_CONFIGURATION_SET}}}")
_ARN = lazy_pattern(rf"arn:[!-~]{{1,{MAX_ARN - len('arn:')}}}")

# SES copies them into the Feedback-ID header: https://aws.amazon.com/blogs/messaging-and-targeting/
# understanding-google-postmaster-tools-spam-complaints-for-amazon-ses-email-senders/
_FEEDBACK_TAGS = frozenset({"ses:feedback-id-a", "ses:feedback-id-b"})

_JSON_SCALARS = frozenset({str, int, float, bool, type(None)})
_SCALARS = (str, int, float, type(None))  # isinstance is far slower with an ABC such as Mapping

_NO_KEYS = FrozenDict[str, Any]()

_STRUCTURE = "sesmail writes it from text, html, alternatives and attachments"
_ENCODED = "it depends on the encoded mail, which SES changes"

# Header fields that have a field of their own on the models, or that SES writes:
# https://docs.aws.amazon.com/ses/latest/dg/header-fields.html
_RESERVED_HEADERS = {
    "bcc": "use bcc",
    "cc": "use cc",
    "content-disposition": _STRUCTURE,
    "content-length": _ENCODED,
    "content-md5": _ENCODED,
    "content-transfer-encoding": _STRUCTURE,
    "content-type": _STRUCTURE,
    "dkim-signature": "SES signs the mail",
    "from": "use from_email",
    "mime-version": "sesmail writes it",
    "received": "mail servers write it",
    "reply-to": "use reply_to",
    "return-path": "use envelope_sender",
    "sender": "use sender",
    "subject": "use subject",
    "x-metadata": "use metadata",
    "x-sesmail-id": "use send_id",
    "x-tag": "use tags",
}
_RESERVED_PREFIXES = {
    "resent-": "send a RawMessage",
    "x-ses-": "use configuration_set, message_tags, the _arn fields or list_management",
}


def check_match(text: str, pattern: re.Pattern[str], explanation: str) -> str:
    """Returns text that matches a pattern from its beginning to its end.

    Raises:
        ValueError: It doesn't match; the error text is ``explanation``.
    """
    if pattern.fullmatch(text) is None:
        raise ValueError(explanation)
    return text


def matching(pattern: re.Pattern[str], explanation: str) -> AfterValidator:
    """Returns a validator for text that has to match a pattern, see ``check_match``."""
    return AfterValidator(lambda text: check_match(text, pattern, explanation))


def check_no_control(text: str) -> str:
    """Returns text that has no control character, and so can't break out of a header.

    Raises:
        ValueError: It has one; the error text has its position.
    """
    if control := find_control(text):
        raise ValueError(f"the text has {control}")
    return text


@contextmanager
def naming_field(field: str, value: object) -> Generator[None]:
    """Names the field, and the type of its value, in the error for an invalid value.

    Raises:
        InvalidMessageError: For a ValueError inside.
    """
    try:
        yield
    except ValueError as err:
        kind = "" if isinstance(value, str) else f", not {type(value).__name__}"
        raise InvalidMessageError(f"{err}{kind}", field=field) from err


def parse_mailboxes(value: object) -> tuple[Address, ...]:
    """Returns one address, or those of a list.

    Raises:
        ValueError: The value is something else, or an address is invalid.
    """
    if isinstance(value, (str, Address)):
        return (as_address(value),)
    if not isinstance(value, Iterable) or isinstance(value, (bytes, bytearray, Mapping)):
        raise ValueError("give one address or a list of addresses")
    addresses: list[Address] = []
    for item in cast("Iterable[object]", value):
        try:
            addresses.append(as_address(item))
        except ValueError as err:
            raise ValueError(f"address {len(addresses) + 1} of the list: {err}") from err
    return tuple(addresses)


def _check_headers(headers: Mapping[str, str]) -> FrozenDict[str, str]:
    seen: set[str] = set()
    for name, text in headers.items():
        check_match(
            name,
            _HEADER_NAME,
            f"a header name is 1 to {MAX_HEADER_NAME} printable ASCII characters "
            "without spaces and colons",
        )
        key = name.lower()
        if key in seen:
            raise ValueError(f"{name} is given twice, and header names are case-insensitive")
        seen.add(key)
        _check_not_reserved(name, key)
        if not text:
            raise ValueError(f"the value of {name} is empty; leave the header out")
        if control := find_control(text):
            raise ValueError(f"the value of {name} has {control}")
    return FrozenDict(headers)


def _check_not_reserved(name: str, key: str) -> None:
    reason = _RESERVED_HEADERS.get(key)
    if reason is None and (hyphen := key.find("-", 2)) > 0:
        reason = _RESERVED_PREFIXES.get(key[: hyphen + 1])
    if reason is not None:
        raise ValueError(f"{name} can't be given as a header: {reason}")


def _check_message_tags(tags: Mapping[str, str]) -> FrozenDict[str, str]:
    for name, value in tags.items():
        if name not in _FEEDBACK_TAGS:
            check_match(name, TAG_WORD, f"the name {name!r} has to be 1 to 256 of A-Z a-z 0-9 _ -")
        check_match(value, TAG_WORD, f"the value of {name} has to be 1 to 256 of A-Z a-z 0-9 _ -")
    return FrozenDict(tags)


def _check_encodable(text: str) -> str:
    text.encode()  # a lone surrogate has no UTF-8: UnicodeEncodeError is a ValueError
    return text


def _encode_text(value: object, info: ValidationInfo) -> object:
    """Encodes text given in Python as UTF-8; text in JSON is base64, which pydantic decodes."""
    return value.encode() if isinstance(value, str) and info.mode == "python" else value


def _check_list(value: object) -> object:
    if isinstance(value, str):
        raise ValueError("give a list, even for one")
    return value


def _check_name(name: str) -> str:
    if not name or find_control(name):
        raise ValueError("a name has at least one character, and no control characters")
    return name


def no_keys() -> FrozenDict[str, Any]:
    """Returns the empty mapping that is the default of all fields; it can't be changed."""
    return _NO_KEYS


def _json_text(value: object) -> object:
    """Returns a mapping in which dates, times, Decimals and UUIDs are their JSON text."""
    try:
        return _convert(value)
    except RecursionError as err:
        raise ValueError("the mapping is nested too deeply, or contains itself") from err


def _convert(value: Any) -> Any:
    anything = value  # without the types that isinstance adds
    if value.__class__ in _JSON_SCALARS:
        return value
    if isinstance(value, (date, time)):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _convert(item) for key, item in anything.items()}
    if isinstance(value, (list, tuple)):
        return [_convert(item) for item in anything]
    return value


def _freeze_mapping(mapping: Mapping[str, Any]) -> Any:
    try:
        return _freeze(mapping)
    except RecursionError as err:
        raise ValueError("the mapping is nested too deeply, or contains itself") from err


def _freeze(value: Any) -> Any:
    """Returns a copy in which mappings, at any depth, are immutable."""
    if isinstance(value, list):
        return [_freeze(item) for item in cast("Iterable[Any]", value)]
    if not isinstance(value, _SCALARS) and isinstance(value, Mapping):
        mapping = cast("Mapping[str, Any]", value)
        return FrozenDict({key: _freeze(item) for key, item in mapping.items()})
    return value


MailboxesInput: TypeAlias = str | Address | Iterable[str | Address]

_MAILBOXES = core_schema.no_info_plain_validator_function(
    parse_mailboxes,
    serialization=core_schema.plain_serializer_function_ser_schema(
        lambda addresses: [str(address) for address in addresses],
        return_schema=core_schema.list_schema(core_schema.str_schema()),
    ),
)
Mailboxes = Annotated[
    tuple[Address, ...],
    GetPydanticSchema(lambda _, __: _MAILBOXES),
    WithJsonSchema({"type": "array", "items": {"type": "string"}}),
]
HeaderText = Annotated[str, AfterValidator(check_no_control)]
Content = Annotated[bytes, BeforeValidator(_encode_text)]
BodyText = Annotated[str, AfterValidator(_check_encodable)]
Tags = Annotated[
    tuple[Annotated[str, Field(min_length=1), AfterValidator(check_no_control)], ...],
    BeforeValidator(_check_list),
]
Headers = Annotated[Mapping[str, str], AfterValidator(_check_headers)]
MessageTags = Annotated[Mapping[str, str], AfterValidator(_check_message_tags)]
JsonMapping = Annotated[
    Mapping[str, JsonValue], BeforeValidator(_json_text), AfterValidator(_freeze_mapping)
]
Extra = Annotated[Mapping[str, Any], AfterValidator(_freeze_mapping)]
Name = Annotated[str, AfterValidator(_check_name)]
ConfigurationSet = Annotated[
    str,
    matching(
        _CONFIGURATION_SET,
        f"the name of a configuration set is 1 to {MAX_CONFIGURATION_SET} of A-Z a-z 0-9 _ -",
    ),
]
SendId = Annotated[str, matching(TAG_WORD, "a send id is 1 to 256 of A-Z a-z 0-9 _ -")]
Arn = Annotated[
    str,
    matching(
        _ARN, "give a whole ARN, such as arn:aws:ses:eu-west-1:111122223333:identity/example.com"
    ),
]
