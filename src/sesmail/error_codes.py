"""Which error stands for which of Amazon's words for no."""

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

# Words of both APIs, of whole calls and of bulk entries, without case, underscores and "Exception".
# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors
# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_BulkEmailEntryResult.html
# https://docs.aws.amazon.com/ses/latest/APIReference/API_BulkEmailDestinationStatus.html
# https://docs.aws.amazon.com/ses/latest/APIReference/CommonErrors.html
_CODES: dict[str, type[RejectedError]] = {
    **dict.fromkeys(
        ("accountthrottled", "requestlimitexceeded", "throttled", "throttling", "toomanyrequests"),
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
            "notfound",
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
_PASSING = "transientfailure"


def _plain(code: str) -> str:
    return code.replace("_", "").removesuffix("Exception").lower()


def is_documented_code(code: str) -> bool:
    """Whether an error code or a bulk status is one that Amazon documents."""
    word = _plain(code)
    return word in _CODES or word == _PASSING or word.startswith("throttling")


def rejected_error(
    code: str,
    message: str,
    *,
    operation: str,
    request_id: str | None = None,
    status: int | None = None,
) -> RejectedError:
    """The error for a no of Amazon's.

    Args:
        code: The error code of a call, or the status of a bulk entry; of either API.
        message: What Amazon says beside it; it alone tells the daily quota from the rate.
        operation: The API operation.
        request_id: Amazon's request id.
        status: The HTTP status of a call.
    """
    word = _plain(code)
    kind = _CODES.get(word, RejectedError)
    if kind is RejectedError and (
        word.startswith("throttling") or (status == 429 and word not in _CODES)
    ):
        kind = ThrottledError
    said = message.lower()
    # https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
    if "daily message quota exceeded" in said and (
        kind is ThrottledError or word == "limitexceeded"
    ):
        kind = QuotaExceededError
    if kind is MessageRejectedError and "not verified" in said:
        kind = NotVerifiedError
    retryable = True if word == _PASSING else None
    return kind(message, operation=operation, code=code, request_id=request_id, retryable=retryable)
