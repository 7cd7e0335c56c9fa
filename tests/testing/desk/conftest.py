"""Fixtures: a desk on a socket of its own, and a client of it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import uvicorn

from sesmail.testing.desk import Desk
from support.desk import Site

ServeDesk = Callable[..., Site]


@pytest.fixture
def serve() -> Iterator[ServeDesk]:
    """Serves desks until the end of the test."""
    with ExitStack() as stack:

        def start(desk: Desk | None = None, app: Any = None) -> Site:
            desk = Desk() if desk is None else desk
            listening = socket.create_server(("127.0.0.1", 0))
            site = Site(desk, listening.getsockname()[1])
            desk.fake.url = desk.fake.service.links.base_url = site.url
            config = uvicorn.Config(
                app or desk, ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=1
            )
            server = uvicorn.Server(config)
            ready = threading.Event()
            startup = server.startup

            async def started(sockets: list[socket.socket] | None = None) -> None:
                await startup(sockets)
                ready.set()

            server.startup = started  # type: ignore[method-assign]
            thread = threading.Thread(target=server.run, args=[[listening]])

            def stop() -> None:
                server.should_exit = server.force_exit = True
                thread.join()
                listening.close()
                desk.fake.stop()

            thread.start()
            stack.callback(stop)
            assert ready.wait(30)
            return site

        yield start


@pytest.fixture
def site(serve: ServeDesk) -> Site:
    """A desk that accepts mail from all senders."""
    return serve()
