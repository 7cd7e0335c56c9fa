"""Every error code of the AWS models is mapped."""

from collections.abc import Iterator

import botocore.session
import pytest

from sesmail import (
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
from sesmail.error_codes import is_documented_code, rejected_error

SENDING = {
    "ses": ("SendRawEmail", "SendTemplatedEmail", "SendBulkTemplatedEmail"),
    "sesv2": ("SendEmail", "SendBulkEmail"),
}
STATUSES = {"ses": "BulkEmailStatus", "sesv2": "BulkEmailStatus"}

CALLS = {
    "AccountSendingPausedException": SendingPausedError,
    "AccountSuspendedException": SendingPausedError,
    "BadRequestException": BadRequestError,
    "ConfigurationSetDoesNotExist": NotFoundError,
    "ConfigurationSetDoesNotExistException": NotFoundError,
    "ConfigurationSetSendingPausedException": SendingPausedError,
    "LimitExceededException": RejectedError,
    "MailFromDomainNotVerifiedException": NotVerifiedError,
    "MessageRejected": MessageRejectedError,
    "NotFoundException": NotFoundError,
    "SendingPausedException": SendingPausedError,
    "TemplateDoesNotExist": NotFoundError,
    "TemplateDoesNotExistException": NotFoundError,
    "TooManyRequestsException": ThrottledError,
}
ENTRIES = {
    "ACCOUNT_DAILY_QUOTA_EXCEEDED": QuotaExceededError,
    "ACCOUNT_SENDING_PAUSED": SendingPausedError,
    "ACCOUNT_SUSPENDED": SendingPausedError,
    "ACCOUNT_THROTTLED": ThrottledError,
    "AccountDailyQuotaExceeded": QuotaExceededError,
    "AccountSendingPaused": SendingPausedError,
    "AccountSuspended": SendingPausedError,
    "AccountThrottled": ThrottledError,
    "CONFIGURATION_SET_NOT_FOUND": NotFoundError,
    "CONFIGURATION_SET_SENDING_PAUSED": SendingPausedError,
    "ConfigurationSetDoesNotExist": NotFoundError,
    "ConfigurationSetSendingPaused": SendingPausedError,
    "FAILED": RejectedError,
    "Failed": RejectedError,
    "INVALID_PARAMETER": BadRequestError,
    "INVALID_SENDING_POOL_NAME": BadRequestError,
    "InvalidParameterValue": BadRequestError,
    "InvalidSendingPoolName": BadRequestError,
    "MAIL_FROM_DOMAIN_NOT_VERIFIED": NotVerifiedError,
    "MESSAGE_REJECTED": MessageRejectedError,
    "MailFromDomainNotVerified": NotVerifiedError,
    "MessageRejected": MessageRejectedError,
    "TEMPLATE_NOT_FOUND": NotFoundError,
    "TRANSIENT_FAILURE": RejectedError,
    "TemplateDoesNotExist": NotFoundError,
    "TransientFailure": RejectedError,
}
# Of SQS and DynamoDB; SQS writes them with and without the prefix of its query API.
QUEUES_AND_TABLES = {
    "AWS.SimpleQueueService.NonExistentQueue": NotFoundError,
    "QueueDoesNotExist": NotFoundError,
    "OverLimit": ThrottledError,
    "AWS.SimpleQueueService.OverLimit": ThrottledError,
    "RequestThrottled": ThrottledError,
    "KmsThrottled": ThrottledError,
    "KMS.ThrottlingException": ThrottledError,
    "KmsAccessDenied": AccessDeniedError,
    "KMS.AccessDeniedException": AccessDeniedError,
    "ProvisionedThroughputExceededException": ThrottledError,
    "ResourceNotFoundException": NotFoundError,
}
# https://docs.aws.amazon.com/ses/latest/APIReference/CommonErrors.html, and text of the v2 pages.
OTHERS = {
    "AccessDenied": AccessDeniedError,
    "AccessDeniedException": AccessDeniedError,
    "AlreadyExistsException": RejectedError,
    "CONFIGURATION_SET_DOES_NOT_EXIST": NotFoundError,
    "ConflictException": RejectedError,
    "ExpiredToken": AccessDeniedError,
    "ExpiredTokenException": AccessDeniedError,
    "FromEmailAddressNotVerifiedException": NotVerifiedError,
    "INVALID_PARAMETER_VALUE": BadRequestError,
    "IncompleteSignature": AccessDeniedError,
    "InvalidClientTokenId": AccessDeniedError,
    "InvalidTemplate": BadRequestError,
    "MissingAuthenticationToken": AccessDeniedError,
    "MissingRenderingAttribute": BadRequestError,
    "NotAuthorized": AccessDeniedError,
    "OptInRequired": AccessDeniedError,
    "RequestExpired": AccessDeniedError,
    "RequestLimitExceeded": ThrottledError,
    "SignatureDoesNotMatch": AccessDeniedError,
    "TEMPLATE_DOES_NOT_EXIST": NotFoundError,
    "Throttling": ThrottledError,
    "ThrottlingException": ThrottledError,
    "Throttled": ThrottledError,
    "UnrecognizedClientException": AccessDeniedError,
    "ValidationError": BadRequestError,
    "ValidationException": BadRequestError,
}
DAILY = [
    "Daily message quota exceeded",
    "Daily message quota exceeded.",
    "DAILY MESSAGE QUOTA EXCEEDED.",
    "Sorry: daily message quota exceeded. Try later.",
]


def model_of(service: str):
    return botocore.session.get_session().get_service_model(service)


def codes_of_calls() -> Iterator[str]:
    for service, operations in SENDING.items():
        for operation in operations:
            for shape in model_of(service).operation_model(operation).error_shapes:
                yield shape.error_code
                yield shape.name


def statuses_of_entries() -> Iterator[str]:
    for service, shape in STATUSES.items():
        yield from model_of(service).shape_for(shape).enum


def test_every_error_code_of_the_service_models_is_mapped() -> None:
    assert set(codes_of_calls()) == set(CALLS)


def test_every_bulk_status_of_the_service_models_is_mapped() -> None:
    assert {status for status in statuses_of_entries() if status.lower() != "success"} == set(
        ENTRIES
    )


@pytest.mark.parametrize(
    ("code", "kind"),
    [*(CALLS | ENTRIES | OTHERS | QUEUES_AND_TABLES).items()],
    ids=[f"{code}" for code in CALLS | ENTRIES | OTHERS | QUEUES_AND_TABLES],
)
def test_code_is_mapped_to_its_error(code: str, kind: type[RejectedError]) -> None:
    error = rejected_error(code, "Rejected.", operation="SendEmail", request_id="r-1", status=400)
    assert type(error) is kind
    assert (error.code, error.message, error.operation) == (code, "Rejected.", "SendEmail")
    assert (error.request_id, error.outcome) == ("r-1", "rejected")
    assert is_documented_code(code)


def test_only_temporary_rejections_are_retryable() -> None:
    codes = CALLS | ENTRIES | OTHERS
    retryable = {
        code
        for code in codes
        if rejected_error(code, "", operation="SendEmail", status=400).retryable
    }
    assert retryable == {code for code in codes if codes[code] is ThrottledError} | {
        "TRANSIENT_FAILURE",
        "TransientFailure",
    }


@pytest.mark.parametrize("message", DAILY)
@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("Throttling", 400),
        ("ThrottlingException", 400),
        ("TooManyRequestsException", 429),
        ("LimitExceededException", 400),
        ("LimitExceededException", 429),
        ("ACCOUNT_THROTTLED", None),
        ("AccountThrottled", None),
        ("SomethingNew", 429),
    ],
)
def test_daily_quota_is_recognised_by_the_message(
    code: str, status: int | None, message: str
) -> None:
    error = rejected_error(code, message, operation="SendEmail", status=status)
    assert type(error) is QuotaExceededError
    assert not error.retryable


@pytest.mark.parametrize("message", ["Maximum sending rate exceeded.", "Rate exceeded", ""])
@pytest.mark.parametrize(
    "code", ["Throttling", "TooManyRequestsException", "ThrottlingSomethingNew"]
)
def test_sending_rate_error_is_retryable(code: str, message: str) -> None:
    error = rejected_error(code, message, operation="SendEmail", status=400)
    assert type(error) is ThrottledError
    assert error.retryable
    assert is_documented_code(code)


@pytest.mark.parametrize("status", [400, 429])
def test_limit_exceeded_is_not_retryable(status: int) -> None:
    error = rejected_error(
        "LimitExceededException",
        "There are too many instances",
        operation="SendEmail",
        status=status,
    )
    assert type(error) is RejectedError
    assert not error.retryable


@pytest.mark.parametrize("message", DAILY[:1])
def test_quota_message_is_ignored_for_other_codes(message: str) -> None:
    assert (
        type(rejected_error("MessageRejected", message, operation="SendEmail"))
        is MessageRejectedError
    )


def test_429_with_unknown_code_is_throttling() -> None:
    assert (
        type(rejected_error("SomethingNew", "", operation="SendEmail", status=429))
        is ThrottledError
    )


def test_429_with_known_code_is_mapped_by_the_code() -> None:
    assert (
        type(rejected_error("MessageRejected", "", operation="SendEmail", status=429))
        is MessageRejectedError
    )


def test_unknown_code_is_kept() -> None:
    error = rejected_error("SomethingNew", "whatever", operation="SendEmail", status=400)
    assert type(error) is RejectedError
    assert (error.code, error.retryable) == ("SomethingNew", False)
    assert not is_documented_code("SomethingNew")


@pytest.mark.parametrize("status", ["SUCCESS", "Success", "", "success"])
def test_success_is_not_a_documented_rejection(status: str) -> None:
    assert not is_documented_code(status)


@pytest.mark.parametrize(
    "message",
    [
        "Email address is not verified. The following identities failed the check in region "
        "EU-WEST-1: x@example.com",
        "Email address is NOT VERIFIED.",
    ],
)
@pytest.mark.parametrize("code", ["MessageRejected", "MESSAGE_REJECTED"])
def test_unverified_identity_is_recognised_by_the_message(code: str, message: str) -> None:
    assert type(rejected_error(code, message, operation="SendEmail")) is NotVerifiedError
