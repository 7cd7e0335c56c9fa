"""Locations of stored mail in S3: named by an event, or given by the settings of the storage."""

from __future__ import annotations

from typing import NamedTuple

from ...errors import ContentDeniedError, ContentMissingError
from ...object_names import is_bucket_name, is_object_key
from ..events.received import Received, S3Action
from .inbound_storage import InboundStorage

__all__ = ["StoredObject", "locate", "require_allowed"]


class StoredObject(NamedTuple):
    """An object in S3.

    Attributes:
        bucket: Name of the bucket.
        key: Key of the object.
        message_id: Id that SES gave the mail; None if unknown.
    """

    bucket: str
    key: str
    message_id: str | None = None


def locate(event: Received, storage: InboundStorage) -> StoredObject:
    """Returns the object that holds the mail of an event.

    Only the S3 action names it. For another action, the mail is where an S3 action before it in
    the same receipt rule stores it: the key is the prefix of that action and the message id.

    Raises:
        ContentMissingError: The event names none, and the settings have no ``bucket``.
        ContentDeniedError: The settings don't allow it.

    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-s3.html
    """
    action = event.action
    if isinstance(action, S3Action):
        if not action.key:
            raise ContentMissingError("the event names no object in the bucket")
        return require_allowed(StoredObject(action.bucket, action.key, event.message_id), storage)
    if storage.bucket is None:
        found = "can't be read" if action is None else f"is {action.type}"
        raise ContentMissingError(
            f"the action of the receipt rule {found}, which doesn't name the stored mail: pass "
            "storage=InboundStorage(bucket=..., prefix=...) of the rule's S3 action"
        )
    key = storage.prefix + event.message_id
    return require_allowed(StoredObject(storage.bucket, key, event.message_id), storage)


def require_allowed(stored: StoredObject, storage: InboundStorage) -> StoredObject:
    """Returns an object that the settings of the storage allow.

    Raises:
        ContentDeniedError: The bucket isn't one of the receiver's, or the key has a segment that
            an HTTP client removes from the URL, so that another object would be requested.
    """
    bucket, key, _ = stored
    if not is_bucket_name(bucket) or not (storage.buckets is None or bucket in storage.buckets):
        raise ContentDeniedError(f"the bucket {bucket[:100]!r} isn't one of the receiver's buckets")
    if not is_object_key(key):
        raise ContentDeniedError(
            f"the key {key[:100]!r} can't be requested: it has a segment . or .., more than 1,024 "
            "bytes, or isn't Unicode text"
        )
    return stored
