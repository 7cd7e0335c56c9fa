"""Maps AWS error codes to exception classes."""

from __future__ import annotations

from .errors import (
    AccessDeniedError,
    BadRequestError,
    MessageRejectedError,
    NotFoundError,
    NotVerifiedError,
    QuotaExceededError,
    RejectedError,
    SendingPausedError,
    ThrottledError,
)

__all__ = ["is_documented_code", "rejected_error"]

# Codes of both APIs, for calls and for bulk entries, in lower case without "_" and "Exception".
# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors
# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_BulkEmailEntryResult.html
# https://docs.aws.amazon.com/ses/latest/APIReference/API_BulkEmailDestinationStatus.html
# https://docs.aws.amazon.com/ses/latest/APIReference/CommonErrors.html
# And codes of SQS and DynamoDB, those of SQS without the prefix of its query API.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html#API_ReceiveMessage_Errors
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
_CODES: dict[str, type[RejectedError]] = {
    **dict.fromkeys(
        (
            "accountthrottled",
            "kms.throttling",
            "kmsthrottled",
            "overlimit",
            "provisionedthroughputexceeded",
            "requestlimitexceeded",
            "requestthrottled",
            "throttled",
            "throttling",
            "toomanyrequests",
        ),
        ThrottledError,
    ),
    **dict.fromkeys(("accountdailyquotaexceeded",), QuotaExceededError),
    **dict.fromkeys(
        (
            "accountsendingpaused",
            "accountsuspended",
            "configurationsetsendingpaused",
            "sendingpaused",
        ),
        SendingPausedError,
    ),
    **dict.fromkeys(("messagerejected",), MessageRejectedError),
    **dict.fromkeys(("fromemailaddressnotverified", "mailfromdomainnotverified"), NotVerifiedError),
    **dict.fromkeys(
        (
            "configurationsetdoesnotexist",
            "configurationsetnotfound",
            "nonexistentqueue",
            "notfound",
            "queuedoesnotexist",
            "resourcenotfound",
            "templatedoesnotexist",
            "templatenotfound",
        ),
        NotFoundError,
    ),
    **dict.fromkeys(
        (
            "accessdenied",
            "expiredtoken",
            "incompletesignature",
            "invalidclienttokenid",
            "invalidsignature",
            "kms.accessdenied",
            "kmsaccessdenied",
            "missingauthenticationtoken",
            "notauthorized",
            "optinrequired",
            "requestexpired",
            "signaturedoesnotmatch",
            "unrecognizedclient",
        ),
        AccessDeniedError,
    ),
    **dict.fromkeys(
        (
            "badrequest",
            "invalidparameter",
            "invalidparametervalue",
            "invalidsendingpoolname",
            "invalidtemplate",
            "missingrenderingattribute",
            "validation",
            "validationerror",
        ),
        BadRequestError,
    ),
    **dict.fromkeys(
        ("alreadyexists", "concurrentmodification", "conflict", "failed", "limitexceeded"),
        RejectedError,
    ),
}
_TRANSIENT = "transientfailure"
_SQS_PREFIX = "AWS.SimpleQueueService."


def _normalise(code: str) -> str:
    return code.removeprefix(_SQS_PREFIX).replace("_", "").removesuffix("Exception").lower()


def is_documented_code(code: str) -> bool:
    """Returns whether AWS documents an error code or a bulk status."""
    name = _normalise(code)
    return name in _CODES or name == _TRANSIENT or name.startswith("throttling")


def rejected_error(
    code: str,
    message: str,
    *,
    operation: str,
    request_id: str | None = None,
    status: int | None = None,
) -> RejectedError:
    """Returns the error for a call or a bulk entry that AWS rejected.

    Args:
        code: Error code of the call, or status of the bulk entry.
        message: Its message, which alone distinguishes the daily quota from the sending rate.
        operation: The API operation.
        request_id: Request id of AWS.
        status: HTTP status of the call.
    """
    name = _normalise(code)
    kind = _CODES.get(name, RejectedError)
    if kind is RejectedError and (
        name.startswith("throttling") or (status == 429 and name not in _CODES)
    ):
        kind = ThrottledError
    text = message.lower()
    # https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
    if "daily message quota exceeded" in text and (
        kind is ThrottledError or name == "limitexceeded"
    ):
        kind = QuotaExceededError
    if kind is MessageRejectedError and "not verified" in text:
        kind = NotVerifiedError
    retryable = True if name == _TRANSIENT else None
    return kind(message, operation=operation, code=code, request_id=request_id, retryable=retryable)
