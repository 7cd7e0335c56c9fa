"""Objects in Amazon S3 that stand for the content of an attachment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import AfterValidator

from ...object_names import is_bucket_name, is_object_key
from .fields import matching
from .model import Model

__all__ = ["S3Object"]

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
