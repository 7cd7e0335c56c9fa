"""Objects in Amazon S3, read whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .bounded_read import BodyLimit
from .connection import Aws

__all__ = ["IncompleteObjectError", "get_object"]


class IncompleteObjectError(Exception):
    """A response of GetObject that isn't proven to have the whole object."""


async def get_object(
    aws: Aws, params: Mapping[str, Any], *, deadline: float, limit: BodyLimit
) -> dict[str, Any]:
    """Returns the response of GetObject, whose ``Body`` is the whole object as bytes.

    One response has one version of the object, also if that is overwritten meanwhile:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel

    Args:
        aws: AWS clients whose calls may be repeated.
        params: Parameters of GetObject.
        deadline: The end of the call, on anyio's clock.
        limit: Maximum size in bytes; a function that returns it gets the Content-Length.

    Raises:
        IncompleteObjectError: The response isn't one with all bytes.
        ContentTooLargeError: The object is larger than the limit.
        ConfigurationError: As for ``Aws.call``.
        SendError: As for ``Aws.call``.
    """
    response = await aws.call("s3", "GetObject", params, deadline=deadline, body_limit=limit)
    body: bytes = response["Body"]
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    length = response.get("ContentLength")
    if status != 200 or length != len(body):
        raise IncompleteObjectError(
            f"status {status}, {len(body):,} bytes, "
            f"Content-Length {'missing' if length is None else format(length, ',')}"
        )
    return response
