"""Schemas of tracking events in the form that SES writes, which validate all fields at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from pydantic_core import CoreSchema, SchemaValidator, core_schema

from ...values import FrozenDict
from ..events.tracking import TopicPreferences
from ..transports.json_body import MAX_TIME, read_time
from .kinds import (
    EVENT_SPECS,
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

__all__ = ["schema"]


@cache
def schema() -> SchemaValidator:
    """Returns the schema of all tracking events.

    Events that it validates have no defects, except in their tags, metadata and send id.

    The result has the fields of the event class by name. Some hold what has to be replaced:
    ``kind`` the type in a published event, or None, and ``sns`` that in a notification, or None;
    ``tags`` the headers, with their names in lower case; ``recipient`` a dict of addresses with
    the fields of each; ``defects`` anything.
    """
    choices = {event_type: _schema_of(spec) for event_type, spec in EVENT_SPECS.items()}
    discriminator: list[list[str | int]] = [["eventType"], ["notificationType"]]
    return SchemaValidator(core_schema.tagged_union_schema(choices, discriminator))


def _schema_of(spec: EventSpec) -> CoreSchema:
    part = _with_default(None, _OBJECT) if spec.may_be_empty else _OBJECT
    fields = {
        **_MAIL_FIELDS,
        "timestamp": _field(_AWS_TIME, spec.key if spec.has_time else "mail", "timestamp"),
        "recipient": _recipients(spec),
        "defects": _field(part, spec.key),
        **{name: _field(_OPTIONAL_TEXT, spec.key, key) for name, key in spec.texts.items()},
        **{
            name: _field(_SCHEMAS[reader], spec.key, key)
            for name, (reader, key) in spec.others.items()
        },
    }
    return core_schema.typed_dict_schema(fields)


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
    # Not by a function of pydantic, which takes five times as long.
    return {"type": "typed-dict-field", "schema": schema, "validation_alias": [*path]}


def _with_default(default: bool | str | tuple[()] | None, schema: CoreSchema) -> CoreSchema:
    return core_schema.with_default_schema(schema, default=default)


def _preferences(value: Any) -> TopicPreferences | None:
    defects: list[str] = []
    preferences = read_preferences(JsonReader({"": value}, "", defects), "")
    if defects:
        raise ValueError(defects[0])
    return preferences


_OBJECT = core_schema.typed_dict_schema({})
_NO_DETAILS: dict[str, Any] = {}
_TEXT = core_schema.str_schema(strict=True)
_LOWER_TEXT = core_schema.str_schema(strict=True, to_lower=True)
_NONEMPTY = core_schema.str_schema(strict=True, min_length=1)
_OPTIONAL_TEXT = _with_default(None, core_schema.nullable_schema(_TEXT))
_BOOLEAN = _with_default(False, core_schema.bool_schema(strict=True))
_AWS_TIME = core_schema.no_info_after_validator_function(
    datetime.fromisoformat, core_schema.str_schema(strict=True, max_length=MAX_TIME)
)
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

_HEADERS = core_schema.list_schema(
    core_schema.typed_dict_schema(
        {"name": _field(_LOWER_TEXT, "name"), "value": _field(_TEXT, "value")}
    )
)
_MAIL_FIELDS: Mapping[str, core_schema.TypedDictField] = {
    "kind": _field(_OPTIONAL_TEXT, "eventType"),
    "sns": _field(_OPTIONAL_TEXT, "notificationType"),
    "message_id": _field(_NONEMPTY, "mail", "messageId"),
    "sent_at": _field(_AWS_TIME, "mail", "timestamp"),
    "source": _field(_OPTIONAL_TEXT, "mail", "source"),
    "tags": _field(_with_default((), _HEADERS), "mail", "headers"),
    "message_tags": _field(_LISTS, "mail", "tags"),
    "headers_truncated": _field(_BOOLEAN, "mail", "headersTruncated"),
}

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
