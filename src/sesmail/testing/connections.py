"""Connections of the server, which faults break."""

from __future__ import annotations

import socket
import struct
from typing import Any

__all__ = ["Connections"]

_GARBAGE = b"\x00\xffthis isn't HTTP\r\n\r\n"


class Connections:
    """The open connections, by the address of the client."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, int], Any] = {}

    def opened(self, transport: Any) -> None:
        """Adds a connection."""
        self._transports[transport.get_extra_info("peername")[:2]] = transport

    def closed(self, transport: Any) -> None:
        """Removes a connection."""
        address = next((key for key, each in self._transports.items() if each is transport), None)
        if address is not None:
            del self._transports[address]

    def reset(self, client: tuple[str, int] | None) -> None:
        """Closes the connection of a client with an RST; does nothing if it is unknown."""
        transport = self._transports.get(client) if client else None
        if transport is not None:
            sock: socket.socket = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()

    def abort(self) -> None:
        """Closes all connections."""
        for transport in list(self._transports.values()):
            transport.abort()

    def write_garbage(self, client: tuple[str, int] | None) -> None:
        """Responds to a client with bytes that aren't HTTP, and closes the connection."""
        transport = self._transports.get(client) if client else None
        if transport is not None:
            transport.write(_GARBAGE)
            transport.close()
