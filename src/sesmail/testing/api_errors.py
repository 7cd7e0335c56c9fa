"""Errors of the fake SES, in the codes of both APIs and of bulk results.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors
https://docs.aws.amazon.com/ses/latest/APIReference/API_BulkEmailDestinationStatus.html
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ApiError", "ErrorKind", "bad_request", "exists", "missing"]


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """Codes of an error.

    Attributes:
        v1: Code of API v1.
        v2: Name of the exception of API v2.
        status: HTTP status of API v2; that of v1 is 400, or 503 for a failure of the service.
        bulk_v1: Status of an entry of SendBulkTemplatedEmail.
        bulk_v2: Status of an entry of SendBulkEmail.
    """

    v1: str
    v2: str
    status: int = 400
    bulk_v1: str = "Failed"
    bulk_v2: str = "FAILED"


REJECTED = ErrorKind(
    "MessageRejected", "MessageRejected", 400, "MessageRejected", "MESSAGE_REJECTED"
)
MAIL_FROM = ErrorKind(
    "MailFromDomainNotVerifiedException",
    "MailFromDomainNotVerifiedException",
    400,
    "MailFromDomainNotVerified",
    "MAIL_FROM_DOMAIN_NOT_VERIFIED",
)
INVALID = ErrorKind(
    "InvalidParameterValue",
    "BadRequestException",
    400,
    "InvalidParameterValue",
    "INVALID_PARAMETER",
)
VALIDATION = ErrorKind("ValidationError", "BadRequestException", 400)
THROTTLED = ErrorKind(
    "Throttling", "TooManyRequestsException", 429, "AccountThrottled", "ACCOUNT_THROTTLED"
)
# SES reports its daily quota by the code of the rate on v1; the text differs:
# https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
QUOTA = ErrorKind(
    "Throttling",
    "LimitExceededException",
    400,
    "AccountDailyQuotaExceeded",
    "ACCOUNT_DAILY_QUOTA_EXCEEDED",
)
PAUSED = ErrorKind(
    "AccountSendingPausedException",
    "SendingPausedException",
    400,
    "AccountSendingPaused",
    "ACCOUNT_SENDING_PAUSED",
)
SUSPENDED = ErrorKind(
    "AccountSendingPausedException",
    "AccountSuspendedException",
    400,
    "AccountSuspended",
    "ACCOUNT_SUSPENDED",
)
SET_PAUSED = ErrorKind(
    "ConfigurationSetSendingPausedException",
    "SendingPausedException",
    400,
    "ConfigurationSetSendingPaused",
    "CONFIGURATION_SET_SENDING_PAUSED",
)
SET_MISSING = ErrorKind(
    "ConfigurationSetDoesNotExist",
    "NotFoundException",
    404,
    "ConfigurationSetDoesNotExist",
    "CONFIGURATION_SET_NOT_FOUND",
)
TEMPLATE_MISSING = ErrorKind(
    "TemplateDoesNotExist", "NotFoundException", 404, "TemplateDoesNotExist", "TEMPLATE_NOT_FOUND"
)
INVALID_TEMPLATE = ErrorKind("InvalidTemplate", "BadRequestException")
RENDERING_DATA = ErrorKind("InvalidRenderingParameter", "BadRequestException")
RENDERING_MISSING = ErrorKind("MissingRenderingAttribute", "BadRequestException")
EXISTS = ErrorKind("AlreadyExists", "AlreadyExistsException")
SET_EXISTS = ErrorKind("ConfigurationSetAlreadyExists", "AlreadyExistsException")
DESTINATION_EXISTS = ErrorKind("EventDestinationAlreadyExists", "AlreadyExistsException")
DESTINATION_MISSING = ErrorKind("EventDestinationDoesNotExist", "NotFoundException", 404)
NOT_FOUND = ErrorKind("InvalidParameterValue", "NotFoundException", 404)
LIMIT = ErrorKind("LimitExceeded", "LimitExceededException")
TRANSIENT = ErrorKind(
    "ServiceUnavailable",
    "InternalServiceErrorException",
    500,
    "TransientFailure",
    "TRANSIENT_FAILURE",
)
UNKNOWN = ErrorKind("InvalidAction", "UnknownOperationException", 404)


class ApiError(Exception):
    """An error that an operation of the fake responds with.

    Args:
        kind: Its codes.
        text: Its message.
    """

    def __init__(self, kind: ErrorKind, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text


def bad_request(text: str) -> ApiError:
    """Returns the error of an invalid parameter."""
    return ApiError(INVALID, text)


def missing(what: str, name: str, kind: ErrorKind = NOT_FOUND) -> ApiError:
    """Returns the error of a resource that doesn't exist."""
    return ApiError(kind, f"{what} <{name}> does not exist.")


def exists(what: str, name: str, kind: ErrorKind = EXISTS) -> ApiError:
    """Returns the error of a resource that exists already."""
    return ApiError(kind, f"{what} <{name}> already exists.")
