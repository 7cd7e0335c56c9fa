"""TCP proxy of a database whose network goes silent: nothing arrives, and nothing is closed."""

import asyncio
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

BOTH = frozenset({"requests", "responses"})


class Link:
    """One connection through the proxy."""

    def __init__(self) -> None:
        self.lost: frozenset[str] = frozenset()  # directions in which everything is lost


class SilentProxy:
    """The proxy, which listens on a port and runs in a thread of its own.

    Args:
        path: The socket of the server.
    """

    def __init__(self, path: Path) -> None:
        self.port = 0
        self._path = path
        self._lost: frozenset[str] = frozenset()  # of new connections
        self._links: set[Link] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._stopping.set)
        self._thread.join()

    def silence(self, lost: frozenset[str] = BOTH, share: float = 1.0) -> None:
        """Lose what open connections, or a share of them, and new ones send from now on."""
        if share == 1.0:
            self._lost = lost
        for link in list(self._links):
            if random.random() < share:
                link.lost = lost

    def restore(self) -> None:
        """Let new connections through; the others stay silent, and don't know it."""
        self._lost = frozenset()

    def hold(self) -> None:
        """Keep everything, until `release` lets it arrive late."""
        self._call(self._flowing.clear)

    def release(self) -> None:
        """Let everything arrive."""
        self._call(self._flowing.set)

    def _call(self, function: Callable[[], Any]) -> None:
        done = threading.Event()
        self._loop.call_soon_threadsafe(lambda: (function(), done.set()))
        done.wait()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping, self._flowing = asyncio.Event(), asyncio.Event()
        self._flowing.set()
        self._tasks: set[asyncio.Task[Any]] = set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopping.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._connect(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link()
        link.lost = self._lost
        self._links.add(link)
        writers = [writer]
        try:
            with suppress(OSError):
                answers, server = await asyncio.open_unix_connection(self._path)
                writers.append(server)
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._pump(link, "requests", reader, server))
                    tasks.create_task(self._pump(link, "responses", answers, writer))
        finally:
            self._links.discard(link)
            for each in writers:
                each.close()

    async def _pump(
        self,
        link: Link,
        direction: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._flowing.wait()
                if direction not in link.lost:
                    writer.write(data)
                    await writer.drain()
        # The end of a silent server is as silent as the rest.
        if not (direction == "responses" and direction in link.lost):
            writer.close()
