"""Notifications about the messages of a queue, without personal data."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import ParamSpec

import anyio

from ...errors import SesmailError, WebhookError
from .message import QueueMessage

__all__ = ["QueueListener", "notify"]

_log = logging.getLogger("sesmail.queue")

P = ParamSpec("P")


class QueueListener:
    """Observer of an ``EventQueue``, for metrics; override the methods that you need.

    The methods are called in the event loop, so they must not block. An exception that they raise
    is logged to ``sesmail.queue``, and changes nothing. That logger gets failed calls and messages
    that can't be read at ``WARNING``, and exceptions of handlers at ``ERROR`` with their traceback;
    neither has a body, an event or an address of sesmail's.
    """

    def received(self, message: QueueMessage, events: int) -> None:
        """Called for a message that was received and read.

        Args:
            message: The message, with its age, receive count and lag.
            events: Number of its events; 0 for a notice of SES about the set-up.
        """

    def acknowledged(self, message: QueueMessage, seconds: float) -> None:
        """Called when SQS has confirmed the deletion of a message.

        Args:
            message: The message.
            seconds: Seconds since its receipt.
        """

    def retried(self, message: QueueMessage, after: float, error: Exception | None) -> None:
        """Called when a message was given back to the queue.

        Args:
            message: The message.
            after: Seconds until it is visible again.
            error: Exception of the handler, the send log or ``seen``; None if there was none.
        """

    def duplicate(self, message: QueueMessage) -> None:
        """Called for a message that ``seen`` knows, which is deleted."""

    def unreadable(self, message: QueueMessage, error: WebhookError) -> None:
        """Called once for a message that is left for the redrive policy of the queue.

        Args:
            message: The message.
            error: MalformedBodyError, or ForbiddenTopicError for another topic.
        """

    def lost(self, message: QueueMessage) -> None:
        """Called when another consumer may get a message that isn't deleted yet.

        Its visibility timeout ended, after calls that failed or twelve hours, or somebody else
        deleted it.
        """

    def call_failed(self, operation: str, error: SesmailError) -> None:
        """Called for a call to SQS that failed for the moment, and is repeated.

        Args:
            operation: The API operation, for instance ``ReceiveMessage``.
            error: Its error.
        """


def notify(method: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    """Calls a method of a listener, and logs what it raises.

    A cancellation that a plain function raises isn't one of this task.
    """
    try:
        method(*args, **kwargs)
    except (Exception, anyio.get_cancelled_exc_class()):
        _log.exception("A queue listener raised an exception; the queue goes on.")
