"""A client for code without an event loop, over one event loop in a background thread."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping
from concurrent.futures import Future
from typing import Any, Concatenate, ParamSpec, Self, TypeVar
from weakref import WeakSet

import anyio
from anyio.from_thread import BlockingPortal

from ..errors import ConfigurationError
from .blocking_many import BlockingSendMany
from .client import Client
from .many import SendProgress
from .message.message import AnyMessage, BulkMessage
from .result import BulkResult, SendResult

__all__ = ["BlockingClient"]

P = ParamSpec("P")
T = TypeVar("T")

_lock = threading.Lock()
_portal: BlockingPortal | None = None  # of this process
_open_clients: WeakSet[BlockingClient] = WeakSet()


def _arguments_of(
    _: Callable[P, Client],
) -> Callable[[Callable[..., None]], Callable[Concatenate[Any, P], None]]:
    """Give a constructor the typed arguments of another class."""
    return lambda function: function


class BlockingClient:
    """Sends mail through Amazon SES from code without an event loop: Django, Flask, Celery, scripts.

    It takes the arguments of `Client` and has its methods; each blocks the calling thread until it is done.
    Any number of threads may share one. The calls of all blocking clients of a process run on one event
    loop in a background thread, which starts at the first call. A forked process starts its own loop and
    opens its own connections at its first call, so that a client may be made before the fork. Whatever is
    open is closed at exit, ``close`` or the end of a ``with`` block closes it earlier.

    A listener's and a send log's methods run in the background thread. A `RateLimiter` passed as
    ``rate_limit`` belongs to one process: make the client after the fork in that case.

    Raises:
        ConfigurationError: An argument is invalid.
    """

    @_arguments_of(Client)
    def __init__(self, *args: Any, **settings: Any) -> None:
        self._new_client = lambda: Client(*args, **settings)
        self._client: Client | None = self._new_client()  # checks the settings
        self._pid = os.getpid()
        self._closed = False
        _open_clients.add(self)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Open the client ahead of the first send; see `Client.open`."""
        self._call(lambda client: client.open())

    def close(self) -> None:
        """Close all connections; calling it again does nothing. Sending afterwards raises ConfigurationError."""
        client, self._client = self._client, None
        self._closed = True
        _open_clients.discard(self)
        if client is not None and self._pid == os.getpid() and _portal is not None:
            _run(_portal, client.aclose)

    def send(self, message: AnyMessage) -> SendResult:
        """Send one message; see `Client.send`."""
        return self._call(lambda client: client.send(message))

    def send_bulk(self, message: BulkMessage, *, concurrency: int = 10) -> BulkResult:
        """Send a templated message to each of any number of recipients; see `Client.send_bulk`."""
        return self._call(lambda client: client.send_bulk(message, concurrency=concurrency))

    def send_many(
        self,
        messages: Iterable[AnyMessage],
        *,
        concurrency: int = 50,
        ordered: bool = False,
        on_progress: Callable[[SendProgress], None] | None = None,
    ) -> BlockingSendMany:
        """Send any number of messages: ``with client.send_many(messages) as results: for result in results``.

        See `Client.send_many`. The iterable is read in the calling thread, between results, and so is
        ``on_progress`` called.
        """
        return BlockingSendMany(
            self._call, messages, concurrency=concurrency, ordered=ordered, on_progress=on_progress
        )

    def call(self, operation: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call any other operation of the client's SES API; see `Client.call`."""
        return self._call(lambda client: client.call(operation, params))

    def _call(self, function: Callable[[Client], Coroutine[Any, Any, T]]) -> T:
        with _lock:
            if self._closed:
                raise ConfigurationError("this client is closed; make a new one")
            if self._client is None or self._pid != os.getpid():
                self._client, self._pid = self._new_client(), os.getpid()
            client, portal = self._client, _running_portal()
        return _run(portal, lambda: function(client))


def _run(portal: BlockingPortal, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine on the background loop; an interrupted wait, as by Ctrl+C, cancels it."""
    future: Future[T] = portal.start_task_soon(function)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


def _running_portal() -> BlockingPortal:
    global _portal
    if _portal is None:
        started: Future[BlockingPortal] = Future()
        # A daemon: a thread pool's thread would be joined at exit before it could be stopped.
        threading.Thread(
            target=anyio.run, args=(_serve, started), name="sesmail", daemon=True
        ).start()
        _portal = started.result()
    return _portal


async def _serve(started: Future[BlockingPortal]) -> None:
    async with BlockingPortal() as portal:
        started.set_result(portal)
        await portal.sleep_until_stopped()


def _close_all() -> None:
    for client in list(_open_clients):
        client.close()
    if _portal is not None:
        _portal.call(_portal.stop)


def _forget() -> None:
    """In a forked process: its parent's loop isn't running here."""
    global _portal, _lock
    _portal, _lock = None, threading.Lock()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
