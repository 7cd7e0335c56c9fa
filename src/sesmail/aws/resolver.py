"""Resolves host names in threads of sesmail's own.

The default executor of asyncio and the default limiter of trio and anyio may be busy with the
application's own work.
"""

from __future__ import annotations

import socket
from functools import partial
from typing import Any, TypeAlias

from ..concurrency import run_lookup

__all__ = ["Address", "resolve"]

Address: TypeAlias = tuple[socket.AddressFamily, tuple[Any, ...]]


async def resolve(host: str, port: int, family: int = socket.AF_UNSPEC) -> list[Address]:
    """Returns the addresses of a host for TCP, in the order of preference.

    Args:
        host: Host name or IP address.
        port: TCP port.
        family: Address family; by default both.

    Raises:
        OSError: The name can't be resolved.
    """
    look_up = partial(
        socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )
    # An IP address needs no lookup, and thus no thread.
    found = look_up(socket.AI_NUMERICHOST) if _is_address(host) else await run_lookup(look_up)
    return list(dict.fromkeys((found_family, address) for found_family, *_, address in found))


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host.partition("%")[0])
        except (OSError, ValueError):
            continue
        return True
    return False
