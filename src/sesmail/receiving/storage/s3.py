"""The mails that SES stored in S3: fetched whole, decrypted where they are encrypted, deleted when asked."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

import anyio

from ...aws import Aws
from ...concurrency import run_in_thread
from ...errors import (
    AccessDeniedError,
    ConfigurationError,
    ContentDeniedError,
    ContentError,
    ContentKeyError,
    ContentMissingError,
    ContentTamperedError,
    SendError,
    TemporaryError,
)
from ..events.received import Received, S3Action
from .decrypting import TAG, Encryption, decrypt, is_encrypted, read_encryption

__all__ = ["MAX_STORED", "Storage", "may_pass"]

MAX_STORED = (40 << 20) + TAG
"""Bytes of the largest mail that SES receives, encrypted."""

_BUCKET = re.compile(
    r"[A-Za-z0-9._-]{3,255}"
)  # no ARN of an access point, which S3 would take, too
_ACCOUNT = re.compile(r"[0-9]{12}")
_KEY_REGION = re.compile(r"arn:[a-z-]+:kms:([a-z0-9-]+):")

# Amazon's words for no; KMS's come from S3, too, where the bucket is encrypted by itself.
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
# https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors
_REFUSALS: dict[str, type[ContentError | TemporaryError]] = {
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


class Storage:
    """Where the mails lie.

    Args:
        aws: How Amazon is called.
        buckets: The buckets that mails may be fetched from; any, if None.
        account: The AWS account that has to own bucket and mail; any, if None.
        kms_key: The id, alias or ARN of the KMS key that has to encrypt mails; any, if None.
        require_encrypted: Whether a mail that isn't encrypted is refused.
        limit: How many bytes a mail may have as it is stored.
        timeout: Seconds for a whole fetch, or a delete.

    Raises:
        ConfigurationError: A setting can't be.
    """

    def __init__(
        self,
        aws: Aws,
        *,
        buckets: Collection[str] | None,
        account: str | None,
        kms_key: str | None,
        require_encrypted: bool,
        limit: int,
        timeout: float,
    ) -> None:
        if isinstance(buckets, str) or (
            buckets is not None and not all(map(_BUCKET.fullmatch, buckets))
        ):
            raise ConfigurationError("buckets is a list of the names of S3 buckets")
        if account is not None and not _ACCOUNT.fullmatch(account):
            raise ConfigurationError("account is the 12 digits of an AWS account")
        if limit < 1:
            raise ConfigurationError("max_mail_size is 1 byte at least")
        self._aws = aws
        self._buckets = None if buckets is None else frozenset(buckets)
        self._account = account
        self._kms_key = kms_key
        self._require_encrypted = require_encrypted
        self._limit = limit
        self._timeout = timeout

    async def fetch(self, event: Received) -> bytes:
        """The mail of an event.

        Raises:
            ContentError: It can't be had.
            TemporaryError: It can't be had just now.
        """
        deadline = anyio.current_time() + self._timeout
        answer = await self._call(
            "s3", "GetObject", self._place(event), deadline, body_limit=self._limit
        )
        body: bytes = answer["Body"]
        metadata: Mapping[str, str] = answer.get("Metadata", {})
        if is_encrypted(metadata):
            encryption = read_encryption(
                metadata, message_id=event.message_id, account=self._account
            )
            key = await self._unwrap(encryption, deadline)
            return await run_in_thread(partial(decrypt, body, encryption, key), abandon=True)
        if self._require_encrypted:
            raise ContentTamperedError("the stored mail isn't encrypted, as this receiver demands")
        return body

    async def delete(self, event: Received) -> None:
        """Delete the mail of an event; one that is gone already is no error.

        Raises:
            ContentError: It can't be deleted.
            TemporaryError: It can't be deleted just now.
        """
        await self._call(
            "s3", "DeleteObject", self._place(event), anyio.current_time() + self._timeout
        )

    def _place(self, event: Received) -> dict[str, str]:
        """Where the event says that the mail lies, if that is a place where it may."""
        action = event.action
        if not isinstance(action, S3Action):
            found = "can't be read" if action is None else f"is {action.type}"
            raise ContentMissingError(
                f"the action of the receipt rule {found}: only S3 stores a mail where it can be had"
            )
        if not _BUCKET.fullmatch(action.bucket) or not (
            self._buckets is None or action.bucket in self._buckets
        ):
            raise ContentDeniedError(
                f"the bucket {action.bucket[:100]!r} is none of this receiver's buckets"
            )
        if not action.key:
            raise ContentMissingError("the event names no object in the bucket")
        owner = {} if self._account is None else {"ExpectedBucketOwner": self._account}
        return {"Bucket": action.bucket, "Key": action.key, **owner}

    async def _unwrap(self, encryption: Encryption, deadline: float) -> bytes:
        params: dict[str, Any] = {
            "CiphertextBlob": encryption.wrapped_key,
            "EncryptionContext": dict(encryption.context),
        }
        region = None
        if self._kms_key is not None:
            params["KeyId"] = self._kms_key
            arn = _KEY_REGION.match(self._kms_key)
            region = arn[1] if arn else None
        answer = await self._call("kms", "Decrypt", params, deadline, region=region)
        key = answer.get("Plaintext")
        if not isinstance(key, bytes):
            raise TemporaryError("the mail can't be had just now: the answer of KMS has no key")
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
            raise _explain(err) from err


def may_pass(error: SendError) -> bool:
    """Whether a call that failed, and may be repeated, may work later."""
    return error.outcome != "rejected" or error.retryable


def _explain(error: SendError) -> ContentError | TemporaryError:
    if may_pass(error):
        return TemporaryError(f"the mail can't be had just now: {error}")
    denied = ContentDeniedError if isinstance(error, AccessDeniedError) else ContentError
    kind = _REFUSALS.get((error.code or "").removeprefix("KMS."), denied)
    return kind(f"the mail can't be had: {error}")
