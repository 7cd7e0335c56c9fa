"""Counts the requests of a call that may have reached AWS, whatever the call raises."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from ..errors import ConfigurationError

__all__ = [
    "CallScope",
    "Departure",
    "Lifetime",
    "call_scope",
    "check_open",
    "count_request",
    "response_limit",
]

_LIMIT = 10 * 1024 * 1024  # bytes, ten times the largest response of SES


class Departure:
    """Number of requests of a call that may have reached AWS, each counted before its first byte.

    It is counted when there is a connection: after DNS, TCP, TLS and the CONNECT of a proxy.

    Args:
        limit: How many requests are allowed; 1 for a call that may not be repeated.
    """

    __slots__ = ("_assumed", "_limit", "_requests")

    def __init__(self, limit: int = 1) -> None:
        self._requests = 0
        self._limit = limit
        self._assumed = False

    @property
    def may_have_left(self) -> bool:
        """Whether AWS may have received a request of the call."""
        return self._requests > 0 or self._assumed

    def assume(self) -> None:
        """Record that other code may send the request over a connection of its own."""
        self._assumed = True

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
    """Whether a client is closed; an object of its own, to which timers may refer.

    Timers of the event loop keep the context in which they were created, and with it its call.
    """

    __slots__ = ("is_closed",)

    def __init__(self) -> None:
        self.is_closed: bool = False

    def check_open(self) -> None:
        """Raise ConfigurationError if the client is closed."""
        if self.is_closed:
            raise ConfigurationError("this client is closed; create a new one")


@dataclass(frozen=True, slots=True)
class CallScope:
    """State of a call that its HTTP session needs.

    Attributes:
        departure: Counts the requests.
        lifetime: Whether the client is closed.
        response_limit: Maximum size of a response in bytes.
    """

    departure: Departure
    lifetime: Lifetime
    response_limit: int


call_scope: ContextVar[CallScope] = ContextVar("sesmail_call_scope")
"""The call that is made in this context."""


def check_open() -> None:
    """Raise ConfigurationError if the client of the current call was closed."""
    call_scope.get().lifetime.check_open()


def count_request() -> None:
    """Count a request of the current call, whose first byte is about to be sent.

    Raises:
        ConfigurationError: The client was closed.
        RuntimeError: The call has reached its limit.
    """
    scope = call_scope.get()
    scope.lifetime.check_open()
    scope.departure.count()


def response_limit() -> int:
    """Returns the maximum size in bytes of a response to the current call."""
    scope = call_scope.get(None)  # none while a client opens and fetches credentials
    return _LIMIT if scope is None else scope.response_limit
