"""The one event loop that something belongs to."""

from __future__ import annotations

import anyio.lowlevel

from .errors import ConfigurationError

__all__ = ["EventLoop"]


class EventLoop:
    """The event loop that used something first, to which its locks and connections belong."""

    __slots__ = ("_token",)

    def __init__(self) -> None:
        self._token: anyio.lowlevel.EventLoopToken | None = None

    def refuse_other(self) -> None:
        """Refuse to be used on another one.

        Raises:
            ConfigurationError: It is.
        """
        token = anyio.lowlevel.current_token()
        if self._token is None:
            self._token = token
        elif self._token != token:
            raise ConfigurationError("it belongs to the event loop that used it first: make another for this one")
