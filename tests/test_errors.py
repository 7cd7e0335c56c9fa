"""The tree of errors: bases, attributes, messages, pickling and copying."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import sesmail
from sesmail import (
    AccessDeniedError,
    BadRequestError,
    BulkSendError,
    ConfigurationError,
    ConfirmationError,
    ContentDeniedError,
    ContentError,
    ContentKeyError,
    ContentMissingError,
    ContentTamperedError,
    ContentTooLargeError,
    DuplicateSendError,
    ForbiddenTopicError,
    InvalidMessageError,
    InvalidTokenError,
    MalformedBodyError,
    MessageRejectedError,
    NotFoundError,
    NotSentError,
    NotVerifiedError,
    QuotaExceededError,
    RejectedError,
    SendError,
    SendingPausedError,
    SesmailError,
    SignatureError,
    TemporaryError,
    ThrottledError,
    UnauthenticatedError,
    UnexpectedEventError,
    UnexpectedSubscriptionError,
    UnknownOutcomeError,
    UnsupportedFeatureError,
    WebhookError,
)
from sesmail.error_codes import rejected_error

PARENTS = {
    SesmailError: Exception,
    InvalidMessageError: SesmailError,
    UnsupportedFeatureError: InvalidMessageError,
    ConfigurationError: SesmailError,
    DuplicateSendError: SendError,
    SendError: SesmailError,
    RejectedError: SendError,
    ThrottledError: RejectedError,
    QuotaExceededError: RejectedError,
    SendingPausedError: RejectedError,
    MessageRejectedError: RejectedError,
    NotVerifiedError: RejectedError,
    NotFoundError: RejectedError,
    AccessDeniedError: RejectedError,
    BadRequestError: RejectedError,
    NotSentError: SendError,
    UnknownOutcomeError: SendError,
    BulkSendError: SesmailError,
    WebhookError: SesmailError,
    MalformedBodyError: WebhookError,
    UnauthenticatedError: WebhookError,
    SignatureError: WebhookError,
    ForbiddenTopicError: WebhookError,
    InvalidTokenError: SesmailError,
    UnexpectedSubscriptionError: WebhookError,
    UnexpectedEventError: WebhookError,
    ConfirmationError: WebhookError,
    TemporaryError: WebhookError,
    ContentError: WebhookError,
    ContentMissingError: ContentError,
    ContentDeniedError: ContentError,
    ContentTooLargeError: ContentError,
    ContentKeyError: ContentError,
    ContentTamperedError: ContentError,
}
BUILTINS = {
    InvalidMessageError: ValueError,
    UnsupportedFeatureError: ValueError,
    ConfigurationError: ValueError,
    DuplicateSendError: ValueError,
    BadRequestError: ValueError,
    NotSentError: ConnectionError,
    BulkSendError: ExceptionGroup,
    MalformedBodyError: ValueError,
    InvalidTokenError: ValueError,
}
STATUSES = {  # 500 for any other
    WebhookError: 400,
    MalformedBodyError: 400,
    UnauthenticatedError: 401,
    SignatureError: 403,
    ForbiddenTopicError: 403,
    UnexpectedSubscriptionError: 403,
    UnexpectedEventError: 403,
    ContentMissingError: 410,
    ContentTamperedError: 403,
    TemporaryError: 503,
}
OUTCOMES = {
    InvalidMessageError: "not_sent",
    UnsupportedFeatureError: "not_sent",
    ConfigurationError: "not_sent",
    DuplicateSendError: "unknown",
    NotSentError: "not_sent",
    SendError: "unknown",
    UnknownOutcomeError: "unknown",
    **{kind: "rejected" for kind in PARENTS if issubclass(kind, RejectedError)},
}
SEND_ERRORS = [
    kind for kind in PARENTS if issubclass(kind, SendError) and kind is not DuplicateSendError
]
DETAILS = {"operation": "SendEmail", "code": "Code", "request_id": "r-1"}
ERRORS: list[SesmailError] = [
    SesmailError("plain"),
    MalformedBodyError("it is missing", path="mail.messageId", input="x" * 300),
    ForbiddenTopicError("not ours", topic_arn="arn:aws:sns:eu-west-1:1:t"),
    InvalidTokenError("the token is malformed"),
    UnexpectedSubscriptionError("unexpected", topic_arn="arn:aws:sns:eu-west-1:1:t", token="t"),
    ConfirmationError("refused", topic_arn="arn:aws:sns:eu-west-1:1:t", token="t"),
    UnexpectedEventError("inbound", topic_arn="arn:aws:sns:eu-west-1:1:t"),
    ContentTooLargeError("too large", limit=1, actual=2),
    InvalidMessageError(),
    InvalidMessageError("too many", field="to", limit=50, actual=51),
    UnsupportedFeatureError(feature="tenant", api="v1", instead="use v2"),
    ConfigurationError("no region"),
    DuplicateSendError(),
    DuplicateSendError(send_id="id-1", recorded_outcome="accepted", message_id="m-1"),
    *(kind("rejected", **DETAILS) for kind in SEND_ERRORS),
    *(kind() for kind in SEND_ERRORS),
    RejectedError("for a moment", retryable=True),
    UnknownOutcomeError("no id", answer={"ResponseMetadata": {}}),
    BulkSendError(
        "two failed", [ThrottledError("slow"), UnknownOutcomeError("unknown", answer={})]
    ),
]


def names(error: SesmailError) -> str:
    return repr(error)[:60]


def test_tree_has_every_public_error() -> None:
    assert {getattr(sesmail, name) for name in sesmail.__all__ if name.endswith("Error")} == set(
        PARENTS
    )


@pytest.mark.parametrize("kind", PARENTS, ids=lambda kind: kind.__name__)
def test_bases(kind: type[SesmailError]) -> None:
    public = [base for base in kind.__mro__[1:] if not base.__name__.startswith("_")]
    assert public[0] is PARENTS[kind]
    assert issubclass(kind, BUILTINS.get(kind, Exception))
    builtin = {base for base in (ValueError, OSError, ExceptionGroup) if issubclass(kind, base)}
    assert builtin == {
        base
        for base in (ValueError, OSError, ExceptionGroup)
        if issubclass(BUILTINS.get(kind, kind), base)
    }


@pytest.mark.parametrize("kind", PARENTS, ids=lambda kind: kind.__name__)
def test_docstring_of_the_module_has_every_error(kind: type[SesmailError]) -> None:
    from sesmail import errors

    assert errors.__doc__ is not None
    assert f" {kind.__name__} " in errors.__doc__.replace("\n", " ")


@pytest.mark.parametrize("kind", [kind for kind in PARENTS if issubclass(kind, WebhookError)])
def test_status(kind: type[WebhookError]) -> None:
    assert (kind.status, kind().status) == (STATUSES.get(kind, 500),) * 2
    assert kind().headers == {}


@pytest.mark.parametrize("kind", OUTCOMES, ids=lambda kind: kind.__name__)
def test_outcome(kind: Any) -> None:
    assert kind.outcome == kind().outcome == OUTCOMES[kind]


@pytest.mark.parametrize("kind", OUTCOMES, ids=lambda kind: kind.__name__)
def test_retryable(kind: Any) -> None:
    assert kind().retryable is (kind in (ThrottledError, NotSentError))


@pytest.mark.parametrize("retryable", [True, False])
def test_retryable_can_be_set(retryable: bool) -> None:
    assert ThrottledError(retryable=retryable).retryable is retryable


@pytest.mark.parametrize("kind", SEND_ERRORS, ids=lambda kind: kind.__name__)
def test_send_error_has_all_details(kind: type[SendError]) -> None:
    error = kind("rejected", **DETAILS)
    assert str(error) == "Code: rejected (operation SendEmail, request id r-1)"
    assert (error.message, error.code, error.operation, error.request_id) == (
        "rejected",
        "Code",
        "SendEmail",
        "r-1",
    )


@pytest.mark.parametrize(
    ("details", "text"),
    [
        ({}, "no"),
        ({"code": "Code"}, "Code: no"),
        ({"operation": "SendEmail"}, "no (operation SendEmail)"),
        ({"request_id": "r-1"}, "no (request id r-1)"),
    ],
    ids=["nothing", "code", "operation", "request id"],
)
def test_message_of_a_send_error_has_only_given_details(details: dict[str, str], text: str) -> None:
    assert str(RejectedError("no", **details)) == text  # type: ignore[arg-type]


def test_invalid_message_error_has_field_and_limit() -> None:
    error = InvalidMessageError("too many", field="to", limit=50, actual=51)
    assert (str(error), error.field, error.limit, error.actual) == ("to: too many", "to", 50, 51)
    assert str(InvalidMessageError("too many")) == "too many"


def test_unsupported_feature_error_has_the_alternative() -> None:
    error = UnsupportedFeatureError(feature="tenant", api="v1", instead="use v2")
    assert (error.field, error.feature, error.api, error.instead) == (
        "tenant",
        "tenant",
        "v1",
        "use v2",
    )
    assert str(error) == "tenant: SES API v1 doesn't support it; use v2"


def test_unknown_outcome_error_has_the_response() -> None:
    assert UnknownOutcomeError("no id", answer={"a": 1}).answer == {"a": 1}


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))],
    ids=["copy", "deepcopy", "pickle"],
)
@pytest.mark.parametrize(
    "error", ERRORS, ids=[f"{number}-{type(error).__name__}" for number, error in enumerate(ERRORS)]
)
def test_copies_and_pickles_are_equal(error: SesmailError, duplicate: Callable[[Any], Any]) -> None:
    error.add_note("seen twice")
    made = duplicate(error)
    assert type(made) is type(error)
    assert str(made) == str(error)
    if isinstance(error, BulkSendError):
        assert [repr(each) for each in made.exceptions] == [repr(each) for each in error.exceptions]
        assert [vars(each) for each in made.exceptions] == [vars(each) for each in error.exceptions]
    else:
        assert (repr(made), made.args, vars(made)) == (repr(error), error.args, vars(error))


GROUP = BulkSendError(
    "3 of 4 recipients failed",
    [ThrottledError("slow"), MessageRejectedError("virus"), UnknownOutcomeError("unknown")],
)


def test_bulk_send_error_is_handled_by_except_star() -> None:
    seen = []
    try:
        raise GROUP
    except* ThrottledError as slow:
        seen.append((type(slow), slow.exceptions))
    except* RejectedError as refused:
        seen.append((type(refused), refused.exceptions))
    except* UnknownOutcomeError as unknown:
        seen.append((type(unknown), unknown.exceptions))
    assert seen == [(BulkSendError, (each,)) for each in GROUP.exceptions]


def test_unhandled_part_of_a_bulk_send_error_is_one() -> None:
    def handle() -> None:
        try:
            raise GROUP
        except* ThrottledError:
            pass

    with pytest.raises(BulkSendError) as caught:
        handle()
    assert caught.value.exceptions == GROUP.exceptions[1:]


def test_bulk_send_error_splits_into_bulk_send_errors() -> None:
    matching, rest = GROUP.split(RejectedError)
    assert isinstance(matching, BulkSendError)
    assert isinstance(rest, BulkSendError)
    assert (matching.exceptions, rest.exceptions) == (GROUP.exceptions[:2], GROUP.exceptions[2:])
    assert matching.message == rest.message == GROUP.message
    assert GROUP.subgroup(AccessDeniedError) is None


def test_bulk_send_error_is_a_sesmail_error() -> None:
    with pytest.raises(SesmailError):
        raise GROUP


@pytest.mark.parametrize(
    ("listed", "identities"),
    [
        ("a@example.com", ("a@example.com",)),
        ("a@example.com, example.org, a@example.com", ("a@example.com", "example.org")),
        ("a@example.com, b@example.com, ...", ("a@example.com", "b@example.com")),
        ("a@example.com\u2026", ("a@example.com",)),
        ("", ()),
    ],
)
def test_not_verified_error_names_identities_and_region(
    listed: str, identities: tuple[str, ...]
) -> None:
    message = (
        "Email address is not verified. The following identities failed the check in region "
        f"EU-WEST-1: {listed}"
    )
    error = rejected_error("MessageRejected", message, operation="SendEmail", request_id="r-1")
    assert isinstance(error, sesmail.NotVerifiedError)
    assert (error.identities, error.region, error.message) == (identities, "eu-west-1", message)
    assert "identity in the region eu-west-1" in str(error)
    assert "production access" in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.identities, again.region) == (str(error), identities, "eu-west-1")
    assert sesmail.NotVerifiedError("MAIL FROM domain").identities == ()
