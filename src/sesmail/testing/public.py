"""The public names of ``sesmail.testing``, which its ``__init__`` imports at their first use."""

from __future__ import annotations

from typing import Any

from .api_errors import ApiError
from .emitted import DeliveryError, Emitted
from .fake import ClientSettings, FakeSES, FakeTrust
from .faults import Faults
from .feed import Change, Changes, Feed
from .mail import Attempt, Delivery, EventRecord, SentMail
from .mail_check import check_mail
from .mail_problem import MailProblem
from .outbox import MailNotFoundError, Outbox
from .preview_page import preview
from .send_log import check_send_log
from .sns import Trust
from .state import State
from .topics import Subscription

__all__ = [
    "ApiError",
    "Attempt",
    "Change",
    "Changes",
    "ClientSettings",
    "Delivery",
    "DeliveryError",
    "Emitted",
    "EventRecord",
    "FakeSES",
    "FakeTrust",
    "Faults",
    "Feed",
    "MailNotFoundError",
    "MailProblem",
    "Outbox",
    "SentMail",
    "State",
    "Subscription",
    "Trust",
    "check_mail",
    "check_send_log",
    "find",
    "preview",
]


def find(name: str) -> Any:
    """Returns what has a public name."""
    return globals()[name]
