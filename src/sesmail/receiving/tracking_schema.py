"""What SES writes of sent mail, as schemas: in what fits one no field need be looked at again."""

from __future__ import annotations

from functools import cache

from pydantic_core import CoreSchema, SchemaValidator, core_schema

from .fields import MAX_ITEMS
from .kinds import Kind
from .occurrence import MAX_RECIPIENTS

__all__ = ["schema_of"]

_TEXT = core_schema.str_schema(strict=True)
_FILLED = core_schema.str_schema(strict=True, min_length=1)
_FLAG = core_schema.bool_schema(strict=True)
_TAGS = core_schema.dict_schema(_TEXT, core_schema.tuple_variable_schema(_TEXT, strict=False), max_length=MAX_ITEMS)


@cache
def schema_of(kind: Kind) -> SchemaValidator:
    """What a kind of event fits that needs neither a note nor an error; ``more`` has still to be read.

    It gives the fields of the kind by their names, the times as texts, and whom the event is about as ``recipients``,
    each an address or an object like the event's own fields.
    """
    place = kind.key if kind.timed else "mail"
    named = (kind.key, kind.named) if kind.named else ("mail", "destination")
    fields = {
        "message_id": _needed(_FILLED, "mail", "messageId"),
        "sent_at": _needed(_TEXT, "mail", "timestamp"),
        "timestamp": _needed(_TEXT, place, "timestamp"),
        "source": _optional(_TEXT, "mail", "source"),
        "message_tags": _optional(_TAGS, "mail", "tags"),
        "headers_truncated": _optional(_FLAG, "mail", "headersTruncated"),
        "recipients": _needed(_recipients(kind), *named),
        **{name: _optional(_TEXT, kind.key, key) for name, key in kind.texts.items()},
    }
    return SchemaValidator(core_schema.typed_dict_schema(fields))


def _recipients(kind: Kind) -> CoreSchema:
    each: CoreSchema = _FILLED
    if kind.named:
        fields = {name: _optional(_TEXT, key) for name, key in kind.each.items()}
        told = core_schema.typed_dict_schema({"recipient": _needed(_FILLED, "emailAddress"), **fields})
        each = core_schema.union_schema([told, _FILLED], mode="left_to_right")
    return core_schema.list_schema(each, min_length=1, max_length=MAX_RECIPIENTS)


def _needed(schema: CoreSchema, *path: str | int) -> core_schema.TypedDictField:
    return core_schema.typed_dict_field(schema, validation_alias=[*path])


def _optional(schema: CoreSchema, *path: str | int) -> core_schema.TypedDictField:
    with_none = core_schema.with_default_schema(core_schema.nullable_schema(schema), default=None)
    return core_schema.typed_dict_field(with_none, validation_alias=[*path])
