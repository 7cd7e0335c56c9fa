"""Schemas of tracking events in the form that SES writes, which validate all fields at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from pydantic_core import CoreSchema, SchemaValidator, core_schema

from ...values import FrozenDict
from ..events.tracking import TopicPreferences
from ..transports.json_body import read_time
from .kinds import (
    EventSpec,
    Reader,
    bot_of,
    read_bot,
    read_bounce_type,
    read_link,
    read_preferences,
)
from .reader import MAX_ITEMS, JsonReader
from .recipients import MAX_RECIPIENTS

__all__ = ["schema_for"]


@cache
def schema_for(spec: EventSpec) -> SchemaValidator:
    """Returns the schema of an event type.

    Events that it validates have no defects, except in their headers, which it doesn't validate.
    The result has the fields of the event class by name; its ``recipient`` is a dict of addresses
    with the fields of each.
    """
    time_parent = spec.key if spec.has_time else "mail"
    fields = {
        "message_id": _field(_NONEMPTY, "mail", "messageId"),
        "sent_at": _field(_TIME, "mail", "timestamp"),
        "timestamp": _field(_TIME, time_parent, "timestamp"),
        "source": _field(_OPTIONAL_TEXT, "mail", "source"),
        "message_tags": _field(_LISTS, "mail", "tags"),
        "headers_truncated": _field(_BOOLEAN, "mail", "headersTruncated"),
        "recipient": _recipients(spec),
        **{name: _field(_OPTIONAL_TEXT, spec.key, key) for name, key in spec.texts.items()},
        **{
            name: _field(_SCHEMAS[reader], spec.key, key)
            for name, (reader, key) in spec.others.items()
        },
    }
    return SchemaValidator(core_schema.typed_dict_schema(fields))


def _recipients(spec: EventSpec) -> core_schema.TypedDictField:
    if not spec.recipients_key:
        return _field(
            _addresses(_NONEMPTY, lambda addresses: dict.fromkeys(addresses, _NO_DETAILS)),
            "mail",
            "destination",
        )
    details = {name: _field(_OPTIONAL_TEXT, key) for name, key in spec.details.items()}
    with_details = core_schema.typed_dict_schema(
        {"recipient": _field(_NONEMPTY, "emailAddress"), **details}
    )
    no_details = dict.fromkeys(spec.details)

    def by_address(recipients: list[Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for each in recipients:
            if type(each) is str:
                found.setdefault(each, no_details)
            else:
                found.setdefault(each["recipient"], each)
        return found

    recipient = core_schema.union_schema([with_details, _NONEMPTY], mode="left_to_right")
    return _field(_addresses(recipient, by_address), spec.key, spec.recipients_key)


def _addresses(
    recipient: CoreSchema, by_address: Callable[[list[Any]], dict[str, Any]]
) -> CoreSchema:
    recipients = core_schema.list_schema(recipient, min_length=1, max_length=MAX_RECIPIENTS)
    return core_schema.no_info_after_validator_function(by_address, recipients)


def _field(schema: CoreSchema, *path: str | int) -> core_schema.TypedDictField:
    return core_schema.typed_dict_field(schema, validation_alias=[*path])


def _with_default(default: bool | str | None, schema: CoreSchema) -> CoreSchema:
    return core_schema.with_default_schema(schema, default=default)


def _preferences(value: Any) -> TopicPreferences | None:
    defects: list[str] = []
    preferences = read_preferences(JsonReader({"": value}, "", defects), "")
    if defects:
        raise ValueError(defects[0])
    return preferences


_NO_DETAILS: dict[str, Any] = {}
_TEXT = core_schema.str_schema(strict=True)
_NONEMPTY = core_schema.str_schema(strict=True, min_length=1)
_OPTIONAL_TEXT = _with_default(None, core_schema.nullable_schema(_TEXT))
_BOOLEAN = _with_default(False, core_schema.bool_schema(strict=True))
_TIME = core_schema.chain_schema(
    [
        core_schema.no_info_after_validator_function(read_time, _TEXT),
        core_schema.is_instance_schema(datetime),
    ]
)
_TEXTS = core_schema.tuple_variable_schema(_TEXT, strict=False)
_LISTS = core_schema.with_default_schema(
    core_schema.no_info_after_validator_function(
        FrozenDict, core_schema.dict_schema(_TEXT, _TEXTS, max_length=MAX_ITEMS)
    ),
    default_factory=FrozenDict,
)

# Schemas of the values that each reader accepts without a defect.
_SCHEMAS: Mapping[Reader, CoreSchema] = {
    JsonReader.integer: _with_default(None, core_schema.int_schema(strict=True)),
    JsonReader.lists_of_texts: _LISTS,
    JsonReader.time: _with_default(None, _TIME),
    read_bot: _with_default(
        "unknown",
        core_schema.no_info_after_validator_function(bot_of, core_schema.nullable_schema(_TEXT)),
    ),
    read_bounce_type: _NONEMPTY,
    read_link: _NONEMPTY,
    read_preferences: _with_default(
        None, core_schema.no_info_plain_validator_function(_preferences)
    ),
}
