"""Everything that can go wrong, as one tree with one leaf for each different reaction of the caller.

SesmailError
├── InvalidMessageError (ValueError)      mend the message: nothing was sent
│   └── UnsupportedFeatureError           the chosen API has no place for it: nothing was sent
├── ConfigurationError (ValueError)       mend the set-up: nothing was sent
├── SendError                             a call to Amazon did not succeed
│   ├── RejectedError                     Amazon said no: nothing was sent
│   │   ├── ThrottledError                slow down, then send again
│   │   ├── QuotaExceededError            stop for hours
│   │   ├── SendingPausedError            tell a human
│   │   ├── MessageRejectedError          never send this message again
│   │   ├── NotVerifiedError              verify the identity, or leave the sandbox
│   │   ├── NotFoundError                 create the template or configuration set
│   │   ├── AccessDeniedError             mend the credentials or the IAM policy
│   │   └── BadRequestError (ValueError)  mend the parameters
│   ├── NotSentError (ConnectionError)    no byte left: sending again is safe
│   ├── DuplicateSendError (ValueError)   the send log has it already: not sent again
│   └── UnknownOutcomeError               Amazon may have it: sending again may send it twice
└── WebhookError                          a request from outside gives no events: answer its status and headers
    ├── MalformedBodyError (ValueError)   400: not what SNS or SES sends
    ├── UnauthenticatedError              401: SNS comes again with the secret, an intruder without
    ├── SignatureError                    403: not proven to be Amazon's
    ├── ForbiddenTopicError               403: not one of your topics
    ├── UnexpectedSubscriptionError       403: confirm it by hand, if it is yours
    ├── UnexpectedEventError              403: two topics are mixed up
    ├── ConfirmationError                 500: mend the IAM policy, or subscribe again
    ├── TemporaryError                    503: SNS comes again, and it may work then
    └── ContentError                      500: the mail of an inbound event can't be had
        ├── ContentMissingError           410: it isn't stored where the event says, and won't be
        ├── ContentDeniedError            mend the IAM policy, the bucket's or the key's
        ├── ContentTooLargeError          raise the limit
        ├── ContentKeyError               configure the KMS key that encrypted it
        └── ContentTamperedError          403: never trust it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeAlias

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
"""What became of a message at the moment its call ended.

``accepted``: SES issued a message id. ``rejected``: SES said no. ``not_sent``: no byte of the request left.
``unknown``: bytes may have left and no answer proves what became of them.
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One time that a call was made.

    Attributes:
        began: When.
        seconds: How long it took.
        outcome: How it ended.
        code: Amazon's error code; None without.
    """

    began: datetime
    seconds: float
    outcome: Outcome
    code: str | None = None


class SesmailError(Exception):
    """The base of every error that sesmail raises on its own."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__.copy())


class InvalidMessageError(SesmailError, ValueError):
    """A message that SES can't take, found before any network call.

    Attributes:
        field: The field of the message, for instance ``to`` or ``recipients[3].data``.
        limit: The limit that was passed, where there is one.
        actual: The value, size or count that passed it.
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
    """A field for which the chosen SES API has no place.

    Attributes:
        feature: The field that was given.
        api: The API that has no place for it, ``v1`` or ``v2``.
        instead: What to do instead.
    """

    def __init__(self, *, feature: str = "", api: str = "", instead: str = "") -> None:
        super().__init__(f"SES API {api} has no place for it; {instead}", field=feature)
        self.feature = feature
        self.api = api
        self.instead = instead


class ConfigurationError(SesmailError, ValueError):
    """No credentials, no region, a missing extra, or a client used after it was closed."""

    outcome: ClassVar[Outcome] = "not_sent"
    retryable: ClassVar[bool] = False


class SendError(SesmailError):
    """A call to Amazon that did not succeed; the original exception is its ``__cause__``.

    Attributes:
        outcome: ``rejected``, ``not_sent`` or ``unknown``.
        retryable: Whether the same call may be made again later, without changing it and without sending twice.
        message: Amazon's own words, or what happened instead of an answer.
        code: Amazon's error code, for instance ``MessageRejected``; None without an answer of Amazon's.
        operation: The API operation, for instance ``SendEmail``.
        request_id: Amazon's request id, to quote to their support.
        attempts: Every time that the call was made; none, if it never was.
        send_id: The id that travels with the mail, so that events can tell what became of it; None without.
    """

    outcome: ClassVar[Outcome] = "unknown"
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
    """Amazon answered that it did not take the call; the leaves tell why, this class stands for every other code."""

    outcome: ClassVar[Outcome] = "rejected"


class ThrottledError(RejectedError):
    """Too fast for the account's sending rate or for the API; wait and send again.

    https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
    """

    default_retryable: ClassVar[bool] = True


class QuotaExceededError(RejectedError):
    """The account's quota of recipients in 24 hours is used up; stop for hours, or ask Amazon for more.

    https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html
    """


class SendingPausedError(RejectedError):
    """Sending is paused, or the account suspended; only a human can mend it."""


class MessageRejectedError(RejectedError):
    """SES refuses this very message, for its content or its recipients; never send it again."""


class NotVerifiedError(RejectedError):
    """An address, its domain or the MAIL FROM domain isn't verified; in the sandbox recipients count too.

    https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
    """


class NotFoundError(RejectedError):
    """The template, configuration set or other resource that the call names doesn't exist in this region."""


class AccessDeniedError(RejectedError):
    """The credentials are wrong, expired, or lack the IAM permission for the operation."""


class BadRequestError(RejectedError, ValueError):
    """SES finds a parameter invalid."""


class NotSentError(SendError, ConnectionError):
    """The call failed before a byte of the request could leave; sending again is safe."""

    outcome: ClassVar[Outcome] = "not_sent"
    default_retryable: ClassVar[bool] = True


class DuplicateSendError(SendError, ValueError):
    """A send id that the send log says is accepted, under way, or of unknown fate: it was not sent again.

    Attributes:
        recorded_outcome: What the log says: ``accepted``, or ``unknown``, which what is under way is, too.
        message_id: The id that SES issued, where the log knows it; None otherwise.
    """

    outcome: ClassVar[Outcome] = "not_sent"

    def __init__(
        self,
        *,
        send_id: str = "",
        recorded_outcome: Outcome = "unknown",
        message_id: str | None = None,
    ) -> None:
        state = (
            "accepted already"
            if recorded_outcome == "accepted"
            else "under way, or its fate is unknown"
        )
        super().__init__(f"the send {send_id!r} is {state}")
        self.send_id: str | None = send_id
        self.recorded_outcome: Outcome = recorded_outcome
        self.message_id = message_id


class UnknownOutcomeError(SendError):
    """The request may have reached SES and no answer tells what became of it; sending again may send it twice.

    Attributes:
        answer: What came back instead of a proper answer, where anything did; None otherwise.
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
    """Some recipients of a bulk message failed; its ``exceptions`` are their SendErrors, in their order."""

    def derive(self, excs: Sequence[SendError], /) -> BulkSendError:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        """Part of the group, for ``except*``."""
        return BulkSendError(self.message, excs)


class WebhookError(SesmailError):
    """A request to a webhook that gives no events.

    Attributes:
        status: The HTTP status to answer with. SNS drops a message after a 4xx and comes again after a 5xx.
        headers: The HTTP headers to answer with.

    https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
    """

    status: ClassVar[int] = 400

    def __init__(self, message: str = "", *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.headers: dict[str, str] = dict(headers or {})


class MalformedBodyError(WebhookError, ValueError):
    """A body that is not what SNS or SES sends.

    Attributes:
        path: Where in the body, for instance ``Message.bounce.bouncedRecipients[0]``; empty for the whole.
        reason: What is wrong there.
        input: At most 200 characters of what stands there; empty where that could be a secret.
    """

    def __init__(self, reason: str = "", *, path: str = "", input: str = "") -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.path = path
        self.reason = reason
        self.input: str = input[:200]


class InvalidTokenError(WebhookError, ValueError):
    """An unsubscribe token that is malformed, signed with another secret, or expired."""

    status: ClassVar[int] = 400


class UnauthenticatedError(WebhookError):
    """No secret, or a wrong one; SNS sends its first request without, and comes back with it after this answer."""

    status: ClassVar[int] = 401


class SignatureError(WebhookError):
    """The message isn't proven to be Amazon's, or not any more."""

    status: ClassVar[int] = 403


class ForbiddenTopicError(WebhookError):
    """The message comes from a topic that isn't allowed.

    Attributes:
        topic_arn: The topic.
    """

    status: ClassVar[int] = 403

    def __init__(self, message: str = "", *, topic_arn: str | None = None) -> None:
        super().__init__(message)
        self.topic_arn = topic_arn


class UnexpectedSubscriptionError(WebhookError):
    """A subscription that was not confirmed; confirm it by hand if it is meant for you.

    Attributes:
        topic_arn: The topic that wants to deliver here.
        token: What ``Receiver.confirm`` and sns:ConfirmSubscription need; a capability, so it stands in no text.
    """

    status: ClassVar[int] = 403

    def __init__(self, message: str = "", *, topic_arn: str = "", token: str = "") -> None:
        super().__init__(message)
        self.topic_arn = topic_arn
        self.token = token


class UnexpectedEventError(WebhookError):
    """A tracking event at a receiver for inbound mail, or the other way round: two topics are mixed up.

    Attributes:
        topic_arn: The topic that it came from; None where the wrapping has none.
    """

    status: ClassVar[int] = 403

    def __init__(self, message: str = "", *, topic_arn: str | None = None) -> None:
        super().__init__(message)
        self.topic_arn = topic_arn


class ConfirmationError(WebhookError):
    """Amazon refused the confirmation of a subscription: mend the IAM policy, or subscribe again.

    Attributes:
        topic_arn: The topic that wants to deliver here.
        token: What ``Receiver.confirm`` needs; a capability, so it stands in no text. It is good for two days.
    """

    status: ClassVar[int] = 500

    def __init__(self, message: str = "", *, topic_arn: str = "", token: str = "") -> None:
        super().__init__(message)
        self.topic_arn = topic_arn
        self.token = token


class TemporaryError(WebhookError):
    """Something that may pass, such as a certificate that could not be fetched; SNS comes again."""

    status: ClassVar[int] = 503


class ContentError(WebhookError):
    """The mail of an inbound event can't be had."""

    status: ClassVar[int] = 500


class ContentMissingError(ContentError):
    """Nothing is stored where the event says, or the event's action stores nothing; SNS needn't come again."""

    status: ClassVar[int] = 410


class ContentDeniedError(ContentError):
    """It may not be read or decrypted: mend the IAM policy, the bucket's or the key's, or the receiver's ``buckets``.

    S3 also denies what isn't there, to whoever may not list the bucket.
    """


class ContentTooLargeError(ContentError):
    """It is larger than the limit.

    Attributes:
        limit: The limit in bytes.
        actual: The size in bytes.
    """

    def __init__(self, message: str = "", *, limit: int = 0, actual: int = 0) -> None:
        super().__init__(message)
        self.limit = limit
        self.actual = actual


class ContentKeyError(ContentError):
    """It is encrypted by another KMS key than the configured one, or by one that is disabled or gone."""


class ContentTamperedError(ContentError):
    """It isn't what SES stored for this event: not encrypted as it must be, for another mail, or changed since."""

    status: ClassVar[int] = 403


def _rebuild(cls: type[SesmailError], args: tuple[Any, ...], state: dict[str, Any]) -> SesmailError:
    """Unpickle an error without ``__init__``, which would make its text a second time."""
    error = cls.__new__(cls, *args)
    error.args = args  # which OSError, that NotSentError is, takes from __init__ alone
    error.__dict__.update(state)
    return error
