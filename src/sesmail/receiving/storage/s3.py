"""Mail stored in S3: fetching it with a size limit, decrypting and deleting it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

import anyio

from ...aws import Aws
from ...concurrency import run_in_thread
from ...errors import (
    AccessDeniedError,
    ContentDeniedError,
    ContentError,
    ContentKeyError,
    ContentMissingError,
    ContentTamperedError,
    SendError,
    TemporaryError,
)
from ..events.received import Received, S3Action
from .decrypting import Encryption, decrypt, is_encrypted, read_encryption
from .inbound_storage import InboundStorage, is_bucket_name

__all__ = ["MailStore", "is_temporary"]

_KEY_REGION = re.compile(r"arn:[a-z-]+:kms:([a-z0-9-]+):")

# Error codes of S3 and KMS; S3 returns those of KMS for a bucket with default encryption.
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
# https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors
_ERRORS: dict[str, type[ContentError | TemporaryError]] = {
    **dict.fromkeys(("NoSuchBucket", "NoSuchKey"), ContentMissingError),
    **dict.fromkeys(
        ("AllAccessDisabled", "InvalidAccessKeyId", "InvalidObjectState"), ContentDeniedError
    ),
    **dict.fromkeys(
        (
            "DisabledException",
            "IncorrectKeyException",
            "InvalidKeyUsageException",
            "KMSInvalidStateException",
            "NotFoundException",
        ),
        ContentKeyError,
    ),
    "InvalidCiphertextException": ContentTamperedError,
    "RequestTimeout": TemporaryError,
}


class MailStore:
    """Mail that SES stored in S3.

    Args:
        aws: AWS clients.
        storage: Restrictions on buckets, accounts, keys and sizes.
        timeout: Maximum duration of a fetch or delete in seconds.
    """

    def __init__(self, aws: Aws, storage: InboundStorage, *, timeout: float) -> None:
        self._aws = aws
        self._storage = storage
        self._timeout = timeout

    async def fetch(self, event: Received) -> bytes:
        """Returns the mail of an event, decrypted.

        Raises:
            ContentError: It can't be fetched.
            TemporaryError: A later attempt may succeed.
        """
        deadline = anyio.current_time() + self._timeout
        response = await self._call(
            "s3",
            "GetObject",
            self._object_params(event),
            deadline,
            body_limit=self._storage.max_size,
        )
        body: bytes = response["Body"]
        metadata: Mapping[str, str] = response.get("Metadata", {})
        if is_encrypted(metadata):
            encryption = read_encryption(
                metadata, message_id=event.message_id, account=self._storage.account
            )
            key = await self._decrypt_key(encryption, deadline)
            return await run_in_thread(partial(decrypt, body, encryption, key), abandon=True)
        if self._storage.require_encrypted:
            raise ContentTamperedError("the stored mail isn't encrypted; require_encrypted is set")
        return body

    async def delete(self, event: Received) -> None:
        """Deletes the mail of an event; does nothing if it was deleted before.

        Raises:
            ContentError: It can't be deleted.
            TemporaryError: A later attempt may succeed.
        """
        deadline = anyio.current_time() + self._timeout
        await self._call("s3", "DeleteObject", self._object_params(event), deadline)

    def _object_params(self, event: Received) -> dict[str, str]:
        """Returns the parameters that name the event's object, which must be in a given bucket."""
        action = event.action
        if not isinstance(action, S3Action):
            found = "can't be read" if action is None else f"is {action.type}"
            raise ContentMissingError(
                f"the action of the receipt rule {found}; only the S3 action stores the mail"
            )
        buckets = self._storage.buckets
        if not is_bucket_name(action.bucket) or not (buckets is None or action.bucket in buckets):
            raise ContentDeniedError(
                f"the bucket {action.bucket[:100]!r} isn't one of the receiver's buckets"
            )
        if not action.key:
            raise ContentMissingError("the event names no object in the bucket")
        params = {"Bucket": action.bucket, "Key": action.key}
        if self._storage.account is not None:
            params["ExpectedBucketOwner"] = self._storage.account
        return params

    async def _decrypt_key(self, encryption: Encryption, deadline: float) -> bytes:
        """Returns the data key of an encrypted mail, decrypted by KMS."""
        params: dict[str, Any] = {
            "CiphertextBlob": encryption.wrapped_key,
            "EncryptionContext": dict(encryption.context),
        }
        region = None
        if self._storage.kms_key is not None:
            params["KeyId"] = self._storage.kms_key
            arn = _KEY_REGION.match(self._storage.kms_key)
            region = arn[1] if arn else None
        response = await self._call("kms", "Decrypt", params, deadline, region=region)
        key = response.get("Plaintext")
        if not isinstance(key, bytes):
            raise TemporaryError("the mail can't be fetched now: the response of KMS has no key")
        return key

    async def _call(
        self,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        deadline: float,
        **options: Any,
    ) -> dict[str, Any]:
        try:
            return await self._aws.call(service, operation, params, deadline=deadline, **options)
        except SendError as err:
            raise _content_error(err) from err


def is_temporary(error: SendError) -> bool:
    """Returns True if a failed call that may be repeated may succeed later."""
    return error.outcome != "rejected" or error.retryable


def _content_error(error: SendError) -> ContentError | TemporaryError:
    if is_temporary(error):
        return TemporaryError(f"the mail can't be accessed now: {error}")
    default = ContentDeniedError if isinstance(error, AccessDeniedError) else ContentError
    cls = _ERRORS.get((error.code or "").removeprefix("KMS."), default)
    return cls(f"the mail can't be accessed: {error}")
