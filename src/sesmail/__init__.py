"""Async client and event parser for Amazon SES, on asyncio and trio."""

from .version import __version__

# A plain name, which type checkers know as well: importing `typing` takes milliseconds.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from .address import Address
    from .errors import (
        AccessDeniedError,
        Attempt,
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
        Outcome,
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
    from .receiving.dedup import SeenMessages
    from .receiving.events.event import (
        BaseEvent,
        Bounced,
        Clicked,
        Complained,
        Delayed,
        Delivered,
        Event,
        MailStored,
        Opened,
        OtherAction,
        Received,
        Rejected,
        RenderingFailed,
        S3Action,
        Sent,
        SnsAction,
        SnsOrigin,
        SubscriptionChanged,
        SubscriptionConfirmation,
        TopicPreferences,
        TrackingEvent,
        UnknownEvent,
        UnsubscribeConfirmation,
        Verdicts,
        event_from_json,
    )
    from .receiving.inbound.attachment import InboundAttachment
    from .receiving.inbound.header import MailHeaders
    from .receiving.inbound.mail import InboundMail, read_mail
    from .receiving.inbound.mailbox import Mailbox
    from .receiving.inbound.report import MailReport, ReportedRecipient
    from .receiving.parsing.parser import parse
    from .receiving.queue.deliveries import Deliveries
    from .receiving.queue.delivery import Delivery
    from .receiving.queue.event_queue import EventQueue
    from .receiving.queue.listener import QueueListener
    from .receiving.queue.message import QueueMessage
    from .receiving.receiver import Receiver
    from .receiving.storage.inbound_storage import InboundStorage
    from .receiving.transports.sns import SnsMessage
    from .receiving.verification.certificates import CertificateCache, fetch_certificate
    from .receiving.verification.secret import check_secret
    from .receiving.verification.signature import check_signature
    from .receiving.verification.verify import verify
    from .send_log.dynamodb import DynamoSendLog
    from .send_log.memory import MemorySendLog
    from .send_log.protocol import SendLog, SendRecord
    from .send_log.sqlite import SqliteSendLog
    from .sending.attempts.listener import CallInfo, Listener
    from .sending.attempts.retry import RetryPolicy
    from .sending.blocking import BlockingClient
    from .sending.blocking_many import BlockingSendMany
    from .sending.bulk_result import BulkResult
    from .sending.client import Client
    from .sending.many import MessageResult, SendMany, SendProgress
    from .sending.message.alternative import Alternative
    from .sending.message.attachment import Attachment
    from .sending.message.bulk_message import BulkMessage
    from .sending.message.inline_template import InlineTemplate
    from .sending.message.kinds import message_from_json
    from .sending.message.list_management import ListManagement
    from .sending.message.message import Message
    from .sending.message.raw_message import RawMessage
    from .sending.message.recipient import Recipient
    from .sending.message.stored_object import S3Object
    from .sending.message.template_message import TemplateMessage
    from .sending.rate.limiter import RateLimiter
    from .sending.result import RecipientResult, SendResult
    from .unsubscribe import Unsubscribe, Unsubscription

__all__ = [
    "AccessDeniedError",
    "Address",
    "Alternative",
    "Attachment",
    "Attempt",
    "BadRequestError",
    "BaseEvent",
    "BlockingClient",
    "BlockingSendMany",
    "Bounced",
    "BulkMessage",
    "BulkResult",
    "BulkSendError",
    "CallInfo",
    "CertificateCache",
    "Clicked",
    "Client",
    "Complained",
    "ConfigurationError",
    "ConfirmationError",
    "ContentDeniedError",
    "ContentError",
    "ContentKeyError",
    "ContentMissingError",
    "ContentTamperedError",
    "ContentTooLargeError",
    "Delayed",
    "Delivered",
    "Deliveries",
    "Delivery",
    "DuplicateSendError",
    "DynamoSendLog",
    "Event",
    "EventQueue",
    "ForbiddenTopicError",
    "InboundAttachment",
    "InboundMail",
    "InboundStorage",
    "InlineTemplate",
    "InvalidMessageError",
    "InvalidTokenError",
    "ListManagement",
    "Listener",
    "MailHeaders",
    "MailReport",
    "MailStored",
    "Mailbox",
    "MalformedBodyError",
    "MemorySendLog",
    "Message",
    "MessageRejectedError",
    "MessageResult",
    "NotFoundError",
    "NotSentError",
    "NotVerifiedError",
    "Opened",
    "OtherAction",
    "Outcome",
    "QueueListener",
    "QueueMessage",
    "QuotaExceededError",
    "RateLimiter",
    "RawMessage",
    "Received",
    "Receiver",
    "Recipient",
    "RecipientResult",
    "Rejected",
    "RejectedError",
    "RenderingFailed",
    "ReportedRecipient",
    "RetryPolicy",
    "S3Action",
    "S3Object",
    "SeenMessages",
    "SendError",
    "SendLog",
    "SendMany",
    "SendProgress",
    "SendRecord",
    "SendResult",
    "SendingPausedError",
    "Sent",
    "SesmailError",
    "SignatureError",
    "SnsAction",
    "SnsMessage",
    "SnsOrigin",
    "SqliteSendLog",
    "SubscriptionChanged",
    "SubscriptionConfirmation",
    "TemplateMessage",
    "TemporaryError",
    "ThrottledError",
    "TopicPreferences",
    "TrackingEvent",
    "UnauthenticatedError",
    "UnexpectedEventError",
    "UnexpectedSubscriptionError",
    "UnknownEvent",
    "UnknownOutcomeError",
    "Unsubscribe",
    "UnsubscribeConfirmation",
    "Unsubscription",
    "UnsupportedFeatureError",
    "Verdicts",
    "WebhookError",
    "__version__",
    "check_secret",
    "check_signature",
    "event_from_json",
    "fetch_certificate",
    "message_from_json",
    "parse",
    "read_mail",
    "verify",
]

# Modules with their public names, which are imported when they are first used: a program that only
# parses events needs neither pydantic nor HTTP. Lazy imports (PEP 810) can replace this table once
# Python 3.15 is the oldest release: https://peps.python.org/pep-0810/
_PUBLIC_NAMES = {
    "address": "Address",
    "errors": (
        "AccessDeniedError Attempt BadRequestError BulkSendError ConfigurationError "
        "ConfirmationError ContentDeniedError ContentError ContentKeyError ContentMissingError "
        "ContentTamperedError ContentTooLargeError DuplicateSendError ForbiddenTopicError "
        "InvalidMessageError InvalidTokenError MalformedBodyError MessageRejectedError "
        "NotFoundError NotSentError NotVerifiedError Outcome QuotaExceededError RejectedError "
        "SendError SendingPausedError SesmailError SignatureError TemporaryError ThrottledError "
        "UnauthenticatedError UnexpectedEventError UnexpectedSubscriptionError "
        "UnknownOutcomeError UnsupportedFeatureError WebhookError"
    ),
    "receiving.dedup": "SeenMessages",
    "receiving.events.event": (
        "BaseEvent Bounced Clicked Complained Delayed Delivered Event MailStored Opened "
        "OtherAction Received Rejected RenderingFailed S3Action Sent SnsAction SnsOrigin "
        "SubscriptionChanged SubscriptionConfirmation TopicPreferences TrackingEvent "
        "UnknownEvent UnsubscribeConfirmation Verdicts event_from_json"
    ),
    "receiving.inbound.attachment": "InboundAttachment",
    "receiving.inbound.header": "MailHeaders",
    "receiving.inbound.mail": "InboundMail read_mail",
    "receiving.inbound.mailbox": "Mailbox",
    "receiving.inbound.report": "MailReport ReportedRecipient",
    "receiving.parsing.parser": "parse",
    "receiving.queue.deliveries": "Deliveries",
    "receiving.queue.delivery": "Delivery",
    "receiving.queue.event_queue": "EventQueue",
    "receiving.queue.listener": "QueueListener",
    "receiving.queue.message": "QueueMessage",
    "receiving.receiver": "Receiver",
    "receiving.storage.inbound_storage": "InboundStorage",
    "receiving.transports.sns": "SnsMessage",
    "receiving.verification.certificates": "CertificateCache fetch_certificate",
    "receiving.verification.secret": "check_secret",
    "receiving.verification.signature": "check_signature",
    "receiving.verification.verify": "verify",
    "send_log.dynamodb": "DynamoSendLog",
    "send_log.memory": "MemorySendLog",
    "send_log.protocol": "SendLog SendRecord",
    "send_log.sqlite": "SqliteSendLog",
    "sending.attempts.listener": "CallInfo Listener",
    "sending.attempts.retry": "RetryPolicy",
    "sending.blocking": "BlockingClient",
    "sending.blocking_many": "BlockingSendMany",
    "sending.client": "Client",
    "sending.many": "MessageResult SendMany SendProgress",
    "sending.message.alternative": "Alternative",
    "sending.message.attachment": "Attachment",
    "sending.message.bulk_message": "BulkMessage",
    "sending.message.inline_template": "InlineTemplate",
    "sending.message.kinds": "message_from_json",
    "sending.message.list_management": "ListManagement",
    "sending.message.message": "Message",
    "sending.message.raw_message": "RawMessage",
    "sending.message.recipient": "Recipient",
    "sending.message.stored_object": "S3Object",
    "sending.message.template_message": "TemplateMessage",
    "sending.rate.limiter": "RateLimiter",
    "sending.bulk_result": "BulkResult",
    "sending.result": "RecipientResult SendResult",
    "unsubscribe": "Unsubscribe Unsubscription",
}
_MODULES = {name: module for module, names in _PUBLIC_NAMES.items() for name in names.split()}

if not TYPE_CHECKING:  # pragma: no branch  # a checker would take any name for an attribute

    def __getattr__(name):
        """Imports a public name when it is first used."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
        globals()[name] = value
        return value

    def __dir__():
        return sorted({*globals(), *__all__})
