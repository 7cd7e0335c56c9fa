"""Serves the fake on loopback, in a thread with an event loop of its own."""

from __future__ import annotations

import os
import re
import socket
import threading
from functools import partial
from typing import Any

import anyio
import anyio.from_thread
import anyio.lowlevel
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .app import LocalHostOnly, create_app
from .connections import Connections
from .faults import Faults
from .service import SesService

__all__ = ["Server"]

_POST = re.compile(rb"POST (?:http://[^/ ]*)?/([^ ]*) HTTP/1.1\r\n")
_START_TIMEOUT = 30.0  # seconds
_STOP_TIMEOUT = 5.0
_ROUNDS = 5  # of the event loop, in which requests end after their connection was lost


class Server:
    """HTTP server of a fake.

    Args:
        service: The service.
        port: The port; 0 for a free one.
    """

    def __init__(self, service: SesService, port: int = 0) -> None:
        self._connections = Connections()
        app = LocalHostOnly(create_app(service, self._connections))
        config = uvicorn.Config(
            app,
            http=_protocol(self._connections, service.faults),
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=600,
        )
        self._server = _Server(config, self._connections)
        self._process = os.getpid()
        self._socket = socket.create_server(("127.0.0.1", port))
        self.url: str = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(
            target=anyio.run,
            args=[partial(self._server.serve, sockets=[self._socket])],
            name="sesmail-fake-ses",
            daemon=True,
        )

    def start(self) -> None:
        """Starts the thread, and waits until it accepts connections."""
        self._thread.start()
        if not self._server.ready.wait(_START_TIMEOUT):
            self._socket.close()
            raise RuntimeError("the fake SES didn't start")

    def stop(self) -> None:
        """Closes all connections, and ends the thread; does nothing in a forked process."""
        if self._process == os.getpid():
            self._server.stop()
            self._thread.join(_STOP_TIMEOUT)
            self._socket.close()


class _Server(uvicorn.Server):
    """uvicorn's server, which ends at once instead of at the next tick of its clock."""

    def __init__(self, config: uvicorn.Config, connections: Connections) -> None:
        super().__init__(config)
        self._connections = connections
        self.ready = threading.Event()

    async def main_loop(self) -> None:
        self._stopping = anyio.Event()
        self._token = anyio.lowlevel.current_token()
        self.ready.set()
        await self._stopping.wait()
        # What waits for a disconnection ends by itself; uvicorn logs an error for what it cancels.
        self._connections.abort()
        for _ in range(_ROUNDS):
            await anyio.lowlevel.checkpoint()

    def stop(self) -> None:
        self.should_exit = self.force_exit = True
        anyio.from_thread.run_sync(self._stopping.set, token=self._token)


def _protocol(connections: Connections, faults: Faults) -> type[H11Protocol]:
    """Returns a protocol that registers connections, and resets them before a request is read."""

    class Protocol(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            # asyncio sets it only if the listening socket names its protocol, which that of
            # socket.create_server doesn't.
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connections.opened(transport)
            self._peer = transport.get_extra_info("peername")[:2]
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.closed(self.transport)
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if _begins_send(data) and faults.take("reset_before"):
                connections.reset(self._peer)
            else:
                super().data_received(data)

    return Protocol


def _begins_send(data: bytes) -> bool:
    """Returns whether data is the beginning of a request that may send mail."""
    match = _POST.match(data)
    if match is None:
        return False
    if match[1]:
        return match[1].startswith(b"v2/email/outbound-")
    return b"Action=" not in data or b"Action=Send" in data
