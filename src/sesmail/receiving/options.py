"""Checks of the options that receivers of webhooks and of queues share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from ..arguments import check_coroutine_function, check_instance, check_methods
from .storage.inbound_storage import InboundStorage

__all__ = ["Seen", "check_options"]

Seen: TypeAlias = Callable[[str], Awaitable[bool]]


def check_options(seen: object, send_log: object, storage: object) -> None:
    """Checks the function and objects that a receiver uses, each of which may be None.

    Raises:
        ConfigurationError: One has a wrong type.
    """
    if seen is not None:
        check_coroutine_function("seen", seen, "write async def, or pass SeenMessages()")
    if send_log is not None:
        fix = "pass the object that the Client has as its send_log"
        check_methods("send_log", send_log, ("settle",), "a send log", fix)
    if storage is not None:
        check_instance("storage", storage, InboundStorage, "an InboundStorage")
