"""sesmail: send through Amazon SES from any asyncio or trio program, and know what became of each mail."""

from .address import Address
from .errors import (
    AccessDeniedError,
    BadRequestError,
    BulkSendError,
    ConfigurationError,
    InvalidMessageError,
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
    ThrottledError,
    UnknownOutcomeError,
    UnsupportedFeatureError,
)
from .sending.attachment import Alternative, Attachment
from .sending.client import Client
from .sending.message import BulkMessage, Message, RawMessage, TemplateMessage
from .sending.parts import InlineTemplate, ListManagement, Recipient
from .sending.result import BulkResult, RecipientResult, SendResult
from .version import __version__

__all__ = [
    "AccessDeniedError",
    "Address",
    "Alternative",
    "Attachment",
    "BadRequestError",
    "BulkMessage",
    "BulkResult",
    "BulkSendError",
    "Client",
    "ConfigurationError",
    "InlineTemplate",
    "InvalidMessageError",
    "ListManagement",
    "Message",
    "MessageRejectedError",
    "NotFoundError",
    "NotSentError",
    "NotVerifiedError",
    "Outcome",
    "QuotaExceededError",
    "RawMessage",
    "Recipient",
    "RecipientResult",
    "RejectedError",
    "SendError",
    "SendResult",
    "SendingPausedError",
    "SesmailError",
    "TemplateMessage",
    "ThrottledError",
    "UnknownOutcomeError",
    "UnsupportedFeatureError",
    "__version__",
]
