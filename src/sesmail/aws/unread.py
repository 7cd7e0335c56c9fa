"""Queries the operating system for bytes of a connection that are unread or not acknowledged."""

from __future__ import annotations

import select
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

__all__ = ["has_unacknowledged_data", "readable_query"]


def readable_query(sock: Any) -> Callable[[], Sequence[object]]:
    """Returns a function that returns something if a socket has received data, its end or an error.

    Args:
        sock: The socket, which stays open; asyncio's restricted one suffices.
    """
    if hasattr(select, "poll"):  # which has no limit on the number of a file
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return partial(poll.poll, 0)
    return lambda: select.select([sock], [], [], 0)[0]


def has_unacknowledged_data(sock: Any) -> bool:
    """Returns whether the peer's TCP hasn't acknowledged all bytes that were sent.

    A segment with a response acknowledges all that its sender has received, so a peer that responds
    while this is true has not received the whole request. False where the operating system has no
    such query.

    https://man7.org/linux/man-pages/man7/tcp.7.html (SIOCOUTQ)
    """
    if _query is None:
        return False
    try:
        return any(_query(sock))
    except (OSError, ValueError):  # it is closed
        return False


def _find_query() -> Callable[[Any], bytes] | None:
    """Returns a function that returns the number of such bytes as an integer of C."""
    try:
        from fcntl import ioctl
        from termios import TIOCOUTQ
    except ImportError:  # Windows
        return None
    return lambda sock: ioctl(sock, TIOCOUTQ, bytes(4))


_query = _find_query()
