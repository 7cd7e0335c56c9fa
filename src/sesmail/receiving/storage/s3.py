"""Mail stored in S3: fetching it with a size limit, decrypting and deleting it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from ...aws import Aws, IncompleteObjectError, get_object
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
from ...patterns import lazy_pattern
from .inbound_storage import InboundStorage
from .location import StoredObject

if TYPE_CHECKING:
    from .decrypting import Encryption

__all__ = ["MailStore", "is_temporary"]

_KEY_REGION = lazy_pattern(r"arn:[a-z-]+:kms:([a-z0-9-]+):")

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

    async def fetch(self, stored: StoredObject) -> bytes:
        """Returns a stored mail, decrypted.

        Raises:
            ContentError: It can't be fetched.
            TemporaryError: A later attempt may succeed.
        """
        deadline = anyio.current_time() + self._timeout
        try:
            response = await get_object(
                self._aws, self._params(stored), deadline=deadline, limit=self._storage.max_size
            )
        except IncompleteObjectError as err:
            raise TemporaryError(f"the stored mail is incomplete: {err}") from None
        except SendError as err:
            raise _content_error(err) from err
        from .decrypting import decrypt, is_encrypted, read_encryption

        body: bytes = response["Body"]
        metadata: Mapping[str, str] = response.get("Metadata", {})
        if is_encrypted(metadata):
            encryption = read_encryption(
                metadata, message_id=stored.message_id, account=self._storage.account
            )
            key = await self._decrypt_key(encryption, deadline)
            return await run_in_thread(partial(decrypt, body, encryption, key), abandon=True)
        if self._storage.require_encrypted:
            raise ContentTamperedError("the stored mail isn't encrypted; require_encrypted is set")
        return body

    async def delete(self, stored: StoredObject) -> None:
        """Deletes a stored mail; does nothing if it was deleted before.

        Raises:
            ContentError: It can't be deleted.
            TemporaryError: A later attempt may succeed.
        """
        deadline = anyio.current_time() + self._timeout
        await self._call("s3", "DeleteObject", self._params(stored), deadline)

    def _params(self, stored: StoredObject) -> dict[str, str]:
        params = {"Bucket": stored.bucket, "Key": stored.key}
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
