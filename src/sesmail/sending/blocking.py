"""A client for code without an event loop, over one event loop in a background thread."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, Self, TypeVar

from ..background import (
    BlockingPortal,
    close_at_exit,
    close_later,
    run_in_background,
    running_portal,
)
from ..errors import ConfigurationError
from .blocking_many import BlockingSendMany
from .client import Client
from .many import SendProgress
from .result import SendResult

if TYPE_CHECKING:
    from .bulk_result import BulkResult
    from .message.bulk_message import BulkMessage
    from .message.kinds import AnyMessage

__all__ = ["BlockingClient"]

P = ParamSpec("P")
T = TypeVar("T")


def _arguments_of(
    _: Callable[P, Client],
) -> Callable[[Callable[..., None]], Callable[Concatenate[Any, P], None]]:
    """Gives a constructor the typed arguments of `Client`."""
    return lambda function: function


class BlockingClient:
    """Sends mail through Amazon SES from code without an event loop: Flask, Celery, scripts.

    It takes the arguments of `Client` and has its methods; each blocks the calling thread until it
    is done. Any number of threads may share one client. The calls of all blocking clients of a
    process run on one asyncio event loop in a background thread, which starts at the first call. A
    forked process starts a loop and opens connections of its own, so a client may be created before
    the fork. Open connections are closed at exit; ``close``, or the end of a ``with`` block, closes
    them earlier.

    The methods of a ``listener`` and of a ``send_log`` run in the background thread. A
    `RateLimiter` and a `SqliteSendLog` belong to the process that used them first.

    Raises:
        ConfigurationError: An argument is invalid.
    """

    @_arguments_of(Client)
    def __init__(self, *args: Any, **settings: Any) -> None:
        self._new_client = partial(Client, *args, **settings)
        self._unused: Client | None = self._new_client()  # checks the arguments
        self._bound: _Bound | None = None
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Opens the client ahead of the first send; see `Client.open`."""
        self._run(lambda client: client.open())

    def close(self) -> None:
        """Closes all connections; calling it again does nothing. A closed client can't send."""
        if not self._closed:
            self._run(lambda client: client.aclose())
            self._closed = True

    def send(self, message: AnyMessage) -> SendResult:
        """Sends one message; see `Client.send`."""
        return self._run(lambda client: client.send(message))

    def send_bulk(self, message: BulkMessage, *, concurrency: int = 10) -> BulkResult:
        """Sends a template to each of any number of recipients; see `Client.send_bulk`."""
        return self._run(lambda client: client.send_bulk(message, concurrency=concurrency))

    def send_many(
        self,
        messages: Iterable[AnyMessage],
        *,
        concurrency: int = 50,
        ordered: bool = False,
        on_progress: Callable[[SendProgress], None] | None = None,
        progress_interval: float | None = None,
    ) -> BlockingSendMany:
        """Sends any number of messages: ``with client.send_many(messages) as results: for ...``.

        See `Client.send_many`. The iterable is read in the calling thread, between results, as a
        database connection requires; ``on_progress`` is called in the background thread.
        """
        send_many = partial(
            self._current().client.send_many,
            concurrency=concurrency,
            ordered=ordered,
            on_progress=on_progress,
            progress_interval=progress_interval,
        )
        return BlockingSendMany(messages, send_many, concurrency)

    def call(self, operation: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Calls any other operation of the client's SES API; see `Client.call`."""
        return self._run(lambda client: client.call(operation, params))

    def _run(self, function: Callable[[Client], Coroutine[Any, Any, T]]) -> T:
        client = self._current()
        return run_in_background(client.portal, partial(function, client.client))

    def _current(self) -> _Bound:
        """Returns the client of the running background loop, which is another one after a fork."""
        portal = running_portal()
        with self._lock:
            if self._closed:
                raise ConfigurationError("the client is closed: create another one")
            if self._bound is None or self._bound.portal is not portal:
                client, self._unused = self._unused or self._new_client(), None
                self._bound = _Bound(portal, client)
                weakref.finalize(self, close_later, client).atexit = False
            close_at_exit(self._bound.client)
            return self._bound


class _Bound(NamedTuple):
    """A client and the background loop that it belongs to."""

    portal: BlockingPortal
    client: Client
