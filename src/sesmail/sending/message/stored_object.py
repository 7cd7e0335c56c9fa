"""Objects in Amazon S3 that stand for the content of an attachment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from ...object_names import is_bucket_name, is_object_key
from .fields import Content, matching
from .model import Model, unvalidated_fields

__all__ = ["FileContent", "S3Object", "has_references"]

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
_VERSION_ID = re.compile(r"[!-~]{1,1024}")


def _check_bucket(name: str) -> str:
    if not is_bucket_name(name):
        raise ValueError(
            "give the name of an S3 bucket, 3 to 255 of A-Z a-z 0-9 . _ -, without s3:// and not "
            "an ARN"
        )
    return name


def _check_key(key: str) -> str:
    if not key or not is_object_key(key):
        raise ValueError(
            "give the key of an object: 1 to 1,024 bytes of Unicode text, without segments . and .."
        )
    return key


class S3Object(Model, frozen=True):
    """Object in Amazon S3, the content of an ``Attachment`` that is read when its mail is sent.

    ``bucket`` and ``key`` are required, and may be positional. No I/O is done before the send.

    Args:
        bucket: Name of the bucket, in any region: 3 to 255 of ``A-Z a-z 0-9 . _ -``. ARNs, such as
            those of access points, are refused; aliases of access points are names.
        key: Key of the object, 1 to 1,024 bytes in UTF-8, without the segments ``.`` and ``..``.
        version_id: Version of the object in a bucket with versioning, 1 to 1,024 printable ASCII
            characters; None, the default, for the version that is current when the mail is sent.

    Raises:
        pydantic.ValidationError: A field is invalid.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """

    positional: ClassVar[tuple[str, ...]] = ("bucket", "key")

    bucket: Annotated[str, AfterValidator(_check_bucket)]
    key: Annotated[str, AfterValidator(_check_key)]
    version_id: (
        Annotated[
            str,
            matching(_VERSION_ID, "a version id is 1 to 1,024 printable ASCII characters"),
        ]
        | None
    ) = None

    if TYPE_CHECKING:

        def __init__(self, bucket: str, key: str, *, version_id: str | None = ...) -> None: ...

        def replace(
            self, *, bucket: str = ..., key: str = ..., version_id: str | None = ...
        ) -> Self:
            """Returns a copy with other values of some fields, validated like a new instance."""
            ...


def _read_content(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Returns a reference to S3, also one that is a mapping, as in JSON; else validates bytes."""
    value = unvalidated_fields(value)
    if isinstance(value, S3Object):
        return value
    if isinstance(value, Mapping):
        return S3Object.model_validate({**value})
    return validate(value)


def _content_schema(_: object, handler: GetCoreSchemaHandler) -> CoreSchema:
    """Returns a schema whose errors, unlike those of a union, name the field alone."""
    return core_schema.no_info_wrap_validator_function(
        _read_content,
        handler.generate_schema(Content),
        serialization=core_schema.simple_ser_schema("any"),
    )


_CONTENT_JSON_SCHEMA = {
    "anyOf": [
        {"type": "string", "format": "base64url"},
        {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("bucket", "key", "version_id")},
            "required": ["bucket", "key"],
        },
    ]
}

FileContent = Annotated[
    bytes | S3Object, GetPydanticSchema(_content_schema), WithJsonSchema(_CONTENT_JSON_SCHEMA)
]


def has_references(message: BaseModel) -> bool:
    """Returns whether a message has an attachment whose content has to be read."""
    attachments: Any = vars(message).get("attachments")  # a RawMessage has none
    return bool(attachments) and any(isinstance(item.content, S3Object) for item in attachments)
