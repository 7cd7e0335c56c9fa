"""All errors, as one tree with one leaf for each different reaction of the caller.

SesmailError
├── InvalidMessageError (ValueError)      fix the message: nothing was sent
│   └── UnsupportedFeatureError           use the other API, or omit the field: nothing was sent
├── ConfigurationError (ValueError)       fix the configuration: nothing was sent
├── SendError                             a call to AWS did not succeed
│   ├── RejectedError                     AWS rejected the call: nothing was sent
│   │   ├── ThrottledError                slow down, then send again
│   │   ├── QuotaExceededError            stop sending for hours, or request a higher quota
│   │   ├── SendingPausedError            alert an operator
│   │   ├── MessageRejectedError          don't send this message again
│   │   ├── NotVerifiedError              verify the identity, or leave the sandbox
│   │   ├── NotFoundError                 create the template or the configuration set
│   │   ├── AccessDeniedError             fix the credentials or the IAM policy
│   │   └── BadRequestError (ValueError)  fix the parameters
│   ├── NotSentError (ConnectionError)    no byte was sent: sending again is safe
│   ├── DuplicateSendError (ValueError)   the send id is in the send log, as in flight or unknown
│   └── UnknownOutcomeError               AWS may have accepted it: sending again may send it twice
├── BulkSendError (ExceptionGroup)        some recipients of a bulk message failed
├── InvalidTokenError (ValueError)        400: reject the unsubscribe request
└── WebhookError                          a request without events: respond with its status
    ├── MalformedBodyError (ValueError)   400: the body isn't one of SNS or SES
    ├── UnauthenticatedError              401: SNS repeats the request with the secret
    ├── SignatureError                    403: the signature doesn't prove that SNS sent it
    ├── ForbiddenTopicError               403: the topic isn't one of yours
    ├── UnexpectedSubscriptionError       403: confirm the subscription if it is yours
    ├── UnexpectedEventError              403: fix the receipt rule or the event destination
    ├── ConfirmationError                 500: fix the IAM policy, or subscribe again
    ├── TemporaryError                    503: SNS repeats the request, which may then succeed
    └── ContentError                      500: the mail of an inbound event can't be read
        ├── ContentMissingError           410: it isn't stored where the event says
        ├── ContentDeniedError            fix the policy of IAM, the bucket or the key
        ├── ContentTooLargeError          raise the limit
        ├── ContentKeyError               configure the KMS key that encrypted it
        └── ContentTamperedError          403: don't trust the object
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeAlias

from .patterns import lazy_pattern
from .values import Value

__all__ = [
    "AccessDeniedError",
    "Attempt",
    "BadRequestError",
    "BulkSendError",
    "ConfigurationError",
    "ConfirmationError",
    "ContentDeniedError",
    "ContentError",
    "ContentKeyError",
    "ContentMissingError",
    "ContentTamperedError",
    "ContentTooLargeError",
    "DuplicateSendError",
    "ForbiddenTopicError",
    "InvalidMessageError",
    "InvalidTokenError",
    "MalformedBodyError",
    "MessageRejectedError",
    "NotFoundError",
    "NotSentError",
    "NotVerifiedError",
    "Outcome",
    "QuotaExceededError",
    "RejectedError",
    "SendError",
    "SendingPausedError",
    "SesmailError",
    "SignatureError",
    "TemporaryError",
    "ThrottledError",
    "UnauthenticatedError",
    "UnexpectedEventError",
    "UnexpectedSubscriptionError",
    "UnknownOutcomeError",
    "UnsupportedFeatureError",
    "WebhookError",
]

Outcome: TypeAlias = Literal["accepted", "rejected", "not_sent", "unknown"]
"""Outcome of a message at the end of its call.

``accepted``: SES issued a message id. ``rejected``: SES rejected the call. ``not_sent``: no byte of
the request was sent. ``unknown``: it may have been sent, and no response shows the outcome.
"""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Attempt(Value):
    """One attempt of a call.

    Attributes:
        began: Time at which it began, in UTC.
        seconds: Duration in seconds.
        outcome: Its outcome.
        code: Error code of AWS; None without one.
        message_id: Message id that SES issued; None unless accepted, and for an operation that
            isn't a send.
    """

    began: datetime
    seconds: float
    outcome: Outcome
    code: str | None = None
    message_id: str | None = None


# It ends with an ellipsis where SES doesn't name all identities:
# https://repost.aws/knowledge-center/ses-554-400-message-rejected-error
_FAILED_CHECK = lazy_pattern(
    r"identities failed the check in region ([A-Za-z0-9-]+):(.*)", re.IGNORECASE | re.DOTALL
)
_SEPARATOR = lazy_pattern(r"[\s.]*,[\s.]*")


class SesmailError(Exception):
    """Base class of all errors that sesmail raises."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__.copy())


class InvalidMessageError(SesmailError, ValueError):
    """A message that SES would reject, found before any network call.

    Attributes:
        field: The field of the message, for instance ``to`` or ``recipients[3].data``.
        limit: The limit that is exceeded; None without one.
        actual: The number that exceeds it.
    """

    outcome: ClassVar[Outcome] = "not_sent"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str = "",
        *,
        field: str = "",
        limit: int | None = None,
        actual: int | None = None,
    ) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field
        self.limit = limit
        self.actual = actual


class UnsupportedFeatureError(InvalidMessageError):
    """A field that the chosen SES API doesn't support.

    Attributes:
        feature: The field.
        api: The API that doesn't support it, ``v1`` or ``v2``.
        instead: The alternative.
    """

    def __init__(self, *, feature: str = "", api: str = "", instead: str = "") -> None:
        super().__init__(f"SES API {api} doesn't support it; {instead}", field=feature)
        self.feature = feature
        self.api = api
        self.instead = instead


class ConfigurationError(SesmailError, ValueError):
    """Missing credentials, region or extra, an invalid setting, or the use of a closed client."""

    outcome: ClassVar[Outcome] = "not_sent"
    retryable: ClassVar[bool] = False


class SendError(SesmailError):
    """A call to AWS that did not succeed; the original exception is its ``__cause__``.

    Attributes:
        outcome: ``rejected``, ``not_sent`` or ``unknown``.
        retryable: Whether the same call may succeed later, without the risk of sending twice.
        message: The message of AWS, or a description of the failure.
        code: Error code of AWS, for instance ``MessageRejected``; None without a response of AWS.
        operation: The API operation, for instance ``SendEmail``.
        request_id: Request id of AWS, for their support; None without a response of AWS.
        attempts: All attempts of the call; empty if there was none.
        send_id: The send id of the mail, which its events report; None without one.
    """

    outcome: Outcome = "unknown"
    default_retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str = "",
        *,
        operation: str = "",
        code: str | None = None,
        request_id: str | None = None,
        retryable: bool | None = None,
    ) -> None:
        details = ", ".join(
            f"{name} {value}"
            for name, value in (("operation", operation), ("request id", request_id))
            if value
        )
        text = f"{code}: {message}" if code else message
        super().__init__(f"{text} ({details})" if details else text)
        self.message = message
        self.operation = operation
        self.code = code
        self.request_id = request_id
        self.retryable: bool = self.default_retryable if retryable is None else retryable
        self.attempts: tuple[Attempt, ...] = ()
        self.send_id: str | None = None


class RejectedError(SendError):
    """AWS rejected the call; this class stands for the error codes that no subclass covers."""

    outcome: Outcome = "rejected"


class ThrottledError(RejectedError):
    """The sending rate of the account or the request rate of the API is exceeded; send again later.

    https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
    """

    default_retryable: ClassVar[bool] = True


class QuotaExceededError(RejectedError):
    """The account's quota of recipients in 24 hours is used up; stop for hours, or request more.

    https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html
    """


class SendingPausedError(RejectedError):
    """Sending is paused, or the account is suspended, until somebody acts in the AWS console.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors
    """


class MessageRejectedError(RejectedError):
    """SES rejects this message for its content or its recipients; don't send it again."""


class NotVerifiedError(RejectedError):
    """An address, its domain or the MAIL FROM domain isn't verified, or a recipient in the sandbox.

    Identities are verified in each region on their own. While an account is in the sandbox, the
    recipients have to be verified, too.

    Attributes:
        identities: Identities that SES names as not verified; empty if it names none.
        region: Region that SES names, for instance ``eu-west-1``; None if it names none.

    https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
    https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html
    """

    def __init__(self, message: str = "", **details: Any) -> None:
        super().__init__(message, **details)
        self.identities: tuple[str, ...] = ()
        self.region: str | None = None
        if failed := _FAILED_CHECK.search(message):
            names = _SEPARATOR.split(failed[2].strip(" .\u2026\r\n"))
            self.identities = tuple(dict.fromkeys(filter(None, names)))
            self.region = failed[1].lower()
            self.args: tuple[Any, ...] = (
                f"{self}; verify each of them as an identity in the region {self.region}; "
                "recipients need that only while the account is in the sandbox, until it gets "
                "production access",
            )


class NotFoundError(RejectedError):
    """The template, configuration set or other resource of the call doesn't exist in the region."""


class AccessDeniedError(RejectedError):
    """The credentials are invalid or expired, or lack the IAM permission for the operation."""


class BadRequestError(RejectedError, ValueError):
    """SES rejects a parameter as invalid."""


class NotSentError(SendError, ConnectionError):
    """The call failed before any byte of the request was sent; sending again is safe."""

    outcome: Outcome = "not_sent"
    default_retryable: ClassVar[bool] = True


class DuplicateSendError(SendError, ValueError):
    """The send log has the send id as one that may not be sent again: nothing was sent.

    A client raises it for a send that is in flight, or whose outcome is unknown, and its
    ``outcome`` is ``unknown`` then. For a send that the log has as accepted, a send log raises it
    too, and the client returns a result with ``replayed``.

    Attributes:
        outcome: The same as ``recorded_outcome``.
        recorded_outcome: The outcome in the log, ``accepted`` or ``unknown``; the latter also for a
            send that is in flight.
        message_id: The message id of SES that the log has; None without one.
        began: Time of the recorded ``begin``; None if the log doesn't tell.
    """

    def __init__(
        self,
        *,
        send_id: str = "",
        recorded_outcome: Outcome = "unknown",
        message_id: str | None = None,
        began: datetime | None = None,
    ) -> None:
        state = (
            "accepted already"
            if recorded_outcome == "accepted"
            else "in flight, or its outcome is unknown"
        )
        super().__init__(f"the send {send_id!r} is {state}")
        self.send_id: str | None = send_id
        self.outcome: Outcome = recorded_outcome
        self.recorded_outcome: Outcome = recorded_outcome
        self.message_id = message_id
        self.began = began


class UnknownOutcomeError(SendError):
    """SES may have accepted the request, but no response shows it; sending again may send it twice.

    Attributes:
        answer: The response that is no proof, for instance a proxy's; None without one.
    """

    def __init__(
        self,
        message: str = "",
        *,
        operation: str = "",
        code: str | None = None,
        request_id: str | None = None,
        answer: Any = None,
    ) -> None:
        super().__init__(message, operation=operation, code=code, request_id=request_id)
        self.answer = answer


class BulkSendError(SesmailError, ExceptionGroup[SendError]):
    """Failures of some recipients of a bulk message; ``exceptions`` has their errors in order."""

    def derive(self, excs: Sequence[SendError], /) -> BulkSendError:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        """Returns a group of some of the errors, for ``except*``."""
        return BulkSendError(self.message, excs)


class WebhookError(SesmailError):
    """A request to a webhook from which no events are read.

    Attributes:
        status: HTTP status of the response: SNS drops a message after 4xx and retries after 5xx.
        headers: HTTP headers of the response.

    https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
    """

    status: ClassVar[int] = 400

    def __init__(self, message: str = "", *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.headers: dict[str, str] = dict(headers or {})


class MalformedBodyError(WebhookError, ValueError):
    """A body that SNS or SES doesn't send.

    Attributes:
        path: Path in the body, for instance ``Message.bounce.bouncedRecipients[0]``; empty for the
            whole body.
        reason: Description of the problem.
        input: At most 200 characters of the value; empty where it could be a secret.
    """

    def __init__(self, reason: str = "", *, path: str = "", input: str = "") -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.path = path
        self.reason = reason
        self.input: str = input[:200]


class InvalidTokenError(SesmailError, ValueError):
    """An unsubscribe token that is malformed, signed with another secret, or expired.

    Attributes:
        status: The HTTP status for the response, 400.
    """

    status: ClassVar[int] = 400


class UnauthenticatedError(WebhookError):
    """The secret is missing or wrong; SNS sends it only after a response with this status.

    https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
    """

    status: ClassVar[int] = 401


class SignatureError(WebhookError):
    """The signature of SNS is missing, invalid, or too old.

    https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
    """

    status: ClassVar[int] = 403


class _TopicError(WebhookError):
    """Base of errors about a message of a topic."""

    def __init__(self, message: str = "", *, topic_arn: str | None = None) -> None:
        super().__init__(message)
        self.topic_arn = topic_arn


class _SubscriptionError(WebhookError):
    """Base of errors about a subscription of a topic to the webhook."""

    def __init__(self, message: str = "", *, topic_arn: str = "", token: str = "") -> None:
        super().__init__(message)
        self.topic_arn = topic_arn
        self.token = token


class ForbiddenTopicError(_TopicError):
    """The topic isn't one of those that the receiver accepts.

    Attributes:
        topic_arn: ARN of the topic; None where the body has none.
    """

    status: ClassVar[int] = 403


class UnexpectedSubscriptionError(_SubscriptionError):
    """A request to confirm a subscription, which the receiver doesn't confirm by itself.

    Attributes:
        topic_arn: ARN of the topic.
        token: Secret token for ``Receiver.confirm`` or sns:ConfirmSubscription; not in the text.
    """

    status: ClassVar[int] = 403


class UnexpectedEventError(_TopicError):
    """A tracking event at a receiver of inbound mail, or the reverse.

    Attributes:
        topic_arn: ARN of the topic; None where the body has none.
    """

    status: ClassVar[int] = 403


class ConfirmationError(_SubscriptionError):
    """AWS rejected the confirmation of a subscription; fix the IAM policy, or subscribe again.

    Attributes:
        topic_arn: ARN of the topic.
        token: Secret token for ``Receiver.confirm``, valid for two days; not in the message.
    """

    status: ClassVar[int] = 500


class TemporaryError(WebhookError):
    """A failure that may not last, such as a certificate that can't be fetched; SNS retries."""

    status: ClassVar[int] = 503


class ContentError(WebhookError):
    """The mail of an inbound event can't be read."""

    status: ClassVar[int] = 500


class ContentMissingError(ContentError):
    """The object of the event doesn't exist, or the action of the event stores none."""

    status: ClassVar[int] = 410


class ContentDeniedError(ContentError):
    """A policy of IAM, the bucket or the key, or the receiver's ``buckets``, denies the access.

    S3 also denies access to a missing object for callers without the permission s3:ListBucket:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """


class ContentTooLargeError(ContentError):
    """The mail is larger than the limit.

    Attributes:
        limit: The limit in bytes.
        actual: The size in bytes, or of what was read until then.
    """

    def __init__(self, message: str = "", *, limit: int = 0, actual: int = 0) -> None:
        super().__init__(message)
        self.limit = limit
        self.actual = actual


class ContentKeyError(ContentError):
    """The KMS key of the mail isn't the configured one, is disabled, or is deleted."""


class ContentTamperedError(ContentError):
    """The object isn't the one that SES stored: not encrypted, of another mail, or modified."""

    status: ClassVar[int] = 403


def _rebuild(cls: type[SesmailError], args: tuple[Any, ...], state: dict[str, Any]) -> SesmailError:
    """Unpickle an error without ``__init__``, which would compose its message a second time."""
    error = cls.__new__(cls, *args)
    error.args = args  # OSError, a base of NotSentError, sets them only in __init__
    error.__dict__.update(state)
    return error
