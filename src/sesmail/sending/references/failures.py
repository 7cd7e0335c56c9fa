"""Errors of attachments that could not be read: nothing was sent, whatever the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...aws import IncompleteObjectError
from ...errors import (
    AccessDeniedError,
    ConfigurationError,
    InvalidMessageError,
    NotSentError,
    RejectedError,
    SendError,
    SesmailError,
)

if TYPE_CHECKING:
    from ..message.stored_object import S3Object

__all__ = ["OPERATION", "not_read"]

OPERATION = "GetObject"

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
_TEMPORARY = frozenset({"OperationAborted", "RequestTimeout", "SlowDown"})
# Of the credentials or the account, so that no other object can be read either.
_CREDENTIALS = frozenset(
    {
        "AccountProblem",
        "InvalidAccessKeyId",
        "InvalidSecurity",
        "InvalidToken",
        "NotSignedUp",
        "RequestTimeTooSkewed",
        "TokenRefreshRequired",
    }
)
# Of a policy, which may be about this object only.
_DENIED = frozenset(
    {"AccessDenied", "AllAccessDisabled", "KMS.AccessDenied", "KMS.AccessDeniedException"}
)
_REASONS = {
    **dict.fromkeys(
        _DENIED,
        "the credentials need the permission s3:GetObject on it (s3:GetObjectVersion with a "
        "version id), and kms:Decrypt if a KMS key encrypts it; without s3:ListBucket on the "
        "bucket, S3 denies access to missing objects, too",
    ),
    "InvalidObjectState": "it is archived; restore it first",
    "MethodNotAllowed": "its version is a delete marker",
    "NoSuchBucket": "the bucket doesn't exist",
    "NoSuchKey": "there is no such object",
    "NoSuchVersion": "the object has no such version",
}


def not_read(error: Exception, stored: S3Object, field: str) -> SesmailError:
    """Returns the error of a message whose attachment could not be read.

    Its text has no text of AWS, which may contain ARNs; that is in the ``__cause__``.

    Args:
        error: The reason.
        stored: The object.
        field: Field of the attachment.
    """
    if isinstance(error, (ConfigurationError, InvalidMessageError)):
        return error.with_traceback(None)
    found = _error_of(
        error, f"{field}: the object {stored.key!r} in the bucket {stored.bucket!r} can't be read"
    )
    found.__cause__ = error.with_traceback(None)
    return found


def _error_of(error: Exception, text: str) -> SendError:
    if isinstance(error, IncompleteObjectError):
        return NotSentError(f"{text}: the response is incomplete ({error})", operation=OPERATION)
    if not isinstance(error, SendError):
        return NotSentError(
            f"{text}: internal error ({type(error).__name__})",
            operation=OPERATION,
            retryable=isinstance(error, MemoryError),
        )
    code = error.code or ""
    if _is_of_credentials(error, code):
        denied = AccessDeniedError(
            f"{text}: S3 doesn't accept the credentials",
            operation=OPERATION,
            code=code,
            request_id=error.request_id,
        )
        denied.outcome = "not_sent"  # the mail's, whose call wasn't made
        return denied
    refused = isinstance(error, RejectedError)
    reason = _REASONS.get(code) or ("S3 rejected the call" if refused else error.message)
    return NotSentError(
        f"{text}: {reason}",
        operation=OPERATION,
        code=error.code,
        request_id=error.request_id,
        retryable=_is_retryable(error, code),
    )


def _is_of_credentials(error: SendError, code: str) -> bool:
    return code in _CREDENTIALS or (isinstance(error, AccessDeniedError) and code not in _DENIED)


def _is_retryable(error: SendError, code: str) -> bool:
    """Returns whether S3 may return the object later; a call without a response is repeatable."""
    if isinstance(error, (NotSentError, RejectedError)):
        return error.retryable or code in _TEMPORARY
    return True
