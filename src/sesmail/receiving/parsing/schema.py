"""What SES writes of sent mail, as schemas: in what fits one no field need be looked at again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from pydantic_core import CoreSchema, SchemaValidator, core_schema

from ...values import FrozenDict
from ..events.tracking import TopicPreferences
from ..transports.json_body import read_time
from .kinds import EventSpec, Reader, read_preferences
from .reader import MAX_ITEMS, JsonReader
from .recipients import MAX_RECIPIENTS

__all__ = ["schema_for"]


@cache
def schema_for(kind: EventSpec) -> SchemaValidator:
    """What a kind of event fits that needs neither a note nor an error; its headers have still to be read.

    It gives the fields of the kind by their names, and whom the event is about as ``recipient``: the addresses, each
    with the fields that are its own.
    """
    happened = kind.key if kind.timed else "mail"
    fields = {
        "message_id": _field(_FILLED, "mail", "messageId"),
        "sent_at": _field(_TIME, "mail", "timestamp"),
        "timestamp": _field(_TIME, happened, "timestamp"),
        "source": _field(_MAYBE_TEXT, "mail", "source"),
        "message_tags": _field(_LISTS, "mail", "tags"),
        "headers_truncated": _field(_FLAG, "mail", "headersTruncated"),
        "recipient": _recipients(kind),
        **{name: _field(_MAYBE_TEXT, kind.key, key) for name, key in kind.texts.items()},
        **{name: _field(_READ[reader], kind.key, key) for name, (reader, key) in kind.more.items()},
    }
    return SchemaValidator(core_schema.typed_dict_schema(fields))


def _recipients(kind: EventSpec) -> core_schema.TypedDictField:
    if not kind.named:
        return _field(
            _addresses(_FILLED, lambda addresses: dict.fromkeys(addresses, _NOTHING)),
            "mail",
            "destination",
        )
    fields = {name: _field(_MAYBE_TEXT, key) for name, key in kind.each.items()}
    told = core_schema.typed_dict_schema({"recipient": _field(_FILLED, "emailAddress"), **fields})
    unknown = dict.fromkeys(kind.each)

    def once(recipients: list[Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for one in recipients:
            if type(one) is str:
                found.setdefault(one, unknown)
            else:
                found.setdefault(one["recipient"], one)
        return found

    either = core_schema.union_schema([told, _FILLED], mode="left_to_right")
    return _field(_addresses(either, once), kind.key, kind.named)


def _addresses(each: CoreSchema, once: Callable[[list[Any]], dict[str, Any]]) -> CoreSchema:
    several = core_schema.list_schema(each, min_length=1, max_length=MAX_RECIPIENTS)
    return core_schema.no_info_after_validator_function(once, several)


def _field(schema: CoreSchema, *path: str | int) -> core_schema.TypedDictField:
    return core_schema.typed_dict_field(schema, validation_alias=[*path])


def _or(nothing: bool | None, schema: CoreSchema) -> CoreSchema:
    return core_schema.with_default_schema(schema, default=nothing)


def _preferences(value: Any) -> TopicPreferences | None:
    defects: list[str] = []
    preferences = read_preferences(JsonReader({"": value}, "", defects), "")
    if defects:
        raise ValueError(defects[0])
    return preferences


_NOTHING: dict[str, Any] = {}
_TEXT = core_schema.str_schema(strict=True)
_FILLED = core_schema.str_schema(strict=True, min_length=1)
_MAYBE_TEXT = _or(None, core_schema.nullable_schema(_TEXT))
_FLAG = _or(False, core_schema.bool_schema(strict=True))
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

# What those readers take as it is.
_READ: Mapping[Reader, CoreSchema] = {
    JsonReader.lists_of_texts: _LISTS,
    JsonReader.need_text: _FILLED,
    JsonReader.number: _or(None, core_schema.int_schema(strict=True)),
    JsonReader.time: _or(None, _TIME),
    read_preferences: _or(None, core_schema.no_info_plain_validator_function(_preferences)),
}
