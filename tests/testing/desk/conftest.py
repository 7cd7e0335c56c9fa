"""Fixtures: a desk on a socket of its own, and a client of it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import anyio
import pytest
import uvicorn

from sesmail.testing.desk import Desk
from support.desk import Site

Listen = Callable[[Any, socket.socket], None]


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Serves applications on sockets until the end of the test."""
    with ExitStack() as stack:

        def start(app: Any, listening: socket.socket) -> None:
            server = uvicorn.Server(
                uvicorn.Config(
                    app, ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=1
                )
            )
            ready = threading.Event()
            startup = server.startup

            async def started(sockets: list[socket.socket] | None = None) -> None:
                await startup(sockets)
                ready.set()

            async def main_loop() -> None:
                while not server.should_exit:  # noqa: ASYNC110  # uvicorn looks every 0.1 s
                    await anyio.sleep(0.01)

            server.startup = started  # type: ignore[method-assign]
            server.main_loop = main_loop  # type: ignore[method-assign]
            thread = threading.Thread(target=server.run, args=[[listening]])

            def stop() -> None:
                server.should_exit = server.force_exit = True
                thread.join()
                listening.close()

            thread.start()
            stack.callback(stop)
            assert ready.wait(30)

        yield start


@pytest.fixture
def serve(listen: Listen) -> Iterator[Callable[..., Site]]:
    """Serves desks until the end of the test, or applications that mount them."""
    with ExitStack() as stack:

        def start(desk: Desk | None = None, app: Any = None) -> Site:
            desk = Desk() if desk is None else desk
            listening = socket.create_server(("127.0.0.1", 0))
            site = Site(desk, listening.getsockname()[1])
            desk.fake.url = desk.fake.service.links.base_url = site.url
            listen(app or desk, listening)
            stack.callback(desk.fake.stop)
            return site

        yield start


@pytest.fixture
def site(serve: Callable[..., Site]) -> Site:
    """A desk that accepts mail from all senders."""
    return serve()
