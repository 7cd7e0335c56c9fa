"""Content of a file: bytes, or a reference to an object in Amazon S3, which is loaded if needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    BaseModel,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from ...errors import InvalidMessageError
from .fields import Content
from .model import Model, unvalidated_fields

if TYPE_CHECKING:
    from typing import Protocol

    from .stored_object import S3Object

    class _File(Protocol):
        @property
        def content(self) -> bytes | S3Object: ...


__all__ = ["FileContent", "content_of", "has_references"]


def _read_content(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Returns a reference to S3, also one that is a mapping, as in JSON; else validates bytes."""
    if not isinstance(value, (Model, Mapping)):
        return validate(value)
    from .stored_object import S3Object

    fields = unvalidated_fields(value)
    if isinstance(fields, S3Object):
        return fields
    return S3Object.model_validate({**fields}) if isinstance(fields, Mapping) else validate(value)


def _content_schema(_: object, handler: GetCoreSchemaHandler) -> CoreSchema:
    """Returns a schema whose errors, unlike those of a union, name the field alone."""
    return core_schema.no_info_wrap_validator_function(
        _read_content,
        handler.generate_schema(Content),
        serialization=core_schema.simple_ser_schema("any"),
    )


_JSON_SCHEMA = {
    "anyOf": [
        {"type": "string", "format": "base64url"},
        {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("bucket", "key", "version_id")},
            "required": ["bucket", "key"],
        },
    ]
}

if TYPE_CHECKING:
    FileContent = Annotated[bytes | S3Object, "of an attachment"]
else:
    FileContent = Annotated[bytes, GetPydanticSchema(_content_schema), WithJsonSchema(_JSON_SCHEMA)]


def content_of(item: _File, field: str = "attachments") -> bytes:
    """Returns the content of an attachment.

    Raises:
        InvalidMessageError: It is in S3, and wasn't read.
    """
    if not isinstance(item.content, bytes):
        raise InvalidMessageError(
            "its content is in S3 and is read only when the message is sent; send it, or give the "
            "content, as in Attachment(filename, content)",
            field=field,
        )
    return item.content


def has_references(message: BaseModel) -> bool:
    """Returns whether a message has an attachment whose content has to be read."""
    attachments: Any = vars(message).get("attachments")  # a RawMessage has none
    return bool(attachments) and not all(isinstance(item.content, bytes) for item in attachments)
