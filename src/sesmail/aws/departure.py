"""Counts the requests of a call that may have reached AWS, whatever the call raises."""

from __future__ import annotations

from contextvars import ContextVar

import anyio

from ..errors import ConfigurationError, NotSentError

__all__ = [
    "CallScope",
    "Departure",
    "Lifetime",
    "call_scope",
    "check_open",
    "closed_error",
    "count_request",
    "delegate_request",
    "reclaim_request",
    "response_limit",
]

_LIMIT = 10 * 1024 * 1024  # bytes, ten times the largest response of SES


class Departure:
    """Number of requests of a call that may have reached AWS, each counted before its first byte.

    It is counted when there is a connection: after DNS, TCP, TLS and the CONNECT of a proxy.

    Args:
        limit: How many requests are allowed; 1 for a call that may not be repeated.
    """

    __slots__ = ("_delegated", "_limit", "_requests")

    def __init__(self, limit: int = 1) -> None:
        self._requests = 0
        self._limit = limit
        self._delegated = 0

    @property
    def may_have_left(self) -> bool:
        """True if AWS may have received a request of the call."""
        return self._requests > 0 or self._delegated > 0

    def delegate(self) -> None:
        """Record that other code may respond to a request, or send it over its own connection."""
        self._delegated += 1

    def reclaim(self) -> None:
        """Record that sesmail's session sends that request itself, and counts it."""
        self._delegated = max(0, self._delegated - 1)  # other code may call the session twice

    def count(self) -> None:
        """Count a request that is about to be sent.

        Raises:
            RuntimeError: The limit is reached.
        """
        # aiobotocore's search for the region of an S3 bucket has no limit of its own:
        # https://github.com/aio-libs/aiobotocore/blob/3.10.0/aiobotocore/utils.py#L492
        if self._requests == self._limit:
            raise RuntimeError(f"more than {self._limit} requests for one call")
        self._requests += 1


class Lifetime:
    """Closed state of a client, and its calls in flight.

    It is an object of its own, to which timers may refer. Timers of the event loop keep the context
    in which they were created, and with it its call.
    """

    __slots__ = ("_calls", "_ended", "_ending", "is_closed")

    def __init__(self) -> None:
        self.is_closed: bool = False
        self._calls: dict[anyio.CancelScope, Departure] = {}
        self._ending: set[anyio.CancelScope] = set()
        self._ended: anyio.Event | None = None

    def begin(self, scope: anyio.CancelScope, departure: Departure) -> None:
        """Let ``close`` cancel a call while no request of it may have left.

        Args:
            scope: Scope of the call.
            departure: Counts its requests.
        """
        self._calls[scope] = departure

    def end(self, scope: anyio.CancelScope) -> None:
        """Record that a call has ended, after ``begin``."""
        del self._calls[scope]
        self._ending.discard(scope)
        if self._ended is not None and not self._ending:
            self._ended.set()

    async def close(self) -> None:
        """Close: no further request leaves, and calls that wait or connect end at once.

        They end before this returns, since a closed connector of aiohttp forgets connections:
        https://github.com/aio-libs/aiohttp/blob/v3.14.5/aiohttp/connector.py#L822
        """
        self.is_closed = True
        own = call_scope.get(None)
        for scope, departure in self._calls.items():
            if not departure.may_have_left:
                scope.cancel()
                if own is None or own.departure is not departure:
                    self._ending.add(scope)
        if self._ending:
            self._ended = self._ended or anyio.Event()
            await self._ended.wait()

    def check_open(self) -> None:
        """Raise ConfigurationError if the client is closed, which is meant for later calls."""
        if self.is_closed:
            raise ConfigurationError("this client is closed; create a new one")

    def check_in_flight(self) -> None:
        """Raise NotSentError if the client was closed since the call began."""
        if self.is_closed:
            raise closed_error()


class CallScope:
    """State of a call that its HTTP session needs.

    Attributes:
        departure: Counts the requests.
        lifetime: Whether the client is closed.
        response_limit: Maximum size of a response in bytes.
    """

    __slots__ = ("departure", "lifetime", "response_limit")

    def __init__(self, departure: Departure, lifetime: Lifetime, response_limit: int) -> None:
        self.departure: Departure = departure
        self.lifetime: Lifetime = lifetime
        self.response_limit: int = response_limit


call_scope: ContextVar[CallScope] = ContextVar("sesmail_call_scope")
"""The call that is made in this context."""


def closed_error(operation: str = "") -> NotSentError:
    """Returns the error of a call whose client was closed before its request was sent."""
    return NotSentError(
        "the client was closed before the request was sent", operation=operation, retryable=False
    )


def check_open() -> None:
    """Raise NotSentError if the client of the current call was closed."""
    call_scope.get().lifetime.check_in_flight()


def delegate_request() -> None:
    """Record that other code may respond to a request of the current call, or send it."""
    scope = call_scope.get()
    scope.lifetime.check_in_flight()
    scope.departure.delegate()


def reclaim_request() -> None:
    """Record that sesmail's session sends the request after ``delegate_request``."""
    call_scope.get().departure.reclaim()


def count_request() -> None:
    """Count a request of the current call, whose first byte is about to be sent.

    Raises:
        NotSentError: The client was closed.
        RuntimeError: The call has reached its limit.
    """
    scope = call_scope.get()
    scope.lifetime.check_in_flight()
    scope.departure.count()


def response_limit() -> int:
    """Returns the maximum size in bytes of a response to the current call."""
    scope = call_scope.get(None)  # none while a client opens and fetches credentials
    return _LIMIT if scope is None else scope.response_limit
